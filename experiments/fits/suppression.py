"""The suppression factor Λ: how much less often a logical error strikes, per round, when the distance grows by two.

The error rate per round is ε_d = A Λ^(-(d+1)/2), a shot of r rounds fails with probability P = (1 - (1 - 2ε)^r)/2, and
(A, Λ) are fitted by binomial maximum likelihood, so that distances without any error count for what they are.

>>> fit = fit_suppression([3, 5, 7], [10, 10, 10], [100_000] * 3, [9_062, 3_226, 1_100])
>>> round(fit.suppression, 1)
3.0

Source: Google Quantum AI, Nature 595 (2021) 383 and Nature 614 (2023) 676 (ε_d proportional to Λ^(-(d+1)/2)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.errors import InputError
from experiments.fits.binomial_likelihood import Counts, Maximum, lack_of_fit_p, maximise, profile_interval
from experiments.fits.observations import FloatArray, Observations
from experiments.statistics.estimate import Estimate

LOG_SUPPRESSION, LOG_PREFACTOR = 0, 1
"""Places in the parameter vector (log Λ, log A)."""
_WHERE = "lambda"


@dataclass(frozen=True, slots=True)
class SuppressionModel:
    """Failure probability of shots of ``rounds`` rounds at ``distance``, both of shape (N,).

    Called with (log Λ, log A) it gives rates (N,) and their gradient (N, 2).
    """

    rounds: FloatArray
    distance: FloatArray

    def __call__(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        steps = 0.5 * (self.distance + 1.0)
        log_per_round = parameters[LOG_PREFACTOR] - steps * parameters[LOG_SUPPRESSION]
        per_round = np.exp(np.clip(log_per_round, -600.0, np.log(0.5 - 1e-12)))
        decay = self.rounds * np.log1p(-2.0 * per_round)
        rates = -0.5 * np.expm1(decay)
        slope = self.rounds * per_round * np.exp(decay) / (1.0 - 2.0 * per_round)
        return rates, slope[:, None] * np.stack([-steps, np.ones_like(steps)], axis=1)


@dataclass(frozen=True, slots=True)
class SuppressionFit:
    """A fitted Λ (``suppression``) and A (``prefactor``).

    ``standard_error`` is of Λ.  ``overdispersion`` is max(1, deviance/dof): interval and standard error are widened by
    its square root; `statistical_error` is what more shots shrink.  ``low`` is 0 and ``high`` infinite where that side
    is open.  ``points_used`` are indices into the arrays that were fitted.
    """

    suppression: float
    low: float
    high: float
    confidence: float
    standard_error: float
    prefactor: float
    deviance: float
    dof: int
    lack_of_fit_p: float
    overdispersion: float
    points_used: tuple[int, ...]

    @property
    def statistical_error(self) -> float:
        """Standard error of Λ if the model is true."""
        return self.standard_error / float(np.sqrt(self.overdispersion))

    @property
    def estimate(self) -> Estimate:
        """Λ with its interval."""
        return Estimate(self.suppression, self.low, self.high, self.confidence)

    @property
    def model(self) -> str:
        """The fitted formula."""
        return "eps = A Lambda^(-(d+1)/2) per round, P = (1 - (1 - 2 eps)^rounds)/2"

    @property
    def parameters(self) -> FloatArray:
        """The parameter vector of `SuppressionModel`."""
        return np.array([np.log(self.suppression), np.log(self.prefactor)])

    def curve(self, rounds: ArrayLike, distance: ArrayLike) -> FloatArray:
        """Fitted failure probability of a shot of ``rounds`` rounds at ``distance`` (any shapes that broadcast)."""
        lengths, distances = np.broadcast_arrays(
            np.asarray(rounds, dtype=np.float64), np.asarray(distance, dtype=np.float64)
        )
        model = SuppressionModel(lengths.ravel(), distances.ravel())
        return model(self.parameters)[0].reshape(lengths.shape)

    def __str__(self) -> str:
        text = (
            f"Lambda = {self.estimate}; "
            f"{len(self.points_used)} points, deviance {self.deviance:.1f} on {self.dof} degrees of freedom "
            f"(p = {self.lack_of_fit_p:.2g})"
        )
        if self.overdispersion > 1:
            text += f", errors widened {np.sqrt(self.overdispersion):.2f} times"
        return text


def fit_suppression(
    distance: ArrayLike | Sequence[float],
    rounds: ArrayLike | Sequence[float],
    shots: ArrayLike | Sequence[int],
    errors: ArrayLike | Sequence[int],
    *,
    confidence: float = 0.95,
) -> SuppressionFit:
    """Λ and its profile-likelihood interval from points at one noise strength.

    Args:
        distance: code distance of each point.
        rounds: syndrome rounds of a shot, above 0.
        shots: shots of each point; points with none are left out.
        errors: logical errors among the shots.
        confidence: of the interval, in (0, 1).

    Raises:
        InputError: impossible counts, or errors at fewer than two distances (then Λ has no finite best value).
    """
    if not 0.0 < confidence < 1.0:
        raise InputError("not a confidence", where="confidence", expected="a number in (0, 1)", got=f"{confidence:g}")
    data = Observations.checked(rounds, distance, shots, errors, where=_WHERE, x_name="rounds")
    _check_determinable(data)
    model = SuppressionModel(data.x, data.distance)
    counts = Counts(data.shots, data.errors)
    best = maximise(model, _start(data), counts)
    dof = len(data) - len(best.parameters)
    overdispersion = max(1.0, best.deviance / dof) if dof > 0 else 1.0
    error = float(np.sqrt(overdispersion * best.covariance()[LOG_SUPPRESSION, LOG_SUPPRESSION]))
    low, high = _interval(model, best, counts, confidence, overdispersion)
    suppression = float(np.exp(best.parameters[LOG_SUPPRESSION]))
    return SuppressionFit(
        suppression=suppression,
        low=low,
        high=high,
        confidence=confidence,
        standard_error=suppression * error,
        prefactor=float(np.exp(best.parameters[LOG_PREFACTOR])),
        deviance=best.deviance,
        dof=dof,
        lack_of_fit_p=lack_of_fit_p(best.deviance, dof),
        overdispersion=overdispersion,
        points_used=tuple(int(i) for i in np.flatnonzero(np.asarray(shots))),
    )


def _start(data: Observations) -> FloatArray:
    """Weighted straight line through log ε over (d+1)/2."""
    smoothed = np.clip((data.errors + 0.5) / (data.shots + 1.0), None, 0.49)
    per_round = -0.5 * np.expm1(np.log1p(-2.0 * smoothed) / data.x)
    weight = np.sqrt(data.errors + 0.5)
    design = np.stack([-0.5 * (data.distance + 1.0), np.ones(len(data))], axis=1)
    line = np.linalg.lstsq(design * weight[:, None], np.log(per_round) * weight, rcond=None)[0]
    return np.asarray(line, dtype=np.float64)


def _interval(
    model: SuppressionModel, best: Maximum, counts: Counts, confidence: float, overdispersion: float
) -> tuple[float, float]:
    from scipy.special import gammaincinv

    centre = best.parameters[LOG_SUPPRESSION]
    rise = 2.0 * float(gammaincinv(0.5, confidence)) * overdispersion
    bounds = (centre - np.log(1e4), centre + np.log(1e4))
    low, high = profile_interval(model, best, counts, LOG_SUPPRESSION, rise=rise, bounds=bounds)
    return float(np.exp(low)), float(np.exp(high))


def _check_determinable(data: Observations) -> None:
    distances = np.unique(data.distance)
    if len(distances) < 2:
        raise InputError(
            "a suppression factor compares distances",
            where=_WHERE,
            expected="at least 2 distances with shots",
            got=", ".join(f"{d:g}" for d in distances),
            cure="add distances to the grid",
        )
    with_errors = np.unique(data.distance[data.errors > 0])
    if len(with_errors) < 2:
        raise InputError(
            "too few distances have seen an error, so Lambda has no finite best value",
            where=_WHERE,
            expected="errors at 2 distances or more",
            got=f"errors at d = {', '.join(f'{d:g}' for d in with_errors) or 'none'}",
            cure="add shots at the smaller distances",
        )
