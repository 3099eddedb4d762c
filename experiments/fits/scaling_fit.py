"""One finite-size-scaling fit of given form: the window of points near p_c, the likelihood's maximum, its interval.

`fit_scaling` is what `experiments.fits.threshold.fit_threshold` calls for plain scaling and for every exponent of a
correction; which of them to believe is decided there.

>>> data = Observations.checked([8e-3, 0.01, 0.0125] * 2, [3] * 3 + [5] * 3, [10**5] * 6,
...                             [3630, 5000, 6857, 2946, 5000, 8400], where="threshold")
>>> fit_scaling(data, Form(degree=1), confidence=0.95).dof
2
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from experiments.errors import InputError
from experiments.fits.binomial_likelihood import Counts, Maximum, lack_of_fit_p, maximise, profile_interval
from experiments.fits.finite_size_scaling import FIRST_COEFFICIENT, INVERSE_NU, LOG_THRESHOLD, FiniteSizeScaling
from experiments.fits.observations import BoolArray, Observations
from experiments.fits.threshold_fit import Crossing, ThresholdFit

WINDOW_FACTOR = 2.0
"""Points with p between p_c / 2 and 2 p_c are fitted, unless too few lie there."""
WHERE = "threshold"


@dataclass(frozen=True, slots=True)
class Form:
    """The form of the curve: degree of its polynomial, and the exponent μ of a correction D d^(-μ) or None.

    With ``extrapolated`` a p_c outside the data is no refusal.
    """

    degree: int = 2
    correction: float | None = None
    extrapolated: bool = False

    def at(self, data: Observations) -> FiniteSizeScaling:
        """The curve at the points of ``data``."""
        return FiniteSizeScaling(data.x, data.distance, self.degree, self.correction)


def fit_scaling(
    data: Observations, form: Form, *, confidence: float, window: tuple[float, float] | None = None
) -> ThresholdFit:
    """The threshold of one form of curve; ``points_used`` are indices into ``data``, ``crossings`` are left out.

    ``window`` is as in `experiments.fits.threshold.fit_threshold`; (0, inf) fits every point.

    Raises:
        InputError: too few distances or points, no errors, or no crossing inside the data.
    """
    require_crossing_data(data, form)
    if window is None:
        chosen, best = _automatic_window(data, form)
    else:
        chosen = (data.x >= window[0]) & (data.x <= window[1])
        require_crossing_data(data.where(chosen), form)
        best = _maximum(data.where(chosen), form)
    fitted = data.where(chosen)
    dof = len(fitted) - len(best.parameters)
    overdispersion = max(1.0, best.deviance / dof) if dof > 0 else 1.0
    log_error = float(np.sqrt(overdispersion * best.covariance()[LOG_THRESHOLD, LOG_THRESHOLD]))
    log_low, log_high = _interval(fitted, best, form, confidence, overdispersion)
    p_c = float(np.exp(best.parameters[LOG_THRESHOLD]))
    coefficients = best.parameters[FIRST_COEFFICIENT : FIRST_COEFFICIENT + form.degree + 1]
    return ThresholdFit(
        p_c=p_c,
        low=float(np.exp(log_low)),
        high=float(np.exp(log_high)),
        confidence=confidence,
        standard_error=p_c * log_error,
        nu=1.0 / float(best.parameters[INVERSE_NU]),
        coefficients=tuple(float(c) for c in coefficients),
        correction=None if form.correction is None else (float(best.parameters[-1]), form.correction),
        deviance=best.deviance,
        dof=dof,
        lack_of_fit_p=lack_of_fit_p(best.deviance, dof),
        overdispersion=overdispersion,
        points_used=tuple(int(i) for i in np.flatnonzero(chosen)),
        window=(float(fitted.x.min()), float(fitted.x.max())),
        crossings=(),
    )


def require_crossing_data(data: Observations, form: Form) -> None:
    """Refuse data that cannot say where curves cross.

    Raises:
        InputError: fewer than two distances (three with a correction), or not a single error.
    """
    needed = 2 if form.correction is None else 3
    distances = np.unique(data.distance)
    if len(distances) < needed:
        raise InputError(
            "a threshold is where curves cross",
            where=WHERE,
            expected=f"at least {needed} distances with shots",
            got=", ".join(f"{d:g}" for d in distances),
            cure="add distances to the grid",
        )
    if not data.errors.any():
        raise InputError(
            "not a single error was seen",
            where=WHERE,
            expected="errors on both sides of the threshold",
            got=f"0 in {data.shots.sum():g} shots",
            cure="raise the noise or the shots",
        )


def neighbouring_crossings(data: Observations, degree: int) -> tuple[Crossing, ...]:
    """Where each distance crosses the next one, by plain scaling of these two; none at two distances."""
    distances = np.unique(data.distance)
    if len(distances) < 3:
        return ()
    crossings = []
    for small, large in pairwise(distances):
        try:
            best = _maximum(data.where((data.distance == small) | (data.distance == large)), Form(degree))
            error = float(np.sqrt(best.covariance()[LOG_THRESHOLD, LOG_THRESHOLD]))
        except InputError:
            continue
        p = float(np.exp(best.parameters[LOG_THRESHOLD]))
        crossings.append(Crossing(float(small), float(large), p, p * error))
    return tuple(crossings)


def _automatic_window(data: Observations, form: Form) -> tuple[BoolArray, Maximum]:
    best = _maximum(data, form)
    needed = len(best.parameters)
    chosen = np.ones(len(data), dtype=bool)
    for _ in range(5):
        offsets = np.abs(np.log(data.x) - best.parameters[LOG_THRESHOLD])
        half_width = np.log(WINDOW_FACTOR)
        while True:
            inside = offsets <= half_width
            distances = len(np.unique(data.distance[inside]))
            enough = inside.sum() > needed and distances >= 2 + (form.correction is not None)
            if enough or inside.all():
                break
            half_width += 0.5 * np.log(2.0)
        if (inside == chosen).all():
            break
        chosen, best = inside, _maximum(data.where(inside), form, near=best)
    return chosen, best


def _maximum(data: Observations, form: Form, *, near: Maximum | None = None) -> Maximum:
    model = form.at(data)
    if len(data) < model.parameter_count:
        raise InputError(
            "too few points near the crossing",
            where=WHERE,
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
    if not (form.extrapolated or data.x.min() <= p_c <= data.x.max()):
        raise _no_crossing(data, f"a best p_c of {p_c:.3g}")
    if best.parameters[INVERSE_NU] <= 0 or best.parameters[FIRST_COEFFICIENT + 1] <= 0:
        raise _no_crossing(data, "curves that do not grow steeper with distance")
    return best


def _interval(
    data: Observations, best: Maximum, form: Form, confidence: float, overdispersion: float
) -> tuple[float, float]:
    from scipy.special import gammaincinv

    reach = (float(np.log(data.x.min() / 3.0)), float(np.log(data.x.max() * 3.0)))
    if not reach[0] < best.parameters[LOG_THRESHOLD] < reach[1]:
        return -np.inf, np.inf
    rise = 2.0 * float(gammaincinv(0.5, confidence)) * overdispersion
    counts = Counts(data.shots, data.errors)
    return profile_interval(form.at(data), best, counts, LOG_THRESHOLD, rise=rise, bounds=reach)


def _no_crossing(data: Observations, got: str) -> InputError:
    return InputError(
        "the curves do not cross inside the data",
        where=WHERE,
        expected=f"a crossing between {data.x.min():g} and {data.x.max():g}",
        got=got,
        cure="widen the range of noise strengths around the threshold or add shots",
    )
