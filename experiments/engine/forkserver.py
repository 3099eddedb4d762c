"""A small process that imports a study's modules once and forks workers from that state on demand.

A worker is ready in milliseconds instead of seconds, a dead one is replaced as quickly, and the user's own script is
never imported a second time (so no ``if __name__ == "__main__"`` is needed).  The server lives in a session of its own,
so Ctrl-C reaches the driver alone; when the driver vanishes, however it ended, the server kills the workers and leaves.

Control socket: the driver sends one byte with a worker's socket attached; the server answers with lines
``pid N`` after a fork and ``exit N STATUS`` after a death.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import select
import signal
import socket
import sys
from typing import Any

from experiments.engine.worker import serve_driver


def main() -> None:
    """Serve the control socket whose descriptor is the first argument, until the driver hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    length = int.from_bytes(control.recv(8, socket.MSG_WAITALL), "big")
    sys.path[:], preload = pickle.loads(control.recv(length, socket.MSG_WAITALL))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # Slurm signals every process; the driver decides when work ends
    os.dup2(2, 1)  # what a study prints must not mix with the driver's output
    for name in preload:
        with contextlib.suppress(ImportError):  # the task that needs it will say so
            importlib.import_module(name)
    wake = _child_deaths()
    alive: set[int] = set()
    while True:
        watched: list[Any] = [control, wake]
        readable = select.select(watched, [], [])[0]
        if wake in readable:
            _report_deaths(control, wake, alive)
        if control in readable:
            try:
                command, sockets, _, _ = socket.recv_fds(control, 1, 1)
            except ConnectionError:
                break
            if not command:
                break
            pid = os.fork()
            if pid == 0:
                _become_worker(control, wake, sockets[0])
            os.close(sockets[0])
            alive.add(pid)
            control.sendall(b"pid %d\n" % pid)
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os._exit(0)  # tearing down the imported modules one by one would only keep the driver waiting


def _child_deaths() -> int:
    """A descriptor that becomes readable when a child dies."""
    wake, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return wake


def _report_deaths(control: socket.socket, wake: int, alive: set[int]) -> None:
    os.read(wake, 4096)
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        alive.discard(pid)
        with contextlib.suppress(OSError):
            control.sendall(b"exit %d %d\n" % (pid, os.waitstatus_to_exitcode(status)))


def _become_worker(control: socket.socket, wake: int, descriptor: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control.close()
    os.close(wake)
    try:
        serve_driver(descriptor)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
