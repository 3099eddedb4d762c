"""Binomial intervals against 50-digit arithmetic, published numbers and each other."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from experiments.errors import InputError
from experiments.statistics.binomial import (
    interval,
    inverse_sampling_interval,
    likelihood_factor_interval,
    log_mixture_over_best,
    normal_quantile,
)
from experiments.statistics.deviance import distances, endpoints

METHODS = ("likelihood_ratio", "clopper_pearson", "wilson", "anytime")
SHOTS = (2, 3, 10, 1000, 10**6, 10**9, 10**12, 10**15)


def grid():
    """Few, many, nearly all and all-but-few errors, from 2 shots to 1e15."""
    for shots in SHOTS:
        for errors in sorted({1, 2, 10, math.isqrt(shots), shots // 3, shots // 2, shots - 2, shots - 1}):
            if 0 < errors < shots:
                yield errors, shots


def exact_log_factor(shrinking, shots, drop):
    """ln(q/q̂) where the log likelihood has dropped by ``drop``, by Newton in 50 digits from the steep side."""
    q = mpmath.mpf(shrinking) / shots

    def cost(s):
        p = q * mpmath.exp(s)
        return -shrinking * s + (shots - shrinking) * (mpmath.log(1 - q) - mpmath.log(1 - p)) - drop

    s = -1 - mpmath.mpf(drop) / shrinking
    for _ in range(400):
        p = q * mpmath.exp(s)
        step = cost(s) / (-shrinking + (shots - shrinking) * p / (1 - p))
        s -= step
        if abs(step) < mpmath.mpf(10) ** -35 * abs(s):
            return s
    raise AssertionError("the oracle did not converge")


@pytest.mark.parametrize("drop", [1e-3, 0.5, 1.92, 6.9, 100.0])
def test_likelihood_ends_and_their_distances_are_exact_up_to_1e15_shots(drop):
    with mpmath.workdps(80):
        for errors, shots in grid():
            p = mpmath.mpf(errors) / shots
            shrink_low = exact_log_factor(errors, shots, drop)
            shrink_high = exact_log_factor(shots - errors, shots, drop)
            low, high = p * mpmath.exp(shrink_low), 1 - (1 - p) * mpmath.exp(shrink_high)
            below, above = distances(errors, shots, drop=drop)
            got_low, got_high = endpoints(errors, shots, drop=drop)
            for got, exact in ((got_low, low), (got_high, high), (below, p - low), (above, high - p)):
                assert abs(got / exact - 1) < 1e-12, (errors, shots)


def test_likelihood_ends_keep_their_digits_near_zero():
    """The low end for the complement of 0.9 999 999..., which 1 - high could not hold."""
    with mpmath.workdps(60):
        for errors, shots in ((1, 10**15), (1, 2), (3, 10**9)):
            exact = mpmath.mpf(errors) / shots * mpmath.exp(exact_log_factor(errors, shots, 30.0))
            assert abs(endpoints(errors, shots, drop=30.0)[0] / exact - 1) < 1e-12


@pytest.mark.parametrize(
    ("errors", "shots", "low", "high"),
    [
        (5, 10, 0.0673306, 0.932669),
        (10, 1000, 0.00233576, 0.0265224),
        (100, 10**6, 6.72872e-5, 1.41907e-4),
        (2, 10**8, 2.35422e-10, 1.25867e-7),
        (5 * 10**8, 10**9, 0.499941, 0.500059),
        (3, 10**7, 1.14664e-8, 1.46692e-6),
        (0, 100, 0.0, 0.0667457),
    ],
)
def test_likelihood_factor_1000_gives_the_tabulated_bands(errors, shots, low, high):
    """Six digits from an independent float64 root search."""
    assert likelihood_factor_interval(errors, shots, factor=1000) == pytest.approx((low, high), rel=6e-6)


def test_likelihood_factor_agrees_with_sinter_where_float32_suffices():
    """sinter 1.16 searches its band in float32 to about 1e-3."""
    import sinter

    fit = sinter.fit_binomial(num_shots=1000, num_hits=100, max_likelihood_factor=1000)
    assert likelihood_factor_interval(100, 1000, factor=1000) == pytest.approx((fit.low, fit.high), rel=5e-3)


def test_likelihood_ratio_is_the_factor_band_at_half_the_squared_quantile():
    factor = math.exp(normal_quantile(0.95) ** 2 / 2)
    assert interval(7, 900) == pytest.approx(likelihood_factor_interval(7, 900, factor=factor), rel=1e-13)


def test_normal_quantile_is_right_far_into_the_tail():
    with mpmath.workdps(40):
        for confidence in (0.5, 0.95, 0.9998, 1 - 1e-9, 1 - 1e-15):
            exact = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(confidence))
            assert abs(normal_quantile(confidence) / exact - 1) < 1e-14


def test_wilson_solves_its_quadratic_to_full_precision():
    with mpmath.workdps(60):
        z2 = mpmath.mpf(normal_quantile(0.95)) ** 2
        for errors, shots in grid():
            n, p = mpmath.mpf(shots), mpmath.mpf(errors) / shots
            half = mpmath.sqrt(z2) * mpmath.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
            exact = [(p + z2 / (2 * n) + sign * half) / (1 + z2 / n) for sign in (-1, 1)]
            for got, end in zip(interval(errors, shots, method="wilson"), exact, strict=True):
                assert abs(got / end - 1) < 1e-13, (errors, shots)


def poisson_tail_low(errors, tail):
    """The mean at which ``errors`` or more have probability ``tail``: n p of rare errors, up to terms of order 1/n."""
    from scipy.special import gammaincinv

    return float(gammaincinv(errors, tail))


def test_clopper_pearson_ends_have_the_tail_probabilities_they_promise():
    """Sums of exact binomial terms in 40 digits."""
    with mpmath.workdps(40):
        for errors, shots in ((1, 2), (1, 10), (5, 10), (9, 10), (3, 200), (150, 200), (10, 10**6)):
            low, high = (mpmath.mpf(end) for end in interval(errors, shots, method="clopper_pearson"))
            at_most = sum(mpmath.binomial(shots, j) * high**j * (1 - high) ** (shots - j) for j in range(errors + 1))
            fewer = sum(mpmath.binomial(shots, j) * low**j * (1 - low) ** (shots - j) for j in range(errors))
            assert abs(at_most / mpmath.mpf("0.025") - 1) < 1e-9
            assert abs((1 - fewer) / mpmath.mpf("0.025") - 1) < 1e-9


@pytest.mark.parametrize("shots", [10**10, 10**12, 10**15])
def test_clopper_pearson_of_rare_errors_is_poissons(shots):
    """Where scipy's own inverse, betaincinv, is wrong by factors: 1000 errors among 1e10 shots and more."""
    low, _ = interval(1000, shots, method="clopper_pearson")
    assert low * shots == pytest.approx(poisson_tail_low(1000, 0.025), rel=1e-6)


@pytest.mark.parametrize(("errors", "shots"), [(10**6, 10**8), (10**9, 10**10), (10**14, 10**15)])
def test_clopper_pearson_of_many_errors_is_barndorff_nielsens(errors, shots):
    """The saddle-point tail Φ(-r*), r* = r + ln(u/r)/r, whose relative error is of order errors^(-3/2)."""
    low, _ = interval(errors, shots, method="clopper_pearson")
    with mpmath.workdps(60):
        k, n, p = mpmath.mpf(errors), mpmath.mpf(shots), mpmath.mpf(low)
        r = mpmath.sqrt(2 * (k * mpmath.log(k / n / p) + (n - k) * mpmath.log((1 - k / n) / (1 - p))))
        u = (1 - p * (n - k) / (k * (1 - p))) * mpmath.sqrt(k * (n - k) / n)
        assert abs(r + mpmath.log(u / r) / r - normal_quantile(0.95)) < 1e-7


def test_inverse_sampling_interval_has_its_coverage():
    """Single shots until 3 errors: exact coverage by summing the negative binomial law (10 000 terms, p = 0.05)."""
    errors, p, covered = 3, 0.05, 0.0
    for shots in range(errors, 600):
        low, high = inverse_sampling_interval(errors, shots)
        if low <= p <= high:
            covered += math.comb(shots - 1, errors - 1) * p**errors * (1 - p) ** (shots - errors)
    assert covered == pytest.approx(0.95, abs=0.01)
    low, high = inverse_sampling_interval(errors, 60)
    assert (low, high) == (interval(3, 60, method="clopper_pearson")[0], interval(2, 59, method="clopper_pearson")[1])


def test_inverse_sampling_needs_an_error():
    with pytest.raises(InputError, match="no error to stop at"):
        inverse_sampling_interval(0, 10)


def test_mixture_constant_matches_its_beta_function():
    with mpmath.workdps(60):
        for errors, shots in [*grid(), (0, 1), (0, 10**15), (10**6, 10**6), (15, 31), (16, 32)]:
            k, n = mpmath.mpf(errors), mpmath.mpf(shots)
            best = sum(x * mpmath.log(x / n) for x in (k, n - k) if x)
            log_beta = mpmath.loggamma(k + 0.5) + mpmath.loggamma(n - k + 0.5) - mpmath.loggamma(n + 1)
            exact = log_beta - mpmath.log(mpmath.pi) - best
            assert abs(log_mixture_over_best(errors, shots) - exact) < 1e-12, (errors, shots)


def test_anytime_ends_are_where_the_mixture_reaches_one_over_alpha():
    with mpmath.workdps(80):
        for errors, shots in grid():
            k, n = mpmath.mpf(errors), mpmath.mpf(shots)
            log_beta = mpmath.loggamma(k + 0.5) + mpmath.loggamma(n - k + 0.5) - mpmath.loggamma(n + 1)
            drop = mpmath.log(1 / (1 - mpmath.mpf(0.95))) - log_beta + mpmath.log(mpmath.pi)
            drop += k * mpmath.log(k / n) + (n - k) * mpmath.log(1 - k / n)
            exact = k / n * mpmath.exp(exact_log_factor(errors, shots, drop))
            assert abs(interval(errors, shots, method="anytime")[0] / exact - 1) < 1e-11, (errors, shots)


@pytest.mark.parametrize("p", [0.01, 0.2])
def test_anytime_interval_is_seldom_left_however_often_one_looks(p):
    """2000 runs, 60 looks each, nominal 5 %: at most 5 % of runs may ever exclude p.

    False alarm < 1e-6: were the chance exactly 5 %, more than 150 of 2000 exclusions has probability 5e-7.  Wilson's
    interval fails the same test (48 % of runs), which shows that the test can see.
    """
    rng = np.random.default_rng(20261122)
    looks = np.unique(np.geomspace(10, 100_000, 60).astype(int))
    errors = np.cumsum(rng.binomial(np.diff(looks, prepend=0), p, size=(2000, looks.size)), axis=1)
    k, n = errors, looks[None, :]
    from scipy.special import betaln, xlog1py, xlogy

    drop = math.log(20.0) - (
        betaln(k + 0.5, n - k + 0.5) - math.log(math.pi) - xlogy(k, k / n) - xlog1py(n - k, -k / n)
    )
    lost = xlogy(k, k / n) + xlog1py(n - k, -k / n) - xlogy(k, p) - xlog1py(n - k, -p)
    outside = lost >= drop
    assert outside.any(axis=1).sum() <= 150
    wilson_z = (k / n - p) / np.sqrt(p * (1 - p) / n)
    assert (np.abs(wilson_z) > 1.96).any(axis=1).sum() > 500
    for row, look in ((0, 0), (1, 20), (2, 59), *zip(*np.nonzero(outside), strict=True)):
        low, high = interval(int(k[row, look]), int(looks[look]), method="anytime")
        assert (not low <= p <= high) == outside[row, look]


@pytest.mark.parametrize("method", METHODS)
def test_intervals_mirror_when_errors_and_successes_trade_places(method):
    for errors, shots in ((0, 7), (3, 10), (10, 10), (2, 1000), (10**5, 10**9)):
        low, high = interval(errors, shots, method=method)
        mirrored = interval(shots - errors, shots, method=method)
        assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-14)
        assert low <= errors / shots <= high


@pytest.mark.parametrize("method", METHODS)
def test_more_confidence_is_a_wider_interval(method):
    ends = [interval(20, 3000, confidence=c, method=method) for c in (0.5, 0.9, 0.95, 0.999, 1 - 1e-12)]
    assert [low for low, _ in ends] == sorted((low for low, _ in ends), reverse=True)
    assert [high for _, high in ends] == sorted(high for _, high in ends)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_known_before_the_first_shot(method):
    assert interval(0, 0, method=method) == (0.0, 1.0)


@pytest.mark.parametrize("method", METHODS)
def test_no_errors_and_only_errors_have_closed_ends(method):
    assert interval(0, 50, method=method)[0] == 0.0
    assert interval(50, 50, method=method)[1] == 1.0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: interval(5, 3), "errors = 5, shots = 3"),
        (lambda: interval(-1, 3), "errors = -1"),
        (lambda: interval(1, 3, confidence=95), "0.95 for 95 %"),
        (lambda: interval(1, 3, confidence=math.nan), "not a confidence"),
        (lambda: interval(1, 3, method="wald"), "clopper_pearson"),
        (lambda: likelihood_factor_interval(1, 3, factor=1.0), "number > 1"),
    ],
)
def test_input_that_cannot_be_is_refused_by_name(call, says):
    with pytest.raises(InputError, match=says):
        call()
