"""The inner loop of the search, compiled: how bad is a choice of products, and simulated annealing over choices.

``loss`` is the failure probability Σ_e F[e] p^e (1-p)^(N-e) cut off at ``largest`` lost nodes.  The weights p^e
(1-p)^(N-e) come from outside, and the walk over harmless sets (the one of ``erasures``, to depth ``largest``) stops as
soon as what it has met exceeds a limit, which most candidates do within microseconds.  Products that do not even span
the targets cost 10 for every missing dimension, so that a search may start anywhere.

Arithmetic is modulo 2^31 - 1, which fits vector registers; a verdict could be wrong when that prime divides a minor.
This file only proposes: whatever is reported has been counted again by ``erasures.undecodable_counts``.
Random numbers are SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), so a seed means the same search everywhere.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Residues = NDArray[np.uint64]

PRIME = np.uint64(2**31 - 1)
B31, ONE, ZERO = np.uint64(31), np.uint64(1), np.uint64(0)


def residues(vectors: Integers) -> Residues:
    """Integers as residues modulo 2^31 - 1, the form in which everything here takes them."""
    return (np.asarray(vectors, dtype=np.int64) % int(PRIME)).astype(np.uint64)


@numba.njit(cache=True, inline="always")
def _fold(a: np.uint64) -> np.uint64:
    """a modulo 2^31 - 1, for a below 2^63."""
    a = (a & PRIME) + (a >> B31)
    a = (a & PRIME) + (a >> B31)
    return a - PRIME if a >= PRIME else a


@numba.njit(cache=True)
def _inverse(a: np.uint64) -> np.uint64:
    power, result, exponent = a, ONE, PRIME - np.uint64(2)
    while exponent > ZERO:
        if exponent & ONE:
            result = _fold(result * power)
        power = _fold(power * power)
        exponent >>= ONE
    return result


@numba.njit(cache=True)
def _reduce(table: Residues, nodes: int, system: Residues) -> np.int64:
    """Eliminate ``table`` = (G | T); write (W | K) to ``system``, return its width, or minus the missing dimensions."""
    rows, columns = table.shape
    wanted = columns - nodes
    pivots = np.empty(rows, np.int64)
    free = np.full(nodes, -1, np.int64)
    rank, spanned = 0, 0
    for column in range(columns):
        if column == nodes:
            spanned = rank
        row = rank
        while row < rows and table[row, column] == ZERO:
            row += 1
        if row == rows:
            if column < nodes:
                free[column] = column - rank
            continue
        if row != rank:
            for k in range(column, columns):
                table[rank, k], table[row, k] = table[row, k], table[rank, k]
        head = table[rank, column]
        if head != ONE:
            scale = _inverse(head)
            for k in range(column, columns):
                table[rank, k] = _fold(table[rank, k] * scale)
        for other in range(rows):
            factor = table[other, column]
            if other != rank and factor != ZERO:
                negative = PRIME - factor
                for k in range(column, columns):
                    table[other, k] = _fold(table[other, k] + negative * table[rank, k])
        pivots[rank] = column
        rank += 1
    if rank > spanned:
        return np.int64(spanned - rank)
    width = np.int64(wanted + nodes - rank)
    for node in range(nodes):
        for k in range(width):
            system[node, k] = ZERO
        if free[node] >= 0:
            system[node, wanted + free[node]] = ONE
    for row in range(rank):
        for k in range(wanted):
            system[pivots[row], k] = table[row, nodes + k]
        for column in range(nodes):
            if free[column] >= 0 and table[row, column] != ZERO:
                system[pivots[row], wanted + free[column]] = PRIME - table[row, column]
    return width


@numba.njit(cache=True)
def _walk(
    stack: Residues, wanted: int, columns: int, depth_limit: int, weights: Floats, choices: Floats, limit: float
) -> float:
    """The loss of the system in ``stack[0]``, or something above ``limit`` if it is above; see ``erasures``."""
    nodes = stack.shape[1]
    counts = np.zeros(depth_limit + 1)
    counts[0] = 1.0
    width = np.empty(depth_limit + 1, np.int64)
    following = np.empty(depth_limit + 1, np.int64)
    width[0], following[0], depth, met = columns, 0, 0, 0.0
    while depth >= 0:
        row = following[depth]
        if row == nodes or depth == depth_limit:
            depth -= 1
            continue
        following[depth] = row + 1
        rows, used = stack[depth], width[depth]
        pivot = wanted
        while pivot < used and rows[row, pivot] == ZERO:
            pivot += 1
        if pivot == used:
            fatal = False
            for k in range(wanted):
                fatal = fatal or rows[row, k] != ZERO
            if fatal:
                met += weights[depth + 1]
                if met > limit:
                    return float(met)
                continue
        counts[depth + 1] += 1.0
        if depth + 1 == depth_limit or row + 1 == nodes:
            continue
        depth += 1
        below = stack[depth]
        following[depth] = row + 1
        if pivot == used:
            width[depth] = used
            for other in range(row + 1, nodes):
                for k in range(used):
                    below[other, k] = rows[other, k]
            continue
        last = used - 1
        width[depth] = last
        head = rows[row, pivot]
        for other in range(row + 1, nodes):
            factor = rows[other, pivot]
            if factor == ZERO:
                for k in range(last):
                    below[other, k] = rows[other, k]
                if pivot != last:
                    below[other, pivot] = rows[other, last]
            else:
                negative = PRIME - factor
                for k in range(last):
                    below[other, k] = _fold(head * rows[other, k] + negative * rows[row, k])
                if pivot != last:
                    below[other, pivot] = _fold(head * rows[other, last] + negative * rows[row, last])
    total = 0.0
    for size in range(depth_limit + 1):
        total += weights[size] * (choices[size] - counts[size])
    return float(total)


@numba.njit(cache=True)
def loss(
    vectors: Residues, targets: Residues, weights: Floats, choices: Floats, limit: float, stack: Residues
) -> float:
    """The loss of some products; exact if it is at most ``limit``, else a lower bound above ``limit``.

    Args:
        vectors: (N, D) residues of the products u ⊗ v.
        targets: (D, T) residues.
        weights, choices: p^e (1-p)^(N-e) and C(N, e) for e = 0 .. largest.
        limit: give up above it.
        stack: workspace of shape (largest + 1, N, N + T).
    """
    nodes, space = vectors.shape
    wanted = targets.shape[1]
    table = np.empty((space, nodes + wanted), np.uint64)
    for d in range(space):
        for node in range(nodes):
            table[d, node] = vectors[node, d]
        for t in range(wanted):
            table[d, nodes + t] = targets[d, t]
    width = _reduce(table, nodes, stack[0])
    if width < 0:
        return float(10.0**-width)
    largest = len(weights) - 1
    if largest > 2:  # fatal pairs decide most cases
        quick: float = _walk(stack, wanted, int(width), 2, weights, choices, limit)
        if quick > limit:
            return quick
    return _walk(stack, wanted, int(width), largest, weights, choices, limit)


@numba.njit(cache=True, inline="always")
def _uniform(state: Residues) -> float:
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> B31)
    return np.float64(z >> np.uint64(11)) * 2.0**-53


@numba.njit(cache=True)
def anneal(
    slots: Integers,
    orbits: Integers,
    sizes: Integers,
    orbit_of: Integers,
    pool: Residues,
    across: int,
    targets: Residues,
    weights: Floats,
    choices: Floats,
    steps: int,
    hot: float,
    cold: float,
    seed: int,
) -> tuple[Integers, float]:
    """Metropolis moves on log(loss), temperature falling geometrically from ``hot`` to ``cold``.

    A move replaces one orbit of products by another of the same size, mostly one that shares u or v with it.

    Args:
        slots: (S,) the orbits to start from; each keeps its size.
        orbits: (O, g) members of each orbit, padded with -1; sizes: (O,) their numbers.
        orbit_of: (M,) the orbit of each product, -1 for products that may not be used.
        pool: (M, D) residues of all products, those that share u in rows of ``across``.
        steps, hot, cold: number of moves, first and last temperature.
        seed: of the random numbers; the other arguments are those of ``loss``.

    Returns:
        The best choice of products met, and its loss.
    """
    state = np.array([np.uint64(seed)])
    first = np.zeros(len(slots) + 1, np.int64)
    for s in range(len(slots)):
        first[s + 1] = first[s] + sizes[slots[s]]
    chosen = np.empty(first[-1], np.int64)
    for s in range(len(slots)):
        chosen[first[s] : first[s + 1]] = orbits[slots[s], : sizes[slots[s]]]
    vectors = pool[chosen]
    stack = np.empty((len(weights), len(chosen), len(chosen) + targets.shape[1]), np.uint64)
    here = loss(vectors, targets, weights, choices, np.inf, stack)
    best, lowest = chosen.copy(), here
    for step in range(steps):
        temperature = hot * (cold / hot) ** (step / steps)
        s = int(_uniform(state) * len(slots))
        orbit = slots[s]
        old = orbits[orbit, int(_uniform(state) * sizes[orbit])]
        kind = _uniform(state)
        row, column = old // across, old % across
        if kind < 0.6:
            row = int(_uniform(state) * (len(pool) // across))
        if kind >= 0.4:
            column = int(_uniform(state) * across)
        new = orbit_of[row * across + column]
        if new < 0 or new == orbit or sizes[new] != sizes[orbit]:
            continue
        limit = here * (1.0 - _uniform(state)) ** -temperature
        for j in range(sizes[new]):
            chosen[first[s] + j] = orbits[new, j]
            vectors[first[s] + j] = pool[orbits[new, j]]
        value = loss(vectors, targets, weights, choices, limit, stack)
        if value > limit:
            for j in range(sizes[orbit]):
                chosen[first[s] + j] = orbits[orbit, j]
                vectors[first[s] + j] = pool[orbits[orbit, j]]
            continue
        slots[s], here = new, value
        if value < lowest * (1.0 - 1e-12):
            lowest = value
            best[:] = chosen
    return best, lowest
