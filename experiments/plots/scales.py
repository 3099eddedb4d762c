"""Axes limits, scales and ticks: what range is shown, and which numbers stand along it.

A logarithmic axis shows positive ends of intervals only, so that an interval reaching zero runs off the bottom instead
of stretching the axis by decades.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from experiments.plots import theme
from experiments.plots.numbers import log_ticks, tick_text, wants_powers
from experiments.plots.panels import Layout, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_MARGIN = 0.06


@dataclass(frozen=True, slots=True)
class Limits:
    """Shown range of both axes, shared by all panels."""

    x: tuple[float, float]
    value: tuple[float, float]


def limits(layout: Layout) -> Limits:
    """A range that holds every point with its bar, and a margin."""
    points = [point for panel in layout.panels for curve in panel.curves for point in curve.points]
    xs = [point.x for point in points]
    x = (-0.6, len(layout.categories) - 0.4) if layout.categories else _padded(xs, log=layout.log_x)
    return Limits(x, _padded(_ends(points, log=layout.log_value), log=layout.log_value))


def scale_axes(axes: Axes, layout: Layout, shown: Limits) -> None:
    """Set scales, limits, ticks and quiet lines; a dot plot has its rows down the side, first on top."""
    dots = layout.x_column is None
    if dots:
        axes.set(xscale="log" if layout.log_value else "linear", xlim=shown.value, ylim=shown.x[::-1])
    else:
        axes.set(
            xscale="log" if layout.log_x else "linear",
            yscale="log" if layout.log_value else "linear",
            xlim=shown.x,
            ylim=shown.value,
        )
    along, across = (axes.yaxis, axes.xaxis) if dots else (axes.xaxis, axes.yaxis)
    _ticks(along, shown.x, log=layout.log_x)
    _ticks(across, shown.value, log=layout.log_value)
    if layout.categories:
        along.set_major_locator(FixedLocator([float(i) for i in range(len(layout.categories))]))
        along.set_major_formatter(
            FuncFormatter(
                lambda x, _: plain(layout.categories[round(x)]) if 0 <= round(x) < len(layout.categories) else ""
            )
        )
        if not dots and max(map(len, layout.categories)) * len(layout.categories) > 50:
            axes.tick_params(axis="x", labelrotation=30)
    axes.set_axisbelow(True)
    axes.grid(visible=True, which="major", color=theme.GRID, linewidth=0.7)
    axes.tick_params(which="both", color=theme.QUIET, labelcolor=theme.INK, labelsize=theme.FONT_SIZE, direction="out")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(theme.QUIET)


def plain(text: str) -> str:
    """``text`` such that matplotlib draws it as it is, dollar signs included, and reads no formula into it."""
    return text.replace("$", r"\$")


def _ticks(axis: Axis, shown: tuple[float, float], *, log: bool) -> None:
    if log:
        axis.set_major_locator(FixedLocator(log_ticks(*shown)))
        axis.set_minor_locator(
            LogLocator(base=10, subs=range(2, 10)) if math.log10(shown[1] / shown[0]) < 8 else NullLocator()
        )
    else:
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    powers = wants_powers(*shown)
    axis.set_major_formatter(FuncFormatter(lambda x, _: tick_text(float(f"{x:.10g}"), powers=powers)))
    axis.set_minor_formatter(NullFormatter())


def _ends(points: Iterable[Point], *, log: bool) -> list[float]:
    ends: list[float] = []
    for point in points:
        own = [point.high] if point.upper_limit else [point.value, point.high, point.low]
        ends += [end for end in own if not log or end > 0]
        if not point.upper_limit and log and point.value > 0 and point.low <= 0:
            ends.append(point.value / 3)
        if point.upper_limit:
            ends.append(point.high / 2.5 if log else point.value)
    return ends


def _padded(values: list[float], *, log: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if log:
        factor = max((high / low) ** _MARGIN, 1.12)
        return low / factor, high * factor
    margin = (high - low) * _MARGIN or abs(high) * 0.1 or 1.0
    return low - margin, high + margin
