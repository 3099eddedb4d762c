"""The automatic decoder: for each input the one that best foretells answers it was not shown.

An input that sits among the survivors is easier to read than one in a hole where several neighbouring workers are
missing.  So the real holes are rehearsed: runs of answers as long as the hole around an input are hidden elsewhere,
each candidate reads them from the rest, and the smallest root-mean-square miss wins and doubles as the error estimate.
Smooth f goes to Chebyshev least squares, kinks to the spline, few workers to Floater-Hormann; nobody has to know f.

>>> from coding.approximate.points import first_kind
>>> z = first_kind(60)
>>> choose(z, np.exp(z)[:, None], first_kind(4)).miss.max() < 1e-12
np.True_
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coding.approximate.decoders import (
    Berrut,
    ChebyshevLeastSquares,
    CubicSpline,
    Decoder,
    FloaterHormann,
    chebyshev,
)
from coding.approximate.points import FloatArray

FOLDS = 8
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """How each input is read, and how far such readings missed answers that were hidden.

    Args:
        decoders: one decoder an input.
        matrix: array (K, M) that takes answers to estimates.
        miss: array (K,), root-mean-square length of the miss, in units of the answers; infinite where the hole around
            an input is too wide to rehearse.
    """

    decoders: tuple[Decoder, ...]
    matrix: FloatArray
    miss: FloatArray


def candidates(answers: int) -> list[Decoder]:
    """Decoders worth trying with this many answers, in a fixed order.

    Polynomials have at most 0.55 as many terms as there are answers: beyond, one lost answer can double the error.
    """
    local: list[Decoder] = [Berrut(), *(FloaterHormann(d) for d in range(1, 7)), CubicSpline()]
    terms = sorted({max(1, round(answers * share)) for share in np.arange(0.05, 0.56, 0.025)})
    return [d for d in [*local, *(ChebyshevLeastSquares(t) for t in terms)] if d.least <= answers]


def choose(points: FloatArray, rows: FloatArray, targets: FloatArray, *, decoder: Decoder | None = None) -> Choice:
    """The best candidate for each target by rehearsal of the hole it sits in.

    Args:
        points: places (M,) of the answers, falling, M >= 1.
        rows: answers (M, D), finite.
        targets: places (K,) to read.
        decoder: the only candidate, when the choice is made already.

    Returns:
        The choice; ties go to the simpler decoder.
    """
    trial = [decoder] if decoder is not None else candidates(points.size)
    matrix = np.empty((targets.size, points.size))
    miss = np.empty(targets.size)
    chosen: list[Decoder] = [trial[0]] * targets.size
    for hole, members in _holes(points, targets).items():
        best, error = _rehearse(trial, points, rows, targets, hole)
        matrix[members] = best.matrix(points, targets[members])
        miss[members] = error
        for member in members:
            chosen[member] = best
    return Choice(tuple(chosen), matrix, miss)


def missing(points: FloatArray, targets: FloatArray) -> NDArray[np.int64]:
    """Workers missing around each target: those between its two neighbours, or, beyond the survivors, minus the number
    of workers' spacings to the nearest.

    Args:
        points: places (M,), falling, M >= 2.
        targets: places (K,).

    Returns:
        Integers (K,); negative marks a target outside the survivors.
    """
    angle, wanted = np.arccos(points), np.arccos(targets)  # workers are evenly spaced in angle
    gaps = np.diff(angle)
    unit = float(np.median(gaps))
    right = np.searchsorted(angle, wanted)
    inside = np.rint(gaps[np.clip(right - 1, 0, gaps.size - 1)] / unit) - 1
    beyond = np.maximum(angle[0] - wanted, wanted - angle[-1]) / unit
    return np.asarray(np.where(beyond > 0, -np.ceil(beyond), np.maximum(inside, 1)), dtype=np.int64)


def _holes(points: FloatArray, targets: FloatArray) -> dict[int, NDArray[np.int64]]:
    if points.size < 2:
        return {points.size: np.arange(targets.size)}
    holes = missing(points, targets)
    return {int(hole): np.flatnonzero(holes == hole) for hole in np.unique(holes)}


def _rehearse(
    trial: list[Decoder], points: FloatArray, rows: FloatArray, targets: FloatArray, hole: int
) -> tuple[Decoder, float]:
    """The best candidate for holes of one size, and its miss; infinite when no such hole fits among the answers."""
    squares, judged = np.zeros(len(trial)), 0
    for hidden, counted in _rehearsals(points, targets, hole):
        squares += _misses(trial, points[~hidden], rows[~hidden], points[counted], rows[counted])
        judged += int(counted.sum())
    if not judged or not np.isfinite(squares).any():
        return trial[0], np.inf
    best = int(np.argmin(squares))
    return trial[best], float(np.sqrt(squares[best] / judged))


def _rehearsals(points: FloatArray, targets: FloatArray, hole: int) -> Iterator[tuple[Mask, Mask]]:
    """Pairs (answers hidden, those of them that are judged)."""
    count, place = points.size, np.arange(points.size)
    if abs(hole) > count // 3:
        return
    if hole < 0:
        for hidden in (place < -hole, place >= count + hole):
            yield hidden, hidden
        return
    inside = (points >= targets.min()) & (points <= targets.max())
    inside &= (place > 0) & (place < count - 1)
    if inside.sum() < 3:
        inside = (place > 0) & (place < count - 1)
    if hole == 1:
        for fold in range(FOLDS):
            hidden = place % FOLDS == fold
            if (hidden & inside).any():
                yield hidden, hidden & inside
        return
    first, last = np.flatnonzero(inside)[[0, -1]]
    for start in np.unique(np.linspace(first, max(first, last + 1 - hole), FOLDS).astype(int)):
        hidden = (place >= start) & (place < start + hole)
        yield hidden, hidden


def _misses(
    trial: list[Decoder], points: FloatArray, rows: FloatArray, places: FloatArray, truth: FloatArray
) -> FloatArray:
    """Summed squared miss of each candidate, infinite for those that need more answers; polynomials share one QR."""
    found = np.full(len(trial), np.inf)
    able = [d.least <= points.size for d in trial]
    most = max(
        (d.terms for d, can in zip(trial, able, strict=True) if can and isinstance(d, ChebyshevLeastSquares)), default=0
    )
    if most:
        q, r = np.linalg.qr(chebyshev(points, most))
        moments = q.T @ rows
        reach = np.linalg.solve(r.T, chebyshev(places, most).T).T  # values of the orthonormal polynomials
    for index, decoder in enumerate(trial):
        if not able[index]:
            continue
        if isinstance(decoder, ChebyshevLeastSquares):
            guess = reach[:, : decoder.terms] @ moments[: decoder.terms]
        else:
            guess = decoder.matrix(points, places) @ rows
        square = float(((guess - truth) ** 2).sum())
        found[index] = square if np.isfinite(square) else np.inf
    return found
