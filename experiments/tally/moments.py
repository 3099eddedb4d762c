"""Moments of real values: number, mean, spread, shape and extremes, merged without cancellation.

Scalars keep the third and fourth central moments as well; vectors keep the covariance matrix instead.  Sums of squares
would lose everything at a large mean (at mean 1e9 and deviation 1 they give a variance of 134), so deviations from the
mean are what is kept and merged.

>>> (Moments.of([1.0, 2.0]) + Moments.of([3.0, 6.0])).mean
3.0
>>> Moments.of([[1.0, 2.0], [3.0, 2.0]]).mean
array([2., 2.])
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.statistics.mean import student_interval
from experiments.tally.arrays import array_from_json, array_to_json, frozen, real_array
from experiments.tally.covariance import merged_products, products, triangle_from_json, triangle_to_json
from experiments.tally.monoid import Monoid, as_float, fields, whole, written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from experiments.study import JSON

    Number: TypeAlias = float | NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments(Monoid):
    """Moments of ``n`` values, in powers of the values' unit.

    For scalars every field is a float.  For vectors of d components ``mean``, ``low`` and ``high`` are arrays (d,),
    ``m2`` is the array (d, d) of summed products of deviations, and ``m3`` and ``m4`` are nan.

    Attributes:
        mean: arithmetic mean; 0 without values.
        m2, m3, m4: sums of the second, third and fourth powers of the deviations from the mean.
        low, high: smallest and largest value; nan once any value is nan.

    Raises:
        InputError: negative ``n``, or a negative sum of squares.

    Source: Chan, Golub and LeVeque (1979); Pébay, SAND2008-6212, eqs. 1.3 to 1.6 and 3.12.
    """

    kind: ClassVar[str] = "moments"

    n: int
    mean: Number
    m2: Number
    m3: float
    m4: float
    low: Number
    high: Number

    def __post_init__(self) -> None:
        whole(self.n, "Moments.n")
        squares = self.m2 if isinstance(self.m2, (int, float)) else float(self.m2.diagonal().min(initial=0.0))
        if squares < 0.0:
            raise InputError("a negative sum of squares", where="Moments.m2", expected=">= 0", got=repr(squares))

    @classmethod
    def zero(cls) -> Moments:
        """No values yet, of any dimension."""
        return cls(0, 0.0, 0.0, 0.0, 0.0, math.inf, -math.inf)

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """The moments of values (n,), or of n vectors (n, d).

        Raises:
            InputError: not real numbers, or of another shape.
        """
        import numpy as np

        if np.ndim(values) == 2:
            return _of_vectors(real_array(values, 2, "Moments.of"))
        array = real_array(values, 1, "Moments.of")
        n = array.size
        if not n:
            return cls.zero()
        with np.errstate(invalid="ignore", over="ignore"):
            mean = array.mean()
            mean += (array - mean).mean()
            deviations = array - mean
            squares = deviations * deviations
            m3, m4 = float((squares * deviations).sum()), float((squares * squares).sum())
            return cls(n, float(mean), float(squares.sum()), m3, m4, float(array.min()), float(array.max()))

    @property
    def size(self) -> int:
        """The number of values (or vectors)."""
        return self.n

    @property
    def dimension(self) -> int | None:
        """The number of components; None for scalars."""
        return None if isinstance(self.mean, (int, float)) else len(self.mean)

    @property
    def variance(self) -> Number:
        """The unbiased variance, of each component for vectors; nan below two values."""
        squares = self.m2 if isinstance(self.m2, (int, float)) else self.m2.diagonal()
        return squares / (self.n - 1) if self.n > 1 else math.nan * squares

    @property
    def covariance(self) -> Number:
        """The unbiased covariance matrix (d, d), or the variance of scalars; nan below two values."""
        return self.m2 / (self.n - 1) if self.n > 1 else math.nan * self.m2

    @property
    def skewness(self) -> float:
        """m3/n over (m2/n)^(3/2); nan for vectors and for values that are all equal."""
        if self.dimension is not None or not self.m2:
            return math.nan
        return math.sqrt(self.n) * (self.m3 / float(self.m2)) / math.sqrt(float(self.m2))

    @property
    def excess_kurtosis(self) -> float:
        """n m4/m2² - 3, which is 0 for normal values; nan for vectors and for values that are all equal."""
        if self.dimension is not None or not self.m2:
            return math.nan
        return self.n * (self.m4 / float(self.m2)) / float(self.m2) - 3.0

    def merge(self, other: Moments) -> Moments:
        """The moments of both sets of values together.

        Raises:
            InputError: vectors of different lengths, or vectors and scalars.
        """
        if not self.n:
            return other
        if not other.n:
            return self
        if self.dimension != other.dimension:
            raise InputError(
                "values of different dimensions",
                where="Moments.merge",
                expected=f"dimension {self.dimension}",
                got=f"dimension {other.dimension}",
                cure="let every batch return vectors of one length",
            )
        return _merge_scalars(self, other) if self.dimension is None else _merge_vectors(self, other)

    def to_json(self) -> JSON:
        """``[n, mean, m2, m3, m4, low, high]``; for vectors ``[n, mean, lower triangle of m2, low, high]``."""
        if isinstance(self.mean, (int, float)):
            return [self.n, *(written(float(x)) for x in (self.mean, self.m2, self.m3, self.m4, self.low, self.high))]
        mean, low, high = (array_to_json(_array(each)) for each in (self.mean, self.low, self.high))
        return [self.n, mean, triangle_to_json(_array(self.m2)), low, high]

    @classmethod
    def from_json(cls, state: JSON) -> Moments:
        """The moments that `to_json` wrote.

        Raises:
            InputError: not such a list, or moments that cannot be.
        """
        if isinstance(state, (list, tuple)) and len(state) == 5:
            return _vectors_from_json(state)
        n, *numbers = fields(state, 7, "moments")
        return cls(whole(n, "moments[0]"), *(as_float(x) for x in numbers))

    def estimate(self, confidence: float = 0.95, *, component: int = 0) -> Estimate:
        """The mean with Student's interval; of the given ``component`` for vectors, nan without values.

        Raises:
            InputError: a component that is not there.
        """
        if not self.n:
            return Estimate(math.nan, math.nan, math.nan, confidence)
        if not 0 <= component < (self.dimension or 1):
            raise InputError(
                "no such component", where="component", expected=f"0..{(self.dimension or 1) - 1}", got=str(component)
            )
        if isinstance(self.mean, (int, float)):
            mean, squares = float(self.mean), float(self.m2)
        else:
            mean, squares = float(self.mean[component]), float(_array(self.m2)[component, component])
        low, high = student_interval(self.n, mean, squares, confidence=confidence)
        return Estimate(mean, low, high, confidence)


def _merge_scalars(a: Moments, b: Moments) -> Moments:
    # Products, not powers: a float power raises where a product overflows to inf.
    n = a.n + b.n
    delta = float(b.mean) - float(a.mean)
    part_a, part_b = a.n / n, b.n / n
    square = delta * delta
    pair = square * part_a * b.n
    a2, b2 = float(a.m2), float(b.m2)
    return Moments(
        n,
        float(a.mean) + delta * part_b,
        a2 + b2 + pair,
        a.m3 + b.m3 + pair * delta * (part_a - part_b) + 3.0 * delta * (part_a * b2 - part_b * a2),
        a.m4
        + b.m4
        + pair * square * (part_a * part_a - part_a * part_b + part_b * part_b)
        + 6.0 * square * (part_a * part_a * b2 + part_b * part_b * a2)
        + 4.0 * delta * (part_a * b.m3 - part_b * a.m3),
        _extreme(min, float(a.low), float(b.low)),
        _extreme(max, float(a.high), float(b.high)),
    )


def _merge_vectors(a: Moments, b: Moments) -> Moments:
    import numpy as np

    mean, m2 = merged_products(a.n, _array(a.mean), _array(a.m2), b.n, _array(b.mean), _array(b.m2))
    low, high = frozen(np.minimum(a.low, b.low)), frozen(np.maximum(a.high, b.high))
    return Moments(a.n + b.n, mean, m2, math.nan, math.nan, low, high)


def _of_vectors(values: NDArray[np.float64]) -> Moments:
    if not len(values):
        return Moments.zero()
    mean, m2 = products(values)
    return Moments(len(values), mean, m2, math.nan, math.nan, frozen(values.min(axis=0)), frozen(values.max(axis=0)))


def _vectors_from_json(state: JSON) -> Moments:
    n, mean, triangle, low, high = state
    ends = array_from_json(low, "moments low"), array_from_json(high, "moments high")
    center, m2 = array_from_json(mean, "moments mean"), triangle_from_json(triangle, "moments m2")
    if not len(center) == len(m2) == len(ends[0]) == len(ends[1]):
        raise InputError(
            "vectors of different lengths", where="moments.from_json", expected="one length", got=repr(state)[:80]
        )
    return Moments(whole(n, "moments[0]"), center, m2, math.nan, math.nan, *ends)


def _array(number: Number) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(number, dtype=np.float64)


def _extreme(pick: Callable[[float, float], float], a: float, b: float) -> float:
    return math.nan if math.isnan(a) or math.isnan(b) else pick(a, b)
