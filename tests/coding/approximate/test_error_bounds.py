"""Bounds against runs: none is broken, and the published one is the general one at its worst."""

import numpy as np
import pytest

from coding.approximate import Berrut, ChebyshevLeastSquares, FloaterHormann
from coding.approximate.adversaries import ShiftedExponential, placed
from coding.approximate.bounds import bacc_bound, berrut_bound, floater_hormann_bound, sensitivity
from coding.approximate.points import first_kind, second_kind
from coding.errors import CodingError

PLACES = np.linspace(-0.95, 0.95, 200)


def survivors(points, stragglers, rng):
    kept = np.sort(rng.permutation(points.size - 2)[stragglers:]) + 1
    return points[np.concatenate([[0], kept, [points.size - 1]])]


@pytest.mark.parametrize("points", [first_kind(41), second_kind(41)], ids=["SBACC", "BACC"])
def test_berrut_stays_below_its_bounds(points):
    """g = sin 5z: |g'| <= 5, |g''| <= 25; 40 draws of 0 to 6 stragglers."""
    rng = np.random.default_rng(0)
    for s in range(7):
        for _ in range(6):
            z = survivors(points, s, rng)
            t = PLACES[(z[-1] < PLACES) & (z[0] > PLACES)]
            error = np.abs(Berrut().matrix(z, t) @ np.sin(5 * z) - np.sin(5 * t)).max()
            assert error <= berrut_bound(z, second=25.0, first=5.0)
            assert error <= bacc_bound(40, stragglers=s, second=25.0, first=5.0)


def test_published_bound_covers_the_bound_of_any_survivors():
    rng = np.random.default_rng(1)
    for s in range(6):
        for _ in range(20):
            z = survivors(second_kind(41), s, rng)
            assert berrut_bound(z, second=1.0) <= bacc_bound(40, stragglers=s, second=1.0) * (1 + 1e-9)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_floater_hormann_stays_below_its_bound(degree):
    rng = np.random.default_rng(degree)
    for s in range(6):
        z = survivors(second_kind(41), s, rng)
        error = np.abs(FloaterHormann(degree).matrix(z, PLACES) @ np.sin(5 * z) - np.sin(5 * PLACES)).max()
        assert error <= floater_hormann_bound(z, degree, upper=5.0 ** (degree + 2), lower=5.0 ** (degree + 1))


def test_sensitivity_is_the_largest_effect_of_unit_errors():
    z, t = first_kind(20), np.array([0.1, 0.9])
    matrix = ChebyshevLeastSquares(8).matrix(z, t)
    worst = [np.abs(matrix[k] @ np.sign(matrix[k])) for k in range(2)]
    assert sensitivity(ChebyshevLeastSquares(8), z, t) == pytest.approx(worst)


def test_mean_waiting_time_is_the_order_statistic():
    """20000 draws: standard error 0.5 %, so 3 % is beyond 6 sigma."""
    law, rng = ShiftedExponential(1.0, 2.0), np.random.default_rng(2)
    times = np.sort(np.stack([law.sample(12, rng) for _ in range(20000)]), axis=1)[:, 8]
    assert law.expected(12, 9) == pytest.approx(times.mean(), rel=0.03)


def test_adjacent_liars_sit_side_by_side():
    rng = np.random.default_rng(3)
    assert (np.diff(placed(7, 40, rng, adjacent=True)) == 1).all()
    assert np.unique(placed(7, 40, rng)).size == 7


@pytest.mark.parametrize(
    "call",
    [
        lambda: bacc_bound(10, stragglers=10, second=1.0),
        lambda: berrut_bound(np.array([0.0, 1.0]), second=1.0),
        lambda: floater_hormann_bound(first_kind(4), 4, upper=1.0),
        lambda: ShiftedExponential(-1.0, 1.0),
        lambda: ShiftedExponential(0.0, 0.0),
        lambda: placed(5, 4, np.random.default_rng(0)),
    ],
)
def test_bounds_of_impossible_settings_are_refused(call):
    with pytest.raises(CodingError, match="expected"):
        call()
