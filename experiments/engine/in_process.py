"""Batches run in the calling process, one after another: for tests and debuggers."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.engine.bench import Bench
from experiments.engine.protocol import Assignment, Job, Outcome, Slot


class InProcess:
    """The engine with no worker: `wait` runs the next queued job."""

    def __init__(self) -> None:
        self._slot = Slot("in-process", None, [])
        self._bench: Bench | None = None

    def open(self, assignment: Assignment) -> None:
        self._bench = Bench(assignment)

    def slots(self) -> Sequence[Slot]:
        return [self._slot]

    def submit(self, slot: Slot, jobs: Sequence[Job]) -> None:
        slot.jobs.extend(jobs)
        slot.task = jobs[-1].task

    def wait(self, timeout: float) -> list[Outcome]:  # noqa: ARG002 - a batch takes as long as it takes
        if not self._slot.jobs or self._bench is None:
            return []
        return [self._bench.run(self._slot.jobs.pop(0))]

    def close(self) -> None:
        self._slot.jobs.clear()
