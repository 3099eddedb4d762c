"""Free search: simulated annealing over all the products of a code, with a symmetry to guide it.

Every node may compute any product with small coefficients, so N nodes are a choice among 1600^N for 2 x 2 blocks.
Annealing over single products gets stuck; what finds good codes is to ask for a symmetry.  Each restart draws an
automorphism of matrix multiplication of the given order and moves whole orbits of it, so that a code of 14 nodes is a
choice of 7 pairs.  Good codes turn out to have such symmetries.

>>> found = scheme(10, restarts=2, steps=2000, seed=1)
>>> found.scheme.nodes, found.counts[0]
(10, 0)

Nothing proves that better codes do not exist.  The counts of what is returned are exact.
"""

from __future__ import annotations

import time
from itertools import count

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.search.annealing_walk import anneal, residues
from coding.bilinear.search.found import Found, exact_counts, failure, loss_weights
from coding.bilinear.search.pool import ProductPool
from coding.bilinear.search.symmetry import Orbits, random_orbits, single_orbits
from coding.errors import CodingError

SYMMETRIES = (1, 2, 3, 4, 6)

HOT, COLD = 0.7, 0.1
"""First and last temperature, in units of log(failure probability)."""

PATIENCE = 1000
"""Automorphisms drawn before a number of nodes counts as impossible under a symmetry."""


def scheme(
    nodes: int,
    *,
    symmetry: int = 2,
    probability: float = 0.01,
    largest: int = 4,
    coefficients: int = 1,
    steps: int = 200_000,
    restarts: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
) -> Found:
    """Search a code of ``nodes`` products of 2 x 2 blocks that fails as seldom as possible.

    Args:
        nodes: number of products, 7 or more.
        symmetry: order of the automorphism asked for: 1 (none), 2, 3, 4 or 6.
        probability: the p at which the failure probability is minimised.
        largest: count fatal losses of up to so many nodes while searching (more is slower).
        coefficients: bound on the magnitude of the coefficients.
        steps: Metropolis moves of a restart.
        restarts: number of restarts; 10 when neither this nor ``seconds`` is given.
        seconds: begin no restart after so much time; the result then depends on the machine.
        seed: restart r of a seed is always the same search.

    Returns:
        The best code met, with exact counts.

    Raises:
        CodingError: arguments out of range, or no restart that met a code at all.

    Source: simulated annealing, Kirkpatrick, Gelatt and Vecchi 1983; Metropolis moves on log(failure probability).
    """
    _check(nodes, symmetry, probability, largest)
    for name, value in (("steps", steps), ("restarts", restarts)):
        if value is not None and value < 1:
            raise CodingError("nothing to do", where=name, expected="1 or more", got=str(value))
    pool = ProductPool.of((2, 2, 2), coefficients)
    deadline = np.inf if seconds is None else time.monotonic() + seconds
    numbers = count() if restarts is None and seconds is not None else range(10 if restarts is None else restarts)
    best: tuple[float, tuple[int, ...], NDArray[np.int64]] | None = None
    for number in numbers:
        if number > 0 and time.monotonic() > deadline:
            break
        chosen, loss = restart(
            pool, nodes, symmetry=symmetry, probability=probability, largest=largest, steps=steps, seed=(seed, number)
        )
        if loss >= 1.0:
            continue
        counts = exact_counts(pool.vectors()[chosen].T, pool.targets)
        failing = failure(counts, probability)
        if best is None or failing < best[0]:
            best = failing, counts, chosen
    if best is None:
        cure = "more steps or restarts, another symmetry, or more nodes"
        raise CodingError("no restart met a matrix product", where="nodes", got=str(nodes), cure=cure)
    return Found(pool.scheme(best[2], name=f"found{nodes}"), best[1])


def restart(
    pool: ProductPool, nodes: int, *, symmetry: int, probability: float, largest: int, steps: int, seed: tuple[int, ...]
) -> tuple[NDArray[np.int64], float]:
    """One annealing run; the numbers of the best products met and their loss (at least 10 if they span nothing).

    Args:
        pool: where products come from.
        seed: of everything random; the other arguments are those of ``scheme``.
    """
    random = np.random.Generator(np.random.PCG64(list(seed)))
    orbits, slots = _random_start(pool, nodes, symmetry, random)
    weights, choices = loss_weights(nodes, largest, probability)
    found, value = anneal(
        slots,
        orbits.members,
        orbits.sizes,
        orbits.orbit_of,
        residues(pool.vectors()),
        len(pool.right),
        residues(pool.targets),
        weights,
        choices,
        steps,
        HOT,
        COLD,
        int(random.integers(2**62)),
    )
    return found, float(value)


def _random_start(
    pool: ProductPool, nodes: int, symmetry: int, random: np.random.Generator
) -> tuple[Orbits, NDArray[np.int64]]:
    """A random automorphism and random orbits of it that add up to ``nodes`` products, nearly all of full size."""
    for _ in range(PATIENCE):
        orbits = random_orbits(pool, symmetry, random) if symmetry > 1 else single_orbits(pool)
        full = nodes // symmetry - int(random.integers(2))
        slots = random.choice(np.flatnonzero(orbits.sizes == symmetry), full).tolist()
        left = nodes - full * symmetry
        while left > 0:
            fitting = np.flatnonzero((orbits.sizes <= left) & (orbits.sizes <= max(symmetry - 1, 1)))
            if not fitting.size:
                break
            slots.append(int(random.choice(fitting)))
            left -= int(orbits.sizes[slots[-1]])
        if left == 0:
            return orbits, np.array(slots, dtype=np.int64)
    raise CodingError(
        "no automorphism with orbits that add up",
        where="symmetry",
        expected=f"orbits of {symmetry} and fewer products, {nodes} in all",
        cure="ask for symmetry 1 or 2",
    )


def _check(nodes: int, symmetry: int, probability: float, largest: int) -> None:
    if not 7 <= nodes <= 24:
        raise CodingError("nodes out of range", where="nodes", expected="7 to 24", got=str(nodes))
    if symmetry not in SYMMETRIES:
        raise CodingError("no such symmetry", where="symmetry", expected="1, 2, 3, 4 or 6", got=str(symmetry))
    if not 0 < probability < 1:
        expected, got = "a number between 0 and 1", repr(probability)
        raise CodingError("not a probability", where="probability", expected=expected, got=got)
    if largest < 1:
        raise CodingError("not a number of nodes", where="largest", expected="1 or more", got=str(largest))
