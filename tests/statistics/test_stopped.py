"""The unbiased rate: its mean is p, exactly, over all that can happen."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import mpmath
import pytest

from experiments.errors import InputError
from experiments.statistics.stopped import unbiased_rate


def outcomes(p, schedule, max_errors):
    """All (probability, errors, shots, last batch) at which a run stops, by dynamic programming over batches.

    The run also stops at the end of the schedule (a max_shots rule).
    """
    alive, shots, ends = {0: 1.0}, 0, []
    for position, batch in enumerate(schedule):
        shots += batch
        terms = [math.comb(batch, j) * p**j * (1 - p) ** (batch - j) for j in range(batch + 1)]
        following: dict[int, float] = {}
        for errors, chance in alive.items():
            for j, term in enumerate(terms):
                following[errors + j] = following.get(errors + j, 0.0) + chance * term
        last = position == len(schedule) - 1
        ends += [(c, e, shots, batch) for e, c in following.items() if e >= max_errors or last]
        alive = {e: c for e, c in following.items() if e < max_errors}
    return ends


SCHEDULES = [
    [1] * 60,
    [4] * 30,
    [1, 2, 4, 8, 16, 32, 64],
    [5, 10, 20, 20, 20, 20],
    [64, 64, 64],
    [3, 1, 7, 2, 30, 1, 1, 50],
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("max_errors", [2, 3, 10])
@pytest.mark.parametrize("p", [0.003, 0.05, 0.3, 0.9])
def test_mean_over_all_outcomes_is_p(schedule, max_errors, p):
    ends = outcomes(p, schedule, max_errors)
    assert sum(chance for chance, *_ in ends) == pytest.approx(1.0, abs=1e-12)
    mean = sum(c * unbiased_rate(e, n, last_batch=b, max_errors=max_errors) for c, e, n, b in ends)
    assert mean == pytest.approx(p, rel=1e-11)


def test_plain_ratio_is_biased_where_the_unbiased_rate_is_not():
    """Batches 1, 2, 4, ... up to 1024 until 10 errors at p = 0.01: errors/shots is 8 to 9 % high, ours below 1e-9."""
    schedule = [2**k for k in range(10)] + [1024] * 6
    ends = outcomes(0.01, schedule, 10)
    plain = sum(c * e / n for c, e, n, _ in ends)
    ours = sum(c * unbiased_rate(e, n, last_batch=b, max_errors=10) for c, e, n, b in ends)
    assert 1.05 < plain / 0.01 < 1.12
    assert ours == pytest.approx(0.01, rel=1e-9)


def test_value_is_the_mean_of_the_first_shot_over_all_arrangements():
    """Every sequence of 9 shots in batches 2, 3, 4 that first reaches 3 errors at the end of the third batch."""
    first, number = dict.fromkeys(range(10), 0), dict.fromkeys(range(10), 0)
    for shots in product((0, 1), repeat=9):
        if sum(shots[:5]) < 3 <= sum(shots):
            first[sum(shots)] += shots[0]
            number[sum(shots)] += 1
    for errors in range(3, 7):
        exact = Fraction(first[errors], number[errors])
        assert unbiased_rate(errors, 9, last_batch=4, max_errors=3) == pytest.approx(float(exact), rel=1e-14)


@pytest.mark.parametrize(("errors", "shots"), [(2, 3), (10, 1000), (400, 10**12), (10**6, 10**15)])
def test_batches_of_one_give_haldanes_rate(errors, shots):
    rate = unbiased_rate(errors, shots, last_batch=1, max_errors=errors)
    assert rate == pytest.approx((errors - 1) / (shots - 1), rel=1e-15)


def test_first_batch_and_other_rules_give_the_plain_ratio():
    assert unbiased_rate(30, 256, last_batch=256, max_errors=10) == 30 / 256
    assert unbiased_rate(7, 5000, last_batch=1000, max_errors=10) == 7 / 5000
    assert math.isnan(unbiased_rate(0, 0, last_batch=0, max_errors=10))


def test_one_error_as_the_target_gives_nothing_after_the_first_batch():
    assert unbiased_rate(3, 100, last_batch=50, max_errors=1) == 0.0


@pytest.mark.parametrize(
    ("errors", "shots", "last_batch", "max_errors"),
    [
        (405, 10**12, 10**10, 400),
        (400, 10**12, 5 * 10**11, 400),
        (1010, 10**12, 10**11, 1000),
        (520, 10**6, 4 * 10**5, 300),
        (650, 10**6, 4 * 10**5, 300),
        (90, 100, 40, 55),
        (10_050, 10**9, 10**7, 10_000),
    ],
)
def test_large_counts_keep_twelve_digits(errors, shots, last_batch, max_errors):
    """The truncated hypergeometric mean summed term by term in 50 digits."""
    before = shots - last_batch
    with mpmath.workdps(50):
        j = max(0, errors - last_batch)
        weight, total, moment = mpmath.mpf(1), mpmath.mpf(0), mpmath.mpf(0)
        while j <= min(max_errors - 1, before):
            total, moment = total + weight, moment + weight * j
            weight *= mpmath.mpf((errors - j) * (before - j)) / ((j + 1) * (last_batch - errors + j + 1))
            j += 1
        exact = moment / total / before
    rate = unbiased_rate(errors, shots, last_batch=last_batch, max_errors=max_errors)
    assert abs(rate / exact - 1) < 1e-12


def test_counts_beyond_an_earlier_stop_are_refused():
    with pytest.raises(InputError, match="had to stop before the last batch"):
        unbiased_rate(30, 100, last_batch=10, max_errors=10)
    with pytest.raises(InputError, match="last_batch = 11"):
        unbiased_rate(3, 10, last_batch=11, max_errors=2)
