"""Batches on a Dask cluster: one that runs already (an address), one described in a TOML file, or a local one.

Each Dask worker is a slot and prepares its tasks once, as local workers do.  Jobs are pinned to their slot; when a
worker vanishes, its unanswered jobs come back to the runner, which issues them again: a lost node costs its batches in
flight and nothing else.

A cluster file names a class of dask-jobqueue (``slurm``, ``pbs``, ``sge``, ``lsf``, ``htcondor``, ``oar``, ``moab``)
with its arguments:

    [slurm]
    jobs = 8                 # how many jobs to ask for
    cores = 16
    processes = 16
    memory = "32GB"
    walltime = "04:00:00"
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import shlex
import sys
import threading
import time
import tomllib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.engine.protocol import Assignment, Job, Outcome, Slot
from experiments.errors import InputError, MissingExtraError

CONNECT_TIMEOUT = 30.0
CENSUS_INTERVAL = 0.5
_JOBQUEUE = {
    "slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster",
    "htcondor": "HTCondorCluster", "oar": "OARCluster", "moab": "MoabCluster",
}  # fmt: skip


class DaskCluster:
    """An engine over `distributed`.

    Args:
        place: a scheduler's address, a cluster's TOML file, or None for a cluster of worker processes on this machine.
        workers: worker processes of a local cluster.

    Raises:
        InputError: nobody answers at the address, or a cluster file that cannot be used.
        MissingExtraError: the extra ``cluster`` is not installed.
    """

    def __init__(self, place: str | None, workers: int) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError as error:
            raise MissingExtraError(
                "a Dask engine needs the extra 'cluster'", where="engine", cure="pip install 'qsim-workbench[cluster]'"
            ) from error
        if workers < 1:
            raise InputError("no workers", where="workers", expected="a whole number >= 1", got=str(workers))
        self._place, self._workers = place, workers
        self._slots: dict[str, Slot] = {}
        self._futures: dict[str, list[tuple[Any, int]]] = {}
        self._answers: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._counted = 0.0
        self._client: Any = None
        self._cluster: Any = None
        self._token = uuid.uuid4().hex

    def open(self, assignment: Assignment) -> None:
        from distributed import Client

        self._cluster = None if self._place and "://" in self._place else self._own_cluster(assignment)
        try:
            self._client = _untyped(Client)(self._cluster or self._place, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            cure = "start one with `dask scheduler` and `dask worker`"
            raise InputError(
                f"no Dask scheduler answers ({error})", where="engine", got=str(self._place), cure=cure
            ) from error
        self._client.register_plugin(_plugin(self._token, pickle.dumps(assignment)), name=f"qsim-{self._token}")
        self._count()

    def slots(self) -> Sequence[Slot]:
        if time.monotonic() - self._counted >= CENSUS_INTERVAL:
            self._count()
        return [slot for name, slot in self._slots.items() if name in self._futures]

    def worker_pids(self) -> list[int]:
        """Process ids of the cluster's workers on this machine, for tests that kill them."""
        return list(self._client.run(os.getpid).values())

    def submit(self, slot: Slot, jobs: Sequence[Job]) -> None:
        slot.jobs.extend(jobs)
        slot.task = jobs[-1].task
        batch = [(job.task, job.batch, job.size) for job in jobs]
        future = self._client.submit(_run_jobs, self._token, batch, workers=[slot.name], pure=False, retries=0)
        self._futures[slot.name].append((future, len(jobs)))
        future.add_done_callback(lambda done, name=slot.name: self._answers.put((name, done)))

    def wait(self, timeout: float) -> list[Outcome]:
        outcomes = self._orphans()
        with contextlib.suppress(queue.Empty):
            name, future = self._answers.get(timeout=0 if outcomes else timeout)
            while True:
                outcomes.extend(self._answered(name, future))
                name, future = self._answers.get_nowait()
        return outcomes

    def close(self) -> None:
        if self._client is None:
            return
        with contextlib.suppress(Exception):  # the scheduler may be gone; the ledger does not depend on it
            self._client.cancel([future for futures in self._futures.values() for future, _ in futures], force=True)
            self._client.unregister_worker_plugin(f"qsim-{self._token}")
        self._client.close(timeout=5)
        if self._cluster is not None:
            self._cluster.close(timeout=10)
        self._client = None

    def _answered(self, name: str, future: Any) -> list[Outcome]:
        """Outcomes of one future, oldest jobs first; a future that is not the slot's any more is ignored."""
        mine = self._futures.get(name, [])
        position = next((k for k, (known, _) in enumerate(mine) if known is future or known.key == future.key), None)
        if position is None:
            return []
        first = sum(count for _, count in mine[:position])
        _, count = mine.pop(position)
        slot = self._slots[name]
        jobs = slot.jobs[first : first + count]
        del slot.jobs[first : first + count]
        if future.status == "finished":
            return [Outcome(job, *answer) for job, answer in zip(jobs, future.result(), strict=True)]
        if future.status == "error" and type(future.exception()).__name__ != "KilledWorker":
            return [Outcome(job, error=f"{type(future.exception()).__name__}: {future.exception()}") for job in jobs]
        return _bereaved(jobs, f"Dask worker {name} was lost")

    def _orphans(self) -> list[Outcome]:
        """Jobs of workers that are gone."""
        if time.monotonic() - self._counted >= CENSUS_INTERVAL:
            self._count()
        outcomes = []
        for name in [name for name in self._slots if name not in self._futures]:
            slot = self._slots.pop(name)
            outcomes.extend(_bereaved(slot.jobs, f"Dask worker {name} was lost"))
        return outcomes

    def _count(self) -> None:
        """Take the census: new workers become slots; the futures of gone ones are cancelled."""
        alive = set(self._client.scheduler_info(n_workers=-1)["workers"])
        self._counted = time.monotonic()
        for name in sorted(alive - set(self._slots)):
            self._slots[name], self._futures[name] = Slot(name, None, []), []
        for name in set(self._futures) - alive:
            futures = [future for future, _ in self._futures.pop(name)]
            if futures:
                self._client.cancel(futures, force=True)

    def _own_cluster(self, assignment: Assignment) -> Any:
        if self._place is not None:
            return _cluster_from_file(Path(self._place))
        from distributed import LocalCluster

        return _untyped(LocalCluster)(
            n_workers=self._workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            preload=list(assignment.preload),
            silence_logs=50,
        )


def _untyped(constructor: Any) -> Any:
    """Dask's constructors carry no annotations; say so once."""
    return constructor


def _bereaved(jobs: Sequence[Job], end: str) -> list[Outcome]:
    return [Outcome(job, died=end) if k == 0 else Outcome(job, lost=True) for k, job in enumerate(jobs)]


def _plugin(token: str, assignment: bytes) -> Any:
    """A worker plugin that puts the assignment on every worker, also on those that join later."""
    from distributed import WorkerPlugin

    class Assigned(WorkerPlugin):
        def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask's signature
            from experiments.engine import dask_cluster

            dask_cluster.assign(token, assignment)

        def teardown(self, worker: Any) -> None:  # noqa: ARG002
            from experiments.engine import dask_cluster

            dask_cluster.dismiss(token)

    return Assigned()


_assignments: dict[str, Assignment] = {}
_benches = threading.local()


def assign(token: str, assignment: bytes) -> None:
    """On a worker: what a run's jobs mean."""
    _assignments[token] = pickle.loads(assignment)


def dismiss(token: str) -> None:
    """On a worker: forget a run."""
    _assignments.pop(token, None)


def _run_jobs(token: str, batch: list[tuple[str, int, int]]) -> list[tuple[bytes, float, str]]:
    """On a worker: run jobs in order; each thread has samplers of its own."""
    from experiments.engine.bench import Bench

    if getattr(_benches, "token", None) != token:
        _benches.token, _benches.bench = token, Bench(_assignments[token])
    outcomes = [_benches.bench.run(Job(*job)) for job in batch]
    return [(outcome.state, outcome.cpu, outcome.error) for outcome in outcomes]


def _cluster_from_file(path: Path) -> Any:
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"cannot read the cluster file ({error.strerror})", where=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not valid TOML: {error}", where=path.name) from None
    if len(table) != 1 or next(iter(table)) not in _JOBQUEUE or not isinstance(next(iter(table.values())), dict):
        raise InputError(
            "not a cluster file",
            where=path.name,
            expected=f"one table out of {', '.join(_JOBQUEUE)}",
            got=", ".join(table) or "nothing",
        )
    import dask_jobqueue

    ((name, arguments),) = table.items()
    jobs = arguments.pop("jobs", 1)
    arguments.setdefault("python", shlex.quote(sys.executable))  # the job script does not quote it
    try:
        cluster = getattr(dask_jobqueue, _JOBQUEUE[name])(**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"dask-jobqueue refuses the arguments ({error})", where=f"{path.name}: {name}") from error
    cluster.scale(jobs=jobs)
    return cluster
