"""Worker processes on this machine: forked from a warm server, replaced when they die, told apart by their pipe.

Every worker has its own socket pair; an end of file on it is a death, whatever killed the process (the kernel's
out-of-memory killer, ``kill -9``, a crash in compiled code), and is noticed at once.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait

from experiments.engine.protocol import Assignment, Job, Outcome, Slot
from experiments.errors import InputError, WorkbenchError
from experiments.ledger.environment import THREAD_VARIABLES

DEATH_REPORT_TIMEOUT = 2.0
SERVER_RESTARTS = 20


class LocalProcesses:
    """An engine of ``workers`` local processes.

    Raises:
        InputError: fewer than one worker, or a platform without ``fork``.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise InputError(
                "no workers",
                where="workers",
                expected="a whole number >= 1",
                got=str(workers),
                cure="use engine 'in-process' for none",
            )
        if not hasattr(os, "fork"):
            raise InputError(
                "local processes need a POSIX system", where="engine", cure="use --engine in-process, or WSL"
            )
        self._count = workers
        self._server: _Server | None = None
        self._restarts = 0
        self._workers: dict[Connection, Slot] = {}
        self._pids: dict[Connection, int] = {}
        self._greeting = b""

    def open(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._greeting = pickle.dumps(assignment, pickle.HIGHEST_PROTOCOL)
        self._start()

    def slots(self) -> Sequence[Slot]:
        return list(self._workers.values())

    def pids(self) -> list[int]:
        """Process ids of the live workers, for tests that kill them."""
        return list(self._pids.values())

    def server_pid(self) -> int:
        """Process id of the fork server."""
        assert self._server is not None
        return self._server.pid

    def submit(self, slot: Slot, jobs: Sequence[Job]) -> None:
        connection = next(connection for connection, owner in self._workers.items() if owner is slot)
        slot.jobs.extend(jobs)
        slot.task = jobs[-1].task
        try:
            connection.send_bytes(
                pickle.dumps([(job.task, job.batch, job.size) for job in jobs], pickle.HIGHEST_PROTOCOL)
            )
        except ConnectionError:
            return  # the worker died; `wait` will find out and give the jobs back

    def wait(self, timeout: float) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for ready in wait(list(self._workers), timeout):
            assert isinstance(ready, Connection)
            if ready not in self._workers:
                continue  # a restart of the fork server has replaced all workers meanwhile
            try:
                answers = pickle.loads(ready.recv_bytes())
            except (EOFError, ConnectionError, pickle.UnpicklingError):
                outcomes.extend(self._replace(ready))
                continue
            slot = self._workers[ready]
            outcomes.extend(Outcome(job, *answer) for job, answer in zip(slot.jobs, answers, strict=False))
            del slot.jobs[: len(answers)]
        return outcomes

    def close(self) -> None:
        for connection in self._workers:
            connection.close()
        self._workers.clear()
        self._pids.clear()
        if self._server is not None:
            self._server.close()
            self._server = None

    def _start(self) -> None:
        self._server = _Server(self._assignment)
        for number in range(self._count):
            self._hire(f"worker {number + 1}")

    def _hire(self, name: str) -> None:
        """Fork one worker and hand it the assignment."""
        assert self._server is not None
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._server.fork(theirs.fileno())
        connection = Connection(ours.detach())
        self._workers[connection] = Slot(name, None, [])
        self._pids[connection] = pid
        try:
            connection.send_bytes(self._greeting)
        except ConnectionError:
            return

    def _replace(self, connection: Connection) -> list[Outcome]:
        slot = self._workers.pop(connection)
        pid = self._pids.pop(connection)
        connection.close()
        assert self._server is not None
        try:
            end = self._server.end_of(pid)
            self._hire(slot.name)
        except _ServerGoneError:
            return [Outcome(job, lost=True) for job in slot.jobs] + self._restart()
        return [Outcome(job, died=end) if k == 0 else Outcome(job, lost=True) for k, job in enumerate(slot.jobs)]

    def _restart(self) -> list[Outcome]:
        """The fork server itself was killed: start again; nobody's batch is to blame."""
        self._restarts += 1
        if self._restarts > SERVER_RESTARTS:
            raise WorkbenchError(
                f"the fork server died {self._restarts} times",
                cure="look for an out-of-memory killer; the ledger is safe",
            )
        lost = [Outcome(job, lost=True) for slot in self._workers.values() for job in slot.jobs]
        self.close()
        self._start()
        return lost


class _ServerGoneError(Exception):
    """The fork server is gone."""


class _Server:
    """The driver's end of the fork server."""

    def __init__(self, assignment: Assignment) -> None:
        self._control, theirs = socket.socketpair()
        threads = {name: str(assignment.threads) for name in THREAD_VARIABLES}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "experiments.engine.forkserver", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **threads},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._ends: dict[int, int] = {}
        self._pending = b""
        paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 - "" means the current directory
        hello = pickle.dumps((paths, list(assignment.preload)))
        self._control.sendall(len(hello).to_bytes(8, "big") + hello)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def fork(self, descriptor: int) -> int:
        """Fork a worker that serves the given socket; returns its process id."""
        try:
            socket.send_fds(self._control, [b"w"], [descriptor])
        except OSError:
            raise _ServerGoneError from None
        while True:
            kind, *numbers = self._line(None)
            if kind == b"pid":
                return int(numbers[0])

    def end_of(self, pid: int) -> str:
        """How a worker ended, in words."""
        deadline = time.monotonic() + DEATH_REPORT_TIMEOUT
        while pid not in self._ends:
            left = deadline - time.monotonic()
            if left <= 0:
                return "the worker hung up"
            self._line(left)
        code = self._ends.pop(pid)
        if code >= 0:
            return f"the worker left with exit code {code}"
        why = " (killed; often the out-of-memory killer)" if -code == signal.SIGKILL else ""
        return f"the worker died of {signal.Signals(-code).name}{why}"

    def close(self) -> None:
        """Hang up: the server kills its workers and leaves."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _line(self, timeout: float | None) -> list[bytes]:
        """The next line of the server; deaths are noted on the way.  An empty kind when the time ran out."""
        self._control.settimeout(timeout)
        while b"\n" not in self._pending:
            try:
                data = self._control.recv(4096)
            except TimeoutError:
                return [b""]
            except OSError:
                data = b""
            if not data:
                raise _ServerGoneError
            self._pending += data
        line, self._pending = self._pending.split(b"\n", 1)
        words = line.split()
        if words[0] == b"exit":
            self._ends[int(words[1])] = int(words[2])
        return words
