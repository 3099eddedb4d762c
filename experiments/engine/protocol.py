"""The small interface behind which batches are run: in this process, in local processes, or on a cluster.

The runner asks for `Slot`s with room, submits `Job`s to them, and collects `Outcome`s.  An engine computes; it never
decides what to run, never writes, and may lose jobs only by saying so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from experiments.study import JSON


@dataclass(frozen=True, slots=True)
class Job:
    """One batch of one task."""

    task: str
    batch: int
    size: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """What workers must know before the first job: the study, the root seed, and every task's parameters."""

    study: str
    seed: int
    params: Mapping[str, Mapping[str, JSON]]
    preload: Sequence[str] = ()
    threads: int = 1


@dataclass(slots=True, eq=False)
class Slot:
    """One worker as the runner sees it: the task it has prepared and the jobs it has not answered yet, oldest first."""

    name: str
    task: str | None
    jobs: list[Job]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    Exactly one of: ``state`` (JSON bytes of a tally), ``error`` (the study raised: a traceback), ``died`` (the worker's
    end, in words; this job was the one under way), ``lost`` (the job sat behind another in a worker that died).
    """

    job: Job
    state: bytes = b""
    cpu: float = 0.0
    error: str = ""
    died: str = ""
    lost: bool = False


class Engine(Protocol):
    """A place where jobs run."""

    def open(self, assignment: Assignment) -> None:
        """Start the workers."""
        ...

    def slots(self) -> Sequence[Slot]:
        """Workers that are alive now."""
        ...

    def submit(self, slot: Slot, jobs: Sequence[Job]) -> None:
        """Queue jobs behind what the slot already has."""
        ...

    def wait(self, timeout: float) -> list[Outcome]:
        """Outcomes that arrived; blocks up to ``timeout`` seconds for the first."""
        ...

    def close(self) -> None:
        """End the workers at once; unanswered jobs are dropped."""
        ...
