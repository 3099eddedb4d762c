"""When a task has enough: rules that read the merged prefix of its batches and nothing else.

Rules never see the clock, the number of workers or batches that arrived out of order; so where a task stops is a
function of the sweep and its seed alone.  `Stop.max_seconds` is not such a rule: it bounds a *run*, which resumes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from experiments.errors import InputError
from experiments.study import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Stop rules of a sweep; the first that holds ends a task.

    Args:
        max_shots: units (shots, replicas) of a task, met exactly: the last batch is cut to fit.
        max_errors: errors of a counting task, checked after each batch; at least 2, because the unbiased estimate
            (k-1)/(n-1) of inverse sampling needs them (Haldane, Biometrika 33, 222 (1945)).
        relative_error: half width over value of the interval at ``confidence``.
        confidence: of the interval that ``relative_error`` speaks of, and of published intervals.
        max_seconds: wall time of one run of the sweep; it ends the run (resumable), never a task.
    """

    max_shots: int | None = None
    max_errors: int | None = None
    relative_error: float | None = None
    confidence: float = 0.95
    max_seconds: float | None = None

    def validate(self, source: str) -> None:
        """Refuse impossible rules, naming the field.

        Raises:
            InputError: a non-positive limit, ``max_errors`` below 2, a confidence outside (0, 1).
        """
        for name, low in (("max_shots", 1), ("max_errors", 2)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise InputError(
                    "out of range", where=f"{source}: stop.{name}", expected=f"a whole number >= {low}", got=str(value)
                )
        for name in ("relative_error", "max_seconds"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise InputError(
                    "out of range", where=f"{source}: stop.{name}", expected="a finite number > 0", got=str(value)
                )
        if not 0 < self.confidence < 1:
            raise InputError(
                "out of range",
                where=f"{source}: stop.confidence",
                expected="a number in (0, 1), e.g. 0.95",
                got=str(self.confidence),
            )

    @property
    def ends_tasks(self) -> bool:
        """True when some rule can end a task."""
        return any(rule is not None for rule in (self.max_shots, self.max_errors, self.relative_error))

    @property
    def monotone(self) -> bool:
        """True when a rule that holds for a prefix holds for every longer one, so that prefixes may be skipped."""
        return self.relative_error is None

    def reached(self, tally: Tally) -> str:
        """Name of the first rule that the merged prefix satisfies, or an empty string."""
        if self.max_shots is not None and tally.size >= self.max_shots:
            return "max_shots"
        errors = getattr(tally, "errors", None)
        if self.max_errors is not None and errors is not None and errors >= self.max_errors:
            return "max_errors"
        if self.relative_error is not None and self._precise(tally, errors):
            return "relative_error"
        return ""

    def _precise(self, tally: Tally, errors: int | None) -> bool:
        if errors is not None and errors < 0.5 * self._errors_for_precision(tally.size, errors):
            return False  # hopeless by a factor two: spare the root finding
        found = tally.estimate(self.confidence)
        half_width = 0.5 * (found.high - found.low)
        return bool(found.value != 0 and half_width <= self.relative_error * abs(found.value))  # type: ignore[operator]

    def _errors_for_precision(self, shots: int, errors: int) -> float:
        z = NormalDist().inv_cdf(0.5 + 0.5 * self.confidence)
        return (z / self.relative_error) ** 2 * (1 - errors / shots) if shots else math.inf  # type: ignore[operator]

    def shots_still_wanted(self, tally: Tally | None) -> float:
        """A forecast, for scheduling only, of the units a task still needs; infinite when nothing is known."""
        wanted = math.inf
        shots = 0 if tally is None else tally.size
        if self.max_shots is not None:
            wanted = self.max_shots - shots
        errors: Any = getattr(tally, "errors", None)
        if errors:
            rate = errors / shots
            if self.max_errors is not None:
                wanted = min(wanted, (self.max_errors - errors) / rate)
            if self.relative_error is not None:
                wanted = min(wanted, (self._errors_for_precision(shots, errors) - errors) / rate)
        elif tally is not None and self.relative_error is not None and shots > 1:
            found = tally.estimate(self.confidence)
            relative = 0.5 * (found.high - found.low) / abs(found.value) if found.value else math.inf
            if math.isfinite(relative):
                wanted = min(wanted, shots * ((relative / self.relative_error) ** 2 - 1))
        return max(wanted, 1.0)
