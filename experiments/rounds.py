"""Allocation in rounds: grants of shots that are decided from the finished prefixes of earlier rounds only.

With ``equal_error`` every task is granted everything and its stop rule decides.  With ``fit`` the tasks of a round run
to their grants; when all stand there, the next grants are computed from exactly those prefixes.  The decision never
sees what arrived early, so a resumed sweep, or ``qsim table``, walks through the same rounds to the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from experiments.errors import InputError
from experiments.progress import Progress
from experiments.study import JSON, Axes


class Rounds(Protocol):
    """What the runner asks between batches."""

    def grant(self, tasks: Sequence[Progress]) -> None:
        """Raise the limits of tasks when a round is over; end them when the goal is reached."""
        ...

    @property
    def summary(self) -> str:
        """Where the allocation stands, in a few words; empty when there is nothing to say."""
        ...


class EqualError:
    """No grants: each task runs until its own stop rule holds."""

    summary = ""

    def grant(self, tasks: Sequence[Progress]) -> None:
        """Nothing to decide."""


class Imported:
    """Statistics from elsewhere: what is there is all there will be."""

    summary = ""

    def grant(self, tasks: Sequence[Progress]) -> None:
        """End every task that has data."""
        for task in tasks:
            if task.prefix and not task.ended:
                task.reason = "imported"


class FitRounds:
    """Grants that shrink the interval of a fitted quantity most; see `experiments.allocation.FitAllocation`."""

    def __init__(self, options: Mapping[str, JSON], axes: Axes) -> None:
        from experiments.allocation import FitAllocation

        self._allocation = FitAllocation(
            **{name: value for name, value in options.items() if name != "rule" and value is not None}
        )
        self._axes = axes
        self.summary = ""

    def grant(self, tasks: Sequence[Progress]) -> None:
        """Decide as many rounds as the tasks' prefixes allow."""
        while any(not task.ended for task in tasks) and all(task.ended or not task.granted for task in tasks):
            decision = self._allocation.next_shots([self._point(task) for task in tasks])
            self.summary = decision.reason
            for task, shots in zip(tasks, decision.targets, strict=True):
                if task.ended:
                    continue
                if decision.done:
                    task.reason = "fit"
                else:
                    task.limit = max(shots, task.shots)
                    task.advance()
            if decision.done:
                return

    def start(self, tasks: Sequence[Progress]) -> None:
        """Before any batch is folded, nothing is granted."""
        for task in tasks:
            task.limit = 0

    def _point(self, task: Progress) -> Any:
        from experiments.allocation import Point
        from experiments.fits.from_rows import rounds_of

        x, curve = str(self._axes.x), str(self._axes.curve)
        params = {**task.task.params, **task.task.labels}
        return Point(
            x=float(params[x]),
            curve=float(params[curve]),
            shots=task.shots,
            errors=getattr(task.tally, "errors", 0),
            cost=task.task.cost,
            max_shots=task.stop.max_shots,
            open=not task.ended,
            rounds=rounds_of(params, curve) if self._allocation.quantity == "lambda" else 1.0,
            batch=max(1, task.size_of(task.prefix, task.shots)),
            group=tuple((name, repr(value)) for name, value in task.task.labels.items() if name not in (x, curve)),
        )


def rounds_for(allocate: Mapping[str, JSON], axes: Axes, counting: bool, columns: Sequence[str]) -> Rounds:
    """The allocation that a sweep asks for.

    Raises:
        InputError: ``fit`` for a study that does not count errors, or whose axes are not in the grid.
    """
    if allocate["rule"] == "equal_error":
        return EqualError()
    if allocate["rule"] == "imported":
        return Imported()
    if not counting:
        raise InputError(
            "a fit needs a study that counts errors", where="allocate.rule", cure='use rule = "equal_error"'
        )
    for axis in (axes.x, axes.curve):
        if axis is None or axis not in columns:
            raise InputError(
                "the fit's axes are not in the grid",
                where="allocate.rule",
                expected=f"grid columns {axes.x} and {axes.curve}",
                got=", ".join(columns),
            )
    return FitRounds(allocate, axes)


def start(rounds: Rounds, tasks: Sequence[Progress]) -> None:
    """Set the first limits."""
    if isinstance(rounds, FitRounds):
        rounds.start(tasks)
