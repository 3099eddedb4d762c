"""The table of record: one line a task, byte-stable, RFC 4180.

    study,task_id,distance,p,shots,errors,value,low,high
    qec.memory,3f9a…,3,0.002,65536,412,0.006286621…,0.0057…,0.0069…

Only what the sweep and its root seed decide is written, so the SHA-256 of this text (`data_hash`) is the identity of
the numbers: two runs agree exactly when their hashes do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.results import Results, Row
    from experiments.study import JSON

IDENTITY = ("study", "task_id")
COUNTING = ("shots", "errors", "value", "low", "high")
MEASURING = ("n", "value", "low", "high")


def data_columns(results: Results) -> tuple[str, ...]:
    """The columns after the grid: shots and errors for a counting study, ``n`` for any other."""
    return COUNTING if results.counting else MEASURING


def grid_headers(results: Results) -> dict[str, str]:
    """Header of each grid column: its name, or ``grid.<name>`` where a fixed column already has that name."""
    taken = {*IDENTITY, *COUNTING, *MEASURING}
    return {column: f"grid.{column}" if column in taken else column for column in results.columns}


def data_cells(row: Row, *, counting: bool) -> list[int | float | None]:
    """Numbers of one row under `data_columns`; all None for a task without data."""
    if row.shots == 0 and row.estimate is None:
        return [None] * len(COUNTING if counting else MEASURING)
    sizes: list[int | float | None] = [row.shots, row.errors] if counting else [row.shots]
    if row.estimate is None:
        return [*sizes, None, None, None]
    return [*sizes, *(float(x) for x in (row.estimate.value, row.estimate.low, row.estimate.high))]


def csv_text(results: Results) -> str:
    """The whole table as text with ``\\n`` line ends."""
    return "".join(line + "\n" for line in _lines(results))


def data_hash(results: Results) -> str:
    """SHA-256 (hex) of `csv_text`: equal for every run that found the same numbers."""
    return hashlib.sha256(csv_text(results).encode()).hexdigest()


def bare_cells(results: Results) -> Iterator[list[str]]:
    """Every row's cells as text, before quoting."""
    counting = results.counting
    for row in results.rows:
        labels = [row.labels.get(column) for column in results.columns]
        cells = (results.study, row.task_id, *labels, *data_cells(row, counting=counting))
        yield [_text(value) for value in cells]


def _lines(results: Results) -> Iterator[str]:
    yield ",".join(map(_quoted, (*IDENTITY, *grid_headers(results).values(), *data_columns(results))))
    for cells in bare_cells(results):
        yield ",".join(map(_quoted, cells))


def _text(value: JSON) -> str:
    """Floats in full precision, lists and tables as compact JSON, None empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return repr(int(value))
        case float():  # float() strips numpy's scalar type, whose repr is not a number
            return repr(float(value))
        case str():
            return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _quoted(text: str) -> str:
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
