"""Counts: what is refused, what is kept, and how a rate is estimated from them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.errors import InputError
from experiments.statistics.binomial import interval
from experiments.tally import Counts


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((3, 4), "errors \\+ discards <= shots = 3"),
        ((3, 2, 2), "errors = 2, discards = 2"),
        ((-1, 0), "Counts.shots: negative"),
        ((3, -1), "Counts.errors: negative"),
        ((3, 0, -1), "Counts.discards: negative"),
        ((3.0, 1), "Counts.shots: not a whole number"),
        ((3, "1"), "Counts.errors: not a whole number"),
        ((3, 1, 0, {"a": -1}), "Counts.counters\\['a'\\]: negative"),
        ((3, 1, 0, {1: 1}), "a mapping str -> int"),
    ],
)
def test_counts_that_cannot_be_are_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        Counts(*arguments)


def test_integers_of_numpy_become_plain_ones():
    counts = Counts(np.int64(10), np.uint8(3), np.int32(1), {"decoded": np.int64(4)})
    assert [type(each) for each in (counts.shots, counts.errors, counts.discards)] == [int] * 3
    assert counts.to_json() == [10, 3, 1, {"decoded": 4}]


def test_counts_cannot_be_changed():
    with pytest.raises(AttributeError):
        Counts(3, 1).shots = 4


def test_json_is_as_short_as_the_counts_allow():
    assert Counts(10, 3).to_json() == [10, 3]
    assert Counts(10, 3, 2).to_json() == [10, 3, 2]
    assert Counts(10, 3, counters={"b": 1, "a": 0}).to_json() == [10, 3, 0, {"a": 0, "b": 1}]


@pytest.mark.parametrize("state", [None, 3, [1], [1, 2, 3, {}, 5], [5, "2"], "12345"])
def test_other_json_is_refused(state):
    with pytest.raises(InputError):
        Counts.from_json(state)


def test_rate_is_over_the_shots_that_were_kept():
    estimate = Counts(1100, 10, 100).estimate(0.9, method="wilson")
    assert estimate.value == 0.01
    assert (estimate.low, estimate.high) == interval(10, 1000, confidence=0.9, method="wilson")


def test_nothing_kept_is_nothing_known():
    estimate = Counts(5, 0, 5).estimate()
    assert math.isnan(estimate.value)
    assert (estimate.low, estimate.high) == (0.0, 1.0)
