"""Ways to read the answers' curve at the inputs' places: one matrix each.

All decoders are linear in the answers, so a decoder is the matrix it makes from the survivors' places (and from
nothing else).  ``Berrut`` is the published one, of first order in the spacing.  With the same tasks and the same
answers, ``FloaterHormann``, ``CubicSpline`` and ``ChebyshevLeastSquares`` are 10 to 1000 times closer on smooth f.

>>> from coding.approximate.points import first_kind
>>> z, place = first_kind(20), np.array([0.3])
>>> for decoder in (Berrut(), FloaterHormann(3), ChebyshevLeastSquares(12)):
...     print(decoder, "off by", f"{abs(decoder.matrix(z, place) @ np.exp(z) - np.exp(place))[0]:.0e}")
Berrut() off by 3e-02
FloaterHormann(degree=3) off by 7e-06
ChebyshevLeastSquares(terms=12) off by 9e-13
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.interpolate import make_interp_spline

from coding.approximate.barycentric import floater_hormann_weights, interpolation_matrix, signs
from coding.approximate.points import FloatArray
from coding.errors import CodingError


class Decoder(Protocol):
    """What a decoder must do: turn places into a matrix."""

    @property
    def least(self) -> int:
        """Fewest answers it can work with."""

    def matrix(self, points: FloatArray, targets: FloatArray) -> FloatArray:
        """Matrix (targets, points) that takes answers to estimates; points fall strictly."""


@dataclass(frozen=True, slots=True)
class Berrut:
    """The published decoder: signs alternate over the survivors, in their order.

    Keeping the signs of the full set of workers instead would put poles between survivors.

    Source: Jahani-Nezhad and Maddah-Ali, arXiv 2009.08327.
    """

    @property
    def least(self) -> int:
        """One answer (a constant)."""
        return 1

    def matrix(self, points: FloatArray, targets: FloatArray) -> FloatArray:
        """See :class:`Decoder`."""
        return interpolation_matrix(points, targets, signs(points.size))


@dataclass(frozen=True, slots=True)
class FloaterHormann:
    """Blended local polynomials of one degree: error O(h^(degree + 1)), no poles.

    Args:
        degree: 0 .. ; 0 is Berrut's interpolant, 3 is a good habit.

    Source: Floater and Hormann, Numer. Math. 107 (2007) 315.
    """

    degree: int = 3

    def __post_init__(self) -> None:
        if self.degree < 0:
            raise CodingError("not a degree", where="degree", expected="an integer >= 0", got=repr(self.degree))

    @property
    def least(self) -> int:
        """One more than the degree."""
        return self.degree + 1

    def matrix(self, points: FloatArray, targets: FloatArray) -> FloatArray:
        """See :class:`Decoder`."""
        _enough(self, points)
        return interpolation_matrix(points, targets, floater_hormann_weights(points, self.degree))


@dataclass(frozen=True, slots=True)
class CubicSpline:
    """The not-a-knot cubic spline through all answers; the decoder for functions with kinks."""

    @property
    def least(self) -> int:
        """Four answers."""
        return 4

    def matrix(self, points: FloatArray, targets: FloatArray) -> FloatArray:
        """See :class:`Decoder`; beyond the outermost survivors the end polynomials go on."""
        _enough(self, points)
        spline = make_interp_spline(points[::-1], np.eye(points.size)[::-1], k=3)
        return np.asarray(spline(targets), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ChebyshevLeastSquares:
    """The polynomial of least squares through the answers, in the Chebyshev basis, by QR.

    Args:
        terms: number of coefficients (degree + 1), at most the number of answers.
    """

    terms: int

    def __post_init__(self) -> None:
        if self.terms < 1:
            raise CodingError("not a number of terms", where="terms", expected="an integer >= 1", got=repr(self.terms))

    @property
    def least(self) -> int:
        """As many answers as terms."""
        return self.terms

    def matrix(self, points: FloatArray, targets: FloatArray) -> FloatArray:
        """See :class:`Decoder`."""
        _enough(self, points)
        q, r = np.linalg.qr(chebyshev(points, self.terms))
        return np.asarray(np.linalg.solve(r.T, chebyshev(targets, self.terms).T).T @ q.T)


def chebyshev(points: FloatArray, terms: int) -> FloatArray:
    """Values T_0 .. T_{terms-1} at the points, shape (points, terms)."""
    return np.asarray(np.polynomial.chebyshev.chebvander(points, terms - 1))


def _enough(decoder: Decoder, points: FloatArray) -> None:
    if points.size < decoder.least:
        raise CodingError(
            f"too few answers for {decoder}",
            where="answers",
            expected=f"at least {decoder.least}",
            got=str(points.size),
            cure="wait for more workers or take a decoder of lower degree",
        )
