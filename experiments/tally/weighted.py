"""Weighted values: the mean under importance weights, with the number of equal values they are worth.

Use it where weights are known up to a common factor, so that the mean is Σwx/Σw.  Where they are normalised by
construction (E[w] = 1), the plain mean of w·x is unbiased: tally `Moments` of the products instead.

>>> w = Weighted.of([1.0, 3.0], [1.0, 3.0])
>>> w.mean, w.effective_size
(2.5, 1.6)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.statistics.mean import student_interval
from experiments.tally.arrays import real_array
from experiments.tally.monoid import Monoid, as_float, fields, whole, written

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from experiments.study import JSON


@dataclass(frozen=True, slots=True, eq=False)
class Weighted(Monoid):
    """Sums over ``n`` values x of weight w >= 0, deviations taken from the weighted mean.

    Attributes:
        weight: Σw.
        weight2: Σw².
        mean: Σwx/Σw, in the unit of x; 0 where Σw is 0.
        first: Σw²(x - mean).
        second: Σw²(x - mean)².

    Raises:
        InputError: a negative n, Σw, Σw² or second.
    """

    kind: ClassVar[str] = "weighted"

    n: int
    weight: float
    weight2: float
    mean: float
    first: float
    second: float

    def __post_init__(self) -> None:
        whole(self.n, "Weighted.n")
        for name in ("weight", "weight2", "second"):
            if getattr(self, name) < 0.0:
                raise InputError("negative", where=f"Weighted.{name}", expected=">= 0", got=repr(getattr(self, name)))

    @classmethod
    def zero(cls) -> Weighted:
        """No values yet."""
        return cls(0, 0.0, 0.0, 0.0, 0.0, 0.0)

    @classmethod
    def of(cls, values: ArrayLike, weights: ArrayLike) -> Weighted:
        """The sums for values (n,) with weights (n,).

        Raises:
            InputError: not real numbers, different lengths, or a negative weight.
        """
        import numpy as np

        x, w = real_array(values, 1, "Weighted.of values"), real_array(weights, 1, "Weighted.of weights")
        if x.shape != w.shape or (w < 0.0).any():
            raise InputError(
                "weights that cannot be", where="Weighted.of", expected=f"{x.size} weights >= 0", got=repr(weights)[:80]
            )
        with np.errstate(invalid="ignore", over="ignore"):
            total = float(w.sum())
            if total == 0.0:
                return cls(x.size, 0.0, 0.0, 0.0, 0.0, 0.0)
            mean = float((w * x).sum()) / total
            mean += float((w * (x - mean)).sum()) / total
            deviations = w * (x - mean)
            first, second = float((w * deviations).sum()), float((deviations * deviations).sum())
            return cls(x.size, total, float((w * w).sum()), mean, first, second)

    @property
    def size(self) -> int:
        """The number of values."""
        return self.n

    @property
    def effective_size(self) -> float:
        """(Σw)²/Σw²: as many equally weighted values would be worth as much (Kish)."""
        return self.weight / self.weight2 * self.weight if self.weight2 else 0.0

    def merge(self, other: Weighted) -> Weighted:
        """The sums over both sets of values, deviations taken from the common mean."""
        n, weight = self.n + other.n, self.weight + other.weight
        if other.weight == 0.0:
            return Weighted(n, self.weight, self.weight2, self.mean, self.first, self.second)
        if self.weight == 0.0:
            return Weighted(n, other.weight, other.weight2, other.mean, other.first, other.second)
        delta = other.mean - self.mean
        first_a, second_a = self._about(delta * (other.weight / weight))
        first_b, second_b = other._about(-delta * (self.weight / weight))
        mean = self.mean + delta * (other.weight / weight)
        return Weighted(n, weight, self.weight2 + other.weight2, mean, first_a + first_b, second_a + second_b)

    def _about(self, shift: float) -> tuple[float, float]:
        """``first`` and ``second`` with deviations taken from mean + shift."""
        second = self.second - 2.0 * shift * self.first + shift * shift * self.weight2
        return self.first - shift * self.weight2, 0.0 if second < 0.0 else second

    def to_json(self) -> JSON:
        """``[n, weight, weight2, mean, first, second]``."""
        sums = (self.weight, self.weight2, self.mean, self.first, self.second)
        return [self.n, *(written(x) for x in sums)]

    @classmethod
    def from_json(cls, state: JSON) -> Weighted:
        """The sums that `to_json` wrote.

        Raises:
            InputError: not such a list, or sums that cannot be.
        """
        n, *sums = fields(state, 6, "weighted")
        return cls(whole(n, "weighted[0]"), *(as_float(x) for x in sums))

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """Σwx/Σw with the linearised error Σw²(x - mean)²/(Σw)², as of `effective_size` values; nan without weight.

        Source: Owen, Monte Carlo theory, methods and examples, ch. 9, eq. 9.9 (self-normalised importance sampling).
        """
        if self.weight == 0.0:
            return Estimate(math.nan, math.nan, math.nan, confidence)
        worth = self.effective_size
        squares = self.second / self.weight2 * worth if self.weight2 else math.nan
        low, high = student_interval(worth, self.mean, squares, confidence=confidence)
        return Estimate(self.mean, low, high, confidence)
