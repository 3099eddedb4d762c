"""The runner: brings a ledger to its goal; stopped, killed and repeated at any moment, it changes no number.

    tasks -> what the ledger already has -> batches still missing -> engine -> ledger -> stop rules -> results

The driver is the only writer of its shard.  A batch counts once its line is written; batches in flight when the driver
dies are simply missing, and the next run computes exactly those, from the same random streams.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from experiments.collect import fold, results_of
from experiments.engine import make_engine
from experiments.engine.protocol import Assignment, Engine, Job, Outcome
from experiments.errors import EXIT_COMPLETE, EXIT_FAILED_TASKS, EXIT_STOPPED, InputError, LedgerError
from experiments.identity import draw_root_seed
from experiments.ledger import Ledger, Manifest, ShardWriter, current_environment
from experiments.ledger.record import Record
from experiments.progress import Progress
from experiments.registry import find_study
from experiments.results import Results
from experiments.rounds import Rounds, rounds_for
from experiments.scheduling import Scheduler
from experiments.shards import share_of
from experiments.sweep import Sweep, Task

DEATHS_TO_QUARANTINE = 3
GRACE_SECONDS = 2.0
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class RunReport:
    """How a run ended: ``exit_code`` 0 complete, 3 stopped and resumable, 4 some tasks failed; and why."""

    results: Results
    exit_code: int
    why: str
    batches: int
    seconds: float


@dataclass(slots=True, eq=False)
class RunState:
    """What an observer of a run may look at, a few times a second."""

    progresses: Sequence[Progress]
    rounds: Rounds
    started: float
    workers: int = 0
    batches: int = 0
    shots: int = 0
    notes: list[str] = field(default_factory=list)


Observer = Callable[[RunState], None]


def plan(sweep: Sweep, out: Path, environment: dict[str, Any]) -> Manifest:
    """The manifest that a run of this sweep would write; its seed is the sweep's, else the ledger's, else drawn.

    Raises:
        InputError: anything wrong with the sweep; nothing has been written.
    """
    study = find_study(sweep.study, where=f"{sweep.source}: study")
    tasks = sweep.tasks()
    if sweep.rules.max_errors is not None and not study.counting:
        raise InputError(
            f"study {study.name} does not count errors",
            where=f"{sweep.source}: stop.max_errors",
            cure="use relative_error or max_shots",
        )
    allocate = msgspec.structs.asdict(sweep.allocation)
    rounds_for(allocate, study.axes, study.counting, tuple(sweep.grid))
    seed = sweep.seed
    if seed is None:
        try:
            seed = Manifest.load(out).seed
        except LedgerError:
            seed = draw_root_seed()
    return Manifest(
        study=sweep.study,
        version=study.version,
        seed=seed,
        counting=study.counting,
        axes=study.axes,
        stop=sweep.rules,
        allocate=allocate,
        columns=tuple(sweep.grid),
        tasks=tasks,
        sweep_text=sweep.to_toml(),
        source=sweep.source,
        env=environment["env"],
    )


def run(
    sweep: Sweep,
    out: str | Path,
    *,
    workers: int = 2,
    engine: str | Engine | None = None,
    max_seconds: float | None = None,
    shard: tuple[int, int] | None = None,
    observer: Observer | None = None,
) -> RunReport:
    """Run exactly what is missing of a sweep.

    Args:
        sweep: what to run.
        out: the ledger's directory, made when absent.
        workers: worker processes of a local engine.
        engine: ``None`` or ``"local"``, ``"in-process"``, ``"dask"``, a scheduler's address (``"tcp://host:8786"``), a
            cluster's TOML file, or an `Engine`.
        max_seconds: wall time of this run; the smaller of this and the sweep's ``stop.max_seconds`` holds.
        shard: ``(i, n)``: run only the i-th of n shares of the tasks (0 <= i < n).
        observer: called a few times a second with the state of the run.

    Raises:
        InputError, LedgerError: refused before anything was written.
        StorageError: the disk refused a write; what was acknowledged is safe.
    """
    out = Path(out)
    environment = current_environment()
    manifest = plan(sweep, out, environment)
    chosen = manifest.tasks if shard is None else share_of(manifest.tasks, *shard)
    if shard is not None and manifest.allocate["rule"] == "fit":
        raise InputError(
            "a fit decides over all tasks at once", where="--shard", cure='use rule = "equal_error", or one job'
        )
    chosen_engine = make_engine(engine, workers)
    ledger = Ledger.prepare(out, manifest)
    contents = ledger.read()
    progresses, rounds = fold(manifest, contents, chosen)
    state = RunState(progresses, rounds, time.monotonic(), notes=list(contents.problems))
    budgets = [seconds for seconds in (max_seconds, sweep.rules.max_seconds) if seconds is not None]
    if all(progress.ended for progress in progresses):
        why = "everything was there already"
    else:
        ledger.record_run({**environment, "sweep": manifest.sweep_text})
        with ledger.writer() as writer:
            deadline = state.started + min(budgets) if budgets else None
            driver = _Driver(state, chosen_engine, writer, manifest.env, deadline, observer)
            why = driver.drive(_assignment(manifest, chosen))
    if observer is not None:
        observer(state)
    everything = progresses if shard is None else fold(manifest, ledger.read())[0]
    results = results_of(ledger, everything, rounds, problems=state.notes)
    return RunReport(results, _exit_code(progresses), why, state.batches, time.monotonic() - state.started)


def _assignment(manifest: Manifest, tasks: Sequence[Task]) -> Assignment:
    study = find_study(manifest.study)
    return Assignment(
        manifest.study, manifest.seed, {task.id: task.params for task in tasks}, tuple(study.preload), study.threads
    )


def _exit_code(progresses: Sequence[Progress]) -> int:
    if any(not progress.ended for progress in progresses):
        return EXIT_STOPPED
    return EXIT_FAILED_TASKS if any(progress.failure for progress in progresses) else EXIT_COMPLETE


class _Driver:
    """One run's loop: dispatch, wait, write, fold."""

    def __init__(
        self,
        state: RunState,
        engine: Engine,
        writer: ShardWriter,
        env: str,
        deadline: float | None,
        observer: Observer | None,
    ) -> None:
        self._state, self._engine, self._writer, self._env = state, engine, writer, env
        self._deadline, self._observer = deadline, observer
        self._scheduler = Scheduler(state.progresses)
        self._deaths: Counter[tuple[str, int]] = Counter()
        self._observed = 0.0

    def drive(self, assignment: Assignment) -> str:
        """Run until everything has ended, the time is up, or a signal asks to stop; returns which."""
        with _Signals() as signals:
            try:
                self._engine.open(assignment)
                while not all(progress.ended for progress in self._state.progresses):
                    why = self._reason_to_stop(signals)
                    if why:
                        self._finish_in_flight(signals)
                        return why
                    self._dispatch()
                    self._collect(POLL_SECONDS)
                    self._state.rounds.grant(self._state.progresses)
                    self._observe()
            finally:
                self._engine.close()
        return "every task has ended"

    def _reason_to_stop(self, signals: _Signals) -> str:
        if signals.received:
            return f"stopped by {signals.received[0]}"
        if self._deadline is not None and time.monotonic() >= self._deadline:
            return "the time budget is spent"
        return ""

    def _dispatch(self) -> None:
        for slot in self._engine.slots():
            jobs = self._scheduler.jobs_for(slot)
            if jobs:
                self._engine.submit(slot, jobs)

    def _collect(self, timeout: float) -> None:
        outcomes = self._engine.wait(timeout)
        records = [self._record(outcome) for outcome in outcomes if outcome.state or outcome.error]
        self._writer.append(records)
        for outcome in outcomes:
            self._settle(outcome)
        for record in records:
            work = self._scheduler.works[record.task]
            if record.error:
                work.progress.failure = work.progress.failure or record.error
            else:
                work.progress.offer(record)
                self._state.shots += record.size
        self._state.batches += len(records)

    def _record(self, outcome: Outcome) -> Record:
        job = outcome.job
        return Record(job.task, job.batch, job.size, msgspec.Raw(outcome.state), outcome.error, outcome.cpu, self._env)

    def _settle(self, outcome: Outcome) -> None:
        """Account for an answered or lost job; a batch that keeps killing workers takes its task out of the sweep."""
        job = outcome.job
        work = self._scheduler.works[job.task]
        if not (outcome.died or outcome.lost):
            work.finished(job)
            return
        work.give_back(job)
        if outcome.died:
            self._deaths[job.task, job.batch] += 1
            deaths = self._deaths[job.task, job.batch]
            self._state.notes.append(f"{outcome.died} in batch {job.batch} of task {job.task[:12]} (death {deaths})")
            if deaths >= DEATHS_TO_QUARANTINE:
                failure = f"quarantined: batch {job.batch} ended {deaths} workers; last: {outcome.died}"
                work.progress.failure = failure
                self._writer.append([Record(job.task, job.batch, job.size, error=failure, env=self._env)])

    def _finish_in_flight(self, signals: _Signals) -> None:
        """Give batches in flight a moment; a second signal drops them at once."""
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and len(signals.received) < 2 and self._jobs_in_flight():
            self._collect(0.05)

    def _jobs_in_flight(self) -> list[Job]:
        return [job for slot in self._engine.slots() for job in slot.jobs]

    def _observe(self) -> None:
        now = time.monotonic()
        if self._observer is not None and now - self._observed >= POLL_SECONDS:
            self._observed = now
            self._state.workers = len(self._engine.slots())
            self._observer(self._state)


class _Signals:
    """SIGINT and SIGTERM become a wish to stop, for as long as a run lasts; elsewhere than the main thread, nothing."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.received.append(signal.Signals(number).name)
