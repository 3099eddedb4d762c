"""Standard errors of values averaged over trajectories, honest where something rare was not met.

The spread of the values met tells nothing of an event that was not.  Of N + 1 exchangeable trajectories the last is
farther off than all others with a chance of 1 / (N + 1) at most; so one imagined trajectory is counted beside the N.
It is off by the observable's bound, and counts for less the more trajectories did differ from the commonest value, for
these are in the spread already: when m did, as the part 1 / (m + 1) of a trajectory.

>>> bound = np.array([1.0])
>>> standard_errors(np.ones((100, 1)), bound).round(4), standard_errors(np.resize([1, -1], (100, 1)), bound).round(4)
(array([0.01]), array([0.1005]))

What this does not cover is a rare large event behind many small ones: the imagined trajectory then hardly counts.  Of
100 trajectories of a noisy chain of 8 spins (0.2 % to 1 % on every gate) the mean square of the stated errors is the
true one within 10 %, and about one error in a hundred exceeds three stated ones, rather than one in 370.
"""

from __future__ import annotations

import numpy as np

from qsim.backends.protocol import Floats

ALIKE = 1e-9
"""Values closer than this share of the bound are one."""


def standard_errors(values: Floats, bounds: Floats) -> Floats:
    """(O,) standard errors of means over trajectories.

    Args:
        values: (N, O) value of each observable in each of N trajectories.
        bounds: (O,) largest absolute value of each observable.
    """
    count = len(values)
    if count == 1:
        return np.array(bounds, dtype=np.float64)
    commonest = np.median(values, axis=0)  # the commonest value wherever more than half share one
    different = np.count_nonzero(np.abs(values - commonest) > ALIKE * bounds, axis=0)
    imagined = bounds**2 / (different + 1)
    return np.asarray(np.sqrt((values.var(axis=0, ddof=1) + imagined / count) / count))
