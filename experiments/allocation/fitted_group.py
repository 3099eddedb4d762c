"""One fit seen as a design problem: which points inform it, how much, and how sure its quantity is by now.

A group is the set of points of one fit: for a threshold all points that share ``Point.group``, for Λ those that share
the noise strength as well.

A threshold from three distances or more is designed for, and its error counted, with the amplitude D of a correction
to scaling free, also while the fit still has plain scaling with D = 0.  That error is what the fit's published interval
is made of.  Plain scaling alone would call a threshold sure that drift can move by many of its standard errors, and
spend the shots where drift does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.allocation.decision import Point
from experiments.fits.binomial_likelihood import Maximum
from experiments.fits.finite_size_scaling import FiniteSizeScaling
from experiments.fits.observations import FloatArray
from experiments.fits.suppression import SuppressionFit, SuppressionModel, fit_suppression
from experiments.fits.threshold import AUTOMATIC_EXPONENT, fit_threshold
from experiments.fits.threshold_fit import ThresholdFit


@dataclass(frozen=True, slots=True)
class FittedGroup:
    """A fit with its design: the points that inform it, as indices into all points, and their worth.

    ``jacobian`` (N, P) and ``unit_variance`` (N,) are of the fitted rates at ``informative`` (N); ``information``
    (P, P) is that of the shots already taken; ``target`` (P,) is the parameter combination whose variance is
    ``standard_error`` squared, absolute for p_c and relative for Λ.
    """

    fit: ThresholdFit | SuppressionFit
    informative: tuple[int, ...]
    jacobian: FloatArray
    unit_variance: FloatArray
    information: FloatArray
    target: FloatArray
    standard_error: float
    relative_error: float


def groups_of(points: Sequence[Point], quantity: str) -> list[tuple[int, ...]]:
    """Indices of the points of every fit, in order of first appearance."""
    found: dict[object, list[int]] = {}
    for index, point in enumerate(points):
        key = point.group if quantity == "threshold" else (point.group, point.x)
        found.setdefault(key, []).append(index)
    return [tuple(indices) for indices in found.values()]


def fit_group(points: Sequence[Point], indices: Sequence[int], quantity: str) -> FittedGroup:
    """Fit ``quantity`` to the points at ``indices``.

    Raises:
        InputError: the fit's refusal.
    """
    chosen = [points[index] for index in indices]
    x, distance = np.array([point.x for point in chosen]), np.array([point.curve for point in chosen])
    shots, errors = [point.shots for point in chosen], [point.errors for point in chosen]
    rounds = np.array([point.rounds for point in chosen])
    fit: ThresholdFit | SuppressionFit
    if quantity == "threshold":
        fit = fit_threshold(x, distance, shots, errors)
        used = np.array(fit.points_used)
        curve, parameters = _free_to_drift(fit, x[used], distance[used])
        rates, jacobian = curve(parameters)
        unit, value, stated = fit.p_c, fit.p_c, fit.statistical_error
    else:
        fit = fit_suppression(distance, rounds, shots, errors)
        used, parameters = np.array(fit.points_used), fit.parameters
        rates, jacobian = SuppressionModel(rounds[used], distance[used])(parameters)
        unit, value, stated = 1.0, 1.0, fit.statistical_error / fit.suppression
    unit_variance = np.clip(rates * (1.0 - rates), 1e-300, None)
    taken = np.array(shots, dtype=np.float64)[used] / unit_variance
    target = np.zeros(jacobian.shape[1])
    target[0] = unit
    information = jacobian.T @ (jacobian * taken[:, None])
    if len(parameters) > len(fit.parameters):
        at_present = Maximum(parameters, fit.deviance, information, rates, jacobian)
        stated = float(np.sqrt(target @ at_present.covariance() @ target))
    return FittedGroup(
        fit=fit,
        informative=tuple(indices[place] for place in used),
        jacobian=jacobian,
        unit_variance=unit_variance,
        information=information,
        target=target,
        standard_error=stated,
        relative_error=stated / value,
    )


def _free_to_drift(fit: ThresholdFit, x: FloatArray, distance: FloatArray) -> tuple[FiniteSizeScaling, FloatArray]:
    """The fit's curve at its points with a correction's amplitude among the parameters, 0 where the fit has none.

    It is the fit's own curve where the points could not tell such an amplitude (two distances, or few points).
    """
    if fit.correction is not None or fit.systematic is None:
        return fit.scaling(x, distance), fit.parameters
    model = FiniteSizeScaling(x, distance, len(fit.coefficients) - 1, AUTOMATIC_EXPONENT)
    return model, np.append(fit.parameters, 0.0)
