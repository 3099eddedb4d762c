"""The threshold fit against noiseless data, an independent optimiser, its own coverage, and a real surface code.

Statistical tests draw with fixed seeds; each states its false-alarm rate.
"""

import doctest

import numpy as np
import pytest
from scipy import optimize, stats
from surface_code_counts import DISTANCE, ERRORS, SHOTS, P

from experiments import fits
from experiments.errors import InputError
from experiments.fits import binomial_likelihood, finite_size_scaling, observations, scaling_fit, threshold
from experiments.fits.binomial_likelihood import Counts, deviance, maximise
from experiments.fits.finite_size_scaling import FiniteSizeScaling
from experiments.fits.threshold import fit_threshold

TRUTH = np.array([np.log(0.01), 0.75, -3.0, 0.8, -0.02])
STRENGTHS = np.array([0.006, 0.008, 0.009, 0.0105, 0.012, 0.015])
GRID_P, GRID_D = np.tile(STRENGTHS, 3), np.repeat([3.0, 5.0, 7.0], 6)
RATES = FiniteSizeScaling(GRID_P, GRID_D)(TRUTH)[0]


def drawn(seed, shots=20_000):
    return np.random.default_rng(seed).binomial(shots, RATES)


def fitted(errors, shots=20_000, **options):
    return fit_threshold(GRID_P, GRID_D, np.full(len(GRID_P), shots), errors, **options)


@pytest.mark.parametrize(
    "module", [fits, binomial_likelihood, finite_size_scaling, observations, scaling_fit, threshold]
)
def test_examples_in_the_docs_run(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(("degree", "correction"), [(1, None), (2, None), (3, None), (2, 1.5)])
def test_gradient_of_the_scaling_curve_agrees_with_finite_differences(degree, correction):
    model = FiniteSizeScaling(GRID_P, GRID_D, degree, correction)
    parameters = np.array(
        [np.log(0.0097), 0.8, -2.5, 0.7, -0.03, 0.004][: 3 + degree] + [0.6] * (correction is not None)
    )
    _, gradient = model(parameters)
    for index in range(len(parameters)):
        step = np.zeros_like(parameters)
        step[index] = 1e-6
        difference = (model(parameters + step)[0] - model(parameters - step)[0]) / 2e-6
        np.testing.assert_allclose(gradient[:, index], difference, rtol=1e-6, atol=1e-9)


def test_noiseless_rates_give_back_every_parameter():
    fit = fitted(1e7 * RATES, shots=1e7)
    np.testing.assert_allclose(fit.parameters, TRUTH, rtol=1e-5)
    assert fit.deviance < 1e-6
    assert (fit.overdispersion, fit.dof) == (1.0, 13)
    np.testing.assert_allclose(fit.curve(GRID_P, GRID_D), RATES, rtol=1e-5)


def test_noiseless_rates_with_a_correction_give_back_its_amplitude():
    truth = np.array([np.log(0.01), 0.75, -2.6, 0.8, -0.02, -1.5])
    rates = FiniteSizeScaling(GRID_P, GRID_D, 2, 2.0)(truth)[0]
    fit = fitted(1e8 * rates, shots=1e8, correction=2.0)
    np.testing.assert_allclose(fit.parameters, truth, rtol=1e-4)
    assert fit.correction == pytest.approx((-1.5, 2.0), rel=1e-4)
    assert "d^-2" in fit.model


@pytest.mark.parametrize("seed", range(5))
def test_known_threshold_is_recovered(seed):
    """Five draws, each within 5.5 standard errors: false alarm about 2e-7."""
    fit = fitted(drawn(seed))
    assert abs(fit.p_c - 0.01) < 5.5 * fit.standard_error
    assert fit.statistical_error < 2e-4


def test_maximum_agrees_with_an_independent_optimiser():
    errors = drawn(7)
    fit = fitted(errors)
    used = list(fit.points_used)
    model = FiniteSizeScaling(GRID_P[used], GRID_D[used])

    def minus_log_likelihood(parameters):
        return -stats.binom.logpmf(errors[used], 20_000, model(parameters)[0]).sum()

    peer = optimize.minimize(
        minus_log_likelihood, TRUTH, method="Nelder-Mead", options={"maxiter": 20_000, "xatol": 1e-9, "fatol": 1e-10}
    )
    np.testing.assert_allclose(fit.parameters[0], peer.x[0], atol=1e-5)
    np.testing.assert_allclose(fit.parameters, peer.x, rtol=1e-3)


def test_profile_ends_lie_where_the_reoptimised_deviance_has_risen_by_the_quantile():
    errors = drawn(8)
    fit = fitted(errors, confidence=0.9, correction=None)
    used = list(fit.points_used)
    counts = Counts(np.full(len(used), 2e4), errors[used].astype(float))

    for end in (fit.low, fit.high):

        def held(rest, end=end):
            model = FiniteSizeScaling(GRID_P[used], GRID_D[used])
            return deviance(counts, model(np.concatenate([[np.log(end)], rest]))[0])

        peer = optimize.minimize(
            held, fit.parameters[1:], method="Nelder-Mead", options={"maxiter": 9000, "xatol": 1e-8, "fatol": 1e-9}
        )
        rise = stats.chi2.ppf(0.9, 1) * fit.overdispersion
        assert peer.fun - fit.deviance == pytest.approx(rise, rel=1e-3)


def test_interval_of_plain_scaling_covers_the_truth_as_often_as_it_says():
    """100 draws at 68 %.  Bounds: binomial quantiles at 5e-7 each side, the upper one for 80 % since widening by
    max(1, deviance/dof) can only add coverage (about 5 points at 13 degrees of freedom)."""
    covered = 0
    for seed in range(100, 200):
        fit = fitted(drawn(seed), confidence=0.68, correction=None)
        covered += fit.low <= 0.01 <= fit.high
    assert stats.binom.ppf(5e-7, 100, 0.68) <= covered <= stats.binom.ppf(1 - 5e-7, 100, 0.80)


def test_points_without_errors_weigh_in():
    """A point with no error where the curve expects 28 must raise the deviance by 2 * 28 or be bent to."""
    p, d = np.append(GRID_P, 0.0055), np.append(GRID_D, 7.0)
    expected = FiniteSizeScaling(np.array([0.0055]), np.array([7.0]))(TRUTH)[0][0]
    shots = np.append(np.full(18, 1e6), round(28 / expected))
    silent = fit_threshold(p, d, shots, np.append(1e6 * RATES, 0.0))
    spoken = fit_threshold(p, d, shots, np.append(1e6 * RATES, 28.0))
    assert silent.deviance > 40
    assert spoken.deviance < 0.1


def test_points_outside_a_factor_of_two_do_not_move_the_fit():
    p, d = np.append(GRID_P, [0.03, 0.03, 0.03]), np.append(GRID_D, [3.0, 5.0, 7.0])
    errors = np.append(drawn(9), [6000, 5000, 7000])
    far = fit_threshold(p, d, np.full(21, 20_000), errors)
    near = fitted(drawn(9))
    assert far.points_used == near.points_used == tuple(range(18))
    assert far.p_c == pytest.approx(near.p_c, rel=1e-7)


def test_points_used_count_from_the_arrays_given():
    shots = np.full(18, 20_000)
    shots[[0, 6]] = 0
    errors = np.where(shots > 0, drawn(10), 0)
    fit = fit_threshold(GRID_P, GRID_D, shots, errors)
    assert fit.points_used == tuple(i for i in range(18) if i not in (0, 6))


def test_interval_is_widened_where_the_curve_does_not_fit():
    errors = np.round(20_000 * RATES * (1 + 0.1 * (-1.0) ** np.arange(18)))
    fit = fitted(errors, correction=None)
    assert fit.lack_of_fit_p < 1e-6
    assert fit.overdispersion == pytest.approx(fit.deviance / fit.dof)
    assert fit.standard_error == pytest.approx(fit.statistical_error * np.sqrt(fit.overdispersion))
    assert (fit.high - fit.low) / 2 == pytest.approx(1.96 * fit.standard_error, rel=0.15)
    assert "widened" in str(fit)


def test_same_counts_same_bits():
    assert fitted(drawn(11)) == fitted(drawn(11))


def test_plain_scaling_of_the_real_surface_code_says_that_it_does_not_fit():
    """The figures of the module's docstring, from 10^6 shots a point."""
    fit = fit_threshold(P, DISTANCE, SHOTS, ERRORS, correction=None)
    assert fit.p_c == pytest.approx(0.0067, abs=5e-5)
    assert fit.overdispersion == pytest.approx(36.6, abs=0.5)
    assert [round(crossing.p, 4) for crossing in fit.crossings] == [0.0063, 0.0074]
    assert "leave out small distances" in str(fit)
    corrected = fit_threshold(P, DISTANCE, SHOTS, ERRORS, correction=2)
    assert corrected.p_c == pytest.approx(0.0077, abs=5e-5)
    assert corrected.deviance < 0.2 * fit.deviance


def test_plain_scaling_of_the_real_surface_code_at_few_shots_agrees_with_many():
    """5000 shots a point redrawn from the real rates, within 5.5 standard errors of the full fit: false alarm < 1e-7
    (the pull of the drifting crossings is far smaller than the error)."""
    full = fit_threshold(P, DISTANCE, SHOTS, ERRORS, correction=None)
    few = np.random.default_rng(3).binomial(5000, ERRORS / SHOTS)
    fit = fit_threshold(P, DISTANCE, np.full(27, 5000), few, correction=None)
    assert abs(fit.p_c - full.p_c) < 5.5 * fit.standard_error


def test_too_little_data_leaves_the_interval_open():
    fit = fitted(np.random.default_rng(1).binomial(40, RATES), shots=40)
    assert (fit.low, fit.high) == (0.0, np.inf)


def test_noise_that_looks_like_no_crossing_is_refused():
    with pytest.raises(InputError, match="cross"):
        fitted(np.random.default_rng(0).binomial(40, RATES), shots=40)


COUNTS = {"x": GRID_P, "distance": GRID_D, "shots": np.full(18, 1000), "errors": np.round(1000 * RATES)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"distance": np.full(18, 3)}, "at least 2 distances"),
        ({"errors": np.zeros(18)}, "not a single error"),
        ({"shots": np.zeros(18), "errors": np.zeros(18)}, "no point has any shots"),
        ({"x": -GRID_P}, r"threshold.x\[0\]"),
        ({"x": GRID_P[:3]}, "equal lengths"),
        ({"x": ["high"] * 18}, "not a list of numbers"),
        ({"x": np.full(18, np.nan)}, "finite"),
        ({"x": GRID_P.reshape(3, 6)}, "one axis"),
        ({"errors": np.full(18, 1001)}, "between 0 and the shots"),
        ({"shots": np.full(18, -1)}, "at least 0"),
        ({"confidence": 1.0}, "confidence"),
        ({"degree": 0}, "degree"),
        ({"correction": -1.0}, "correction"),
        ({"correction": "none"}, "correction"),
        ({"correction": True}, "correction"),
        ({"window": (0.0079, 0.0081)}, "too few points"),
        ({"window": (0.5, 0.6)}, "distances with shots"),
        ({"correction": 2.0, "distance": np.where(GRID_D == 3, 5, GRID_D)}, "at least 3 distances"),
    ],
)
def test_impossible_input_is_refused_by_name(change, words):
    with pytest.raises(InputError, match=words):
        fit_threshold(**(COUNTS | change))


@pytest.mark.parametrize("seed", range(20))
def test_counts_without_any_order_end_in_a_fit_or_a_refusal_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    try:
        fit = fit_threshold(GRID_P, GRID_D, np.full(18, 10**6), rng.choice([0, 1, 500_000, 10**6], 18))
    except InputError:
        return
    assert fit.low <= fit.p_c <= fit.high


def test_curves_that_never_cross_are_refused():
    below = STRENGTHS < 0.0095
    chosen = np.tile(below, 3)
    far_below = FiniteSizeScaling(GRID_P[chosen] / 4, GRID_D[chosen])(TRUTH)[0]
    with pytest.raises(InputError, match="do not cross inside the data"):
        fit_threshold(GRID_P[chosen] / 4, GRID_D[chosen], np.full(9, 10**9), np.round(10**9 * far_below))


def test_curves_in_the_wrong_order_are_refused():
    with pytest.raises(InputError, match="cross"):
        fit_threshold(GRID_P, 21.0 / GRID_D, np.full(18, 10**7), np.round(10**7 * RATES))


def test_a_rate_at_its_exact_maximum_is_found_from_afar():
    """Closed form: the best constant rate is all errors over all shots."""
    counts = Counts(np.array([100.0, 300.0]), np.array([1.0, 0.0]))
    found = maximise(lambda t: (np.full(2, t[0]), np.ones((2, 1))), [0.9], counts)
    assert found.parameters[0] == pytest.approx(1 / 400, rel=1e-8)
