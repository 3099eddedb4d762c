"""Where the binomial likelihood has dropped by a given amount, found without cancellation.

With p = p̂(1 + u) and 1 - p = (1 - p̂)(1 + v) the log likelihood ratio of p̂ = k/n over p is

    ln L(p̂) - ln L(p) = k h(u) + (n - k) h(v),        h(t) = t - ln(1 + t) >= 0,

because the first-order terms k u + (n - k) v vanish identically.  Subtracting two log likelihoods instead loses all
digits once n is large: at n = 1e15 both are near 1e15 while their difference is 2.  Here both terms are positive, and
h itself is summed so that none is lost.  The unknown is s = ln of the factor by which the shrinking probability
shrinks (p below p̂, 1 - p above), in which the drop is convex, so a bracketed Newton iteration
ends in two to four steps.

>>> distances(5, 10, drop=1.9207294103470632)
(0.28238622949568926, 0.28238622949568926)
"""

from __future__ import annotations

import math

_SERIES_BELOW = 0.05
_CLOSE = 3e-7
"""A Newton step this small leaves an error of about its square."""


def distances(errors: int, shots: int, *, drop: float) -> tuple[float, float]:
    """How far below and above p̂ = errors/shots the log likelihood has dropped by ``drop`` from its maximum.

    Both are accurate to about 1e-13 relative for shots up to 1e15.  They do not exceed p̂ and 1 - p̂.  Needs
    0 <= errors <= shots, shots >= 1 and drop > 0: callers check.
    """
    below = -_rate(errors, shots) * math.expm1(log_factor(errors, shots, drop=drop)) if errors else 0.0
    others = shots - errors
    above = -_rate(others, shots) * math.expm1(log_factor(others, shots, drop=drop)) if others else 0.0
    return below, above


def endpoints(errors: int, shots: int, *, drop: float) -> tuple[float, float]:
    """The two probabilities whose log likelihood is ``drop`` below the maximum, each to about 1e-13 relative."""
    others = shots - errors
    low = _rate(errors, shots) * math.exp(log_factor(errors, shots, drop=drop)) if errors else 0.0
    if not others:
        return low, 1.0
    factor = log_factor(others, shots, drop=drop)
    if errors < others:
        return low, _rate(errors, shots) - _rate(others, shots) * math.expm1(factor)
    return low, 1.0 - _rate(others, shots) * math.exp(factor)


def log_factor(shrinking: int, shots: int, *, drop: float) -> float:
    """ln(q/q̂) < 0 at which q̂ = shrinking/shots, moved down to q, costs ``drop`` in log likelihood.

    Needs 0 < shrinking <= shots and drop > 0.
    """
    growing = shots - shrinking
    if not growing:
        return -drop / shots
    ratio = shrinking / growing
    # Third-order expansion of the drop about s = 0, good to a few per cent for a hundred errors and more.
    step = math.sqrt(2.0 * drop / (shrinking * (1.0 + ratio)))
    s = -step * (1.0 + step * (1.0 + 2.0 * ratio) / 6.0)
    lowest, highest = -1.0 - drop / shrinking, 0.0
    s = max(s, lowest)
    for _ in range(200):
        shrunk = math.expm1(s)
        t = -shrunk * ratio
        value = shrinking * _exponential_excess(s, shrunk) + growing * _logarithm_deficit(t)
        slope = shrinking * (1.0 - (1.0 + shrunk) / (1.0 + t))
        if value > drop:
            lowest = s
        else:
            highest = s
        # Newton on the square root of the drop, which is nearly linear in s; its slope is slope / (2 sqrt(value)).
        following = s + 2.0 * (value - math.sqrt(value * drop)) / slope if slope > 0.0 else lowest
        if abs(following - s) <= _CLOSE * min(1.0, -s):
            return following
        if not lowest < following < highest:
            following = 0.5 * (lowest + highest)
        s = following
    return s


def _rate(count: int, shots: int) -> float:
    return count / shots


def _exponential_excess(s: float, shrunk: float) -> float:
    """exp(s) - 1 - s for s <= 0, given ``shrunk`` = expm1(s)."""
    if s < -_SERIES_BELOW:
        return shrunk - s
    inner = 1.0 + s / 7.0 * (1.0 + s / 8.0 * (1.0 + s / 9.0))
    return 0.5 * s * s * (1.0 + s / 3.0 * (1.0 + s / 4.0 * (1.0 + s / 5.0 * (1.0 + s / 6.0 * inner))))


def _logarithm_deficit(t: float) -> float:
    """t - ln(1 + t) for t >= 0, from ln(1 + t) = 2 artanh(r) with r = t/(2 + t)."""
    if t > _SERIES_BELOW:
        return t - math.log1p(t)
    r = t / (2.0 + t)
    square = r * r
    return t * r - 2.0 * r * square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square / 9)))
