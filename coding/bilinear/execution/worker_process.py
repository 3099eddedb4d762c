"""The driver's ends of the fork server and of one worker process.

>>> with ForkServer(modules=("numpy",)) as server:
...     worker = server.fork()
...     print(worker.ask(len, "four"))
...     worker.kill()
4

Every wait ends: a killed worker hangs up its socket, and a fork server that does not answer is killed and started anew.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from coding.bilinear.execution import forkserver
from coding.errors import CodingError

BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

FAREWELL = 5.0  # seconds a fork server is given to bury its workers


class DeadWorkerError(RuntimeError):
    """The process that held the task ended, or was ended, before it answered."""


class Worker:
    """One worker process, spoken to by one thread at a time; `kill` may be called from any."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self._connection = connection
        self._handle: int | None = None  # a pidfd names the process even after its number was given to another
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._handle = os.pidfd_open(pid)

    def ask(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """The value of `function(*args, **kwargs)` in the worker; its exception; or DeadWorkerError."""
        return self.ask_packed(pickle.dumps((function, args, kwargs), protocol=5))

    def ask_packed(self, task: bytes) -> Any:
        """As `ask`, the task already pickled."""
        try:
            forkserver.send(self._connection, task)
            reply = forkserver.receive(self._connection)
        except OSError:
            reply = None
        if reply is None:
            raise DeadWorkerError(f"worker process {self.pid} died")
        succeeded, value = pickle.loads(reply)
        if not succeeded:
            raise value
        return value

    def hung_up(self) -> bool:
        """Whether an idle worker has died; an idle one has nothing to say but farewell."""
        return bool(select.select([self._connection], [], [], 0)[0])

    def kill(self) -> None:
        """End the process, also a stopped one; whoever waits in `ask` gets DeadWorkerError."""
        with contextlib.suppress(ProcessLookupError, OSError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif not hasattr(os, "pidfd_open"):
                os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close the descriptors; only after the process is known to be gone or was killed."""
        self._connection.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class ForkServer:
    """Starts worker processes within milliseconds.

    Args:
        modules: imported once, before the first fork.
        threads: threads of linear algebra in each worker.
        patience: seconds after which a server that does not answer is replaced.
    """

    def __init__(self, *, modules: tuple[str, ...] = (), threads: int = 1, patience: float = 60.0) -> None:
        self._modules, self._threads, self._patience = modules, threads, patience
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self) -> Worker:
        """A fresh worker process.

        Raises:
            CodingError: no process can be started.
        """
        with self._lock:
            reason: OSError = ConnectionError("the fork server was closed")
            for _ in range(2):  # a server that was killed or stopped is replaced, once
                if self._closed:
                    break
                try:
                    return self._fork()
                except OSError as error:
                    self._stop()
                    reason = error
            raise CodingError(
                "no worker process can be started",
                where="WorkerPool",
                got=f"{type(reason).__name__}: {reason}",
                cure="check the limits on processes and open files, and that this Python can be started",
            )

    def close(self) -> None:
        """End the server and all its workers."""
        self._closed = True
        control = self._control
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # whoever waits for a fork is freed, and the lock with it
        with self._lock:
            self._stop(patience=FAREWELL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fork(self) -> Worker:
        control = self._control if self._control is not None else self._start()
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(control, [b"f"], [theirs.fileno()])
            answer = control.recv(forkserver.LENGTH.size, socket.MSG_WAITALL)
            if len(answer) != forkserver.LENGTH.size:
                raise ConnectionError("the fork server ended")
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return Worker(forkserver.LENGTH.unpack(answer)[0], ours)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(forkserver.__file__)), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=self._environment(os.environ),
            )
        ours.settimeout(self._patience)
        self._control = ours
        forkserver.send(ours, pickle.dumps((sys.path, self._modules)))
        return ours

    def _environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        return {**inherited, **dict.fromkeys(BLAS_THREADS, str(self._threads))}

    def _stop(self, *, patience: float = 0.0) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
            self._process.kill()
            self._process.wait()
            self._process = None
