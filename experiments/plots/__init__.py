"""Pictures of results: values with their intervals along the study's natural axes, with fitted curves if there are any.

    from experiments.plots import plot, save
    figure = plot(results)
    save(figure, "threshold.svg")        # byte-deterministic, with the provenance in its metadata

matplotlib loads when the first figure is drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from experiments.plots.figure import SweepFigure
    from experiments.results import Results

__all__ = ["plot", "save"]


def plot(results: Results) -> SweepFigure:
    """Draw ``results``: one curve per value of ``axes.curve``, one panel per combination of further grid columns.

    Bars are the rows' intervals.  A task without errors is an arrow down from its upper limit, one that still runs is
    hollow.  With a threshold fit, its curves and the band of p_c are drawn inside the fitted window.

    Raises:
        InputError: nothing to draw, or more than six panels.
    """
    from experiments.plots.figure import draw

    return draw(results)


def save(figure: Figure, path: str | Path) -> Path:
    """Write ``figure`` as .svg, .png or .pdf, the same bytes every time, and return the path.

    Raises:
        InputError: another suffix.
        StorageError: the file cannot be written.
    """
    from experiments.plots.figure import write

    return write(figure, path)
