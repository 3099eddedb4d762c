"""What a sweep found: one `Row` a task, in grid order, and the tables, frames and plots made from them.

    results = Sweep.load("surface.toml").run(out="surface")
    print(results)                       # aligned text; a notebook shows a table with bars instead
    results.to_csv()                     # byte-stable: no clock, no host
    results.to_pandas()                  # or .to_xarray() with the grid columns as dimensions
    results.plot("threshold.svg")        # returns a matplotlib Figure, saves it when a path is given

Nothing heavy is imported here; each method imports what it draws or writes with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.study import JSON, Axes, Tally

if TYPE_CHECKING:
    from pathlib import Path

    import pandas
    import xarray

    from experiments.plots.figure import SweepFigure


@dataclass(frozen=True, slots=True)
class Row:
    """One task's result.

    ``labels`` are the grid columns of the task; ``params`` all its parameters.  ``shots`` is the number of units in the
    published prefix, ``surplus`` those in the ledger beyond it.  ``errors`` is None unless the study counts.
    ``state`` is one of ``"complete"``, ``"running"``, ``"waiting"``, ``"failed"``; ``reason`` says which rule ended the
    task (``"max_errors"``, ...) or why it failed.  ``cpu_seconds`` is what the prefix cost, over all workers.
    """

    task_id: str
    labels: Mapping[str, JSON]
    params: Mapping[str, JSON]
    shots: int
    errors: int | None
    estimate: Estimate | None
    tally: Tally | None
    state: str
    reason: str = ""
    surplus: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Results:
    """A sweep's rows with what is needed to read, plot and reproduce them."""

    study: str
    version: int
    columns: Sequence[str]
    rows: Sequence[Row]
    axes: Axes = field(default_factory=Axes)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    fits: Sequence[Any] = ()

    @property
    def counting(self) -> bool:
        """True when the rows count errors among shots.

        Raises:
            InputError: when some rows with data count errors and others do not.
        """
        kinds = {row.errors is not None for row in self.rows if row.shots}
        if len(kinds) > 1:
            raise InputError(
                "rows of two kinds in one table",
                where=f"results of {self.study}",
                expected="errors in every row, or in none",
                got="both",
                cure="make one Results a study",
            )
        if kinds:
            return kinds.pop()
        stop = self.manifest.get("stop") or {}
        return bool(self.manifest.get("counting") or stop.get("max_errors")) or any(
            row.errors is not None for row in self.rows
        )

    def to_csv(self) -> str:
        """One line a task in grid order: ``study,task_id,<grid columns>,shots,errors,value,low,high``.

        A study that does not count has ``n,value,low,high``.  Floats are written in full (``repr``), a task without
        data has empty cells, lines end with ``\\n``; the text depends on the sweep and its seed alone.
        """
        from experiments.interchange.table_csv import csv_text

        return csv_text(self)

    def to_json(self) -> str:
        """Everything the rows hold, as one JSON object; unknown numbers (nan, inf) are null."""
        from experiments.interchange.table_json import json_text

        return json_text(self)

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame with one line a task: the columns of `to_csv`, then state, reason, surplus and cpu_seconds."""
        from experiments.interchange.frames import pandas_frame

        return pandas_frame(self)

    def to_xarray(self) -> xarray.Dataset:
        """A dataset whose dimensions are the grid columns; ``attrs`` carry long names and units.

        Raises:
            MissingExtraError: xarray is not installed.
            InputError: two tasks share all their grid values.
        """
        from experiments.interchange.frames import xarray_dataset

        return xarray_dataset(self)

    def plot(self, path: str | Path | None = None) -> SweepFigure:
        """Draw the values with their intervals along the study's natural axes; save to ``path`` (.svg, .png, .pdf).

        Raises:
            InputError: more than six panels would be needed, or the suffix is not one that can be written.
        """
        from experiments.plots import plot, save

        figure = plot(self)
        if path is not None:
            save(figure, path)
        return figure

    def __str__(self) -> str:
        from experiments.report.text_table import text_table

        return text_table(self)

    def _repr_html_(self) -> str:
        from experiments.report.notebook_table import notebook_table

        return notebook_table(self)
