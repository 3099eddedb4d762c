"""What a sweep found: one `Row` a task, in grid order, and the tables, frames and plots made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from experiments.statistics.estimate import Estimate
from experiments.study import JSON, Axes, Tally


@dataclass(frozen=True, slots=True)
class Row:
    """One task's result.

    ``labels`` are the grid columns of the task; ``params`` all its parameters.  ``shots`` is the number of units in the
    published prefix, ``surplus`` those in the ledger beyond it.  ``errors`` is None unless the study counts.
    ``state`` is one of ``"complete"``, ``"running"``, ``"waiting"``, ``"failed"``; ``reason`` says which rule ended the task
    (``"max_errors"``, ...) or why it failed.  ``cpu_seconds`` is what the prefix cost, over all workers.
    """

    task_id: str
    labels: Mapping[str, JSON]
    params: Mapping[str, JSON]
    shots: int
    errors: int | None
    estimate: Estimate | None
    tally: Tally | None
    state: str
    reason: str = ""
    surplus: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Results:
    """A sweep's rows with what is needed to read, plot and reproduce them."""

    study: str
    version: int
    columns: Sequence[str]
    rows: Sequence[Row]
    axes: Axes = Axes()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    fits: Sequence[Any] = ()
