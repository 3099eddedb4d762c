"""Who lies?  Asked of a ladder of curves, answered without being told how many.

A stiff curve is hard to bend but misses the function; a supple one follows the function and bends to liars.  So
each rung of a ladder of stiffness votes (:mod:`coding.approximate.regression`), sets aside the answers far from its
curve, fits again to the rest until nobody moves, and is judged by how well the rest foretell one another.  The best
judged rung names the liars.  A rung that sets aside more than (answers - terms) / 2 has no majority and cannot win.

>>> from coding.approximate.points import first_kind
>>> rng = np.random.default_rng(0)
>>> z = first_kind(60)
>>> answers = np.sin(3 * z)[:, None] * np.ones(4)
>>> answers[[3, 4, 5, 40]] += rng.normal(size=(4, 4))
>>> locate(z, answers).liars.tolist()
[3, 4, 5, 40]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coding.approximate.answers import condense, lengths, muffled, resolution
from coding.approximate.points import FloatArray
from coding.approximate.regression import UNHELD, distances, foretold
from coding.errors import CodingError

LADDER = (0.12, 0.16, 0.21, 0.27, 0.33, 0.4, 0.47, 0.54)
APART = 12.0  # an answer this many typical misses away, its slack allowed for, is a lie
ROUNDS = 15
RIVAL = 8.0  # an account judged this many times worse than the best is no rival to it
LEAST = 5


@dataclass(frozen=True, slots=True)
class Localisation:
    """Who was set aside, and by which curve.

    Args:
        trusted: mask (M,) of the answers kept.
        deviation: array (M,), distance of each answer from the curve through the trusted others.
        typical: median deviation of the trusted (unit of the answers).
        terms: Chebyshev coefficients of the curve that won.
        majority: False when every rung set aside more answers than it can carry.
        held: False when the curve bends to some kept answer whatever it says, so that nobody vouches for it.
    """

    trusted: NDArray[np.bool_]
    deviation: FloatArray
    typical: float
    terms: int
    majority: bool
    held: bool

    @property
    def liars(self) -> NDArray[np.int64]:
        """Positions of the answers set aside, rising."""
        return np.flatnonzero(~self.trusted)


def locate(points: FloatArray, answers: NDArray[np.generic], *, liars: int | None = None) -> Localisation:
    """Find the answers that do not lie on one smooth curve with the rest.

    Args:
        points: places (M,) of the answers on [-1, 1], M >= 5.
        answers: finite numbers (M, ...).
        liars: how many there are, when known; the farthest are then named.  Default: estimated.

    Returns:
        The localisation by the rung whose trusted answers foretell one another best.

    Raises:
        CodingError: fewer than 5 answers, or more liars than half the answers.
    """
    return explanations(points, answers, liars=liars)[0]


def explanations(points: FloatArray, answers: NDArray[np.generic], *, liars: int | None = None) -> list[Localisation]:
    """Every rung's account of who lies, accounts that agree given once, best judged first; see :func:`locate`.

    Rungs without a majority are left out, unless none has one; so are those judged far worse than the best.
    """
    count = points.size
    if count < LEAST:
        raise CodingError(
            "too few answers to find a liar", where="answers", expected=f"at least {LEAST}", got=str(count)
        )
    if liars is not None and not 0 <= liars <= (count - 1) // 2:
        raise CodingError("no majority", where="liars", expected=f"0 .. {(count - 1) // 2}", got=repr(liars))
    rows = muffled(condense(answers))
    floor = resolution(answers) * float(np.median(lengths(rows)))
    rungs = [_climb(points, rows, terms, floor, liars) for terms in ladder(count)]
    carried = [rung for rung in rungs if rung.majority] or rungs
    judged = [_judge(rung, floor) for rung in carried]
    accounts: dict[bytes, Localisation] = {}
    for place in np.argsort(judged, kind="stable"):
        rung = carried[place]
        if judged[place] > RIVAL * min(judged):
            break
        accounts.setdefault(rung.trusted.tobytes(), rung)
    return list(accounts.values())


def ladder(count: int) -> list[int]:
    """Stiffnesses (number of terms) tried with this many answers."""
    return sorted({min(count - 2, max(2, round(share * count))) for share in LADDER})


def _climb(points: FloatArray, rows: FloatArray, terms: int, floor: float, known: int | None) -> Localisation:
    most = (points.size - terms) // 2 if known is None else known
    far = distances(points, rows, terms=terms)
    trusted = _near(far, np.ones(far.size, dtype=bool), floor, most, known)[0]
    seen: set[bytes] = set()
    majority = True
    while True:
        deviation, slack = foretold(points, rows, trusted, terms=terms)
        if trusted.tobytes() in seen or len(seen) == ROUNDS:
            break
        seen.add(trusted.tobytes())
        trusted, majority = _near(deviation / slack, trusted, floor, most, known)
    held = bool((slack[trusted] < UNHELD).all())
    return Localisation(trusted, deviation, float(np.median(deviation[trusted])), terms, majority, held)


def _near(
    far: FloatArray, trusted: NDArray[np.bool_], floor: float, most: int, known: int | None
) -> tuple[NDArray[np.bool_], bool]:
    """Answers near the curve, at most ``most`` set aside; and whether that was enough."""
    near = far <= APART * max(float(np.median(far[trusted])), floor)
    if known is None and (~near).sum() <= most:
        return near, True
    kept = np.ones(far.size, dtype=bool)
    kept[np.argsort(-far, kind="stable")[:most]] = False
    return kept, known is not None


def _judge(rung: Localisation, floor: float) -> float:
    """Root mean square of the trusted deviations, which one hidden liar spoils, over the share of redundancy left."""
    if not rung.held:
        return np.inf
    count = rung.trusted.size
    left = max(1, count - rung.terms - 2 * rung.liars.size) / count
    return max(float(np.sqrt(np.mean(rung.deviation[rung.trusted] ** 2))), floor) / left
