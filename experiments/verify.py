"""Replaying a ledger: run logged batches again, from their seeds, and compare every bit of their tallies."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.engine import make_engine
from experiments.engine.protocol import Assignment, Job, Outcome
from experiments.errors import LedgerError
from experiments.ledger import Ledger, current_environment
from experiments.ledger.record import Record
from experiments.registry import find_study


@dataclass(frozen=True, slots=True)
class Verification:
    """How many batches were replayed, and sentences about those that came out differently."""

    replayed: int
    total: int
    differences: Sequence[str]
    environments: Sequence[str]

    @property
    def summary(self) -> str:
        """One sentence; after differences, the likely reason."""
        if not self.differences:
            return f"{self.replayed} of {self.total} batches replayed: all identical, bit by bit"
        here = current_environment()["env"]
        foreign = sorted({env for env in self.environments if env != here})
        why = (
            f"; they were made in environments {', '.join(foreign)}, this is {here}: see runs/*.json" if foreign else ""
        )
        return f"{self.replayed} of {self.total} batches replayed: {len(self.differences)} differ{why}"


def verify(directory: str | Path, *, share: float = 0.05, workers: int = 2) -> Verification:
    """Replay a random ``share`` of a ledger's batches (at least one).

    Raises:
        LedgerError: nothing to replay, imported data, or the installed study has another version.
    """
    ledger = Ledger.open(directory)
    manifest = ledger.manifest
    tasks = {task.id: task for task in manifest.tasks}
    records = [
        record for batches in ledger.read().batches.values() for record in batches.values() if record.task in tasks
    ]
    if not records:
        raise LedgerError("no batch to replay", where=str(directory), cure="run the sweep first")
    if manifest.allocate["rule"] == "imported":
        raise LedgerError(
            "imported statistics cannot be replayed: their seeds were never recorded", where=str(directory)
        )
    study = find_study(manifest.study)
    if study.version != manifest.version:
        raise LedgerError(
            "the installed study has another version",
            where=str(directory),
            expected=f"{manifest.study} version {manifest.version}",
            got=str(study.version),
        )
    chosen = sorted(random.sample(records, max(1, math.ceil(share * len(records)))), key=lambda record: record.key)
    params = {task: tasks[task].params for task in {record.task for record in chosen}}
    assignment = Assignment(manifest.study, manifest.seed, params, tuple(study.preload), study.threads)
    outcomes = _replay(chosen, assignment, workers)
    differences = [text for record in chosen if (text := _difference(record, outcomes[record.key]))]
    differing = [record.env for record in chosen if _difference(record, outcomes[record.key])]
    return Verification(len(chosen), len(records), differences, differing)


def _replay(records: Sequence[Record], assignment: Assignment, workers: int) -> dict[tuple[str, int, int], Outcome]:
    engine = make_engine("local", workers)
    outcomes: dict[tuple[str, int, int], Outcome] = {}
    left = [Job(*record.key) for record in records][::-1]
    try:
        engine.open(assignment)
        while len(outcomes) < len(records):
            for slot in engine.slots():
                while left and len(slot.jobs) < 2:
                    engine.submit(slot, [left.pop()])
            for outcome in engine.wait(1.0):
                job = outcome.job
                if outcome.lost:
                    left.append(job)
                else:
                    outcomes[job.task, job.batch, job.size] = outcome
    finally:
        engine.close()
    return outcomes


def _difference(record: Record, outcome: Outcome) -> str:
    if outcome.state == bytes(record.state):
        return ""
    got = outcome.error or outcome.died or outcome.state.decode()
    name = f"batch {record.batch} (size {record.size}) of task {record.task[:12]}"
    return f"{name}: ledger {bytes(record.state).decode()[:100]}, replay {got[:200]}"
