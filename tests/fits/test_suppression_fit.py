"""The Λ fit against closed forms, noiseless data and its own coverage.  Fixed seeds; false-alarm rates are stated."""

import doctest

import numpy as np
import pytest
from scipy import stats

from experiments.errors import InputError
from experiments.fits import suppression
from experiments.fits.suppression import SuppressionModel, fit_suppression

DISTANCES = np.array([3.0, 5.0, 7.0, 9.0])
ROUNDS = np.array([9.0, 15.0, 21.0, 27.0])
TRUTH = np.array([np.log(3.0), np.log(0.08)])
RATES = SuppressionModel(ROUNDS, DISTANCES)(TRUTH)[0]


def test_examples_in_the_docs_run():
    assert doctest.testmod(suppression).failed == 0


def test_rates_are_those_of_repeated_flips():
    """Oracle: multiply the two-state transition matrix of one round."""
    for rate, rounds, distance in zip(RATES, ROUNDS, DISTANCES, strict=True):
        flip = 0.08 * 3.0 ** (-(distance + 1) / 2)
        one_round = np.array([[1 - flip, flip], [flip, 1 - flip]])
        assert rate == pytest.approx(np.linalg.matrix_power(one_round, int(rounds))[0, 1], rel=1e-12)


def test_gradient_agrees_with_finite_differences():
    model = SuppressionModel(ROUNDS, DISTANCES)
    _, gradient = model(TRUTH)
    for index in range(2):
        step = np.eye(2)[index] * 1e-6
        difference = (model(TRUTH + step)[0] - model(TRUTH - step)[0]) / 2e-6
        np.testing.assert_allclose(gradient[:, index], difference, rtol=1e-7)


def test_two_distances_give_the_ratio_of_rates_per_round():
    """Closed form: with as many parameters as points the fit passes through both."""
    fit = fit_suppression([3, 5], [3, 5], [100_000, 200_000], [5000, 2500])
    per_round = [-0.5 * np.expm1(np.log1p(-2 * p) / r) for p, r in ((0.05, 3), (0.0125, 5))]
    assert fit.suppression == pytest.approx(per_round[0] / per_round[1], rel=1e-7)
    assert (fit.dof, fit.lack_of_fit_p, fit.overdispersion) == (0, 1.0, 1.0)


def test_standard_error_at_two_distances_is_that_of_two_binomials():
    """Closed form: one round, small rates, log Λ = log p3 - log p5."""
    fit = fit_suppression([3, 5], [1, 1], [10**6, 10**6], [5000, 1000])
    variance = (1 - 5e-3) / 5000 + (1 - 1e-3) / 1000
    assert fit.standard_error / fit.suppression == pytest.approx(np.sqrt(variance), rel=1e-6)


def test_noiseless_rates_give_back_lambda():
    fit = fit_suppression(DISTANCES, ROUNDS, np.full(4, 1e9), 1e9 * RATES)
    assert fit.suppression == pytest.approx(3.0, rel=1e-7)
    assert fit.prefactor == pytest.approx(0.08, rel=1e-7)
    np.testing.assert_allclose(fit.curve(ROUNDS, DISTANCES), RATES, rtol=1e-6)


def test_interval_covers_the_truth_as_often_as_it_says():
    """200 draws at 68 % with 5e4 shots.  Bounds: binomial quantiles at 5e-7 each side, the upper one for 88 % since
    widening by max(1, deviance/dof) at 2 degrees of freedom can only add coverage."""
    covered = 0
    for seed in range(200):
        errors = np.random.default_rng(seed).binomial(50_000, RATES)
        fit = fit_suppression(DISTANCES, ROUNDS, np.full(4, 50_000), errors, confidence=0.68)
        covered += fit.low <= 3.0 <= fit.high
    assert stats.binom.ppf(5e-7, 200, 0.68) <= covered <= stats.binom.ppf(1 - 5e-7, 200, 0.88)


def test_a_distance_without_errors_raises_lambda():
    without = fit_suppression([3, 5], [3, 5], [10**5] * 2, [3000, 1500])
    silent = fit_suppression([3, 5, 7], [3, 5, 7], [10**5] * 3, [3000, 1500, 0])
    assert silent.suppression > without.suppression
    assert silent.lack_of_fit_p < 1e-6


def test_lack_of_fit_widens_the_interval():
    fit = fit_suppression([3, 5, 7], [3, 5, 7], [10**6] * 3, [30_000, 10_000, 9_000])
    assert fit.overdispersion == pytest.approx(fit.deviance)
    assert fit.standard_error == pytest.approx(fit.statistical_error * np.sqrt(fit.deviance))
    assert "widened" in str(fit)


def test_interval_is_lopsided_when_the_larger_distance_saw_one_error():
    fit = fit_suppression([3, 5], [1, 1], [10**5] * 2, [1000, 1])
    assert fit.high - fit.suppression > 3 * (fit.suppression - fit.low)
    assert fit.low > 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([3, 3], [3, 3], [100, 100], [9, 9]), "at least 2 distances"),
        (([3, 5], [3, 5], [100, 100], [9, 0]), "no finite best value"),
        (([3, 5], [3, 5], [100, 100], [0, 0]), "errors at d = none"),
        (([3, 5], [0, 5], [100, 100], [9, 1]), r"lambda.rounds\[0\]"),
        (([3, 5], [3, 5], [100, 100], [9, 101]), "between 0 and the shots"),
        (([3, 5], [3, 5], [0, 0], [0, 0]), "no point has any shots"),
    ],
)
def test_impossible_input_is_refused_by_name(arguments, words):
    with pytest.raises(InputError, match=words):
        fit_suppression(*arguments)


def test_a_confidence_of_one_is_refused():
    with pytest.raises(InputError, match="confidence"):
        fit_suppression([3, 5], [3, 5], [100, 100], [9, 2], confidence=1.0)
