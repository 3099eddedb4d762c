"""One quantity at every step of a run, over many runs: training curves, populations over time.

Runs may end early: each step has its own number of runs, and the mean and spread of those that reached it.

>>> s = Series.of([[1.0, 0.5, 0.25], [3.0, 1.5]])
>>> s.n.tolist(), s.mean.tolist()
([2.0, 2.0, 1.0], [2.0, 1.0, 0.25])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.statistics.mean import student_interval
from experiments.tally.arrays import array_from_json, array_to_json, frozen, real_array
from experiments.tally.monoid import Monoid, fields, whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from experiments.study import JSON


@dataclass(frozen=True, slots=True, eq=False)
class Series(Monoid):
    """Moments of ``runs`` runs at each of S steps; all arrays have shape (S,) and are read-only.

    Attributes:
        runs: number of runs, those of no step included.
        n: runs that reached the step (float64, whole numbers, never rising).
        mean: their mean, in the quantity's unit.
        m2: the sum of their squared deviations from it.
        low, high: their smallest and largest value.

    Raises:
        InputError: arrays of different lengths, or numbers that cannot be.
    """

    kind: ClassVar[str] = "series"

    runs: int
    n: NDArray[np.float64]
    mean: NDArray[np.float64]
    m2: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __post_init__(self) -> None:
        whole(self.runs, "Series.runs")
        arrays = (self.n, self.mean, self.m2, self.low, self.high)
        if len({each.shape for each in arrays}) != 1 or self.n.ndim != 1:
            shapes = ", ".join(str(each.shape) for each in arrays)
            raise InputError("arrays of different lengths", where="Series", expected="one shape (steps,)", got=shapes)
        if (self.n < 1).any() or (self.n > self.runs).any() or (self.n % 1 != 0).any() or (self.m2 < 0.0).any():
            raise InputError(
                "moments that cannot be", where="Series", expected=f"1 <= n <= runs = {self.runs} and m2 >= 0"
            )

    @classmethod
    def zero(cls) -> Series:
        """No runs yet, of any length."""
        return _with_arrays(0, [[] for _ in range(5)])

    @classmethod
    def of(cls, runs: NDArray[Any] | Sequence[ArrayLike]) -> Series:
        """The moments of runs: an array (runs, steps), or a list of runs (steps,) of any lengths.

        Raises:
            InputError: not real numbers.
        """
        import numpy as np

        if isinstance(runs, np.ndarray):
            rows = list(real_array(runs, 2, "Series.of"))
        else:
            rows = [real_array(run, 1, f"Series.of runs[{i}]") for i, run in enumerate(runs)]
        steps = max((len(row) for row in rows), default=0)
        values, there = np.zeros((len(rows), steps)), np.zeros((len(rows), steps), dtype=bool)
        for i, row in enumerate(rows):
            values[i, : len(row)], there[i, : len(row)] = row, True
        if not steps:
            return _with_arrays(len(rows), [[] for _ in range(5)])
        with np.errstate(invalid="ignore", over="ignore"):
            n = there.sum(axis=0).astype(np.float64)
            mean = values.sum(axis=0, where=there) / n
            mean += (values - mean).sum(axis=0, where=there) / n
            deviations = values - mean
            m2 = (deviations * deviations).sum(axis=0, where=there)
            low = values.min(axis=0, where=there, initial=np.inf)
            high = values.max(axis=0, where=there, initial=-np.inf)
        return cls(len(rows), *(frozen(each) for each in (n, mean, m2, low, high)))

    @property
    def size(self) -> int:
        """The number of runs."""
        return self.runs

    @property
    def steps(self) -> int:
        """The length of the longest run."""
        return len(self.n)

    def merge(self, other: Series) -> Series:
        """The moments of both sets of runs; steps that only one of them reached are kept as they are.

        Source: Chan, Golub and LeVeque (1979), at each step.
        """
        import numpy as np

        long, short = (self, other) if self.steps >= other.steps else (other, self)
        common = short.steps
        if not common:
            return Series(self.runs + other.runs, long.n, long.mean, long.m2, long.low, long.high)
        n_a, n_b = self.n[:common], other.n[:common]
        n = n_a + n_b
        with np.errstate(invalid="ignore", over="ignore"):
            delta = other.mean[:common] - self.mean[:common]
            mean = self.mean[:common] + delta * (n_b / n)
            m2 = self.m2[:common] + other.m2[:common] + delta * delta * (n_a * (n_b / n))
        low, high = (
            np.minimum(self.low[:common], other.low[:common]),
            np.maximum(self.high[:common], other.high[:common]),
        )
        heads = (n, mean, m2, low, high)
        tails = (each[common:] for each in (long.n, long.mean, long.m2, long.low, long.high))
        joined = (frozen(np.concatenate(pair)) for pair in zip(heads, tails, strict=True))
        return Series(self.runs + other.runs, *joined)

    def to_json(self) -> JSON:
        """``[runs, n, mean, m2, low, high]``, the last five being lists over steps."""
        arrays = (self.mean, self.m2, self.low, self.high)
        return [self.runs, [int(each) for each in self.n.tolist()], *(array_to_json(each) for each in arrays)]

    @classmethod
    def from_json(cls, state: JSON) -> Series:
        """The series that `to_json` wrote.

        Raises:
            InputError: not such a list, or a series that cannot be.
        """
        runs, *arrays = fields(state, 6, "series")
        return _with_arrays(whole(runs, "series[0]"), arrays)

    def estimate(self, confidence: float = 0.95, *, step: int = -1) -> Estimate:
        """The mean at a step, the last one unless told otherwise, with Student's interval; nan without runs.

        Raises:
            InputError: a step that no run reached.
        """
        if not self.steps and step == -1:
            return Estimate(math.nan, math.nan, math.nan, confidence)
        if not -self.steps <= step < self.steps:
            raise InputError("no such step", where="step", expected=f"0..{self.steps - 1}", got=str(step))
        mean = float(self.mean[step])
        low, high = student_interval(int(self.n[step]), mean, float(self.m2[step]), confidence=confidence)
        return Estimate(mean, low, high, confidence)


def _with_arrays(runs: int, arrays: Sequence[JSON]) -> Series:
    return Series(runs, *(array_from_json(each, "series") for each in arrays))
