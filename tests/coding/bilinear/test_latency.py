"""Order statistics of latency laws: closed forms, quadrature and measured times agree where they must."""

from __future__ import annotations

import numpy as np
import pytest
from published_schemes import BOTH
from scipy import stats

from coding.bilinear.latency import Continuous, Measured, ShiftedExponential
from coding.bilinear.reliability import reliability
from coding.errors import CodingError


def test_quadrature_gives_the_closed_form_of_the_exponential() -> None:
    exact = ShiftedExponential(shift=2.0, mean=0.3).order_statistics(21)
    found = Continuous(stats.expon(loc=2.0, scale=0.3)).order_statistics(21)
    assert np.allclose(found, exact, rtol=1e-8)


def test_uniform_times_are_equally_spaced() -> None:
    """Oracle: E[X_(j:N)] = j / (N + 1)."""
    found = Continuous(stats.uniform()).order_statistics(14)
    assert np.allclose(found, np.arange(1, 15) / 15, rtol=1e-8)


def test_first_of_many_pareto_times_has_a_closed_form() -> None:
    """Oracle: the least of N Pareto(b) times is Pareto(N b), of mean N b / (N b - 1), though b = 1/2 has no mean."""
    law = stats.pareto(0.5)
    first = Continuous(law)._expected(1, 14)
    assert np.isclose(first, 7.0 / 6.0, rtol=1e-6)


def test_a_law_without_a_mean_is_refused() -> None:
    with pytest.raises(CodingError, match=r"expected time does not converge.*rank 1 of 1"):
        Continuous(stats.pareto(0.5)).order_statistics(1)


def test_measured_times_are_drawn_with_replacement() -> None:
    """Oracle: all 4^3 equally likely draws of three times."""
    times = [0.5, 2.0, 2.0, 9.0]
    draws = np.sort(np.array(np.meshgrid(times, times, times)).reshape(3, -1).T, axis=1)
    law = Measured(times)
    assert np.allclose(law.order_statistics(3), draws.mean(axis=0), rtol=1e-12)
    assert law.survival([0.4, 0.5, 2.0, 9.0]).tolist() == [1.0, 0.75, 0.25, 0.0]


def test_many_measured_times_approach_their_law() -> None:
    """Quantile midpoints of a Weibull law: deterministic, so the difference is that of the grid."""
    law = stats.weibull_min(0.7, scale=2.0)
    grid = law.ppf((np.arange(20_000) + 0.5) / 20_000)
    exact = reliability(BOTH).expected_time(Continuous(law))
    assert np.isclose(reliability(BOTH).expected_time(Measured(grid)), exact, rtol=1e-3)


def test_expected_time_is_the_integral_of_the_failure_probability() -> None:
    """Oracle: E[T] = int P_f(tail(t)) dt, by the trapezoidal rule, for a law without closed form."""
    law = stats.gamma(2.5)
    times = np.linspace(0, 60, 60_001)
    found = reliability(BOTH)
    integral = np.trapezoid(found.failure_probability(law.sf(times)), times)
    assert np.isclose(found.expected_time(Continuous(law)), integral, rtol=1e-6)
    assert np.isclose(found.completion_probability(3.0, Continuous(law)), 1 - found.failure_probability(law.sf(3.0)))


def test_simulated_arrivals_finish_at_the_expected_time() -> None:
    """Seed fixed.  20 000 runs; |z| <= 4.9 is a false-alarm rate of 1e-6.  Decoding by the table of sets."""
    from coding.bilinear.patterns import decodable_sets

    table = decodable_sets(BOTH)
    times = np.random.default_rng(14).exponential(size=(20_000, 14))
    order = np.argsort(times, axis=1)
    received = np.cumsum(1 << order, axis=1)
    finish = np.take_along_axis(times, order, axis=1)[np.arange(20_000), table[received].argmax(axis=1)]
    z = (finish.mean() - reliability(BOTH).expected_time()) / (finish.std() / np.sqrt(20_000))
    assert abs(z) <= 4.9


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: ShiftedExponential(shift=-1.0), r"shift: not a time: expected a number >= 0, got -1.0"),
        (lambda: ShiftedExponential(mean=0.0), r"mean: not a time: expected a number > 0, got 0.0"),
        (lambda: ShiftedExponential(mean=float("nan")), r"mean: not a time"),
        (lambda: Measured([]), r"times: not times"),
        (lambda: Measured([1.0, float("nan")]), r"times: not times"),
        (lambda: Continuous("weibull"), r"law: not a law: expected a frozen distribution of scipy.stats, got str"),
    ],
)
def test_what_is_not_a_law_is_refused(build, text: str) -> None:
    with pytest.raises(CodingError, match=text):
        build()


def test_order_statistics_average_to_the_mean() -> None:
    """Oracle: the mean of all N order statistics is the mean of the law."""
    for law, mean in ((Continuous(stats.lognorm(1.0)), np.exp(0.5)), (Measured([1.0, 2.0, 6.0]), 3.0)):
        assert np.isclose(law.order_statistics(9).mean(), mean, rtol=1e-7)
