"""From a ledger to results: fold every task's records, apply the stop rules, publish the prefix."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.ledger import Contents, Ledger, Manifest
from experiments.progress import Progress
from experiments.results import Results, Row
from experiments.rounds import Rounds, rounds_for, start
from experiments.statistics.binomial import Method
from experiments.statistics.estimate import Estimate
from experiments.tally.counts import Counts


def fold(manifest: Manifest, contents: Contents, tasks: Sequence[Any] | None = None) -> tuple[list[Progress], Rounds]:
    """Every task's progress as far as the records reach, and the allocation as far as its rounds are complete."""
    progresses = [Progress(task, manifest.stop) for task in (manifest.tasks if tasks is None else tasks)]
    rounds = rounds_for(manifest.allocate, manifest.axes, manifest.counting, manifest.columns)
    start(rounds, progresses)
    for progress in progresses:
        progress.load(contents.batches.get(progress.task.id, {}))
    rounds.grant(progresses)
    return progresses, rounds


def load(directory: str | Path, *, interval: Method = "likelihood_ratio") -> Results:
    """The results of a ledger, finished or not.

    Raises:
        LedgerError, ConflictError: the ledger cannot be read or trusted.
    """
    ledger = Ledger.open(directory)
    with _collector_paused():
        contents = ledger.read()
        progresses, rounds = fold(ledger.manifest, contents)
    for progress in progresses:
        failure = contents.failures.get(progress.task.id)
        if failure is not None and not progress.ended:
            progress.failure = failure.error
    return results_of(ledger, progresses, rounds, problems=contents.problems, interval=interval)


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile: a million records hold no cycles, and scanning them over costs a fifth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def results_of(
    ledger: Ledger,
    progresses: Sequence[Progress],
    rounds: Rounds,
    *,
    problems: Sequence[str] = (),
    interval: Method = "likelihood_ratio",
) -> Results:
    """Rows in grid order, with everything needed to plot and to reproduce them."""
    manifest = ledger.manifest
    runs = ledger.runs()
    about = {
        "study": manifest.study,
        "version": manifest.version,
        "counting": manifest.counting,
        "seed": str(manifest.seed),
        "source": manifest.source,
        "sweep": manifest.sweep_text,
        "stop": asdict(manifest.stop),
        "allocate": dict(manifest.allocate),
        "allocation": rounds.summary,
        "env": manifest.env,
        "environment": runs[-1] if runs else {},
        "problems": list(problems),
    }
    rows = [row_of(progress, manifest.stop.confidence, interval) for progress in progresses]
    return Results(manifest.study, manifest.version, tuple(manifest.columns), rows, manifest.axes, about)


def row_of(progress: Progress, confidence: float, interval: Method) -> Row:
    """The published row of one task."""
    tally = progress.tally
    return Row(
        task_id=progress.task.id,
        labels=progress.task.labels,
        params=progress.task.params,
        shots=progress.shots,
        errors=tally.errors if isinstance(tally, Counts) else None,
        estimate=published(progress, confidence, interval),
        tally=tally,
        state=state_of(progress),
        reason=progress.failure or progress.reason,
        surplus=progress.surplus,
        cpu_seconds=progress.cpu,
    )


def state_of(progress: Progress) -> str:
    """``failed``, ``complete``, ``running`` (it has batches) or ``waiting``."""
    if progress.failure:
        return "failed"
    if progress.reason:
        return "complete"
    return "running" if progress.prefix else "waiting"


def published(progress: Progress, confidence: float, interval: Method) -> Estimate | None:
    """The estimate of the prefix; unbiased under the stop rule that ended a counting task."""
    from experiments.statistics.stopped import unbiased_rate

    tally = progress.tally
    if not isinstance(tally, Counts):
        return None if tally is None else tally.estimate(confidence)
    found = tally.estimate(confidence, method=interval)
    if progress.reason != "max_errors" or progress.stop.max_errors is None:
        return found
    value = unbiased_rate(tally.errors, tally.kept, last_batch=progress.last_kept, max_errors=progress.stop.max_errors)
    return Estimate(value, found.low, found.high, found.confidence)
