"""Maximum likelihood for counts ``errors ~ Binomial(shots, rate(parameters))``, with profile-likelihood intervals.

A model is a function from parameters to rates and their gradient; everything here follows from the binomial likelihood,
so that a point with no errors at all weighs exactly what it should.  Deterministic: the same numbers in, the same out.

>>> def constant(parameters):
...     return np.full(2, parameters[0]), np.ones((2, 1))
>>> counts = Counts(np.array([100.0, 300.0]), np.array([10.0, 50.0]))
>>> round(float(maximise(constant, [0.5], counts).parameters[0]), 9)
0.15
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from experiments.errors import InputError
from experiments.fits.observations import FloatArray

RateModel: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Parameters (P,) to rates (N,) in [0, 1] and their gradient (N, P)."""

_SMALLEST_RATE = 1e-300
_LARGEST_RATE = 1.0 - 1e-15


@dataclass(frozen=True, slots=True)
class Counts:
    """Shots and errors of N points, float64 of shape (N,)."""

    shots: FloatArray
    errors: FloatArray


@dataclass(frozen=True, slots=True)
class Maximum:
    """The likelihood's maximum: parameters (P,), deviance there, expected information (P, P), rates and gradient."""

    parameters: FloatArray
    deviance: float
    information: FloatArray
    rates: FloatArray
    gradient: FloatArray

    def covariance(self) -> FloatArray:
        """Inverse of the information, shape (P, P).

        Raises:
            InputError: the data leave some combination of the parameters free.
        """
        scale = np.sqrt(np.diag(self.information))
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            raise _undetermined()
        correlation = self.information / np.outer(scale, scale)
        if np.linalg.cond(correlation) > 1e12:
            raise _undetermined()
        return np.asarray(np.linalg.inv(correlation) / np.outer(scale, scale))


def deviance(counts: Counts, rates: FloatArray) -> float:
    """Twice the log-likelihood lost against rates of exactly errors/shots at every point."""
    rates = np.clip(rates, _SMALLEST_RATE, _LARGEST_RATE)
    observed = counts.errors / counts.shots
    successes = counts.shots - counts.errors
    lost = counts.errors * np.log(np.where(counts.errors > 0, observed, rates) / rates)
    lost += successes * (np.log1p(-np.where(successes > 0, observed, rates)) - np.log1p(-rates))
    return 2.0 * float(lost.sum())


@np.errstate(over="ignore", invalid="ignore")  # a step so wild that it overflows is refused by its gradient
def maximise(
    model: RateModel, start: Sequence[float] | FloatArray, counts: Counts, *, held: int | None = None
) -> Maximum:
    """Parameters of largest likelihood, by Fisher scoring with Levenberg damping from ``start``.

    The parameter number ``held``, if any, stays at its start value.

    Raises:
        InputError: no maximum was found (the data do not determine the parameters).
    """
    parameters = np.array(start, dtype=np.float64)
    free = np.array([index != held for index in range(len(parameters))])
    rates, gradient = model(parameters)
    current = deviance(counts, rates)
    damping = 1e-4
    for _ in range(500):
        score, information = _score_and_information(counts, rates, gradient)
        score, information = score[free], information[np.ix_(free, free)]
        diagonal = np.diag(information)
        ridge = np.diag(np.maximum(diagonal, 1e-12 * max(float(diagonal.max(initial=0.0)), 1e-300)))
        while damping < 1e12:
            step = np.zeros_like(parameters)
            step[free] = _solved(information + damping * ridge, score)
            trial_rates, trial_gradient = model(parameters + step)
            trial = deviance(counts, trial_rates) if np.isfinite(trial_gradient).all() else np.inf
            if np.isfinite(trial) and trial <= current + 1e-13 * (1.0 + current):
                break
            damping *= 10.0
        else:
            break
        promised = float(step[free] @ score)
        parameters, rates, gradient, current = parameters + step, trial_rates, trial_gradient, trial
        if promised < 1e-10:
            _, information = _score_and_information(counts, rates, gradient)
            return Maximum(parameters, current, information, rates, gradient)
        damping = max(damping / 10.0, 1e-12)
    raise _undetermined()


def profile_interval(
    model: RateModel, best: Maximum, counts: Counts, index: int, *, rise: float, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Where the deviance, minimised over all other parameters, is ``rise`` above its minimum: (low, high).

    A side on which it stays below that up to ``bounds`` is open: minus or plus infinity.

    Source: Venzon and Moolgavkar, Applied Statistics 37 (1988) 87, solved here as a root of the signed root deviance.
    """
    error = float(np.sqrt(best.covariance()[index, index]))
    sides = [_profile_end(model, best, counts, index, side * error, rise=rise, bounds=bounds) for side in (-1.0, 1.0)]
    return sides[0], sides[1]


def lack_of_fit_p(deviance_left: float, degrees_of_freedom: int) -> float:
    """Chance of a deviance at least this large if the model were true (chi-square); 1 without degrees of freedom."""
    from scipy.special import gammaincc

    return float(gammaincc(degrees_of_freedom / 2, deviance_left / 2)) if degrees_of_freedom > 0 else 1.0


def _profile_end(
    model: RateModel,
    best: Maximum,
    counts: Counts,
    index: int,
    unit: float,
    *,
    rise: float,
    bounds: tuple[float, float],
) -> float:
    wanted = float(np.sqrt(rise))
    bound = bounds[0] if unit < 0 else bounds[1]
    furthest = (bound - best.parameters[index]) / unit
    nuisance = best.parameters
    inside, inside_root, outside, outside_root = 0.0, 0.0, np.inf, np.inf
    distance = wanted
    for _ in range(60):
        distance = min(distance, furthest)
        start = nuisance.copy()
        start[index] = best.parameters[index] + distance * unit
        held = maximise(model, start, counts, held=index)
        root = float(np.sqrt(max(held.deviance - best.deviance, 0.0)))
        if abs(root - wanted) < 1e-6 * wanted:
            return float(start[index])
        if root < wanted:
            if distance >= furthest:
                return float(np.copysign(np.inf, unit))
            inside, inside_root, nuisance = distance, root, held.parameters
        else:
            outside, outside_root = distance, root
        if np.isinf(outside):
            distance = min(distance * min(wanted / max(root, 0.2 * wanted), 4.0) * 1.0001, furthest)
        else:
            guess = inside + (outside - inside) * (wanted - inside_root) / (outside_root - inside_root)
            margin = 0.01 * (outside - inside)
            distance = float(np.clip(guess, inside + margin, outside - margin))
        if outside - inside < 1e-9 * outside:
            return float(best.parameters[index] + distance * unit)
    raise _undetermined()


def _solved(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Solution of the linear system, all nan where there is none."""
    try:
        return np.asarray(np.linalg.solve(matrix, vector))
    except np.linalg.LinAlgError:
        return np.full_like(vector, np.nan)


def _score_and_information(counts: Counts, rates: FloatArray, gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
    rates = np.clip(rates, _SMALLEST_RATE, _LARGEST_RATE)
    deviation = np.sqrt(rates * (1.0 - rates))
    weighted = gradient / deviation[:, None]
    score = weighted.T @ ((counts.errors - counts.shots * rates) / deviation)
    return score, weighted.T @ (weighted * counts.shots[:, None])


def _undetermined() -> InputError:
    return InputError(
        "the data do not determine the parameters of the model",
        where="fit",
        cure="add points or shots where the curves are told apart",
    )
