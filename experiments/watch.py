"""Watching a run: a live table on a terminal, a line that refreshes in a notebook, a short line now and then elsewhere.

with watcher() as watching:
    run(sweep, out, observer=watching.show)
"""

from __future__ import annotations

import html
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, Self

from experiments.collect import row_of

if TYPE_CHECKING:
    from experiments.progress import Progress
    from experiments.runner import RunState

QUIET_INTERVAL = 10.0
NOTEBOOK_INTERVAL = 1.0


class Watcher(Protocol):
    """Something that shows a run while it goes on."""

    def show(self, state: RunState) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def watcher() -> Watcher:
    """What suits where this process runs: a terminal, a Jupyter kernel, or anything else (Slurm logs, pipes)."""
    if _in_kernel():
        return NotebookLine()
    return LiveTable() if sys.stderr.isatty() else QuietLines()


def _in_kernel() -> bool:
    ipython: Any = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class NotebookLine:
    """One line under the cell, refreshed in place through its display id; no widgets."""

    def __init__(self) -> None:
        import IPython.display

        display: Any = IPython.display  # it carries no annotations
        self._html = display.HTML
        self._handle = display.display(display.HTML("starting workers"), display_id=True)
        self._last = 0.0

    def show(self, state: RunState) -> None:
        """Refresh when it is time."""
        if time.monotonic() - self._last >= NOTEBOOK_INTERVAL:
            self._last = time.monotonic()
            self._handle.update(self._html(html.escape(summary(state))))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave an empty line: the results that follow say it all."""
        self._handle.update(self._html(""))


class QuietLines:
    """One line every ten seconds on the error stream; when its reader leaves, the run goes on without lines."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._read = True

    def show(self, state: RunState) -> None:
        """Print a line when it is time."""
        if self._read and time.monotonic() - self._last >= QUIET_INTERVAL:
            self._last = time.monotonic()
            try:
                print(summary(state), file=sys.stderr, flush=True)
            except BrokenPipeError:
                self._read = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to undo."""


class LiveTable:
    """A table that follows the run; its intervals are anytime-valid, so looking at them does no harm."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def show(self, state: RunState) -> None:
        """Redraw."""
        self._live.update(self._table(state), refresh=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._live.__exit__(*error)

    def _table(self, state: RunState) -> Any:
        from rich.table import Table

        columns = list(state.progresses[0].task.labels)
        table = Table(caption=summary(state), caption_justify="left", box=None, pad_edge=False)
        for name in (*columns, "shots", "errors", "estimate (anytime-valid interval)", "state"):
            table.add_column(name, justify="left" if name in ("state",) else "right", no_wrap=True)
        room = max(self._console.height - 4, 3)
        shown = _most_telling(state.progresses, room)
        for progress in shown:
            row = row_of(progress, progress.stop.confidence, "anytime")
            cells = [str(row.labels[name]) for name in columns]
            errors = "" if row.errors is None else f"{row.errors:,}"
            state_text = row.reason if row.state == "complete" else row.state
            table.add_row(
                *cells, f"{row.shots:,}", errors, "" if row.estimate is None else str(row.estimate), state_text
            )
        hidden = len(state.progresses) - len(shown)
        if hidden:
            table.add_row(*[f"… {hidden} more" if k == 0 else "" for k in range(len(columns) + 4)])
        return table


def summary(state: RunState) -> str:
    """One line about a run: how far, how much, how long."""
    ended = sum(progress.ended for progress in state.progresses)
    failed = sum(bool(progress.failure) for progress in state.progresses)
    parts = [
        f"{ended}/{len(state.progresses)} tasks",
        f"{state.shots:,} shots",
        f"{state.batches:,} batches",
        f"{time.monotonic() - state.started:.0f} s",
        f"{state.workers} workers",
    ]
    if failed:
        parts.append(f"{failed} failed")
    if state.rounds.summary:
        parts.append(state.rounds.summary)
    if state.notes:
        parts.append(f"last note: {state.notes[-1]}")
    return ", ".join(parts)


def _most_telling(progresses: Any, room: int) -> list[Progress]:
    """All tasks in grid order when they fit, else the running ones first."""
    if len(progresses) <= room:
        return list(progresses)
    running = [progress for progress in progresses if progress.prefix and not progress.ended]
    rest = [progress for progress in progresses if progress not in running]
    kept = set(map(id, (running + rest)[: room - 1]))
    return [progress for progress in progresses if id(progress) in kept]
