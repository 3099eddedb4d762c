"""c-optimal shares against closed forms, a general optimiser, and the optimality condition."""

import doctest

import numpy as np
import pytest
from scipy import optimize

from experiments.allocation import c_optimal
from experiments.allocation.c_optimal import c_optimal_shares, variance_per_budget
from experiments.errors import InputError

CUBIC = np.array([[1.0, x, x**2] for x in (-1.0, -0.6, -0.1, 0.3, 0.8, 1.1)])
VARIANCE = np.array([0.3, 0.1, 0.2, 0.5, 0.25, 0.4])
COST = np.array([1.0, 3.0, 2.0, 8.0, 5.0, 1.5])
SLOPE_AT_HALF = np.array([0.0, 1.0, 1.0])


def test_examples_in_the_docs_run():
    assert doctest.testmod(c_optimal).failed == 0


@pytest.mark.parametrize("where", [2.0, 5.0, 0.3])
def test_two_points_on_a_line_share_as_the_closed_form_says(where):
    """y(x) = (1 - x) y(0) + x y(1): shots ∝ |weight| sd/√cost, so core time ∝ |weight| sd √cost."""
    line = np.array([[1.0, 0.0], [1.0, 1.0]])
    variance, cost = np.array([0.2, 0.05]), np.array([1.0, 9.0])
    shares = c_optimal_shares(line, variance, cost, np.array([1.0, where]), tolerance=1e-10)
    expected = np.abs([1 - where, where]) * np.sqrt(variance * cost)
    np.testing.assert_allclose(shares, expected / expected.sum(), rtol=1e-4)


def least_variance(targets, floor=0.0, information=None):
    """The same minimum by a general-purpose optimiser over softmax coordinates."""

    def variance(free):
        shares = np.exp(free - free.max())
        shares = floor / 6 + (1 - floor) * shares / shares.sum()
        return variance_per_budget(CUBIC, VARIANCE, COST, targets, shares, information=information)

    starts = [np.zeros(6), np.array([1.0, -1, 1, -1, 1, -1]), np.array([-1.0, 1, 1, -1, -1, 1])]
    return min(optimize.minimize(variance, start, method="L-BFGS-B").fun for start in starts)


@pytest.mark.parametrize("floor", [0.0, 0.3])
@pytest.mark.parametrize("targets", [SLOPE_AT_HALF, np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])])
def test_variance_is_the_least_a_general_optimiser_finds(targets, floor):
    shares = c_optimal_shares(CUBIC, VARIANCE, COST, targets, floor=floor, tolerance=1e-6)
    found = variance_per_budget(CUBIC, VARIANCE, COST, targets, shares)
    assert found == pytest.approx(least_variance(targets, floor), rel=1e-4)
    even = variance_per_budget(CUBIC, VARIANCE, COST, targets, np.full(6, 1 / 6))
    assert found < 0.9 * even


def test_information_in_hand_is_taken_into_account():
    known = CUBIC[:2].T @ CUBIC[:2] * 3.0
    shares = c_optimal_shares(CUBIC, VARIANCE, COST, SLOPE_AT_HALF, information=known, tolerance=1e-6)
    found = variance_per_budget(CUBIC, VARIANCE, COST, SLOPE_AT_HALF, shares, information=known)
    assert found == pytest.approx(least_variance(SLOPE_AT_HALF, information=known), rel=1e-4)
    assert not np.allclose(shares, c_optimal_shares(CUBIC, VARIANCE, COST, SLOPE_AT_HALF), atol=0.02)


def test_variance_of_one_point_is_that_of_a_mean():
    """B core seconds buy B/c shots of variance v: the mean's variance is v c/B."""
    found = variance_per_budget(np.ones((1, 1)), np.array([0.2]), np.array([5.0]), np.ones(1), np.ones(1))
    assert found == pytest.approx(1.0)


@pytest.mark.parametrize("floor", [0.0, 0.3, 1.0])
def test_every_point_gets_its_floor_and_all_is_spent(floor):
    shares = c_optimal_shares(CUBIC, VARIANCE, COST, SLOPE_AT_HALF, floor=floor)
    assert shares.sum() == pytest.approx(1.0)
    assert (shares >= floor / 6 - 1e-12).all()


def test_units_of_parameters_and_costs_do_not_matter():
    units = np.array([1e-6, 1.0, 1e5])
    plain = c_optimal_shares(CUBIC, VARIANCE, COST, SLOPE_AT_HALF, tolerance=1e-6)
    scaled = c_optimal_shares(CUBIC * units, VARIANCE, 1e-6 * COST, SLOPE_AT_HALF * units, tolerance=1e-6)
    np.testing.assert_allclose(scaled, plain, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"jacobian": np.ones(3)}, "jacobian"),
        ({"unit_variance": np.ones(5)}, "unit_variance"),
        ({"cost": np.zeros(6)}, "cost"),
        ({"unit_variance": np.full(6, np.nan)}, "unit_variance"),
        ({"target": np.ones(4)}, "target"),
        ({"information": np.ones((2, 2))}, "information"),
        ({"floor": 1.5}, "floor"),
        ({"jacobian": np.tile([1.0, 2.0, 3.0], (6, 1))}, "cannot determine"),
        ({"jacobian": np.tile([1.0, 2.0, 0.0], (6, 1))}, "cannot determine"),
    ],
)
def test_impossible_designs_are_refused_by_name(change, words):
    design = {"jacobian": CUBIC, "unit_variance": VARIANCE, "cost": COST, "target": SLOPE_AT_HALF}
    with pytest.raises(InputError, match=words):
        c_optimal_shares(**(design | change))


def test_variance_of_shares_that_determine_nothing_is_refused():
    with pytest.raises(InputError, match="cannot determine"):
        variance_per_budget(CUBIC, VARIANCE, COST, SLOPE_AT_HALF, np.array([1.0, 0, 0, 0, 0, 0]))
