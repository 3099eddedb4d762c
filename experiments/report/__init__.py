"""Results for people: aligned text, a notebook table, and one self-contained HTML page.

from experiments.report import write_report
write_report(results, "surface.html")      # opens from file://, asks no network for anything
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.results import Results

__all__ = ["write_report"]


def write_report(results: Results, path: str | Path, *, title: str | None = None) -> Path:
    """Write one HTML file with summary, plots, table, manifest and the commands that reproduce it; return its path.

    The same results give the same bytes.  The page holds its data as JSON and draws itself; it loads nothing.

    Raises:
        StorageError: the file cannot be written.
    """
    from experiments.report.page import write_page

    return write_page(results, path, title=title)
