"""Intervals for a probability from errors among shots, in float64 and exact for up to 1e15 shots.

| method | what it promises |
|---|---|
| ``likelihood_ratio`` | all p whose likelihood is within exp(z²/2) of the best: the default of every table |
| ``clopper_pearson`` | covers at least at the confidence, for every p and a fixed number of shots |
| ``wilson`` | the score interval: covers about at the confidence, cheapest |
| ``anytime`` | covers at every number of shots at once, however one decides to stop: what a live table may show |

>>> low, high = interval(10, 1000)
>>> f"{low:.6f} {high:.6f}"
'0.005023 0.017473'
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, TypeAlias

from experiments.errors import InputError
from experiments.statistics.deviance import endpoints
from experiments.statistics.exact import highest_rate, lowest_rate

Method: TypeAlias = Literal["likelihood_ratio", "clopper_pearson", "wilson", "anytime"]
Bounds: TypeAlias = tuple[float, float]


def interval(errors: int, shots: int, *, confidence: float = 0.95, method: Method = "likelihood_ratio") -> Bounds:
    """The interval (low, high) for the error probability per shot; (0, 1) before the first shot.

    The low end is accurate relative to itself however small; for the complement of a high end near 1 ask for
    ``interval(shots - errors, shots)``.

    Raises:
        InputError: errors not in 0..shots, confidence not in (0, 1), or an unknown method.

    Source: Wilson, J. Am. Stat. Assoc. 22, 209 (1927); Clopper and Pearson, Biometrika 26, 404 (1934); Robbins,
    Ann. Math. Stat. 41, 1397 (1970) for ``anytime``.
    """
    solve = _SOLVERS.get(method)
    if solve is None:
        raise InputError(
            "an unknown kind of interval", where="method", expected=" or ".join(_SOLVERS), got=repr(method)
        )
    _check(errors, shots)
    _check_confidence(confidence)
    return solve(errors, shots, confidence) if shots else (0.0, 1.0)


def likelihood_factor_interval(errors: int, shots: int, *, factor: float) -> Bounds:
    """All p whose likelihood is at least 1/factor of the best one's, as sinter draws its bands (factor 1000).

    Raises:
        InputError: errors not in 0..shots, or a factor not above 1.

    Source: meaning of ``max_likelihood_factor`` in sinter.fit_binomial.
    """
    _check(errors, shots)
    if not 1.0 < factor < math.inf:
        raise InputError("not a likelihood factor", where="factor", expected="a number > 1", got=repr(factor))
    return endpoints(errors, shots, drop=math.log(factor)) if shots else (0.0, 1.0)


def inverse_sampling_interval(errors: int, shots: int, *, confidence: float = 0.95) -> Bounds:
    """The exact interval when single shots were taken until a fixed number of ``errors`` had been seen.

    It is the Clopper-Pearson interval with one error fewer at the upper end, as the last shot had to be an error.

    Raises:
        InputError: errors not in 1..shots, or confidence not in (0, 1).

    Source: Casella and Berger, Statistical Inference, 9.2 (negative binomial).
    """
    _check(errors, shots)
    _check_confidence(confidence)
    if errors < 1:
        raise InputError(
            "no error to stop at", where="errors", expected="at least 1", got=repr(errors), cure="use interval()"
        )
    tail = (1.0 - confidence) / 2.0
    return lowest_rate(errors, shots, tail=tail), highest_rate(errors - 1, shots - 1, tail=tail)


@lru_cache(maxsize=64)
def normal_quantile(confidence: float) -> float:
    """The z whose interval ±z holds a standard normal variable with this confidence: 1.96 for 0.95."""
    from statistics import NormalDist

    return -NormalDist().inv_cdf((1.0 - confidence) / 2.0)


def _likelihood_ratio(errors: int, shots: int, confidence: float) -> Bounds:
    return endpoints(errors, shots, drop=0.5 * normal_quantile(confidence) ** 2)


def _wilson(errors: int, shots: int, confidence: float) -> Bounds:
    """The roots of (n + z²) p² - (2k + z²) p + k²/n = 0, the smaller one from the product of the two."""
    square = normal_quantile(confidence) ** 2
    if 2 * errors > shots:
        low, high = _wilson_of_few(shots - errors, shots, square)
        return 1.0 - high, 1.0 - low
    return _wilson_of_few(errors, shots, square)


def _wilson_of_few(errors: int, shots: int, square: float) -> Bounds:
    spread = math.sqrt(square * (square + 4.0 * errors * ((shots - errors) / shots)))
    total = 2.0 * errors + square + spread
    return 2.0 * errors * (errors / shots) / total, total / (2.0 * (shots + square))


def _clopper_pearson(errors: int, shots: int, confidence: float) -> Bounds:
    tail = (1.0 - confidence) / 2.0
    return lowest_rate(errors, shots, tail=tail), highest_rate(errors, shots, tail=tail)


def _anytime(errors: int, shots: int, confidence: float) -> Bounds:
    """All p that the beta(1/2, 1/2) mixture of likelihoods does not beat by 1/alpha.

    The mixture over p is a non-negative martingale of mean 1 under every p, so by Ville's inequality the chance that
    it ever reaches 1/alpha is at most alpha.
    """
    drop = -math.log1p(-confidence) - log_mixture_over_best(errors, shots)
    return endpoints(errors, shots, drop=drop)


def log_mixture_over_best(errors: int, shots: int) -> float:
    """ln of the beta(1/2, 1/2) mixture of likelihoods over the best likelihood; at most 0, and 0 without shots.

    It is ln B(k + 1/2, n - k + 1/2) - ln π - k ln p̂ - (n - k) ln(1 - p̂).  By Stirling's formula all terms that grow
    with n cancel and what remains is ln(2/(π n))/2 + r(k) + r(n - k) - R(n) with the remainders r and R.
    """
    if not shots:
        return 0.0
    remainders = _half_remainder(errors) + _half_remainder(shots - errors)
    return 0.5 * math.log(2.0 / (math.pi * shots)) + remainders - _factorial_remainder(shots)


@lru_cache(maxsize=1024)
def _half_remainder(k: int) -> float:
    """ln Γ(k + 1/2) - (k ln k - k + ln(2π)/2)."""
    if not k:
        return -0.5 * math.log(2.0)
    if k < 16:
        return math.lgamma(k + 0.5) - k * math.log(k) + k - 0.5 * math.log(2.0 * math.pi)
    x = 1.0 / (k * k)
    return -(1 / 24 - x * (7 / 2880 - x * (31 / 40320 - x * (127 / 215040 - x * 73 / 92160)))) / k


def _factorial_remainder(n: int) -> float:
    """ln n! - (n ln n - n + ln(2πn)/2)."""
    if n < 16:
        return math.lgamma(n + 1.0) - n * math.log(n) + n - 0.5 * math.log(2.0 * math.pi * n)
    x = 1.0 / (n * n)
    return (1 / 12 - x * (1 / 360 - x * (1 / 1260 - x * (1 / 1680 - x / 1188)))) / n


def _check(errors: int, shots: int) -> None:
    if not 0 <= errors <= shots:
        raise InputError(
            "counts that cannot be",
            where="interval",
            expected="0 <= errors <= shots",
            got=f"errors = {errors!r}, shots = {shots!r}",
        )


def _check_confidence(confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        raise InputError(
            "not a confidence",
            where="confidence",
            expected="a number strictly between 0 and 1",
            got=repr(confidence),
            cure="write 0.95 for 95 %",
        )


_SOLVERS: dict[str, Callable[[int, int, float], Bounds]] = {
    "likelihood_ratio": _likelihood_ratio,
    "clopper_pearson": _clopper_pearson,
    "wilson": _wilson,
    "anytime": _anytime,
}
