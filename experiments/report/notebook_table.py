"""Results in a notebook: a table with a bar of progress a row, readable on light and dark pages alike.

Colours are transparent tints of the page's own text colour, so the notebook's theme decides; there is no script.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from experiments.plots.numbers import distinct, grouped
from experiments.report.completion import row_completion
from experiments.report.summary import summary

if TYPE_CHECKING:
    from experiments.results import Results, Row

MOST_ROWS = 200
_TINT = {"complete": "#10975f", "running": "#2f7fd6", "waiting": "#8b8f98", "failed": "#d1442f"}
_RIGHT = "text-align:right;font-variant-numeric:tabular-nums;"
_CELL = (
    "padding:.2em .8em;white-space:nowrap;border-bottom:1px solid rgba(128,128,128,.22);background:none;color:inherit;"
)


def notebook_table(results: Results) -> str:
    """An HTML fragment: heading, at most 200 rows, summary and fits.  All user text is escaped."""
    texts = {column: distinct([row.labels.get(column) for row in results.rows]) for column in results.columns}
    size = ["shots", "errors"] if results.counting else ["n"]
    heads = "".join(_cell("th", escape(name), right=True) for name in (*results.columns, *size))
    heads += "".join(_cell("th", name) for name in ("estimate", "progress", "state"))
    lines = []
    for i, row in enumerate(results.rows[:MOST_ROWS]):
        cells = [_cell("td", escape(texts[column][i]), right=True) for column in results.columns]
        cells.append(_cell("td", grouped(row.shots), right=True))
        if results.counting:
            cells.append(_cell("td", "" if row.errors is None else grouped(row.errors), right=True))
        cells.append(_cell("td", "–" if row.estimate is None or not row.shots else row.estimate._repr_html_()))
        cells.append(_cell("td", _bar(row, results)))
        cells.append(_cell("td", _state(row)))
        lines.append(f'<tr title="task {escape(row.task_id)}" style="background:none">{"".join(cells)}</tr>')
    left = len(results.rows) - MOST_ROWS
    more = f"<p>… and {grouped(left)} more rows: <code>to_pandas()</code> has them all.</p>" if left > 0 else ""
    fits = "".join(f"<p style='margin:.4em 0'><strong>{escape(str(fit))}</strong></p>" for fit in results.fits)
    return (
        '<div class="qsim-results" style="font-size:.93em;overflow-x:auto">'
        f'<p style="margin:.3em 0"><strong>{escape(results.study)}</strong> version {results.version}</p>'
        '<table style="border-collapse:collapse;background:none;color:inherit;margin:.3em 0">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>{more}"
        f'<p style="margin:.4em 0;opacity:.8">{escape(summary(results))}</p>{fits}</div>'
    )


def _cell(tag: str, content: str, *, right: bool = False) -> str:
    return f'<{tag} style="{_CELL}{_RIGHT if right else "text-align:left;"}">{content}</{tag}>'


def _bar(row: Row, results: Results) -> str:
    fraction = row_completion(row, results)
    if fraction is None:
        return ""
    percent, tint = f"{100 * fraction:.3g}", _TINT.get(row.state, _TINT["waiting"])
    return (
        f'<div role="img" aria-label="{percent} %" title="{percent} %" style="width:6em;height:.55em;'
        'border-radius:.3em;background:rgba(128,128,128,.25)">'
        f'<div style="width:{percent}%;height:100%;border-radius:.3em;background:{tint}">'
        "</div></div>"
    )


def _state(row: Row) -> str:
    tint = _TINT.get(row.state, _TINT["waiting"])
    reason = f' <small style="opacity:.75">{escape(row.reason)}</small>' if row.reason else ""
    return f'<span style="color:{tint}">●</span> {escape(row.state)}{reason}'
