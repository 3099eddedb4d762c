"""The rows as one JSON object, for scripts: everything the table holds and what it leaves out.

    {"study": "qec.memory", "version": 1, "columns": ["distance", "p"], "rows": [{"task_id": ..., "labels": {...},
     "shots": 65536, "errors": 412, "value": 0.0062, "low": 0.0057, "high": 0.0069, "state": "complete", ...}], ...}

Unlike the CSV, a row also says what the run cost (``cpu_seconds``, ``surplus``), which differs between runs.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.results import Results, Row
    from experiments.study import JSON


def json_text(results: Results) -> str:
    """`json_document` as text: two spaces of indentation, keys in order, a final newline."""
    return json.dumps(json_document(results), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def json_document(results: Results) -> dict[str, JSON]:
    """Rows, fits and the names of the columns as plain JSON values."""
    return {
        "study": results.study,
        "version": results.version,
        "columns": list(results.columns),
        "rows": [_row(row) for row in results.rows],
        "fits": [fit_document(fit) for fit in results.fits],
    }


def fit_document(fit: Any) -> dict[str, JSON]:
    """A fit's type, its printed form and, for a dataclass, its public fields."""
    document: dict[str, JSON] = {"type": type(fit).__name__, "text": str(fit)}
    if dataclasses.is_dataclass(fit):
        for item in dataclasses.fields(fit):
            value = getattr(fit, item.name)
            document[item.name] = fit_document(value) if dataclasses.is_dataclass(value) else jsonable(value)
    return document


def jsonable(value: Any) -> JSON:
    """``value`` in JSON's own types: numpy numbers and arrays unpacked, nan and inf null."""
    if dataclasses.is_dataclass(value):
        return {item.name: jsonable(getattr(value, item.name)) for item in dataclasses.fields(value)}
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else None
        case dict():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    return str(value)


def _row(row: Row) -> dict[str, JSON]:
    estimate = row.estimate
    document = {
        "task_id": row.task_id,
        "labels": dict(row.labels),
        "params": dict(row.params),
        "shots": row.shots,
        "errors": row.errors,
        "value": estimate and estimate.value,
        "low": estimate and estimate.low,
        "high": estimate and estimate.high,
        "confidence": estimate and estimate.confidence,
        "state": row.state,
        "reason": row.reason,
        "surplus": row.surplus,
        "cpu_seconds": row.cpu_seconds,
        "tally": {row.tally.kind: row.tally.to_json()} if row.tally is not None else None,
    }
    return {key: jsonable(value) for key, value in document.items()}
