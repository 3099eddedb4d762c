"""Results as aligned plain text, for terminals, logs and e-mails.

distance      p     shots  errors  estimate                          state
       3  0.002   151,000     400  0.00265(13) [95 %: 0.0024, ...]   complete
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.plots.numbers import distinct, grouped
from experiments.report.summary import summary

if TYPE_CHECKING:
    from experiments.results import Results, Row


def text_table(results: Results) -> str:
    """One line a task under a heading, then the summary and the fits; no trailing spaces, no final newline."""
    columns: list[tuple[str, list[str], bool]] = []
    for column in results.columns:
        values = [row.labels.get(column) for row in results.rows]
        numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        columns.append((column, [_one_line(text) for text in distinct(values)], numeric))
    columns.append(("shots" if results.counting else "n", [grouped(row.shots) for row in results.rows], True))
    if results.counting:
        columns.append(("errors", ["" if row.errors is None else grouped(row.errors) for row in results.rows], True))
    columns.append(("estimate", [estimate_text(row) for row in results.rows], False))
    columns.append(("state", [state_text(row) for row in results.rows], False))
    heading = f"{results.study} version {results.version}"
    lines = [heading, "", *_aligned(columns), "", summary(results), *(str(fit) for fit in results.fits)]
    return "\n".join(line.rstrip() for line in lines)


def estimate_text(row: Row) -> str:
    """The estimate as it prints, or a dash for a task without data."""
    return "–" if row.estimate is None or row.shots == 0 else str(row.estimate)


def state_text(row: Row) -> str:
    """The state; for a failed task also why, on one line."""
    return _one_line(f"{row.state}: {row.reason}" if row.state == "failed" and row.reason else row.state)


def _aligned(columns: Sequence[tuple[str, list[str], bool]]) -> list[str]:
    widths = [max(len(text) for text in (header, *cells)) for header, cells, _ in columns]
    count = len(columns[0][1])
    table = [[header for header, _, _ in columns]] + [[cells[i] for _, cells, _ in columns] for i in range(count)]
    return [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, (_, _, right) in zip(line, widths, columns, strict=True)
        )
        for line in table
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
