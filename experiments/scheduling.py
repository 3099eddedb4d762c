"""Which batch to run next: keeps workers busy, and keeps them on the task they have prepared.

Nothing here can change a number: scheduling only decides what is computed when, and which batches turn out surplus.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from experiments.engine.protocol import Job, Slot
from experiments.progress import Progress

QUEUE_SECONDS = 0.05
DEEPEST_QUEUE = 64
SPECULATION = 2.0


@dataclass(slots=True, eq=False)
class Work:
    """One task as the scheduler sees it: where issuing stands, what is in flight, what came back unfinished."""

    progress: Progress
    cursor: int = 0
    cursor_shots: int = 0
    in_flight: int = 0
    returned: list[tuple[int, int]] = field(default_factory=list)

    def next_job(self, eagerness: float) -> Job | None:
        """The next batch, if the task wants one now.

        ``eagerness`` 1 issues up to the forecast of what the stop rule still needs; more speculates beyond it.
        """
        progress = self.progress
        if progress.ended:
            return None
        if self.cursor < progress.prefix:
            self.cursor, self.cursor_shots = progress.prefix, progress.shots
        if self.in_flight and self.in_flight >= eagerness * progress.stop.shots_still_wanted(progress.tally):
            return None
        if self.returned:
            batch, size = heapq.heappop(self.returned)
            return self._issued(batch, size)
        while progress.limit is None or self.cursor_shots < progress.limit:
            size = progress.size_of(self.cursor, self.cursor_shots)
            if size <= 0:
                return None
            batch = self.cursor
            self.cursor += 1
            self.cursor_shots += size
            if (batch, size) not in progress.waiting:
                return self._issued(batch, size)
        return None

    def finished(self, job: Job) -> None:
        """A job was answered."""
        self.in_flight -= job.size

    def give_back(self, job: Job) -> None:
        """A job was lost with its worker and must be issued again."""
        self.in_flight -= job.size
        heapq.heappush(self.returned, (job.batch, job.size))

    def _issued(self, batch: int, size: int) -> Job:
        self.in_flight += size
        return Job(self.progress.task.id, batch, size)


class Scheduler:
    """Chooses jobs for slots over all open tasks."""

    def __init__(self, progresses: Iterable[Progress]) -> None:
        self.works = {progress.task.id: Work(progress) for progress in progresses}
        self._fresh = sorted(self.works, key=lambda task: -self.works[task].progress.task.cost)[::-1]

    def jobs_for(self, slot: Slot) -> list[Job]:
        """Jobs to queue on a slot now, possibly none; all of one task."""
        current = self.works.get(slot.task) if slot.task is not None else None
        if current is not None:
            jobs = self._fill(current, len(slot.jobs), eagerness=1.0)
            if jobs or slot.jobs:
                return jobs
        while self._fresh:
            jobs = self._fill(self.works[self._fresh.pop()], 0, eagerness=1.0)
            if jobs:
                return jobs
        open_works = [work for work in self.works.values() if not work.progress.ended]
        for eagerness in (1.0, SPECULATION):
            for work in sorted(open_works, key=lambda work: work.in_flight * work.progress.task.cost):
                jobs = self._fill(work, 0, eagerness=eagerness)
                if jobs:
                    return jobs
        return []

    def _fill(self, work: Work, queued: int, *, eagerness: float) -> list[Job]:
        jobs: list[Job] = []
        while queued + len(jobs) < self._depth(work):
            job = work.next_job(eagerness)
            if job is None:
                break
            jobs.append(job)
        return jobs

    def _depth(self, work: Work) -> int:
        """Jobs that a slot may hold: enough for `QUEUE_SECONDS`, at least two so that it never waits for the driver."""
        progress = work.progress
        if progress.prefix == 0:
            return 2
        seconds = progress.cpu / progress.prefix
        return int(min(max(QUEUE_SECONDS / max(seconds, 1e-6), 2), DEEPEST_QUEUE))
