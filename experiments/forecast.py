"""What a run would do before it is done: tasks, what the ledger already has, the most it can cost, and how long."""

from __future__ import annotations

import math
from pathlib import Path

from experiments.collect import fold
from experiments.errors import LedgerError
from experiments.ledger import Contents, Ledger, check
from experiments.progress import Progress
from experiments.runner import plan
from experiments.shards import share_of
from experiments.sweep import Sweep


def forecast(sweep: Sweep, out: Path, *, workers: int, shard: tuple[int, int] | None = None) -> str:
    """A text: one line a task, then totals.  Costs come from the study's formula; where errors end a task, bounds.

    Raises:
        InputError, LedgerError: whatever the run itself would refuse; nothing is written.
    """
    manifest = plan(sweep, out, {"env": ""})
    tasks = manifest.tasks if shard is None else share_of(manifest.tasks, *shard)
    check(out, manifest)
    try:
        contents = Ledger.open(out).read()
    except LedgerError:
        contents = Contents()
    progresses, _ = fold(manifest, contents, tasks)
    lines = [_line(progress) for progress in progresses]
    seconds = [_core_seconds_left(progress) for progress in progresses]
    total = sum(seconds)
    missing = sum(not progress.ended for progress in progresses)
    seed = "drawn at the first run" if sweep.seed is None else manifest.seed
    lines.append(f"{len(tasks)} tasks, {missing} unfinished, seed {seed}")
    if math.isfinite(total):
        lines.append(f"at most {_duration(total)} of core time: {_duration(total / workers)} with {workers} workers")
    else:
        lines.append("no bound on the cost: set stop.max_shots to have one")
    return "\n".join(lines)


def _line(progress: Progress) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in progress.task.labels.items()) or "the only task"
    if progress.ended:
        return f"{progress.task.id[:12]}  {labels}: done ({progress.reason}, {progress.shots:,} shots)"
    wanted = progress.stop.shots_still_wanted(progress.tally)
    shots = f"up to {wanted:,.0f} more shots" if math.isfinite(wanted) else "shots until its stop rule holds"
    return f"{progress.task.id[:12]}  {labels}: {shots}, {progress.task.cost:.2g} core s/shot"


def _core_seconds_left(progress: Progress) -> float:
    if progress.ended:
        return 0.0
    measured = progress.cpu / progress.shots if progress.shots >= 1000 else progress.task.cost
    return progress.stop.shots_still_wanted(progress.tally) * measured


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.2g} s"
