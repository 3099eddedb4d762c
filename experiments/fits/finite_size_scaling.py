"""The finite-size-scaling curve of a threshold: every distance on one line when drawn over log(p/p_c) d^(1/ν).

With x = log(p/p_c) d^(1/ν) the model is η = c_0 + c_1 x + c_2 x² + ... and P = (1 - exp(-2 exp(η)))/2: an error
rate that is exp(η) when small and saturates at 1/2, as that of a memory with one logical qubit does.  The logarithm of
p (rather than p - p_c) keeps η nearly straight far below threshold, where P ~ (p/p_c)^(d/2).  A correction D d^(-μ),
with μ given, may be added to η: it lets the crossing of small codes move with distance.

>>> curve = FiniteSizeScaling(np.array([0.01]), np.array([3.0]), degree=1)
>>> rates, gradient = curve(np.array([np.log(0.01), 1.0, np.log(0.05), 0.5]))
>>> round(float(rates[0]), 4), gradient.shape
(0.0476, (1, 4))

Source: C. Wang, J. Harrington, J. Preskill, Annals of Physics 303 (2003) 31 (there in p - p_c, correction D d^(-1/μ)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.fits.binomial_likelihood import Counts
from experiments.fits.observations import FloatArray

LOG_THRESHOLD, INVERSE_NU, FIRST_COEFFICIENT = 0, 1, 2
"""Places in the parameter vector (log p_c, 1/ν, c_0, ..., c_degree[, D])."""


@dataclass(frozen=True, slots=True)
class FiniteSizeScaling:
    """The model at given points: call it with parameters to get rates (N,) and gradient (N, P).

    ``p`` and ``distance`` have shape (N,); ``correction`` is the exponent μ of D d^(-μ), or None for none.
    """

    p: FloatArray
    distance: FloatArray
    degree: int = 2
    correction: float | None = None

    @property
    def parameter_count(self) -> int:
        return FIRST_COEFFICIENT + self.degree + 1 + (self.correction is not None)

    def __call__(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        scale = np.exp(np.clip(parameters[INVERSE_NU] * np.log(self.distance), -50.0, 50.0))
        x = (np.log(self.p) - parameters[LOG_THRESHOLD]) * scale
        powers = x[:, None] ** np.arange(self.degree + 1)
        coefficients = parameters[FIRST_COEFFICIENT : FIRST_COEFFICIENT + self.degree + 1]
        eta = powers @ coefficients
        slope = powers[:, :-1] @ (coefficients[1:] * np.arange(1, self.degree + 1))
        columns = [-slope * scale, slope * x * np.log(self.distance), *powers.T]
        if self.correction is not None:
            shift = self.distance**-self.correction
            eta = eta + parameters[-1] * shift
            columns.append(shift)
        rates, rates_by_eta = saturating(eta)
        return rates, np.stack(columns, axis=1) * rates_by_eta[:, None]

    def starts(self, counts: Counts) -> list[FloatArray]:
        """Where to begin: the best few of a fixed grid of (p_c, ν), the rest by weighted linear least squares."""
        smoothed = np.clip((counts.errors + 0.5) / (counts.shots + 1.0), None, 0.49)
        hazard = -0.5 * np.log1p(-2.0 * smoothed)
        eta = np.log(hazard)
        slope = saturating(eta)[1]
        weight = np.sqrt(counts.shots / (smoothed * (1.0 - smoothed))) * slope
        logs = np.log(self.p)
        places = [
            (log_threshold, inverse_nu)
            for log_threshold in np.linspace(logs.min(), logs.max(), 25)
            for inverse_nu in (0.4, 0.8, 1.2)
        ]
        designs = []
        for log_threshold, inverse_nu in places:
            x = (logs - log_threshold) * self.distance**inverse_nu
            design = x[:, None] ** np.arange(self.degree + 1)
            if self.correction is not None:
                design = np.column_stack([design, self.distance**-self.correction])
            designs.append(design * weight[:, None])
        scaled = np.stack(designs)
        linear = np.linalg.pinv(scaled) @ (eta * weight)
        misfit = (((scaled @ linear[:, :, None])[:, :, 0] - eta * weight) ** 2).sum(axis=1)
        found = [
            (float(one_misfit), np.concatenate([place, one]))
            for place, one, one_misfit in zip(places, linear, misfit, strict=True)
            if one[1] > 0
        ]
        found.sort(key=lambda candidate: candidate[0])
        return [parameters for _, parameters in found[:3]]


def saturating(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rate (1 - exp(-2 exp(η)))/2 and its derivative by η."""
    hazard = np.exp(np.clip(eta, -600.0, 5.0))
    return -0.5 * np.expm1(-2.0 * hazard), hazard * np.exp(-2.0 * hazard)
