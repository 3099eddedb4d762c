"""The allocation rule played against synthetic sweeps with known rates.  Fixed seeds; false-alarm rates are stated."""

import doctest
import itertools
from dataclasses import replace

import numpy as np
import pytest

from experiments import allocation
from experiments.allocation import FitAllocation, Point, decision, fit_driven
from experiments.errors import InputError
from experiments.fits.finite_size_scaling import FiniteSizeScaling
from experiments.fits.suppression import SuppressionModel

P = np.tile(np.logspace(np.log10(4e-3), np.log10(2.5e-2), 9), 3)
D = np.repeat([3.0, 5.0, 7.0], 9)
TRUTH = np.array([np.log(0.01), 0.75, -3.0, 0.8, -0.02])
MODEL = FiniteSizeScaling(P, D)
RATES, GRADIENT = MODEL(TRUTH)
GRID = [Point(float(p), float(d), 0, 0, cost=1e-6 * float(d) ** 3) for p, d in zip(P, D, strict=True)]
COST = np.array([point.cost for point in GRID])

LAMBDA_D = np.tile([3.0, 5.0, 7.0, 9.0], 2)
LAMBDA_RATES = SuppressionModel(LAMBDA_D, LAMBDA_D)(np.array([np.log(3.0), np.log(0.1)]))[0]
LAMBDA_GRID = [
    Point(p, float(d), 0, 0, cost=1e-6 * float(d) ** 3, rounds=float(d))
    for p, d in zip([0.003] * 4 + [0.004] * 4, LAMBDA_D, strict=True)
]


def played(rule, points, rates, seed, batch=1):
    """Run the rule to its end on binomial draws; all points and decisions along the way."""
    rng = np.random.default_rng(seed)
    decisions, points = [], list(points)
    for _ in range(300):
        found = rule.next_shots(points)
        decisions.append(found)
        if found.done:
            return points, decisions
        for index, (point, target) in enumerate(zip(points, found.targets, strict=True)):
            more = -(-(target - point.shots) // batch) * batch
            errors = point.errors + int(rng.binomial(more, rates[index]))
            points[index] = replace(point, shots=point.shots + more, errors=errors)
    raise AssertionError("the rule does not end")


def spent(points):
    return sum(point.cost * point.shots for point in points)


@pytest.mark.parametrize("module", [allocation, decision, fit_driven])
def test_examples_in_the_docs_run(module):
    assert doctest.testmod(module).failed == 0


def test_threshold_reaches_its_error_for_less_than_six_tenths_of_uniform_shots():
    """Oracle: the exact Fisher information of uniform shots over the points within a factor of two of p_c, with the
    amplitude of a correction d^-2 free."""
    points, decisions = played(FitAllocation("threshold", standard_error=1.5e-4), GRID, RATES, seed=1)
    inside = np.abs(np.log(P / 0.01)) <= np.log(2)
    weight = np.where(inside, 1 / (RATES * (1 - RATES)), 0.0)
    gradient = FiniteSizeScaling(P, D, correction=2.0)(np.append(TRUTH, 0.0))[1]
    variance_a_shot = np.linalg.inv(gradient.T @ (gradient * weight[:, None]))[0, 0] * 0.01**2
    uniform_seconds = variance_a_shot / decisions[-1].standard_error ** 2 * COST.sum()
    assert decisions[-1].reason.startswith("standard error")
    assert decisions[-1].standard_error <= 1.5e-4
    assert spent(points) < 0.6 * uniform_seconds
    assert 8 <= len(decisions) <= 45


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_adaptive_threshold_is_right(seed):
    """Within 5.5 stated standard errors of the truth: false alarm about 4e-8 a draw."""
    _, decisions = played(FitAllocation("threshold", core_seconds=20.0), GRID, RATES, seed=seed)
    fit = decisions[-1].fit
    assert abs(fit.p_c - 0.01) < 5.5 * fit.standard_error


def test_lambda_is_reached_at_every_noise_strength_and_is_right():
    """Two strengths with the same Λ = 3; 5.5 standard errors: false alarm about 8e-8."""
    _, decisions = played(FitAllocation("lambda", standard_error=0.01), LAMBDA_GRID, LAMBDA_RATES, seed=5)
    assert len(decisions[-1].fits) == 2
    for fit in decisions[-1].fits:
        assert fit.statistical_error <= 0.01 * fit.suppression
        assert abs(fit.suppression - 3.0) < 5.5 * fit.standard_error


def test_a_floor_of_core_time_is_kept_at_every_point_of_the_fit():
    points, decisions = played(FitAllocation("threshold", core_seconds=30.0, floor=0.3), GRID, RATES, seed=6)
    used = decisions[-1].fit.points_used
    seconds = np.array([points[index].cost * points[index].shots for index in used])
    assert seconds.min() > 0.9 * 0.3 * seconds.sum() / len(used) / 1.2  # a round's growth behind at most
    assert seconds.max() > 3 * seconds.mean()  # and the design is far from uniform


def test_budget_is_spent_and_not_exceeded():
    points, decisions = played(FitAllocation("threshold", core_seconds=5.0), GRID, RATES, seed=7)
    assert 4.999 < spent(points) < 5.0 + COST.sum()
    assert "budget" in decisions[-1].reason


def test_a_tiny_budget_cuts_the_pilot():
    rule = FitAllocation("threshold", core_seconds=0.1)
    first = rule.next_shots(GRID)
    assert 0 < np.dot(first.targets, COST) <= 0.1 + COST.sum()


def test_decisions_depend_on_the_points_alone():
    rule = FitAllocation("threshold", core_seconds=3.0)
    _, once = played(rule, GRID, RATES, seed=8)
    _, twice = played(FitAllocation("threshold", core_seconds=3.0), GRID, RATES, seed=8)
    assert once == twice


def test_targets_never_shrink_and_every_round_asks_for_something():
    _, decisions = played(FitAllocation("threshold", core_seconds=3.0), GRID, RATES, seed=9)
    for before, after in itertools.pairwise(decisions):
        assert all(new >= old for old, new in zip(before.targets, after.targets, strict=True))
    for before, after in itertools.pairwise(decisions[:-1]):
        assert sum(after.targets) > sum(before.targets)


def test_first_round_is_the_pilot():
    first = FitAllocation("threshold", core_seconds=100.0, pilot_shots=500).next_shots(GRID)
    assert first.targets == (500,) * 27
    assert (first.done, first.fit, first.standard_error) == (False, None, None)
    assert "equal shots" in first.reason


def test_pilot_doubles_and_says_why_while_no_error_was_seen():
    silent = [replace(point, shots=1024) for point in GRID]
    found = FitAllocation("threshold", core_seconds=1e6).next_shots(silent)
    assert found.targets == (2048,) * 27
    assert "not a single error" in found.reason


def test_an_impossible_fit_is_given_up_at_the_cap():
    rule = FitAllocation("threshold", standard_error=1e-4, pilot_shots=100, pilot_cap=1000)
    points, decisions = played(rule, GRID, np.zeros(27), seed=10)
    assert {point.shots for point in points} == {1000}
    assert decisions[-1].done
    assert "no fit is possible" in decisions[-1].reason
    assert "not a single error" in decisions[-1].reason


def test_one_impossible_noise_strength_does_not_stop_the_others():
    rates = np.where(np.arange(8) < 4, LAMBDA_RATES, 0.0)
    rule = FitAllocation("lambda", standard_error=0.03, pilot_cap=5000)
    _, decisions = played(rule, LAMBDA_GRID, rates, seed=11)
    assert decisions[-1].fits[0].statistical_error <= 0.03 * decisions[-1].fits[0].suppression
    assert decisions[-1].fits[1] is None
    assert "given up" in decisions[-1].reason


def test_closed_and_full_points_get_no_more_shots():
    rule = FitAllocation("threshold", core_seconds=50.0)
    closed = {4, 13}
    grid = [replace(point, max_shots=2100) for point in GRID]
    rng = np.random.default_rng(12)
    begun = [replace(p, shots=2000, errors=int(rng.binomial(2000, r))) for p, r in zip(grid, RATES, strict=True)]
    begun = [replace(point, open=index not in closed) for index, point in enumerate(begun)]
    points, _ = played(rule, begun, RATES, seed=12)
    assert all(points[index].shots == 2000 for index in closed)
    assert max(point.shots for point in points) == 2100


def test_all_points_closed_ends_the_sweep():
    rng = np.random.default_rng(13)
    ended = [
        replace(p, shots=9000, errors=int(rng.binomial(9000, r)), open=False) for p, r in zip(GRID, RATES, strict=True)
    ]
    found = FitAllocation("threshold", standard_error=1e-9).next_shots(ended)
    assert found.done
    assert found.targets == (9000,) * 27
    assert found.fit is not None
    assert "no point of the fit can be given more shots" in found.reason


def test_groups_are_fitted_apart():
    grid = [replace(point, group=decoder) for decoder in ("fast", "slow") for point in GRID]
    _, decisions = played(FitAllocation("threshold", core_seconds=4.0), grid, np.tile(RATES, 2), seed=14)
    assert len(decisions[-1].fits) == 2
    assert all(fit is not None for fit in decisions[-1].fits)


def test_less_than_half_a_batch_is_not_asked_for():
    rng = np.random.default_rng(15)
    begun = [
        replace(p, shots=4096, errors=int(rng.binomial(4096, r)), batch=4096) for p, r in zip(GRID, RATES, strict=True)
    ]
    found = FitAllocation("threshold", core_seconds=1e3).next_shots(begun)
    more = np.array(found.targets) - 4096
    assert more.max() > 0
    assert set(more[more > 0] >= 2048) == {True} or np.count_nonzero(more) == 1


def test_last_round_is_cut_to_what_is_still_needed():
    rng = np.random.default_rng(16)
    begun = [replace(p, shots=50_000, errors=int(rng.binomial(50_000, r))) for p, r in zip(GRID, RATES, strict=True)]
    present = FitAllocation("threshold", core_seconds=1e6).next_shots(begun)
    nearly = FitAllocation("threshold", standard_error=0.999 * present.standard_error).next_shots(begun)
    assert sum(nearly.targets) - 27 * 50_000 < 0.2 * (sum(present.targets) - 27 * 50_000)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"quantity": "slope"}, "allocate.quantity"),
        ({"core_seconds": None}, "never end"),
        ({"core_seconds": 0}, "allocate.core_seconds"),
        ({"core_seconds": "60"}, "allocate.core_seconds"),
        ({"core_seconds": float("inf")}, "allocate.core_seconds"),
        ({"standard_error": -1e-4}, "allocate.standard_error"),
        ({"standard_error": True}, "allocate.standard_error"),
        ({"pilot_shots": 0}, "allocate.pilot_shots"),
        ({"pilot_shots": 10.5}, "allocate.pilot_shots"),
        ({"pilot_cap": 10}, "allocate.pilot_cap"),
        ({"growth": 0}, "allocate.growth"),
        ({"floor": 1.1}, "allocate.floor"),
        ({"floor": "0.3"}, "allocate.floor"),
    ],
)
def test_impossible_fields_are_refused_by_name(fields, words):
    with pytest.raises(InputError, match=words):
        FitAllocation(**({"quantity": "threshold", "core_seconds": 60.0} | fields))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": 0.0}, "Point.x"),
        ({"curve": -3}, "Point.curve"),
        ({"cost": 0.0}, "Point.cost"),
        ({"rounds": float("nan")}, "Point.rounds"),
        ({"errors": 1}, "Point.errors"),
        ({"batch": 0}, "Point.batch"),
    ],
)
def test_impossible_points_are_refused_by_name(change, words):
    with pytest.raises(InputError, match=words):
        replace(GRID[0], **change)


def test_nothing_to_allocate_is_refused():
    with pytest.raises(InputError, match="at least one point"):
        FitAllocation("threshold", core_seconds=60.0).next_shots([])
