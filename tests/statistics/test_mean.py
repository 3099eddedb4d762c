"""Intervals for means and ratios against tables, 50-digit arithmetic and simulated coverage."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from experiments.errors import InputError
from experiments.statistics.mean import (
    asymptotic_confidence_sequence,
    ratio_interval,
    student_interval,
    student_quantile,
)


@pytest.mark.parametrize(
    ("freedom", "confidence", "t"),
    [(1, 0.95, 12.706), (2, 0.95, 4.303), (10, 0.95, 2.228), (30, 0.99, 2.750), (120, 0.95, 1.980), (4, 0.998, 7.173)],
)
def test_student_quantiles_are_the_printed_ones(freedom, confidence, t):
    """Three decimals, as in every table of Student's distribution."""
    assert student_quantile(freedom, confidence) == pytest.approx(t, abs=5.1e-4)


@pytest.mark.parametrize("freedom", [2.5, 50.0, 1e6, 1e12])
def test_student_quantiles_leave_the_promised_tails(freedom):
    t = student_quantile(freedom, 0.95)
    with mpmath.workdps(50):
        expected = mpmath.mpf("1.959963984540054")
        if freedom < 1e5:
            x = mpmath.mpf(freedom) / (freedom + mpmath.mpf(t) ** 2)
            outside = mpmath.betainc(mpmath.mpf(freedom) / 2, 0.5, 0, x, regularized=True)
            assert abs(outside / (1 - mpmath.mpf(0.95)) - 1) < 1e-10
        else:
            assert t == pytest.approx(float(expected + (expected**3 + expected) / (4 * freedom)), rel=1e-10)


def test_student_interval_covers_as_promised_for_five_normal_values():
    """40 000 runs: 95 % coverage within 0.6 %, which is 5.5 standard errors (false alarm 4e-8)."""
    rng = np.random.default_rng(11)
    values = rng.normal(3.0, 2.0, size=(40_000, 5))
    means = values.mean(axis=1)
    squares = ((values - means[:, None]) ** 2).sum(axis=1)
    covered = sum(
        low <= 3.0 <= high
        for low, high in (student_interval(5, float(m), float(s)) for m, s in zip(means, squares, strict=True))
    )
    assert abs(covered / 40_000 - 0.95) < 0.006


def test_confidence_sequence_is_its_formula_and_narrowest_where_asked():
    n, s2, alpha = 1000, 4.0, 1 - 0.95
    low, high = asymptotic_confidence_sequence(n, 7.0, s2 * (n - 1), tightest_at=1000)
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / 1000
    half = 2.0 * math.sqrt(2 * (n * rho2 + 1) / (n * n * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha))
    assert (low, high) == pytest.approx((7.0 - half, 7.0 + half), rel=1e-12)
    widths = {}
    for target in (10, 100, 1000, 10_000, 100_000):
        ends = asymptotic_confidence_sequence(n, 0.0, s2 * (n - 1), tightest_at=target)
        widths[target] = ends[1] - ends[0]
    assert min(widths, key=widths.__getitem__) == 1000


def test_confidence_sequence_is_seldom_left_where_students_interval_often_is():
    """1000 runs of 2000 exponential values, watched from 100 on at 200 looks: at most 9 % of runs leave it.

    Nominal 5 %, asymptotic; were the chance 5 %, more than 90 of 1000 exclusions has probability 7e-8.
    """
    rng = np.random.default_rng(5)
    values = rng.exponential(1.0, size=(1000, 2000))
    looks = np.unique(np.geomspace(100, 2000, 200).astype(int))
    left_sequence = left_student = 0
    sums, sums2 = values.cumsum(axis=1), (values * values).cumsum(axis=1)
    mean = sums[:, looks - 1] / looks
    squares = sums2[:, looks - 1] - looks * mean * mean
    unit = [asymptotic_confidence_sequence(int(n), 0.0, float(n - 1), tightest_at=500)[1] for n in looks]
    student = [student_interval(int(n), 0.0, float(n - 1))[1] for n in looks]
    spread = np.sqrt(squares / (looks - 1))
    left_sequence = (np.abs(mean - 1.0) > spread * unit).any(axis=1).sum()
    left_student = (np.abs(mean - 1.0) > spread * student).any(axis=1).sum()
    assert left_sequence <= 90
    assert left_student > 150


def test_ratio_interval_covers_as_promised():
    """20 000 runs of 100 correlated pairs: 95 % coverage within 1 %, which is 6.5 standard errors (8e-11)."""
    rng = np.random.default_rng(9)
    y = rng.normal(5.0, 1.0, size=(20_000, 100))
    x = 2.0 * y + rng.normal(0.0, 1.0, size=y.shape)
    mx, my = x.mean(axis=1), y.mean(axis=1)
    dx, dy = x - mx[:, None], y - my[:, None]
    columns = (mx, my, (dx * dx).sum(axis=1), (dy * dy).sum(axis=1), (dx * dy).sum(axis=1))
    covered = 0
    for a, b, sx, sy, sxy in zip(*(c.tolist() for c in columns), strict=True):
        low, high = ratio_interval(100, a, b, squares_x=sx, squares_y=sy, products=sxy)
        covered += low <= 2.0 <= high
    assert abs(covered / 20_000 - 0.95) < 0.01


def test_one_value_says_nothing_about_spread():
    assert all(math.isnan(end) for end in student_interval(1, 3.0, 0.0))
    assert all(math.isnan(end) for end in asymptotic_confidence_sequence(1, 3.0, 0.0))
    assert all(math.isnan(end) for end in ratio_interval(1, 3.0, 1.0, squares_x=0.0, squares_y=0.0, products=0.0))


def test_moments_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="moments that cannot be"):
        student_interval(3, 0.0, -1.0)
    with pytest.raises(InputError, match="not a confidence"):
        student_interval(3, 0.0, 1.0, confidence=1.0)
    with pytest.raises(InputError, match="tightest_at"):
        asymptotic_confidence_sequence(3, 0.0, 1.0, tightest_at=0)
