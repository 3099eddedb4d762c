"""How long nodes take, and how long their product takes: order statistics of any latency law.

With N nodes whose times are independent and of one law, the product is ready at the j-th arrival with a probability s_j
that depends on the scheme alone, so E[T] = sum_j s_j E[X_(j:N)].  Laws here give E[X_(j:N)] and their tail:

>>> law = ShiftedExponential(shift=1.0, mean=0.5)
>>> law.order_statistics(2)                                   # the first and the last of two
array([1.25, 1.75])
>>> Measured([1.0, 3.0]).order_statistics(1)
array([2.])

Source: the signature of a coherent system, Samaniego, IEEE Trans. Reliab. R-34, 69 (1985); Renyi's representation of
exponential order statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coding.errors import CodingError

Floats = NDArray[np.float64]

LEAST_TAIL = -700.0
"""Logarithm of the least tail probability looked at, the least that a float can hold."""


class LatencyLaw(Protocol):
    """What is asked of a law of finishing times."""

    def order_statistics(self, nodes: int) -> Floats:
        """(nodes,) expected time of the first, second, ..., last of `nodes` independent arrivals."""

    def survival(self, time: ArrayLike) -> Floats:
        """Probability that a node is still not finished at `time`."""


@dataclass(frozen=True, slots=True)
class ShiftedExponential:
    """A fixed time, then a memoryless wait: the usual model of stragglers.

    Args:
        shift: least time [s], >= 0.
        mean: mean of the wait on top of it [s], > 0.

    Raises:
        CodingError: a negative shift or a mean that is not positive.
    """

    shift: float = 0.0
    mean: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.shift < np.inf):
            raise CodingError("not a time", where="shift", expected="a number >= 0", got=repr(self.shift))
        if not (0 < self.mean < np.inf):
            raise CodingError("not a time", where="mean", expected="a number > 0", got=repr(self.mean))

    def order_statistics(self, nodes: int) -> Floats:
        """shift + mean (1/N + 1/(N-1) + ...), in closed form."""
        waits: Floats = self.shift + self.mean * np.cumsum(1.0 / np.arange(nodes, 0, -1))
        return waits

    def survival(self, time: ArrayLike) -> Floats:
        """exp(-(time - shift) / mean), 1 before the shift."""
        late = np.maximum(np.asarray(time, dtype=np.float64) - self.shift, 0.0)
        return np.asarray(np.exp(-late / self.mean))


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Measured:
    """Times seen on a cluster, each as likely as the others.

    Args:
        times: at least one finite time [s].

    Raises:
        CodingError: no times, or some that are not finite numbers >= 0.
    """

    times: Floats

    def __init__(self, times: ArrayLike) -> None:
        values = np.sort(np.asarray(times, dtype=np.float64).ravel())
        if not values.size or not np.isfinite(values).all() or values[0] < 0:
            raise CodingError("not times", where="times", expected="at least one finite number >= 0", got=repr(times))
        object.__setattr__(self, "times", values)

    def order_statistics(self, nodes: int) -> Floats:
        """Of draws with replacement from the times, in closed form by the incomplete beta function."""
        from scipy import special  # a heavy import, and workers have no need of it

        grid = np.arange(len(self.times) + 1) / len(self.times)
        rank = np.arange(1, nodes + 1)[:, None]
        return np.asarray(np.diff(special.betainc(rank, nodes - rank + 1, grid), axis=1) @ self.times)

    def survival(self, time: ArrayLike) -> Floats:
        """Share of the times later than `time`."""
        return np.asarray(1.0 - np.searchsorted(self.times, time, side="right") / len(self.times))


@dataclass(frozen=True, slots=True)
class Continuous:
    """Any law of scipy.stats with its parameters fixed, such as `scipy.stats.weibull_min(0.7, scale=2)`.

    Args:
        law: a frozen distribution with `isf` (inverse of the tail) and `sf`.
    """

    law: Any

    def __post_init__(self) -> None:
        if not (callable(getattr(self.law, "isf", None)) and callable(getattr(self.law, "sf", None))):
            raise CodingError(
                "not a law", where="law", expected="a frozen distribution of scipy.stats", got=type(self.law).__name__
            )

    def order_statistics(self, nodes: int) -> Floats:
        """By quadrature over the tail probability; infinite where the law's tail is too heavy."""
        return np.array([self._expected(rank, nodes) for rank in range(1, nodes + 1)])

    def survival(self, time: ArrayLike) -> Floats:
        """The law's own tail."""
        return np.asarray(self.law.sf(time), dtype=np.float64)

    def _expected(self, rank: int, nodes: int) -> float:
        from scipy import integrate, special

        late = nodes - rank  # nodes after the one of this rank
        scale = 1.0 / special.beta(late + 1, rank)

        def integrand(log_tail: float) -> float:  # tail probability q = exp(log_tail): long tails stay smooth
            tail = np.exp(log_tail)
            density = tail ** (late + 1) * (-np.expm1(log_tail)) ** (rank - 1) * scale
            return float(self.law.isf(tail) * density) if density else 0.0

        with np.errstate(over="ignore"):
            value, error = integrate.quad(integrand, LEAST_TAIL, 0.0, limit=400, points=(-50.0, -5.0, -1.0))
            end = abs(integrand(LEAST_TAIL))
        if not np.isfinite(value) or error > 1e-6 * abs(value) or end > 1e-9 * abs(value):
            raise CodingError(
                "expected time does not converge",
                where="law",
                expected="a law whose order statistics have means",
                got=f"rank {rank} of {nodes}",
                cure="use a scheme that waits for fewer nodes, or Measured(times)",
            )
        return float(value)
