"""Real-valued tallies against numpy, exact fractions and simulated coverage."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from experiments.errors import InputError
from experiments.statistics.mean import student_interval
from experiments.tally import Moments, Ratio, Series, Weighted, fold, from_state, to_state


def exact_central_sums(values):
    """Mean and sums of the 2nd, 3rd and 4th powers of deviations, in exact fractions of the float inputs."""
    exact = [Fraction(x) for x in values]
    mean = sum(exact) / len(exact)
    return [float(mean), *(float(sum((x - mean) ** k for x in exact)) for k in (2, 3, 4))]


@pytest.mark.parametrize("mean", [0.0, 1e9])
def test_moments_survive_a_large_mean(mean):
    """Sums of squares would give a variance of 134 at mean 1e9 and deviation 1; exact fractions are the oracle.

    The mean itself is rounded to a float, by up to one unit in its last place, which moves the third moment by three
    times that times the second.
    """
    values = np.random.default_rng(1).normal(mean, 1.0, size=2000)
    folded = fold(Moments.of(part) for part in np.split(values, [1, 10, 300, 301, 1500]))
    exact = exact_central_sums(values.tolist())
    for moments in (Moments.of(values), folded):
        assert moments.mean == pytest.approx(exact[0], rel=1e-15)
        tolerance = 1e-12 if mean == 0.0 else 1e-7
        assert moments.m2 == pytest.approx(exact[1], rel=tolerance)
        assert moments.m3 == pytest.approx(exact[2], abs=3 * exact[1] * (math.ulp(exact[0]) + 1e-14))
        assert moments.m4 == pytest.approx(exact[3], rel=tolerance)
        assert (moments.low, moments.high) == (values.min(), values.max())
    assert folded.variance == pytest.approx(1.0, abs=0.2)


def test_shape_of_two_values_far_apart_is_known():
    """-1 three times and 3 once: mean 0, variance 3, skewness 2/√3, kurtosis 21/9."""
    moments = Moments.of([-1.0, -1.0]) + Moments.of([3.0, -1.0])
    assert moments.variance == 4.0
    assert moments.skewness == pytest.approx(2 / math.sqrt(3), rel=1e-14)
    assert moments.excess_kurtosis == pytest.approx(21 / 9 - 3, rel=1e-14)
    assert math.isnan(Moments.of([5.0, 5.0]).skewness)


def test_covariance_of_merged_vectors_is_numpys():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4)) + 1e7
    moments = fold(Moments.of(part) for part in np.split(vectors, [1, 2, 200]))
    np.testing.assert_allclose(moments.covariance, np.cov(vectors, rowvar=False), rtol=1e-7)
    np.testing.assert_allclose(moments.mean, vectors.mean(axis=0), rtol=1e-14)
    np.testing.assert_array_equal(moments.low, vectors.min(axis=0))
    np.testing.assert_array_equal(moments.high, vectors.max(axis=0))
    estimate = moments.estimate(component=2)
    assert estimate.value == moments.mean[2]
    scalar = Moments.of(vectors[:, 2]).estimate()
    assert (estimate.low, estimate.high) == pytest.approx((scalar.low, scalar.high), rel=1e-12)


def test_not_a_number_is_carried_and_written_down():
    moments = Moments.of([1.0, math.nan]) + Moments.of([math.inf, 2.0])
    state = to_state(moments)
    assert state["moments"][1] == "nan"
    assert from_state(state) == moments
    assert math.isnan(moments.estimate().value)
    assert math.isnan(moments.low)


def test_overflow_is_infinite_not_an_error():
    moments = Moments.of([1e200]) + Moments.of([-1e200])
    assert moments.m2 == math.inf
    assert from_state(to_state(moments)) == moments


def test_arrays_of_a_tally_cannot_be_changed():
    for array in (
        Moments.of([[1.0, 2.0]]).mean,
        (Moments.of([[1.0, 2.0]]) + Moments.of([[3.0, 2.0]])).m2,
        Moments.from_json(Moments.of([[1.0, 2.0]]).to_json()).high,
        (Series.of([[1.0, 2.0]]) + Series.of([[1.0]])).mean,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Moments.of(["a"]), "not an array of real numbers"),
        (lambda: Moments.of([1j]), "take the real part"),
        (lambda: Moments.of(np.zeros((2, 2, 2))), "wrong shape"),
        (lambda: Moments.of([1.0]) + Moments.of([[1.0]]), "different dimensions"),
        (lambda: Moments.of([[1.0]]).estimate(component=1), "no such component"),
        (lambda: Weighted.of([1.0], [-1.0]), "weights >= 0"),
        (lambda: Weighted.of([1.0], [1.0, 2.0]), "1 weights"),
        (lambda: Ratio.of([1.0], [1.0, 2.0]), "do not pair"),
        (lambda: Series.of([[1.0]]).estimate(step=3), "no such step"),
    ],
)
def test_data_that_cannot_be_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_equal_weights_give_the_plain_mean_and_its_interval():
    values = np.random.default_rng(3).normal(size=50)
    weighted, plain = Weighted.of(values, np.full(50, 0.3)).estimate(), Moments.of(values).estimate()
    assert weighted.value == pytest.approx(plain.value, rel=1e-12)
    assert (weighted.low, weighted.high) == pytest.approx((plain.low, plain.high), rel=1e-12)


def test_weighted_mean_survives_a_large_mean():
    rng = np.random.default_rng(4)
    values, weights = rng.normal(1e9, 1.0, size=1000), rng.exponential(size=1000)
    parts = zip(np.split(values, [1, 400]), np.split(weights, [1, 400]), strict=True)
    weighted = fold(Weighted.of(x, w) for x, w in parts)
    x, w = [Fraction(v) for v in values.tolist()], [Fraction(v) for v in weights.tolist()]
    mean = sum(a * b for a, b in zip(w, x, strict=True)) / sum(w)
    second = sum(a * a * (b - mean) ** 2 for a, b in zip(w, x, strict=True))
    assert weighted.mean == pytest.approx(float(mean), rel=1e-15)
    assert weighted.second == pytest.approx(float(second), rel=1e-6)


def test_importance_weights_cover_the_true_mean():
    """4000 runs of 200 draws from N(1, 1.5²) for the mean of N(0, 1): 95 % ± 2.5 %.

    A linearised interval of about 100 effective values; 2.5 % is 7 standard errors.
    """
    rng = np.random.default_rng(8)
    x = rng.normal(1.0, 1.5, size=(4000, 200))
    w = np.exp(-0.5 * x * x + 0.5 * ((x - 1.0) / 1.5) ** 2)
    covered = 0
    for values, weights in zip(x, w, strict=True):
        estimate = Weighted.of(values, weights).estimate()
        covered += estimate.low <= 0.0 <= estimate.high
    assert abs(covered / 4000 - 0.95) < 0.025


def test_weights_of_one_value_leave_the_spread_unknown():
    estimate = (Weighted.of([5.0], [2.0]) + Weighted.of([7.0], [0.0])).estimate()
    assert estimate.value == 5.0
    assert math.isnan(estimate.low)
    assert math.isnan(Weighted.of([5.0], [1e-200]).estimate().low)


def test_ratio_of_constants_has_no_error_and_of_nothing_no_value():
    estimate = fold(Ratio.of([2.0 * y], [y]) for y in (1e9, 1e9 + 1, 1e9 + 3)).estimate()
    assert estimate.value == pytest.approx(2.0, rel=1e-15)
    assert estimate.high - estimate.low < 1e-12
    assert math.isnan(Ratio.of([1.0, 2.0], [0.0, 0.0]).estimate().value)


def test_series_is_moments_at_every_step():
    rng = np.random.default_rng(6)
    runs = [rng.normal(1e6, 1.0, size=length).tolist() for length in (7, 3, 0, 5, 7, 1)]
    series = Series.of(runs[:2]) + Series.of(runs[2:3]) + Series.of(runs[3:])
    assert (series.size, series.steps) == (6, 7)
    for step in range(7):
        column = Moments.of([run[step] for run in runs if len(run) > step])
        assert series.n[step] == column.n
        assert series.mean[step] == pytest.approx(column.mean, rel=1e-15)
        assert series.m2[step] == pytest.approx(column.m2, rel=1e-8)
        assert (series.low[step], series.high[step]) == (column.low, column.high)
        estimate = series.estimate(step=step)
        interval = student_interval(column.n, column.mean, column.m2)
        assert (estimate.low, estimate.high) == pytest.approx(interval, rel=1e-12, nan_ok=True)
    assert series.estimate().value == series.mean[-1]
