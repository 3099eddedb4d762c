"""Curves fitted to counts: the threshold p_c of a code family, and the suppression factor Λ of growing its distance.

Both are binomial maximum-likelihood fits with profile-likelihood intervals; both say how badly they fit.

>>> p, d = [0.008, 0.01, 0.0125] * 2, [3, 3, 3, 5, 5, 5]
>>> fit_threshold(p, d, [100_000] * 6, [3630, 5000, 6857, 2946, 5000, 8400]).points_used
(0, 1, 2, 3, 4, 5)
"""

from experiments.fits.from_rows import GroupFit, fit_results
from experiments.fits.suppression import SuppressionFit, fit_suppression
from experiments.fits.threshold import fit_threshold
from experiments.fits.threshold_fit import Crossing, ThresholdFit

__all__ = [
    "Crossing",
    "GroupFit",
    "SuppressionFit",
    "ThresholdFit",
    "fit_results",
    "fit_suppression",
    "fit_threshold",
]
