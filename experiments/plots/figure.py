"""One matplotlib figure of a `Layout`: small multiples with shared axes, a legend, a file that is the same every time.

    figure = draw(results)
    write(figure, "threshold.svg")

Figures are built as objects, without pyplot: no global state, no window, nothing to close.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from experiments.errors import InputError, StorageError
from experiments.plots import theme
from experiments.plots.marks import draw_band, draw_curve, draw_fit, legend_handle
from experiments.plots.numbers import text
from experiments.plots.panels import Layout, Panel, panels, threshold_fits, threshold_text
from experiments.plots.scales import limits, plain, scale_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from experiments.results import Results

MOST_PANELS = 6
_METADATA: dict[str, tuple[str, str, dict[str, str | None]]] = {
    ".svg": ("Title", "Description", {"Date": None, "Creator": "qsim-workbench"}),
    ".png": ("Title", "Description", {"Software": "qsim-workbench"}),
    ".pdf": ("Title", "Subject", {"CreationDate": None, "Creator": "qsim-workbench", "Producer": None}),
}


class SweepFigure(Figure):
    """A figure that knows where its numbers come from and shows itself in a notebook."""

    title = ""
    provenance = ""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=110)
        return picture.getvalue()


def draw(results: Results) -> SweepFigure:
    """`experiments.plots.plot`."""
    layout = panels(results)
    count = len(layout.panels)
    if count > MOST_PANELS:
        raise InputError(
            "too many panels for one figure",
            where=f"plot of {results.study}",
            expected=f"at most {MOST_PANELS} combinations of {', '.join(layout.panel_columns)}",
            got=str(count),
            cure="plot fewer grid values, or write the HTML report, which draws them all",
        )
    if not any(panel.curves for panel in layout.panels):
        raise InputError(
            "nothing to draw yet",
            where=f"plot of {results.study}",
            expected="a task with data",
            cure="run the sweep first",
        )
    across = 1 if count == 1 else 2 if count in (2, 4) else 3
    down = math.ceil(count / across)
    width, height = _panel_inches(layout, count)
    figure = SweepFigure(figsize=(width * across, height * down), layout="constrained")
    FigureCanvasAgg(figure)
    figure.title = f"{results.study}: {layout.value_label}"
    figure.provenance = _provenance(results)

    grid: list[Axes] = list(figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).flat)
    fits = threshold_fits(results, layout)
    shown = limits(layout)
    for axes, panel, fit in zip(grid, layout.panels, fits, strict=False):
        scale_axes(axes, layout, shown)
        _draw_panel(axes, panel, layout, fit)
    for unused in grid[count:]:
        unused.remove()
    _label(figure, grid[:count], layout, across)
    _legend(figure, grid[0], layout, fits)
    _note(figure, layout)
    return figure


def write(figure: Figure, path: str | Path) -> Path:
    """`experiments.plots.save`."""
    path = Path(path)
    known = _METADATA.get(path.suffix.lower())
    if known is None:
        raise InputError(
            "cannot draw into this file",
            where=str(path),
            expected="a name ending in .svg, .png or .pdf",
            got=path.suffix or "no suffix",
        )
    title_key, provenance_key, metadata = known
    described: dict[str, Any] = {
        title_key: getattr(figure, "title", "") or "figure",
        provenance_key: getattr(figure, "provenance", "") or "no provenance",
        **metadata,
    }
    picture = io.BytesIO()
    with rc_context({"svg.hashsalt": "qsim-workbench", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(picture, format=path.suffix.lower()[1:], dpi=theme.DOTS_PER_INCH, metadata=described)
    try:
        path.write_bytes(picture.getvalue())
    except OSError as error:
        raise StorageError(
            f"cannot be written: {error.strerror}", where=str(path), cure="choose another place or make room"
        ) from error
    return path


def _panel_inches(layout: Layout, count: int) -> tuple[float, float]:
    if layout.x_column is None:
        rows = len(layout.categories)
        return theme.PANEL_INCHES[0], max(1.6, 0.9 + 0.28 * rows)
    return theme.PANEL_INCHES if count == 1 else theme.SMALL_PANEL_INCHES


def _draw_panel(axes: Axes, panel: Panel, layout: Layout, fit: Any | None) -> None:
    heading = [panel.title] if panel.title else []
    if fit is not None and len(layout.panels) > 1:
        heading.append(threshold_text(fit))
    if heading:
        axes.set_title(plain("\n".join(heading)), fontsize=theme.FONT_SIZE, color=theme.INK)
    if fit is not None:
        draw_band(axes, fit)
    for curve in panel.curves:
        fitted = draw_fit(axes, fit, curve, layout) if fit is not None else None
        draw_curve(axes, curve, layout, fitted=fitted)


def _label(figure: SweepFigure, grid: list[Axes], layout: Layout, across: int) -> None:
    across_label, up_label = plain(layout.x_label), plain(layout.value_label)
    if layout.x_column is None:
        across_label, up_label = up_label, across_label
    for i, axes in enumerate(grid):
        below_is_empty = i + across >= len(grid)
        axes.tick_params(labelbottom=below_is_empty)
        if len(grid) == 1:
            axes.set_xlabel(across_label, color=theme.INK)
            axes.set_ylabel(up_label, color=theme.INK)
    if len(grid) > 1:
        figure.supxlabel(across_label, fontsize=theme.FONT_SIZE + 1, color=theme.INK)
        figure.supylabel(up_label, fontsize=theme.FONT_SIZE + 1, color=theme.INK)


def _legend(figure: SweepFigure, axes: Axes, layout: Layout, fits: Sequence[Any | None]) -> None:
    labels = layout.curve_labels if layout.curve_column else ()
    handles = [legend_handle(i, plain(label), solid=any(fits)) for i, label in enumerate(labels)]
    if len(layout.panels) == 1:
        handles += [line for line in axes.lines if line.get_gid() == "threshold"]
    if not handles:
        return
    size, title = theme.FONT_SIZE, plain(layout.curve_column or "")
    options: dict[str, Any] = {"frameon": False, "fontsize": size, "title": title, "title_fontsize": size}
    many = len(layout.panels) > 1 or len(handles) > 8
    if many:
        legend = figure.legend(handles=handles, loc="outside right upper", **options)
    else:
        legend = axes.legend(handles=handles, loc="best", **options)
    legend.set_alignment("left")


def _note(figure: SweepFigure, layout: Layout) -> None:
    parts = []
    if layout.unsettled:
        parts.append(f"hollow: {layout.unsettled} still running")
    if layout.without_data:
        parts.append(f"{layout.without_data} without data")
    if any(point.upper_limit for panel in layout.panels for curve in panel.curves for point in curve.points):
        parts.append("arrow: no error seen, upper limit")
    if parts:
        figure.suptitle("; ".join(parts), fontsize=theme.FONT_SIZE - 2, color=theme.QUIET, x=0.99, ha="right")


def _provenance(results: Results) -> str:
    from experiments.interchange.table_csv import data_hash

    facts = {
        "study": f"{results.study} version {results.version}",
        "root seed": text(results.manifest.get("seed")),
        "environment": text(results.manifest.get("env")),
        "data sha256": data_hash(results),
    }
    return "; ".join(f"{name}: {fact}" for name, fact in facts.items())
