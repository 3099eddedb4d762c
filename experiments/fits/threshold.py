"""The threshold p_c of a code family, from error counts at several distances and noise strengths.

The finite-size-scaling curve of `finite_size_scaling` is fitted by binomial maximum likelihood to the points with p
within a factor of two of p_c; the interval is the profile likelihood's, widened where the curve does not fit.

>>> p, d = [0.008, 0.01, 0.0125] * 2, [3, 3, 3, 5, 5, 5]
>>> fit = fit_threshold(p, d, [100_000] * 6, [3630, 5000, 6857, 2946, 5000, 8400])
>>> round(fit.p_c, 4)
0.01

What a user should know.  Real codes obey the scaling form only for large distances.  Rotated surface codes of distance
3, 5, 7 and 9 (d rounds, circuit depolarizing noise, matching) cross pairwise at p = 0.0063, 0.0073 and 0.0077: the p_c
of plain scaling is that of the distances given and not of the code family.  With three distances or more the default
``correction="auto"`` therefore does two things.

1. Where plain scaling is refuted, the fit is made with a correction D d^(-2).  It is refuted when such a correction
   takes so much off the deviance, in units of the overdispersion left, as it would with a chance below 10^-3 if there
   were no drift.  (The deviance as a whole is the blunter test: it needs three times the shots.)  A false alarm costs
   precision only, for D = 0 is plain scaling.
2. The interval covers what the exponent may do.  The fitted points are fitted with d^-1, d^-2, d^-3 and d^-4 as well,
   and the interval is the smallest one around all of theirs and the fit's own.  Three distances cannot tell these
   exponents apart (deviance 27 on 18 for d^-1, 39 on 21 for the others), and few shots cannot tell that there is drift:
   on counts drawn from a curve fitted to the codes above, with 2 000 to 40 000 shots a point, the interval of plain
   scaling alone held the true p_c in none of 200 draws, while plain scaling was refuted in 85 of them; this one held
   it in 199.

The factor of two is the widest window in which the quadratic curve describes two neighbouring distances at 10^6 shots a
point (deviance 7 to 10 on 3 to 5 degrees of freedom; without a window 91 to 93 on 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from experiments.errors import InputError
from experiments.fits.binomial_likelihood import lack_of_fit_p
from experiments.fits.observations import BoolArray, Observations
from experiments.fits.scaling_fit import WHERE, Form, fit_scaling, neighbouring_crossings
from experiments.fits.threshold_fit import REFUTED_BELOW, PlainScaling, ThresholdFit

Correction: TypeAlias = float | Literal["auto"] | None
"""Exponent μ of a correction D d^(-μ) to scaling, None for plain scaling, or ``"auto"``."""
AUTOMATIC_EXPONENT = 2.0
"""The exponent of the correction that replaces plain scaling."""
SPREAD_EXPONENTS = (1.0, 2.0, 3.0, 4.0)
"""Exponents whose intervals the published one encloses."""


def fit_threshold(
    x: ArrayLike | Sequence[float],
    distance: ArrayLike | Sequence[float],
    shots: ArrayLike | Sequence[int],
    errors: ArrayLike | Sequence[int],
    *,
    confidence: float = 0.95,
    window: tuple[float, float] | None = None,
    degree: int = 2,
    correction: Correction = "auto",
) -> ThresholdFit:
    """The noise strength at which the curves of all distances cross, by finite-size scaling.

    Args:
        x: noise strength of each point, above 0.
        distance: code distance of each point.
        shots: shots of each point; points with none are left out.
        errors: logical errors among the shots.
        confidence: of the interval, in (0, 1).
        window: fit the points with window[0] <= x <= window[1]; by default those within a factor of two of p_c, the
            factor widened by √2 at a time until there are more points than parameters, at two distances or more (three
            with a correction).
        degree: of the polynomial in the scaling variable.
        correction: ``"auto"`` (see the module: plain scaling, or d^-2 where that is refuted, and an interval that
            covers d^-1 to d^-4); None for plain scaling and its own interval; or the exponent μ of a correction
            D d^(-μ) whose amplitude D is fitted (from 3 distances up), with its own interval.  At two distances
            ``"auto"`` is plain scaling: p_c is where these two cross, and nothing is known of drift.

    Raises:
        InputError: impossible counts, fewer than two distances, no errors, or no crossing inside the data.

    Source: Wang, Harrington, Preskill, Annals of Physics 303 (2003) 31.
    """
    data = Observations.checked(x, distance, shots, errors, where=WHERE)
    _check_options(confidence=confidence, degree=degree, correction=correction)
    if correction == "auto":
        fit = _automatic(data, degree, confidence, window)
    else:
        fit = fit_scaling(data, Form(degree, correction), confidence=confidence, window=window)
    with_shots = np.flatnonzero(np.asarray(shots))
    return replace(
        fit,
        points_used=tuple(int(with_shots[place]) for place in fit.points_used),
        crossings=neighbouring_crossings(data.where(_chosen(data, fit)), degree),
    )


def _automatic(data: Observations, degree: int, confidence: float, window: tuple[float, float] | None) -> ThresholdFit:
    fit = fit_scaling(data, Form(degree), confidence=confidence, window=window)
    if len(np.unique(data.distance[list(fit.points_used)])) < 3:
        return fit
    chance = _chance_without_drift(fit, data, degree)
    if chance < REFUTED_BELOW:
        refuted = PlainScaling(fit.p_c, fit.deviance, fit.dof, chance)
        with suppress(InputError):  # else plain scaling stays, marked as refuted, in the wide interval of the spread
            fit = fit_scaling(data, Form(degree, AUTOMATIC_EXPONENT), confidence=confidence, window=window)
        fit = replace(fit, refuted=refuted)
    return _with_spread(fit, data, degree)


def _chance_without_drift(plain: ThresholdFit, data: Observations, degree: int) -> float:
    """Chance that a correction takes as much off the deviance as it does, were there no drift; 1 if it has no fit.

    A likelihood-ratio test of one parameter, in units of the overdispersion that the correction leaves.
    """
    try:
        other = _with_exponent(AUTOMATIC_EXPONENT, plain, data, degree)
    except InputError:
        return 1.0
    return lack_of_fit_p(max(0.0, plain.deviance - other.deviance) / other.overdispersion, 1)


def _with_exponent(exponent: float, fit: ThresholdFit, data: Observations, degree: int) -> ThresholdFit:
    """The points of ``fit`` fitted with a correction of this exponent, wherever its p_c lies."""
    form = Form(degree, exponent, extrapolated=True)
    return fit_scaling(data.where(_chosen(data, fit)), form, confidence=fit.confidence, window=(0.0, np.inf))


def _with_spread(fit: ThresholdFit, data: Observations, degree: int) -> ThresholdFit:
    """The fit with an interval that covers corrections of other exponents; an open one if such a fit is impossible."""
    low, high = fit.low, fit.high
    spread: list[tuple[float, float | None]] = []
    for exponent in SPREAD_EXPONENTS:
        try:
            other = _with_exponent(exponent, fit, data, degree)
        except InputError:
            low, high = 0.0, np.inf
            spread.append((exponent, None))
            continue
        low, high = min(low, other.low), max(high, other.high)
        spread.append((exponent, other.p_c))
    return replace(fit, low=low, high=high, spread=tuple(spread))


def _chosen(data: Observations, fit: ThresholdFit) -> BoolArray:
    """True at the points of ``data`` that were fitted."""
    return np.isin(np.arange(len(data)), fit.points_used)


def _check_options(*, confidence: float, degree: int, correction: Correction) -> None:
    if not 0.0 < confidence < 1.0:
        raise InputError("not a confidence", where="confidence", expected="a number in (0, 1)", got=f"{confidence:g}")
    if degree < 1:
        raise InputError("not a degree", where="degree", expected="an integer of at least 1", got=str(degree))
    if correction is None or correction == "auto":
        return
    if not (isinstance(correction, int | float) and not isinstance(correction, bool) and correction > 0.0):
        expected = 'a number above 0, None or "auto"'
        raise InputError("not an exponent", where="correction", expected=expected, got=repr(correction))
