"""Every tally class with a strategy that draws small data sets for it: the laws run over this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from experiments.tally import Counts, Histogram, Moments, Ratio, Record, Series, Weighted

numbers = st.floats(-1e6, 1e6, allow_nan=False, width=64)
EDGES = [-1e3, -1.0, 0.0, 0.5, 10.0, 1e4]


@dataclass(frozen=True)
class Case:
    """A tally class, the data it takes, how it is made of a list of them, and whether its sums are exact."""

    cls: type
    unit: st.SearchStrategy[Any]
    of: Callable[[list[Any]], Any]
    exact: bool

    def __str__(self) -> str:
        return self.cls.__name__


def counts_of(shots: list[tuple[bool, bool, str]]) -> Counts:
    """A shot is discarded, in error or fine, and bears a label that is counted."""
    labels = [label for *_, label in shots]
    errors = sum(error and not discard for discard, error, _ in shots)
    counters = {label: labels.count(label) for label in labels if label}
    return Counts(len(shots), errors, sum(discard for discard, *_ in shots), counters)


def vectors_of(rows: list[list[float]]) -> Moments:
    return Moments.of(np.array(rows).reshape(-1, 3))


CASES = [
    Case(Counts, st.tuples(st.booleans(), st.booleans(), st.sampled_from(["", "a", "b"])), counts_of, True),
    Case(Histogram, numbers, lambda xs: Histogram.of(xs, EDGES), True),
    Case(
        Record,
        st.dictionaries(st.text(max_size=3), numbers | st.none() | st.text(), max_size=3),
        lambda xs: Record.of(*xs),
        True,
    ),
    Case(Moments, numbers, lambda xs: Moments.of(np.array(xs, dtype=float)), False),
    Case(Moments, st.lists(numbers, min_size=3, max_size=3), vectors_of, False),
    Case(
        Weighted,
        st.tuples(numbers, st.floats(1e-3, 1e3) | st.just(0.0)),
        lambda pairs: Weighted.of([x for x, _ in pairs], [w for _, w in pairs]),
        False,
    ),
    Case(Ratio, st.tuples(numbers, numbers), lambda ps: Ratio.of([x for x, _ in ps], [y for _, y in ps]), False),
    Case(Series, st.lists(numbers, max_size=4), lambda runs: Series.of(runs), False),
]
