"""A histogram over edges fixed beforehand: latencies, error weights, degrees.

Bin i holds edges[i] <= x < edges[i + 1]; what lies outside is counted as ``under`` or ``over``.

>>> h = Histogram.of([0.5, 1.0, 7.0], [0.0, 1.0, 2.0])
>>> h.counts, h.over
((1, 1), 1)
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import add
from typing import TYPE_CHECKING, ClassVar

from experiments.errors import InputError
from experiments.statistics.binomial import interval
from experiments.statistics.estimate import Estimate
from experiments.tally.arrays import real_array
from experiments.tally.monoid import Monoid, as_float, fields, whole, written

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from experiments.study import JSON


@dataclass(frozen=True, slots=True, eq=False)
class Histogram(Monoid):
    """Counts of values per bin.

    Attributes:
        edges: bin edges in the values' unit, rising; none for the histogram of no values, which merges with any.
        counts: values in each bin.
        under, over: values below the first edge, and at or above the last.

    Raises:
        InputError: edges that do not rise, or a wrong number of counts, or a negative one.
    """

    kind: ClassVar[str] = "histogram"

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    under: int = 0
    over: int = 0

    def __post_init__(self) -> None:
        for name, count in (("under", self.under), ("over", self.over), *(("counts", each) for each in self.counts)):
            whole(count, f"Histogram.{name}")
        if not self.edges and not self.counts and not self.under and not self.over:
            return
        if len(self.edges) < 2 or not all(a < b for a, b in pairwise(self.edges)):
            raise InputError(
                "edges that do not rise",
                where="Histogram.edges",
                expected="two or more rising numbers",
                got=repr(self.edges)[:80],
                cure="sort them and drop duplicates",
            )
        if len(self.counts) != len(self.edges) - 1:
            raise InputError(
                "a wrong number of counts",
                where="Histogram.counts",
                expected=str(len(self.edges) - 1),
                got=str(len(self.counts)),
            )

    @classmethod
    def zero(cls) -> Histogram:
        """No values yet, for any edges."""
        return cls((), ())

    @classmethod
    def of(cls, values: ArrayLike, edges: ArrayLike) -> Histogram:
        """The histogram of values (n,) over edges (bins + 1,).

        Raises:
            InputError: not real numbers, nan among the values, or edges that do not rise.
        """
        import numpy as np

        x, bounds = real_array(values, 1, "Histogram.of values"), real_array(edges, 1, "Histogram.of edges")
        if np.isnan(x).any():
            raise InputError(
                "nan belongs in no bin", where="Histogram.of", expected="numbers", cure="count the nan values apart"
            )
        empty = cls(tuple(bounds.tolist()), (0,) * (bounds.size - 1))
        bins = np.bincount(np.searchsorted(bounds, x, side="right"), minlength=bounds.size + 1).tolist()
        return cls(empty.edges, tuple(bins[1:-1]), bins[0], bins[-1])

    @property
    def size(self) -> int:
        """The number of values."""
        return self.under + sum(self.counts) + self.over

    def merge(self, other: Histogram) -> Histogram:
        """The histogram of both sets of values.

        Raises:
            InputError: different edges.
        """
        if not other.edges:
            return self
        if not self.edges:
            return other
        if self.edges != other.edges:
            raise InputError(
                "histograms over different edges",
                where="Histogram.merge",
                expected=repr(self.edges)[:80],
                got=repr(other.edges)[:80],
                cure="fix the edges in the study, not from the data",
            )
        counts = tuple(map(add, self.counts, other.counts))
        return Histogram(self.edges, counts, self.under + other.under, self.over + other.over)

    def to_json(self) -> JSON:
        """``[edges, counts, under, over]``."""
        return [[written(x) for x in self.edges], list(self.counts), self.under, self.over]

    @classmethod
    def from_json(cls, state: JSON) -> Histogram:
        """The histogram that `to_json` wrote.

        Raises:
            InputError: not such a list, or a histogram that cannot be.
        """
        edges, counts, under, over = fields(state, 4, "histogram")
        for each in (edges, counts):
            if not isinstance(each, (list, tuple)):
                raise InputError("not a list", where="histogram", expected="a list", got=repr(each)[:80])
        whole_counts = tuple(whole(count, "histogram counts") for count in counts)
        ends = whole(under, "histogram under"), whole(over, "histogram over")
        return cls(tuple(as_float(x) for x in edges), whole_counts, *ends)

    def quantile(self, fraction: float, *, confidence: float = 0.95) -> Estimate:
        """The value below which ``fraction`` of all values lie, interpolated within its bin.

        The interval's ends are edges: the outermost ones that the Clopper-Pearson interval of the fraction below them
        does not exclude (infinite past the outermost edge).  It covers at least at ``confidence``, whatever the
        distribution.  nan without values.

        Raises:
            InputError: a fraction not strictly between 0 and 1.
        """
        if not 0.0 < fraction < 1.0:
            raise InputError("not a fraction", where="fraction", expected="a number in (0, 1)", got=repr(fraction))
        n = self.size
        if not n:
            return Estimate(math.nan, math.nan, math.nan, confidence)
        below = list(accumulate((self.under, *self.counts)))

        def bound(edge: int, end: int) -> float:
            return interval(below[edge], n, confidence=confidence, method="clopper_pearson")[end]

        # Counts below an edge rise from edge to edge, and so do both bounds of the fraction: bisection finds the ends.
        edges = range(len(self.edges))
        past_low = bisect_left(edges, True, key=lambda edge: bound(edge, 1) >= fraction)
        high_edge = bisect_left(edges, True, key=lambda edge: bound(edge, 0) > fraction)
        low = self.edges[past_low - 1] if past_low else -math.inf
        high = self.edges[high_edge] if high_edge < len(self.edges) else math.inf
        return Estimate(self._interpolated(fraction * n, below), low, high, confidence)

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """The median, as `quantile` (0.5)."""
        return self.quantile(0.5, confidence=confidence)

    def _interpolated(self, rank: float, below: list[int]) -> float:
        """Where the count of values reaches ``rank``, the values of a bin spread evenly; infinite outside the edges."""
        if rank < below[0]:
            return -math.inf
        for i, count in enumerate(self.counts):
            if count and rank <= below[i + 1]:
                return self.edges[i] + (self.edges[i + 1] - self.edges[i]) * ((rank - below[i]) / count)
        return math.inf
