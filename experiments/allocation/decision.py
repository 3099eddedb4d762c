"""What an allocation rule sees and says: `Point`s, the finished prefixes of the tasks, and a `Decision` about them."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

from experiments.errors import InputError
from experiments.fits.suppression import SuppressionFit
from experiments.fits.threshold_fit import ThresholdFit


@dataclass(frozen=True, slots=True)
class Point:
    """The finished prefix of one task.

    Args:
        x: noise strength, above 0.
        curve: code distance, above 0.
        shots: shots in the prefix.
        errors: errors among them.
        cost: core seconds of one shot, from a fixed formula (never a measurement, or runs would not repeat).
        max_shots: shots the task may have at most; None for no limit.
        open: False when the task's own stop rule has ended it.
        rounds: syndrome rounds of a shot; only Λ, which is counted per round, reads it.
        batch: shots in the task's next batch.  A round gives a point at least half a batch or nothing.
        group: points with different groups belong to different fits (other grid columns, such as the decoder).
    """

    x: float
    curve: float
    shots: int
    errors: int
    cost: float
    max_shots: int | None = None
    open: bool = True
    rounds: float = 1.0
    batch: int = 1
    group: Hashable = ()

    def __post_init__(self) -> None:
        for name, value in (("x", self.x), ("curve", self.curve), ("cost", self.cost), ("rounds", self.rounds)):
            if not (math.isfinite(value) and value > 0):
                raise InputError("not usable", where=f"Point.{name}", expected="a number above 0", got=repr(value))
        if not 0 <= self.errors <= self.shots:
            raise InputError(
                "impossible counts",
                where="Point.errors",
                expected="0 <= errors <= shots",
                got=f"{self.errors} errors in {self.shots} shots",
            )
        if self.batch < 1:
            raise InputError("not a batch size", where="Point.batch", expected="at least 1", got=repr(self.batch))

    @property
    def room(self) -> float:
        """Shots the task can still be given, possibly infinite."""
        if not self.open:
            return 0.0
        return math.inf if self.max_shots is None else max(0.0, self.max_shots - self.shots)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to run next.

    ``targets`` are the new total shots of every point, never fewer than it has.  ``done``: nothing more is to be run.
    ``reason`` says why, for the log.  ``standard_error`` is the present statistical error, of p_c (in its units, with a
    correction's amplitude free where there are three distances) or relative of Λ, the worst of all fits; None while a
    fit is impossible.  ``fits`` holds one fit a group, None where impossible.
    """

    targets: tuple[int, ...]
    done: bool
    reason: str
    standard_error: float | None
    fits: tuple[ThresholdFit | SuppressionFit | None, ...] = ()

    @property
    def fit(self) -> ThresholdFit | SuppressionFit | None:
        """The first group's fit: the only one of a plain sweep for a threshold."""
        return self.fits[0] if self.fits else None
