"""The threshold p_c of a code family, from error counts at several distances and noise strengths.

The finite-size-scaling curve of `finite_size_scaling` is fitted by binomial maximum likelihood to the points with p
within a factor of two of p_c; the interval is the profile likelihood's, widened where the curve does not fit.

>>> p, d = [0.008, 0.01, 0.0125] * 2, [3, 3, 3, 5, 5, 5]
>>> fit = fit_threshold(p, d, [100_000] * 6, [3630, 5000, 6857, 2946, 5000, 8400])
>>> round(fit.p_c, 4)
0.01

What a user should know.  Real codes obey the scaling form only for large distances.  Rotated surface codes of distance
3, 5, 7 and 9 (d rounds, circuit depolarizing noise, matching) cross pairwise at p = 0.0062, 0.0074 and 0.0076.  For
d = 3, 5, 7 and 10^6 shots a point the deviance is some 36 times its degrees of freedom; at 2*10^4 shots a point its
excess is 7 on 10 degrees of freedom and easily missed.  The fit therefore reports its lack of fit and the crossings of
neighbouring distances.  Where they drift, p_c is that of the distances given and not of the code family: leave out the
smallest distance or fit a correction (``correction=2`` gives 0.0077 from 3, 5, 7 and 0.0078 from 3, 5, 7, 9).  The
factor of two is the widest window in which the quadratic curve describes two neighbouring distances at 10^6 shots a
point (deviance 7 to 10 on 3 to 5 degrees of freedom; without a window 91 to 93 on 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from experiments.errors import InputError
from experiments.fits.binomial_likelihood import Counts, Maximum, lack_of_fit_p, maximise, profile_interval
from experiments.fits.finite_size_scaling import FIRST_COEFFICIENT, INVERSE_NU, LOG_THRESHOLD, FiniteSizeScaling
from experiments.fits.observations import BoolArray, Observations
from experiments.fits.threshold_fit import Crossing, ThresholdFit

WINDOW_FACTOR = 2.0
"""Points with p between p_c / 2 and 2 p_c are fitted, unless too few lie there."""
_WHERE = "threshold"


def fit_threshold(
    x: ArrayLike | Sequence[float],
    distance: ArrayLike | Sequence[float],
    shots: ArrayLike | Sequence[int],
    errors: ArrayLike | Sequence[int],
    *,
    confidence: float = 0.95,
    window: tuple[float, float] | None = None,
    degree: int = 2,
    correction: float | None = None,
) -> ThresholdFit:
    """The noise strength at which the curves of all distances cross, by finite-size scaling.

    Args:
        x: noise strength of each point, above 0.
        distance: code distance of each point.
        shots: shots of each point; points with none are left out.
        errors: logical errors among the shots.
        confidence: of the interval, in (0, 1).
        window: fit the points with window[0] <= x <= window[1]; by default those within a factor of two of p_c, the
            factor widened by √2 at a time until there are more points than parameters, at two distances or more.
        degree: of the polynomial in the scaling variable.
        correction: exponent μ of a correction D d^(-μ) to scaling; its amplitude D is fitted (from 3 distances up).

    Raises:
        InputError: impossible counts, fewer than two distances, no errors, or no crossing inside the data.

    Source: Wang, Harrington, Preskill, Annals of Physics 303 (2003) 31.
    """
    data = Observations.checked(x, distance, shots, errors, where=_WHERE)
    with_shots = np.flatnonzero(np.asarray(shots))
    _check_options(confidence=confidence, degree=degree, correction=correction)
    _check_determinable(data, correction)
    if window is not None:
        chosen = (data.x >= window[0]) & (data.x <= window[1])
        _check_determinable(data.where(chosen), correction)
        best = _maximum(data.where(chosen), degree, correction)
    else:
        chosen, best = _automatic_window(data, degree, correction)
    fitted = data.where(chosen)
    dof = len(fitted) - len(best.parameters)
    overdispersion = max(1.0, best.deviance / dof) if dof > 0 else 1.0
    log_error = float(np.sqrt(overdispersion * best.covariance()[LOG_THRESHOLD, LOG_THRESHOLD]))
    log_low, log_high = _interval(fitted, best, degree, correction, confidence, overdispersion)
    p_c = float(np.exp(best.parameters[LOG_THRESHOLD]))
    return ThresholdFit(
        p_c=p_c,
        low=float(np.exp(log_low)),
        high=float(np.exp(log_high)),
        confidence=confidence,
        standard_error=p_c * log_error,
        nu=1.0 / float(best.parameters[INVERSE_NU]),
        coefficients=tuple(float(c) for c in best.parameters[FIRST_COEFFICIENT : FIRST_COEFFICIENT + degree + 1]),
        correction=None if correction is None else (float(best.parameters[-1]), correction),
        deviance=best.deviance,
        dof=dof,
        lack_of_fit_p=lack_of_fit_p(best.deviance, dof),
        overdispersion=overdispersion,
        points_used=tuple(int(i) for i in with_shots[chosen]),
        window=(float(fitted.x.min()), float(fitted.x.max())),
        crossings=_neighbouring_crossings(fitted, degree),
    )


def _automatic_window(data: Observations, degree: int, correction: float | None) -> tuple[BoolArray, Maximum]:
    best = _maximum(data, degree, correction)
    needed = len(best.parameters)
    chosen = np.ones(len(data), dtype=bool)
    for _ in range(5):
        offsets = np.abs(np.log(data.x) - best.parameters[LOG_THRESHOLD])
        half_width = np.log(WINDOW_FACTOR)
        while True:
            inside = offsets <= half_width
            enough = inside.sum() > needed and len(np.unique(data.distance[inside])) >= 2 + (correction is not None)
            if enough or inside.all():
                break
            half_width += 0.5 * np.log(2.0)
        if (inside == chosen).all():
            break
        chosen, best = inside, _maximum(data.where(inside), degree, correction, near=best)
    return chosen, best


def _maximum(data: Observations, degree: int, correction: float | None, *, near: Maximum | None = None) -> Maximum:
    model = FiniteSizeScaling(data.x, data.distance, degree, correction)
    if len(data) < model.parameter_count:
        raise InputError(
            "too few points near the crossing",
            where=_WHERE,
            expected=f"at least {model.parameter_count} points with shots",
            got=str(len(data)),
            cure="add noise strengths or distances, or lower degree",
        )
    counts = Counts(data.shots, data.errors)
    starts = model.starts(counts) if near is None else [near.parameters]
    best: Maximum | None = None
    for start in starts:
        try:
            candidate = maximise(model, start, counts)
        except InputError:
            continue
        if best is None or candidate.deviance < best.deviance - 1e-9:
            best = candidate
    if best is None:
        raise _no_crossing(data, "no maximum of the likelihood")
    p_c = float(np.exp(np.clip(best.parameters[LOG_THRESHOLD], -700, 700)))
    if not data.x.min() <= p_c <= data.x.max():
        raise _no_crossing(data, f"a best p_c of {p_c:.3g}")
    if best.parameters[INVERSE_NU] <= 0 or best.parameters[FIRST_COEFFICIENT + 1] <= 0:
        raise _no_crossing(data, "curves that do not grow steeper with distance")
    return best


def _interval(
    data: Observations, best: Maximum, degree: int, correction: float | None, confidence: float, overdispersion: float
) -> tuple[float, float]:
    from scipy.special import gammaincinv

    model = FiniteSizeScaling(data.x, data.distance, degree, correction)
    reach = (float(np.log(data.x.min() / 3.0)), float(np.log(data.x.max() * 3.0)))
    rise = 2.0 * float(gammaincinv(0.5, confidence)) * overdispersion
    return profile_interval(model, best, Counts(data.shots, data.errors), LOG_THRESHOLD, rise=rise, bounds=reach)


def _neighbouring_crossings(data: Observations, degree: int) -> tuple[Crossing, ...]:
    distances = np.unique(data.distance)
    if len(distances) < 3:
        return ()
    crossings = []
    for small, large in pairwise(distances):
        try:
            best = _maximum(data.where((data.distance == small) | (data.distance == large)), degree, None)
            error = float(np.sqrt(best.covariance()[LOG_THRESHOLD, LOG_THRESHOLD]))
        except InputError:
            continue
        p = float(np.exp(best.parameters[LOG_THRESHOLD]))
        crossings.append(Crossing(float(small), float(large), p, p * error))
    return tuple(crossings)


def _check_options(*, confidence: float, degree: int, correction: float | None) -> None:
    if not 0.0 < confidence < 1.0:
        raise InputError("not a confidence", where="confidence", expected="a number in (0, 1)", got=f"{confidence:g}")
    if degree < 1:
        raise InputError("not a degree", where="degree", expected="an integer of at least 1", got=str(degree))
    if correction is not None and not correction > 0.0:
        raise InputError("not an exponent", where="correction", expected="a number above 0", got=f"{correction:g}")


def _check_determinable(data: Observations, correction: float | None) -> None:
    needed = 2 if correction is None else 3
    distances = np.unique(data.distance)
    if len(distances) < needed:
        raise InputError(
            "a threshold is where curves cross",
            where=_WHERE,
            expected=f"at least {needed} distances with shots",
            got=", ".join(f"{d:g}" for d in distances),
            cure="add distances to the grid",
        )
    if not data.errors.any():
        raise InputError(
            "not a single error was seen",
            where=_WHERE,
            expected="errors on both sides of the threshold",
            got=f"0 in {data.shots.sum():g} shots",
            cure="raise the noise or the shots",
        )


def _no_crossing(data: Observations, got: str) -> InputError:
    return InputError(
        "the curves do not cross inside the data",
        where=_WHERE,
        expected=f"a crossing between {data.x.min():g} and {data.x.max():g}",
        got=got,
        cure="widen the range of noise strengths around the threshold or add shots",
    )
