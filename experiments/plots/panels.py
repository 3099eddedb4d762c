"""What is to be drawn, before anything draws it: panels of curves of points, the same for a figure and for a report.

    layout = panels(results)
    layout.panels[0].curves[0].points[0].x

Every grid column has its place — x axis, curve, or one panel for each combination of the rest — so that two tasks are
never averaged into one point.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.plots.numbers import distinct

if TYPE_CHECKING:
    from experiments.results import Results, Row
    from experiments.study import JSON


@dataclass(frozen=True, slots=True)
class Point:
    """One task: position ``x`` (a category's index where x has no numbers), its estimate, and its row's index.

    ``upper_limit`` says that nothing was counted, so that only ``high`` is known; ``settled`` that no more data come.
    """

    row: int
    x: float
    value: float
    low: float
    high: float
    upper_limit: bool
    settled: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Points that share the value ``key`` of the curve column; ``index`` chooses colour and marker in all panels."""

    index: int
    label: str
    key: JSON
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One combination of the further grid columns, ``labels``."""

    title: str
    labels: Mapping[str, JSON]
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """All panels and the axes they share; ``categories`` names the x positions 0, 1, ... where x has no numbers.

    ``x_column`` is None when the rows themselves are the axis (a dot plot); ``without_data`` counts tasks not drawn.
    """

    panels: tuple[Panel, ...]
    x_column: str | None
    curve_column: str | None
    panel_columns: tuple[str, ...]
    categories: tuple[str, ...]
    x_label: str
    value_label: str
    log_x: bool
    log_value: bool
    curve_labels: tuple[str, ...]
    without_data: int
    unsettled: int


def panels(results: Results) -> Layout:
    """Arrange the rows of ``results`` by ``results.axes``.

    The x axis is ``axes.x``; where that is not swept, the curve column takes its place; where neither is, each row is
    one dot named by its labels.  Axes are logarithmic when asked for and some value is positive.
    """
    axes, columns = results.axes, list(results.columns)
    x_column = next((name for name in (axes.x, axes.curve) if axes.x is not None and name in columns), None)
    curve_column = axes.curve if axes.curve in columns and axes.curve != x_column and x_column is not None else None
    rest = tuple(name for name in columns if name not in (x_column, curve_column)) if x_column else ()

    drawn = [(i, row) for i, row in enumerate(results.rows) if _drawable(row)]
    positions, categories = _positions(results.rows, x_column, columns)
    log_value = axes.log_value and any(_top(row) > 0 for _, row in drawn)
    curves = _values(results.rows, curve_column)
    curve_texts = tuple(distinct(curves)) if curve_column else ("",)
    keys = {_key(value): index for index, value in enumerate(curves)}

    found: dict[str, dict[int, list[Point]]] = {}
    titles = _titles(results.rows, rest)
    shared: dict[str, dict[str, JSON]] = {}
    for title, row in zip(titles, results.rows, strict=True):
        found.setdefault(title, {})
        shared.setdefault(title, {name: row.labels.get(name) for name in rest})
    for i, row in drawn:
        curve = keys[_key(row.labels.get(curve_column))] if curve_column else 0
        found[titles[i]].setdefault(curve, []).append(_point(i, row, positions[i], log_value))
    return Layout(
        panels=tuple(
            Panel(title, shared[title], tuple(_curve(c, curve_texts[c], curves[c], points[c]) for c in sorted(points)))
            for title, points in found.items()
        ),
        x_column=x_column,
        curve_column=curve_column,
        panel_columns=rest,
        categories=categories,
        x_label=_x_label(results, x_column),
        value_label=axes.value_label,
        log_x=axes.log_x and x_column == axes.x and not categories and all(x > 0 for x in positions),
        log_value=log_value,
        curve_labels=curve_texts,
        without_data=len(results.rows) - len(drawn),
        unsettled=sum(row.state in ("running", "waiting") for _, row in drawn),
    )


def threshold_fits(results: Results, layout: Layout) -> list[Any | None]:
    """The threshold fit that belongs on each panel, or None.

    A fit that carries ``labels`` (`experiments.fits.from_rows.GroupFit`) belongs on the panel with these labels; a bare
    fit belongs on the panel when there is only one.  Neither is drawn unless x and curve are the columns it was made
    from.
    """
    found: list[Any | None] = [None] * len(layout.panels)
    if layout.x_column != results.axes.x or layout.curve_column is None or layout.categories:
        return found
    for group in results.fits:
        labels, fit = getattr(group, "labels", {}), getattr(group, "fit", group)
        if not (hasattr(fit, "p_c") and callable(getattr(fit, "curve", None))):
            continue
        for i, panel in enumerate(layout.panels):
            mine = panel.labels == dict(labels) if labels else len(layout.panels) == 1
            if mine and found[i] is None:
                found[i] = fit
    return found


def threshold_text(fit: Any) -> str:
    """A fitted threshold as it is read aloud: ``threshold 0.0075(3)``."""
    from experiments.statistics.estimate import Estimate

    number = str(Estimate(fit.p_c, fit.low, fit.high, fit.confidence)).partition(" ")[0]
    return f"threshold {number}"


def fitted_curve(fit: Any, curve: Curve, layout: Layout, samples: int = 61) -> list[tuple[float, float]]:
    """(x, value) along a fit for one curve, inside the fitted window and not beyond the curve's own points."""
    xs = [point.x for point in curve.points]
    window = getattr(fit, "window", None) or (min(xs), max(xs))
    low, high = max(min(xs), float(window[0])), min(max(xs), float(window[1]))
    if not low < high or not isinstance(curve.key, int | float):
        return []
    steps = [i / (samples - 1) for i in range(samples)]
    at = [low * (high / low) ** s for s in steps] if layout.log_x else [low + (high - low) * s for s in steps]
    values = fit.curve(at, curve.key)
    return [(x, float(y)) for x, y in zip(at, values, strict=True) if math.isfinite(y)]


def _curve(index: int, label: str, key: JSON, points: list[Point]) -> Curve:
    return Curve(index, label, key, tuple(sorted(points, key=lambda point: point.x)))


def _x_label(results: Results, x_column: str | None) -> str:
    if x_column is None:
        return results.columns[0] if len(results.columns) == 1 else ""
    return (results.axes.x_label if x_column == results.axes.x else "") or x_column


def _drawable(row: Row) -> bool:
    return row.estimate is not None and row.shots > 0 and math.isfinite(row.estimate.value)


def _top(row: Row) -> float:
    if row.estimate is None:
        return -math.inf
    return max((x for x in (row.estimate.value, row.estimate.high) if math.isfinite(x)), default=-math.inf)


def _point(index: int, row: Row, x: float, log_value: bool) -> Point:
    if row.estimate is None:
        raise ValueError("a row without an estimate has no place on a plot")
    value, low, high = (float(n) for n in (row.estimate.value, row.estimate.low, row.estimate.high))
    unseen = row.errors == 0 or (log_value and value <= 0)
    return Point(
        row=index,
        x=x,
        value=value,
        low=low if math.isfinite(low) else value,
        high=high if math.isfinite(high) else value,
        upper_limit=unseen and math.isfinite(high) and high > value,
        settled=row.state in ("complete", "failed"),
    )


def _positions(
    rows: Sequence[Row], x_column: str | None, columns: Sequence[str]
) -> tuple[list[float], tuple[str, ...]]:
    if x_column is None:
        texts = _row_names(rows, columns)
        return [float(i) for i in range(len(rows))], tuple(texts)
    values = [row.labels.get(x_column) for row in rows]
    if all(isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in values):
        return [float(value) for value in values if value is not None], ()
    names = _values(rows, x_column)
    place = {_key(name): float(i) for i, name in enumerate(names)}
    return [place[_key(value)] for value in values], tuple(distinct(names))


def _row_names(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    texts = {column: distinct([row.labels.get(column) for row in rows]) for column in columns}
    if len(columns) == 1:
        return texts[columns[0]]
    return [
        ", ".join(f"{column} = {texts[column][i]}" for column in columns) or row.task_id[:12]
        for i, row in enumerate(rows)
    ]


def _titles(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    texts: Mapping[str, list[str]] = {column: distinct([row.labels.get(column) for row in rows]) for column in columns}
    return [", ".join(f"{column} = {texts[column][i]}" for column in columns) for i in range(len(rows))]


def _values(rows: Sequence[Row], column: str | None) -> list[JSON]:
    """Distinct values of a column in grid order; one None where there is no column."""
    if column is None:
        return [None]
    return list({_key(row.labels.get(column)): row.labels.get(column) for row in rows}.values())


def _key(value: JSON) -> str:
    return json.dumps(value, sort_keys=True)
