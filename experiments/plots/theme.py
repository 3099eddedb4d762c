"""How a figure looks: a colour-blind-safe palette with one marker a curve, sizes in points, quiet axes.

Colours are Okabe and Ito's, ordered so that neighbours differ in lightness too, without the yellow that vanishes on
white.
Beyond seven curves colours repeat with another dash; the marker still differs.

Source: M. Okabe and K. Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Dash: TypeAlias = Literal["-", "--", ":", "-."]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#333333")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<", ">", "h")
DASHES: tuple[Dash, ...] = ("-", "--", ":", "-.")

INK = "#222222"
QUIET = "#6b7280"
GRID = "#e5e7eb"
BAND = "#374151"
FONT_SIZE = 9.0
PANEL_INCHES = (5.4, 3.9)
SMALL_PANEL_INCHES = (3.6, 2.9)
DOTS_PER_INCH = 200


@dataclass(frozen=True, slots=True)
class Style:
    """Colour, marker and dash of one curve."""

    colour: str
    marker: str
    dash: Dash


def style(index: int) -> Style:
    """Style of curve ``index`` (0, 1, ...)."""
    return Style(
        COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)], DASHES[index // len(COLOURS) % len(DASHES)]
    )
