"""The laws of a tally: a commutative monoid whose JSON form loses no bit, whatever was sampled.

Integers obey them exactly.  Floats obey them up to rounding, which is measured against the size of what was added up:
`scale` is the largest power of the largest value that a field can hold.
"""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tally_samples import CASES, Case

from experiments.statistics.estimate import Estimate
from experiments.study import Tally
from experiments.tally import fold, from_state, to_state

every_tally = pytest.mark.parametrize("case", CASES, ids=str)
few = settings(max_examples=30, deadline=None, derandomize=True)


def drawn(data: st.DataObject, case: Case, parts: int) -> list[list[Any]]:
    return [data.draw(st.lists(case.unit, max_size=6)) for _ in range(parts)]


def flat(state: Any) -> list[Any]:
    return [leaf for each in state for leaf in flat(each)] if isinstance(state, (list, tuple)) else [state]


def largest(units: list[Any]) -> float:
    found = [abs(x) for x in flat(units) if isinstance(x, (int, float))]
    return max([1.0, *found])


def assert_same(case: Case, a: Any, b: Any, units: list[Any]) -> None:
    """Equal, exactly for integers; for floats within 1e-12 of the largest power of a value that the field sums up."""
    if case.exact:
        assert a == b
        return
    left, right = flat(a.to_json()), flat(b.to_json())
    assert len(left) == len(right)
    big = 2 * largest(units)
    power = {"Moments": 4, "Weighted": 4, "Ratio": 2, "Series": 2}[case.cls.__name__]
    slack = 1e-12 * (1 + len(units)) * big**power
    for x, y in zip(left, right, strict=True):
        if isinstance(x, str) or isinstance(y, str):
            assert x == y
        else:
            assert math.isclose(x, y, rel_tol=1e-12, abs_tol=slack)


@every_tally
@given(data=st.data())
@few
def test_zero_changes_nothing(case, data):
    (units,) = drawn(data, case, 1)
    tally = case.of(units)
    for merged in (tally.merge(case.cls.zero()), case.cls.zero().merge(tally), tally + case.cls.zero()):
        assert merged == tally


@every_tally
@given(data=st.data())
@few
def test_order_of_two_does_not_matter(case, data):
    a, b = drawn(data, case, 2)
    assert_same(case, case.of(a).merge(case.of(b)), case.of(b).merge(case.of(a)), a + b)


@every_tally
@given(data=st.data())
@few
def test_grouping_of_three_does_not_matter(case, data):
    a, b, c = drawn(data, case, 3)
    x, y, z = case.of(a), case.of(b), case.of(c)
    assert_same(case, (x + y) + z, x + (y + z), a + b + c)


@every_tally
@given(data=st.data())
@few
def test_merged_parts_are_the_tally_of_the_whole(case, data):
    parts = drawn(data, case, 4)
    units = [unit for part in parts for unit in part]
    assert_same(case, fold([case.cls.zero(), *map(case.of, parts)]), case.of(units), units)


@every_tally
@given(data=st.data())
@few
def test_json_gives_the_same_bits_back(case, data):
    a, b = drawn(data, case, 2)
    tally = case.of(a).merge(case.of(b))
    state = to_state(tally)
    for text in (json.dumps(state, allow_nan=False), msgspec.json.encode(state).decode()):
        again = from_state(json.loads(text))
        assert type(again) is type(tally)
        assert again == tally
        assert repr(again.to_json()) == repr(tally.to_json())
        assert msgspec.json.encode(to_state(again)) == msgspec.json.encode(state)


@every_tally
@given(data=st.data())
@few
def test_estimate_holds_its_value_and_size_counts_the_units(case, data):
    (units,) = drawn(data, case, 1)
    tally = case.of(units)
    assert isinstance(tally, Tally)
    estimate = tally.estimate(0.9)
    assert isinstance(estimate, Estimate)
    assert estimate.confidence == 0.9
    if not math.isnan(estimate.low) and not math.isnan(estimate.value):
        assert estimate.low <= estimate.value <= estimate.high
    assert tally.size == len({json.dumps(u, sort_keys=True) for u in units} if str(case) == "Record" else units)
    assert str(estimate)


@every_tally
def test_zero_is_of_size_zero_and_knows_nothing(case):
    zero = case.cls.zero()
    assert zero.size == 0
    assert zero.merge(zero) == zero
    assert math.isnan(zero.estimate().value)


@every_tally
@given(data=st.data())
@few
def test_equal_tallies_have_equal_hashes(case, data):
    (units,) = drawn(data, case, 1)
    tally = case.of(units)
    again = case.cls.from_json(tally.to_json())
    assert hash(again) == hash(tally)
    assert tally != "a tally"


@every_tally
@given(data=st.data())
@few
def test_merging_leaves_both_sides_as_they_were(case, data):
    a, b = (case.of(units) for units in drawn(data, case, 2))
    before = repr(a.to_json()), repr(b.to_json())
    a.merge(b)
    assert (repr(a.to_json()), repr(b.to_json())) == before
