"""How far a task is, between 0 and 1, from what it has and what the sweep's stop rules ask.

>>> completion(shots=500, errors=10, relative_error=0.6, state="running", stop={"max_shots": 1000, "max_errors": 100})
0.5
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.results import Results, Row


def completion(
    *, shots: int, errors: int | None, relative_error: float, state: str, stop: Mapping[str, Any]
) -> float | None:
    """The largest fraction of any rule (the first rule that holds ends a task); None when no rule can tell.

    The relative error shrinks as one over the square root of the shots, so its fraction is (asked / reached)^2.
    """
    if state == "complete":
        return 1.0
    fractions = []
    if stop.get("max_shots"):
        fractions.append(shots / stop["max_shots"])
    if stop.get("max_errors") and errors is not None:
        fractions.append(errors / stop["max_errors"])
    if stop.get("relative_error"):
        fractions.append((stop["relative_error"] / relative_error) ** 2 if 0 < relative_error < math.inf else 0.0)
    return min(1.0, max(fractions)) if fractions else None


def row_completion(row: Row, results: Results) -> float | None:
    """`completion` of one row under the stop rules in the manifest."""
    return completion(
        shots=row.shots,
        errors=row.errors,
        relative_error=row.estimate.relative_error if row.estimate is not None else math.inf,
        state=row.state,
        stop=results.manifest.get("stop") or {},
    )
