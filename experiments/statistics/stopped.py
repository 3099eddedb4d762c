"""The unbiased error rate after stopping at the end of the first batch with enough errors.

Stopping when errors have come in makes errors/shots too large on average: by 11 % at 10 errors, by 1 % at 100.  With
single shots Haldane's (errors - 1)/(shots - 1) mends it; batches need the same idea once more.

Say sampling stopped after n shots and e errors, the last batch had b shots, and the rule was to stop at the first
batch end with K errors or more.  The first shot alone is an unbiased estimate of p; its mean given (n, e, b) is
unbiased as well and has the least variance (Rao and Blackwell).  Given (n, e), all ways of placing e errors among n
shots are equally likely, save that the m = n - b shots before the last batch hold J <= K - 1 errors, or sampling would
have stopped earlier.  J is hypergeometric, the first m shots are alike, and so

    estimate = E[J | J <= K - 1] / m,        J ~ Hypergeometric(n shots, e of them errors, m drawn).

In the first batch (m = 0), and where another rule ended the run (e < K, so that the condition is empty), this is e/n.

>>> unbiased_rate(10, 1000, last_batch=1, max_errors=10) == 9 / 999
True
"""

from __future__ import annotations

import math

from experiments.errors import InputError

_NEGLIGIBLE = 1e-18
"""Terms this small beside the largest no longer change a float64 sum."""


def unbiased_rate(errors: int, shots: int, *, last_batch: int, max_errors: int) -> float:
    """The unbiased estimate of the error probability per shot; nan without shots.

    ``last_batch`` is the number of shots of the last batch counted, ``max_errors`` the target of the stop rule.  The
    schedule of batches must not depend on the results.  With ``max_errors`` = 1 the only unbiased estimate is 0
    everywhere but in the first batch: it is correct on average and of no use, so callers demand at least 2.  Works in
    O(sqrt(max_errors)) steps, for up to 1e12 shots and more, to 1e-12 relative.

    Raises:
        InputError: counts that no run with this rule can have left.

    Source: Haldane, Biometrika 33, 222 (1945) for batches of one; the rest is derived above.
    """
    if not 0 <= errors <= shots or not 0 <= last_batch <= shots or max_errors < 1:
        raise InputError(
            "counts that cannot be",
            where="unbiased_rate",
            expected="0 <= errors <= shots, 0 <= last_batch <= shots, max_errors >= 1",
            got=f"errors = {errors!r}, shots = {shots!r}, last_batch = {last_batch!r}, max_errors = {max_errors!r}",
        )
    if not shots:
        return math.nan
    before = shots - last_batch
    most = max_errors - 1
    if not before or errors <= most:
        return errors / shots
    fewest = max(0, errors - last_batch)
    if fewest > most:
        raise InputError(
            "sampling had to stop before the last batch",
            where="unbiased_rate",
            expected=f"fewer than max_errors = {max_errors} errors before it",
            got=f"at least {fewest}",
            cure="count only the batches up to the first end with max_errors errors",
        )
    if _never_more_than(most, errors, before, shots):
        return errors / shots
    return _truncated_mean(fewest, min(most, before), errors, before, shots) / before


def _never_more_than(most: int, errors: int, drawn: int, shots: int) -> bool:
    """Whether J > most is so unlikely that leaving it out changes the mean by less than 1e-12 of itself.

    Source: Hoeffding, J. Am. Stat. Assoc. 58, 13 (1963), theorem 4: P(J >= x) <= exp(-e KL(x/e, m/n)).
    """
    fraction, share = (most + 1) / errors, drawn / shots
    if not share < fraction < 1.0:
        return False
    divergence = fraction * math.log(fraction / share) + (1.0 - fraction) * math.log((1.0 - fraction) / (1.0 - share))
    return errors * divergence > 30.0 - math.log(share)


def _truncated_mean(fewest: int, most: int, errors: int, drawn: int, shots: int) -> float:
    """The mean of J between ``fewest`` and ``most``, summed outwards from its likeliest value."""
    unmarked_left = shots - drawn - errors
    likeliest = (errors + 1) * (drawn + 1) // (shots + 2)
    start = max(fewest, min(likeliest, most))
    total, moment, weight = 1.0, 0.0, 1.0
    for j in range(start, fewest, -1):
        weight *= j * (unmarked_left + j) / ((errors - j + 1) * (drawn - j + 1))
        total += weight
        moment -= weight * (start - j + 1)
        if weight < _NEGLIGIBLE:
            break
    weight = 1.0
    for j in range(start, most):
        weight *= (errors - j) * (drawn - j) / ((j + 1) * (unmarked_left + j + 1))
        total += weight
        moment += weight * (j - start + 1)
        if weight < _NEGLIGIBLE:
            break
    return start + moment / total
