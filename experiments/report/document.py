"""What the page's script draws from: the table's cells and the plot's layout as one JSON object.

A row carries the very cells of the CSV (as text, full precision), so the page's CSV download equals `Results.to_csv`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.interchange.table_csv import IDENTITY, bare_cells, data_columns, grid_headers
from experiments.plots.numbers import distinct
from experiments.plots.panels import Curve, Layout, Panel, fitted_curve, panels, threshold_fits, threshold_text
from experiments.report.completion import row_completion
from experiments.report.text_table import estimate_text

if TYPE_CHECKING:
    from experiments.results import Results
    from experiments.study import JSON


def document(results: Results) -> dict[str, JSON]:
    """The object that ``report.js`` reads."""
    layout = panels(results)
    return {
        "study": results.study,
        "counting": results.counting,
        "headers": [*IDENTITY, *grid_headers(results).values(), *data_columns(results)],
        "columns": list(results.columns),
        "rows": _rows(results),
        "plot": _plot(layout, threshold_fits(results, layout)),
    }


def embedded(value: JSON) -> str:
    """JSON that may stand inside a ``<script>`` element: nothing in it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _rows(results: Results) -> list[JSON]:
    texts = [distinct([row.labels.get(column) for row in results.rows]) for column in results.columns]
    rows: list[JSON] = []
    for i, (row, cells) in enumerate(zip(results.rows, bare_cells(results), strict=True)):
        rows.append(
            {
                "c": cells[1:],
                "t": [column[i] for column in texts],
                "e": estimate_text(row),
                "s": row.state,
                "r": row.reason,
                "f": row_completion(row, results),
            }
        )
    return rows


def _plot(layout: Layout, fits: Sequence[Any | None]) -> dict[str, JSON]:
    return {
        "dots": layout.x_column is None,
        "curveColumn": layout.curve_column,
        "curveLabels": list(layout.curve_labels),
        "categories": list(layout.categories),
        "xLabel": layout.x_label,
        "valueLabel": layout.value_label,
        "logX": layout.log_x,
        "logValue": layout.log_value,
        "panels": [_panel(panel, layout, fit) for panel, fit in zip(layout.panels, fits, strict=True)],
    }


def _panel(panel: Panel, layout: Layout, fit: Any | None) -> dict[str, JSON]:
    return {
        "title": panel.title,
        "curves": [_curve(curve, layout, fit) for curve in panel.curves],
        "threshold": None if fit is None else _threshold(fit),
    }


def _threshold(fit: Any) -> dict[str, JSON]:
    """Numbers of a threshold; an end of the interval that the data leave open is null."""
    low, high = (end if math.isfinite(end) and end > 0 else None for end in (fit.low, fit.high))
    return {"p": fit.p_c, "low": low, "high": high, "text": threshold_text(fit)}


def _curve(curve: Curve, layout: Layout, fit: Any | None) -> dict[str, JSON]:
    path = fitted_curve(fit, curve, layout) if fit is not None else []
    return {
        "i": curve.index,
        "rows": [point.row for point in curve.points],
        "x": [point.x for point in curve.points],
        "fit": [[float(f"{x:.6g}"), float(f"{y:.6g}")] for x, y in path],
    }
