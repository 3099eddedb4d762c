"""Thresholds of codes whose crossings drift: when plain scaling is given up, and what the published interval covers.

Statistical tests draw with fixed seeds; each states its false-alarm rate.
"""

import numpy as np
import pytest
from scipy import stats
from surface_code_counts import DISTANCE, ERRORS, SHOTS, P

from experiments.errors import InputError
from experiments.fits import fit_threshold
from experiments.fits.finite_size_scaling import FiniteSizeScaling

GRID_P, GRID_D = np.tile(np.geomspace(4e-3, 1.2e-2, 9), 3), np.repeat([3.0, 5.0, 7.0], 9)
TRUE_P_C = 0.008
# A curve through the counts of d = 3, 5, 7, 9 surface codes, with an exponent that no automatic fit uses.
DRIFTING = FiniteSizeScaling(GRID_P, GRID_D, correction=1.5)(
    np.array([np.log(TRUE_P_C), 0.763, -2.79, 0.78, -0.023, -1.95])
)[0]
STEADY = FiniteSizeScaling(GRID_P, GRID_D)(np.array([np.log(TRUE_P_C), 0.763, -2.79, 0.78, -0.023]))[0]


def fitted(rates, shots, seed=None, **options):
    errors = rates * shots if seed is None else np.random.default_rng(seed).binomial(shots, rates)
    return fit_threshold(GRID_P, GRID_D, np.full(27, shots), errors, **options)


def test_refuted_plain_scaling_gives_way_to_the_correction():
    """Oracle: the fits with the model named."""
    fit = fit_threshold(P, DISTANCE, SHOTS, ERRORS)
    plain = fit_threshold(P, DISTANCE, SHOTS, ERRORS, correction=None)
    corrected = fit_threshold(P, DISTANCE, SHOTS, ERRORS, correction=2)
    assert fit.refuted.chance < 1e-6
    assert (fit.refuted.p_c, fit.refuted.deviance, fit.refuted.dof) == (plain.p_c, plain.deviance, plain.dof)
    for name in ("p_c", "nu", "standard_error", "correction", "deviance", "points_used", "window", "crossings"):
        assert getattr(fit, name) == getattr(corrected, name)
    np.testing.assert_array_equal(fit.curve(P, DISTANCE), corrected.curve(P, DISTANCE))


def test_the_chance_without_drift_is_that_of_the_likelihood_ratio():
    """Oracle: the two fits over the same window, and scipy's chi-square."""
    fit = fitted(DRIFTING, 40_000, seed=3)
    plain = fitted(DRIFTING, 40_000, seed=3, correction=None)
    other = fitted(DRIFTING, 40_000, seed=3, correction=2, window=plain.window)
    drop = (plain.deviance - other.deviance) / other.overdispersion
    assert fit.refuted.chance == pytest.approx(stats.chi2.sf(drop, 1), rel=1e-4)


def test_misfit_of_another_kind_is_not_taken_for_drift():
    """Rates off by a tenth, up and down in turn: a correction explains none of it."""
    rates = STEADY * (1 + 0.1 * (-1.0) ** np.arange(27))
    fit = fitted(rates, 10**5)
    assert fit.lack_of_fit_p < 1e-6
    assert fit.refuted is None
    assert "this curve does not fit" in str(fit)


def test_the_interval_is_the_hull_of_those_of_all_exponents_on_the_same_points():
    """Oracle: one fit an exponent, over the window of the automatic one."""
    fit = fitted(DRIFTING, 10**5, seed=1)
    each = [fitted(DRIFTING, 10**5, seed=1, correction=mu, window=fit.window) for mu in (1, 2, 3, 4)]
    assert fit.correction[1] == 2
    assert [exponent for exponent, _ in fit.spread] == [1, 2, 3, 4]
    assert [p_c for _, p_c in fit.spread] == pytest.approx([one.p_c for one in each], rel=1e-6)
    assert fit.low == pytest.approx(min(one.low for one in each), rel=1e-5)
    assert fit.high == pytest.approx(max(one.high for one in each), rel=1e-5)
    assert fit.systematic == pytest.approx((each[3].p_c, each[0].p_c), rel=1e-6)


@pytest.mark.parametrize("shots", [2_000, 20_000, 200_000])
def test_the_interval_of_drifting_curves_holds_the_true_threshold(shots):
    """12 draws at 95 %: fewer than 6 hits happen with probability 5e-7 at most.  Plain scaling hits in hardly any."""
    hits = plain_hits = 0
    for seed in range(12):
        fit = fitted(DRIFTING, shots, seed=[shots, seed])
        plain = fitted(DRIFTING, shots, seed=[shots, seed], correction=None)
        hits += fit.low <= TRUE_P_C <= fit.high
        plain_hits += plain.low <= TRUE_P_C <= plain.high
        assert fit.low <= fit.p_c <= fit.high
    assert stats.binom.cdf(5, 12, 0.95) < 5e-7
    assert hits >= 6
    assert plain_hits <= 2


def test_the_demo_s_three_distances_bracket_what_five_distances_find():
    """Distances 5 to 11 (the same sweep with larger codes) give 0.0080(3); the interval of 3, 5, 7 must meet it and be
    no wider than a quarter of p_c."""
    fit = fit_threshold(P, DISTANCE, SHOTS, ERRORS)
    assert fit.low < 0.0080 < fit.high
    assert fit.high - fit.low < 0.25 * fit.p_c


def test_without_drift_the_fit_is_plain_and_only_its_interval_is_wider():
    fit, plain = fitted(STEADY, 20_000, seed=2), fitted(STEADY, 20_000, seed=2, correction=None)
    assert (fit.correction, fit.refuted) == (None, None)
    assert (fit.p_c, fit.standard_error, fit.deviance) == (plain.p_c, plain.standard_error, plain.deviance)
    assert fit.low <= plain.low < plain.high <= fit.high
    assert fit.low <= fit.systematic[0] < fit.systematic[1] <= fit.high


def test_without_drift_more_shots_shrink_the_wide_interval_too():
    """100 times the shots, noiseless: ten times narrower."""
    few, many = fitted(STEADY, 10**5), fitted(STEADY, 10**7)
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10, rel=0.05)


def test_steady_curves_are_refuted_no_oftener_than_the_rule_says():
    """18 draws at 10^-3 each: more than 2 refutations happen with probability 9e-7."""
    refuted = sum(fitted(STEADY, 20_000, seed=[7, seed]).refuted is not None for seed in range(18))
    assert refuted <= 2


def test_at_two_distances_nothing_is_said_of_drift():
    two = DISTANCE < 7
    fit = fit_threshold(P[two], DISTANCE[two], SHOTS[two], ERRORS[two])
    assert fit == fit_threshold(P[two], DISTANCE[two], SHOTS[two], ERRORS[two], correction=None)
    assert (fit.spread, fit.systematic, fit.refuted) == ((), None, None)


def test_a_named_correction_has_its_own_interval_only():
    for correction in (None, 2, 1.5):
        fit = fit_threshold(P, DISTANCE, SHOTS, ERRORS, correction=correction)
        assert (fit.spread, fit.refuted) == ((), None)


def test_a_threshold_beyond_the_data_widens_the_interval_beyond_them():
    """Crossings at 0.0063 and 0.0074, data up to 0.0077: the corrected p_c, 0.008, is no crossing inside the data."""
    inside = GRID_P < 0.0077
    p, d, errors = GRID_P[inside], GRID_D[inside], np.round(4e6 * DRIFTING[inside])
    fit = fit_threshold(p, d, np.full(len(p), 4e6), errors)
    with pytest.raises(InputError, match="do not cross inside the data"):
        fit_threshold(p, d, np.full(len(p), 4e6), errors, correction=2)
    assert fit.correction is None
    assert fit.refuted.deviance == fit.deviance
    assert fit.low < TRUE_P_C < fit.high
    assert p.max() < fit.high
    assert "no correction can be fitted" in str(fit)


def test_too_few_points_for_a_correction_leave_the_interval_open():
    """Five points, as many as plain scaling has parameters: a sixth parameter has nothing to hold on to."""
    p, d = np.array([0.006, 0.010, 0.006, 0.010, 0.010]), np.array([3.0, 3.0, 5.0, 5.0, 7.0])
    rates = FiniteSizeScaling(p, d)(np.array([np.log(0.008), 0.763, -2.79, 0.78, -0.023]))[0]
    fit = fit_threshold(p, d, np.full(5, 1e6), 1e6 * rates)
    assert fit.p_c == pytest.approx(0.008, rel=1e-4)
    assert (fit.low, fit.high, fit.systematic) == (0.0, np.inf, None)
    assert "so the interval is open" in str(fit)


def test_the_text_is_one_line_that_says_all():
    text = str(fit_threshold(P, DISTANCE, SHOTS, ERRORS))
    for words in ("p_c = 0.0077", "correction d^-2", "plain scaling refuted (p = ", "deviance 366.4 on 10", "either"):
        assert words in text
    assert "d^-1 to d^-4 put p_c between 0.007" in text
    assert "crossings 0.00625 (d = 3, 5), 0.00736 (d = 5, 7)" in text
    assert "\n" not in text
    assert len(text) < 420
