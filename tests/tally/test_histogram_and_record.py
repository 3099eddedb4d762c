"""Histograms against numpy and order statistics; records as sets of documents."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.errors import InputError
from experiments.tally import Histogram, Record, fold


def test_counts_are_numpys_up_to_the_last_edge():
    """Our last bin is open like every other; numpy's is closed."""
    values = np.random.default_rng(1).integers(-3, 14, size=1000)
    edges = [0.0, 1.0, 2.5, 7.0, 10.0]
    histogram = fold(Histogram.of(part, edges) for part in np.split(values, [0, 1, 600]))
    expected, _ = np.histogram(values[values != 10], edges)
    assert histogram.counts == tuple(expected.tolist())
    assert (histogram.under, histogram.over) == ((values < 0).sum(), (values >= 10).sum())
    assert histogram.size == 1000


def test_different_edges_do_not_merge():
    with pytest.raises(InputError, match="different edges"):
        Histogram.of([1.0], [0.0, 2.0]).merge(Histogram.of([1.0], [0.0, 3.0]))


@pytest.mark.parametrize(
    ("values", "edges", "says"),
    [
        ([math.nan], [0.0, 1.0], "nan belongs in no bin"),
        ([1.0], [1.0, 0.0], "do not rise"),
        ([1.0], [0.0, 0.0], "do not rise"),
        ([1.0], [0.0], "do not rise"),
        ([1.0], [0.0, math.nan], "do not rise"),
    ],
)
def test_data_that_cannot_be_binned_is_refused(values, edges, says):
    with pytest.raises(InputError, match=says):
        Histogram.of(values, edges)


def test_quantile_interval_covers_at_least_as_promised():
    """300 runs of 80 exponential values, 200 bins: at least 90 %, less 6 standard errors (false alarm 1e-9)."""
    rng = np.random.default_rng(3)
    edges = np.linspace(0.0, 4.0, 201)
    covered = 0
    for values in rng.exponential(size=(300, 80)):
        estimate = Histogram.of(values, edges).quantile(0.3, confidence=0.9)
        covered += estimate.low <= -math.log(0.7) <= estimate.high
    assert covered / 300 >= 0.90 - 6 * math.sqrt(0.9 * 0.1 / 300)


def test_median_is_interpolated_and_its_interval_ends_at_edges():
    histogram = Histogram.of(np.arange(1000) / 100, np.arange(0.0, 11.0))
    estimate = histogram.estimate()
    assert estimate.value == pytest.approx(5.0)
    assert (estimate.low, estimate.high) == (4.0, 6.0)


def test_quantile_outside_the_edges_is_infinite():
    histogram = Histogram((0.0, 1.0), (1,), under=50, over=50)
    assert histogram.quantile(0.1).value == -math.inf
    assert histogram.quantile(0.9).value == math.inf
    with pytest.raises(InputError, match="not a fraction"):
        histogram.quantile(1.0)


def test_union_of_records_is_idempotent_and_sorted():
    a, b = Record.of({"seed": 2}, {"seed": 1}), Record.of({"seed": 1}, [1, None, "x"])
    both = a + b
    assert both == b + a == both + a
    assert both.documents == [[1, None, "x"], {"seed": 1}, {"seed": 2}]


def test_key_order_does_not_make_two_documents():
    assert Record.of({"a": 1, "b": 2}, {"b": 2, "a": 1}).size == 1


def test_integer_and_float_are_different_documents():
    assert Record.of(1, 1.0).documents == [1, 1.0]
    assert [type(each) for each in Record.of(1, 1.0).documents] == [int, float]


@pytest.mark.parametrize("document", [math.nan, {"x": math.inf}, {1, 2}, np.zeros(2), object()])
def test_documents_that_are_not_json_are_refused(document):
    with pytest.raises(InputError, match="not a JSON document"):
        Record.of(document)


def test_values_of_records_are_averaged():
    estimate = Record.of(*({"seed": i, "value": x} for i, x in enumerate((0, 1.0, 2.5, 4.5)))).estimate()
    assert estimate.value == 2.0
    assert math.isnan(Record.of({"value": 1.0}, {"seed": 1}).estimate().value)
    assert math.isnan(Record.of({"value": True}).estimate().value)
