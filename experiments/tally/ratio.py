"""A ratio of two totals that fluctuate together: pairs per second, errors per decoded round, cost per success.

>>> Ratio.of([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]).estimate().value
2.0
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.statistics.mean import ratio_interval
from experiments.tally.arrays import real_array
from experiments.tally.monoid import Monoid, as_float, fields, whole, written

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from experiments.study import JSON


@dataclass(frozen=True, slots=True, eq=False)
class Ratio(Monoid):
    """First and second moments of ``n`` pairs (x, y), for the ratio Σx/Σy.

    Attributes:
        mean_x, mean_y: the means, each in its unit; 0 without pairs.
        squares_x, squares_y, products: Σ(x - mean_x)², Σ(y - mean_y)², Σ(x - mean_x)(y - mean_y).

    Raises:
        InputError: a negative n or sum of squares.
    """

    kind: ClassVar[str] = "ratio"

    n: int
    mean_x: float
    mean_y: float
    squares_x: float
    squares_y: float
    products: float

    def __post_init__(self) -> None:
        whole(self.n, "Ratio.n")
        if self.squares_x < 0.0 or self.squares_y < 0.0:
            raise InputError(
                "a negative sum of squares",
                where="Ratio",
                expected=">= 0",
                got=f"{self.squares_x!r}, {self.squares_y!r}",
            )

    @classmethod
    def zero(cls) -> Ratio:
        """No pairs yet."""
        return cls(0, 0.0, 0.0, 0.0, 0.0, 0.0)

    @classmethod
    def of(cls, numerators: ArrayLike, denominators: ArrayLike) -> Ratio:
        """The moments of pairs: numerators (n,) over denominators (n,).

        Raises:
            InputError: not real numbers, or different lengths.
        """
        import numpy as np

        x, y = real_array(numerators, 1, "Ratio.of numerators"), real_array(denominators, 1, "Ratio.of denominators")
        if x.shape != y.shape:
            raise InputError(
                "numerators and denominators do not pair", where="Ratio.of", expected=str(x.size), got=str(y.size)
            )
        if not x.size:
            return cls.zero()
        with np.errstate(invalid="ignore", over="ignore"):
            mean_x, mean_y = float(x.mean()), float(y.mean())
            mean_x += float((x - mean_x).mean())
            mean_y += float((y - mean_y).mean())
            dx, dy = x - mean_x, y - mean_y
            sums = ((dx * dx).sum(), (dy * dy).sum(), (dx * dy).sum())
        return cls(x.size, mean_x, mean_y, *(float(each) for each in sums))

    @property
    def size(self) -> int:
        """The number of pairs."""
        return self.n

    def merge(self, other: Ratio) -> Ratio:
        """The moments of both sets of pairs together.

        Source: Chan, Golub and LeVeque (1979); Pébay, SAND2008-6212, eq. 3.12.
        """
        if not self.n:
            return other
        if not other.n:
            return self
        n = self.n + other.n
        share = other.n / n
        dx, dy = other.mean_x - self.mean_x, other.mean_y - self.mean_y
        between = self.n * share
        return Ratio(
            n,
            self.mean_x + dx * share,
            self.mean_y + dy * share,
            self.squares_x + other.squares_x + dx * dx * between,
            self.squares_y + other.squares_y + dy * dy * between,
            self.products + other.products + dx * dy * between,
        )

    def to_json(self) -> JSON:
        """``[n, mean_x, mean_y, squares_x, squares_y, products]``."""
        sums = (self.mean_x, self.mean_y, self.squares_x, self.squares_y, self.products)
        return [self.n, *(written(x) for x in sums)]

    @classmethod
    def from_json(cls, state: JSON) -> Ratio:
        """The moments that `to_json` wrote.

        Raises:
            InputError: not such a list, or moments that cannot be.
        """
        n, *sums = fields(state, 6, "ratio")
        return cls(whole(n, "ratio[0]"), *(as_float(x) for x in sums))

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """Σx/Σy with its delta-method interval; nan without pairs or where Σy is 0."""
        if not self.n or self.mean_y == 0.0:
            return Estimate(math.nan, math.nan, math.nan, confidence)
        low, high = ratio_interval(
            self.n,
            self.mean_x,
            self.mean_y,
            squares_x=self.squares_x,
            squares_y=self.squares_y,
            products=self.products,
            confidence=confidence,
        )
        return Estimate(self.mean_x / self.mean_y, low, high, confidence)
