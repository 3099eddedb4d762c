"""Exact binomial tails, for statistical tests with a stated false-alarm rate."""

from __future__ import annotations

from scipy.special import bdtr, bdtrc

FALSE_ALARM = 1e-7
"""Chance that `is_plausible` says no to a true rate."""


def is_plausible(errors: int, shots: int, rate: float) -> bool:
    """Whether neither tail of the binomial law at the observed count is rarer than half of `FALSE_ALARM`."""
    at_most = bdtr(errors, shots, rate)
    at_least = bdtrc(errors - 1, shots, rate) if errors else 1.0
    return bool(min(at_most, at_least) > FALSE_ALARM / 2)
