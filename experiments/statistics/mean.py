"""Intervals for the mean of a real-valued quantity, and for a ratio of two means.

>>> low, high = student_interval(4, 10.0, 12.0)      # four values of mean 10, squared deviations summing to 12
>>> f"{low:.4f} {high:.4f}"
'6.8176 13.1824'
"""

from __future__ import annotations

import math
from functools import lru_cache

from experiments.errors import InputError
from experiments.statistics.binomial import Bounds

UNKNOWN: Bounds = (math.nan, math.nan)
"""Fewer than two values say nothing about their spread."""


def student_interval(n: float, mean: float, squares: float, *, confidence: float = 0.95) -> Bounds:
    """Student's interval for a mean, from n values and the sum of their squared deviations from it.

    In the unit of the values; (nan, nan) below two values.  Exact for normal values, and right for large n for any
    with a finite variance.  ``n`` may be an effective, fractional number of values.

    Raises:
        InputError: confidence outside (0, 1), or negative ``n`` or ``squares``.

    Source: Student, Biometrika 6, 1 (1908).
    """
    _check(n, squares, confidence)
    if not n > 1.0:
        return UNKNOWN
    half = student_quantile(n - 1.0, confidence) * math.sqrt(squares / (n - 1.0) / n)
    return mean - half, mean + half


def asymptotic_confidence_sequence(
    n: int, mean: float, squares: float, *, confidence: float = 0.95, tightest_at: int = 1000
) -> Bounds:
    """An interval for a mean that stays valid while one watches it and stops at will, asymptotically in n.

    Arguments as in `student_interval`; ``tightest_at`` is the n at which it is to be narrowest, chosen beforehand.

    Raises:
        InputError: as `student_interval`, or ``tightest_at`` below 1.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv 2103.06476, theorem 2.2 and appendix on the choice
    of ρ: half width = s sqrt(2 (nρ² + 1)/(n²ρ²) ln(sqrt(nρ² + 1)/α)).
    """
    _check(n, squares, confidence)
    if tightest_at < 1:
        raise InputError("not a number of values", where="tightest_at", expected=">= 1", got=repr(tightest_at))
    if n < 2:
        return UNKNOWN
    surprise = -2.0 * math.log1p(-confidence)
    rho = (surprise + math.log1p(surprise)) / tightest_at
    inflation = 2.0 * (n * rho + 1.0) / (n * n * rho) * (0.5 * math.log1p(n * rho) + 0.5 * surprise)
    half = math.sqrt(squares / (n - 1) * inflation)
    return mean - half, mean + half


def ratio_interval(
    n: int,
    mean_x: float,
    mean_y: float,
    *,
    squares_x: float,
    squares_y: float,
    products: float,
    confidence: float = 0.95,
) -> Bounds:
    """The interval for mean(x)/mean(y) from n pairs, by the delta method with Student's quantile.

    ``squares_x``, ``squares_y`` and ``products`` are the sums of squared deviations and of their products.  (nan, nan)
    below two pairs or where mean(y) is 0 or all but 0; trust it where mean(y) is many standard errors from 0.

    Raises:
        InputError: confidence outside (0, 1), or a negative ``n`` or sum of squares.

    Source: var = (s_xx - 2R s_xy + R² s_yy)/(n ȳ²), e.g. Cochran, Sampling Techniques, 2.11.
    """
    _check(n, squares_x, confidence)
    _check(n, squares_y, confidence)
    if n < 2 or mean_y == 0.0:
        return UNKNOWN
    ratio = mean_x / mean_y
    if not math.isfinite(ratio * ratio):
        return UNKNOWN
    residual = squares_x - 2.0 * ratio * products + ratio * ratio * squares_y
    half = student_interval(n, 0.0, 0.0 if residual < 0.0 else residual, confidence=confidence)[1] / abs(mean_y)
    return ratio - half, ratio + half


@lru_cache(maxsize=4096)
def student_quantile(freedom: float, confidence: float) -> float:
    """The t whose interval ±t holds Student's variable of this many degrees of freedom with this confidence."""
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, (1.0 - confidence) / 2.0))


def _check(n: float, squares: float, confidence: float) -> None:
    if n < 0 or squares < 0.0:
        raise InputError(
            "moments that cannot be", where="interval", expected="n >= 0 and squares >= 0", got=f"{n!r}, {squares!r}"
        )
    if not 0.0 < confidence < 1.0:
        raise InputError(
            "not a confidence", where="confidence", expected="a number strictly between 0 and 1", got=repr(confidence)
        )
