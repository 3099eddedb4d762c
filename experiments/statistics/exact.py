"""The two probabilities that just explain a count by an exact binomial tail: the ends of Clopper and Pearson.

The inverse of the incomplete beta function would give them, but scipy's ``betaincinv`` is wrong by whole factors for
rare errors among many shots (by 2.5 at 1000 errors among 1e10 shots).  Its forward ``betainc`` is right, so it is
inverted here along the likelihood: at the p where the log likelihood has dropped by r²/2 the tail is about Φ(-r), and
never above exp(-r²/2) (Chernoff), which brackets r.

>>> f"{lowest_rate(10, 1000, tail=0.025):.6f} {highest_rate(10, 1000, tail=0.025):.6f}"
'0.004806 0.018313'
"""

from __future__ import annotations

import math
from collections.abc import Callable

from experiments.statistics.deviance import endpoints

_NO_DROP = 1e-12
_R_TOLERANCE = 1e-11
"""An error of this size in r moves the end by 1e-11/sqrt(errors) of itself."""


def lowest_rate(errors: int, shots: int, *, tail: float) -> float:
    """The p at which ``errors`` or more among ``shots`` have probability ``tail`` < 1/2; 0 without errors."""
    from scipy.special import betainc

    if not errors:
        return 0.0
    if errors == shots:
        return math.exp(math.log(tail) / shots)

    def low(r: float) -> float:
        return endpoints(errors, shots, drop=0.5 * r * r)[0]

    return low(_solve(lambda r: float(betainc(errors, shots - errors + 1, low(r))), tail))


def highest_rate(errors: int, shots: int, *, tail: float) -> float:
    """The p at which ``errors`` or fewer among ``shots`` have probability ``tail`` < 1/2; 1 where all are errors."""
    from scipy.special import betaincc

    if errors == shots:
        return 1.0
    if not errors:
        return -math.expm1(math.log(tail) / shots)

    def high(r: float) -> float:
        return endpoints(errors, shots, drop=0.5 * r * r)[1]

    return high(_solve(lambda r: float(betaincc(errors + 1, shots - errors, high(r))), tail))


def _solve(tail_at: Callable[[float], float], tail: float) -> float:
    from scipy.optimize import brentq
    from scipy.special import ndtri

    target = float(ndtri(tail))
    most = math.sqrt(-2.0 * math.log(tail)) * (1.0 + 1e-9)
    return float(brentq(lambda r: float(ndtri(tail_at(r))) - target, _NO_DROP, most, xtol=_R_TOLERANCE))
