"""How far a decoder can be off, as formulas: for planning, and to be checked against runs.

Two kinds.  A priori bounds need derivatives of the answers' curve g = f(u(z)) and the spacing of the survivors; the
sensitivity of a decoder (its Lebesgue constant) needs only places, and multiplies any error in the answers.

>>> round(bacc_bound(100, stragglers=0, second=1.0), 3)
0.264
"""

from __future__ import annotations

from math import pi, sin

import numpy as np

from coding.approximate.decoders import Decoder
from coding.approximate.points import FloatArray
from coding.errors import CodingError


def bacc_bound(N: int, *, stragglers: int, second: float, first: float = 0.0) -> float:
    """The published bound on BACC's error, the same for any set of stragglers of this number.

    2 (1 + R) sin((s + 1)π / 2N) max|g''| with R = (s + 1)(s + 3)π² / 4, and max|g'| added to max|g''| when N - s is
    even.  Recalled, not re-read in the paper (unverified); no run of the tests breaks it.

    Args:
        N: workers - 1.
        stragglers: s, 0 .. N - 1.
        second: largest |g''| on [-1, 1], in the units of an answer.
        first: largest |g'|; used when N - s is even.

    Source: Jahani-Nezhad and Maddah-Ali, arXiv 2009.08327 (unverified).
    """
    _within("stragglers", stragglers, 0, N - 1)
    s = stragglers
    ratio = (s + 1) * (s + 3) * pi**2 / 4
    return 2 * (1 + ratio) * sin((s + 1) * pi / (2 * N)) * (second if (N - s) % 2 else second + first)


def berrut_bound(points: FloatArray, *, second: float, first: float = 0.0) -> float:
    """Bound on Berrut's interpolant through these very survivors, between the outermost of them; both codes' points.

    h (1 + β) (b - a) / 2 max|g''|, with max|g'| inside h (1 + β)(...) added when the number of gaps is even; h is the
    widest gap and β the local mesh ratio.  The published BACC bound is this one for the worst survivors.

    Args:
        points: places (M,), strictly falling, M >= 2.
        second: largest |g''| between them.
        first: largest |g'|; used when the number of gaps is even.

    Source: Floater and Hormann, Numer. Math. 107 (2007) 315, theorem 3 (recalled; unverified).
    """
    gaps = -np.diff(_falling(points))
    ratio = float(np.minimum(gaps[1:-1] / gaps[:-2], gaps[1:-1] / gaps[2:]).max(initial=0.0))
    smooth = float(points[0] - points[-1]) / 2 * second
    return float(gaps.max()) * (1 + ratio) * (smooth if gaps.size % 2 else smooth + first)


def floater_hormann_bound(points: FloatArray, degree: int, *, upper: float, lower: float = 0.0) -> float:
    """Bound on the Floater-Hormann interpolant of degree d >= 1 between the outermost survivors.

    h^(d+1) (b - a) max|g^(d+2)| / (d + 2), with h^(d+1) max|g^(d+1)| / (d + 1) added when gaps - d is even.

    Args:
        points: places (M,), strictly falling, M > d.
        degree: d.
        upper: largest |g^(d+2)| between them.
        lower: largest |g^(d+1)|.

    Source: Floater and Hormann, Numer. Math. 107 (2007) 315, theorem 2 (recalled; unverified).
    """
    gaps = -np.diff(_falling(points))
    _within("degree", degree, 1, gaps.size)
    reach = float(gaps.max()) ** (degree + 1)
    bound = float(points[0] - points[-1]) * upper / (degree + 2)
    return reach * (bound if (gaps.size - degree) % 2 else bound + lower / (degree + 1))


def sensitivity(decoder: Decoder, points: FloatArray, targets: FloatArray) -> FloatArray:
    """Largest change (K,) of each value when every answer changes by at most 1: the decoder's Lebesgue function.

    A decoder that is exact for some curves is at most 1 + this factor worse than the best of them; proven in a line.
    """
    return np.asarray(np.abs(decoder.matrix(_falling(points), targets)).sum(axis=1))


def _falling(points: FloatArray) -> FloatArray:
    if points.ndim != 1 or points.size < 2 or not (np.diff(points) < 0).all():
        raise CodingError("not places of survivors", where="points", expected="a strictly falling array of 2 or more")
    return points


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise CodingError("out of range", where=name, expected=f"{least} .. {most}", got=repr(value))
