"""The marks of a figure: points with bars, arrows for upper limits, fitted curves, the band of a threshold."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from experiments.plots import theme
from experiments.plots.panels import Curve, Layout, Point, fitted_curve, threshold_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_curve(axes: Axes, curve: Curve, layout: Layout, *, fitted: tuple[float, float] | None) -> None:
    """Points of one curve, the measured ones joined by thin lines except inside the ``fitted`` range of x."""
    style = theme.style(curve.index)
    dots = layout.x_column is None
    measured = [point for point in curve.points if not point.upper_limit]
    if not layout.categories:
        for left, right in pairwise(measured):
            if fitted is None or left.x < fitted[0] * (1 - 1e-9) or right.x > fitted[1] * (1 + 1e-9):
                xs, values = [left.x, right.x], [left.value, right.value]
                axes.plot(xs, values, color=style.colour, linestyle=style.dash, linewidth=1.0, alpha=0.55, zorder=2)
    for point in measured:
        _bar(axes, point, style, dots=dots)
    for settled in (True, False):
        some = [point for point in measured if point.settled is settled]
        xs, values = [point.x for point in some], [point.value for point in some]
        along, up = (values, xs) if dots else (xs, values)
        axes.plot(along, up, linestyle="", **_marker(style, filled=settled), zorder=4)
    for point in curve.points:
        if point.upper_limit:
            _arrow(axes, point, style, dots=dots)


def draw_fit(axes: Axes, fit: Any, curve: Curve, layout: Layout) -> tuple[float, float] | None:
    """The fitted curve of one distance, inside the fitted window; returns the range of x it covers."""
    path = fitted_curve(fit, curve, layout)
    if not path:
        return None
    style = theme.style(curve.index)
    xs, values = zip(*path, strict=True)
    axes.plot(xs, values, color=style.colour, linestyle=style.dash, linewidth=1.3, alpha=0.9, zorder=3)
    return xs[0], xs[-1]


def draw_band(axes: Axes, fit: Any) -> None:
    """The threshold as a vertical line, its interval as a band; an open end runs off the axis."""
    left, right = axes.get_xlim()
    low = fit.low if math.isfinite(fit.low) and fit.low > 0 else left
    high = fit.high if math.isfinite(fit.high) else right
    axes.axvspan(max(low, left), min(high, right), color=theme.BAND, alpha=0.13, linewidth=0, zorder=1)
    line = axes.axvline(
        fit.p_c, color=theme.BAND, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1, label=threshold_text(fit)
    )
    line.set_gid("threshold")


def legend_handle(index: int, label: str, *, solid: bool) -> Line2D:
    """The legend's sample of a curve."""
    style = theme.style(index)
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.dash,
        linewidth=1.3 if solid else 1.0,
        label=label,
        **_marker(style, filled=True),
    )


def _marker(style: theme.Style, *, filled: bool) -> dict[str, Any]:
    face = style.colour if filled else "white"
    return {
        "marker": style.marker,
        "markersize": 4.6,
        "markerfacecolor": face,
        "markeredgecolor": style.colour,
        "markeredgewidth": 1.0,
    }


def _bar(axes: Axes, point: Point, style: theme.Style, *, dots: bool) -> None:
    """The interval, with caps; an end at or below zero on a logarithmic axis runs off it."""
    edge = axes.get_xlim()[0] if dots else axes.get_ylim()[0]
    log = (axes.get_xscale() if dots else axes.get_yscale()) == "log"
    low = edge if log and point.low <= 0 else point.low
    ends, place = [low, point.high], [point.x, point.x]
    along, up = (ends, place) if dots else (place, ends)
    cap = "|" if dots else "_"
    axes.plot(along, up, color=style.colour, linewidth=1.1, marker=cap, markersize=5, markeredgewidth=1.1, zorder=3)


def _arrow(axes: Axes, point: Point, style: theme.Style, *, dots: bool) -> None:
    """An arrow from the upper limit towards zero, of fixed length on paper."""
    tip, colour = (-16, 0) if dots else (0, -16), style.colour
    start = (point.high, point.x) if dots else (point.x, point.high)
    axes.annotate(
        "",
        xy=start,
        xycoords="data",
        xytext=tip,
        textcoords="offset points",
        arrowprops={
            "arrowstyle": "<|-",
            "color": colour,
            "linewidth": 1.1,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 8,
            "fill": point.settled,
        },
        annotation_clip=False,
        zorder=4,
    )
    axes.plot(
        *([value] for value in start),
        linestyle="",
        marker="|" if dots else "_",
        markersize=7,
        color=colour,
        markeredgewidth=1.3,
        zorder=4,
    )
