"""A small process that imports what tasks need once and forks workers from that state on demand.

A fresh worker is ready in milliseconds, the user's own script is never imported a second time, and no thread of the
driver is ever forked.  It runs as a file, in a session of its own (Ctrl-C reaches the driver alone).  When the driver
hangs up, however it ended, the server kills and buries all workers, stopped and busy ones too, and leaves.

Control socket: first the length (8 bytes, big-endian) and the pickle of (sys.path, module names); then the driver sends
one byte with a worker's socket attached and the server answers with the worker's process id in 8 bytes.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import signal
import socket
import struct
import sys

LENGTH = struct.Struct("!Q")  # heads every message, and is the form of a process id


def main() -> None:
    """Serve the control socket whose descriptor is the first argument, until the driver hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    opening = receive(control)
    if opening is None:
        return
    sys.path[:], modules = pickle.loads(opening)
    for name in modules:
        with contextlib.suppress(ImportError):  # the task that needs it will say so
            importlib.import_module(name)
    children: set[int] = set()  # not buried yet, so their numbers are nobody else's
    with contextlib.suppress(OSError):
        while True:
            byte, descriptors, _, _ = socket.recv_fds(control, 1, 1)
            if not byte:
                break
            pid = os.fork()
            if pid == 0:
                become_worker(control, descriptors[0])
            os.close(descriptors[0])
            children.add(pid)
            control.sendall(LENGTH.pack(pid))
            children -= {child for child in children if os.waitpid(child, os.WNOHANG)[0]}
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)


def become_worker(control: socket.socket, descriptor: int) -> None:
    """In the child: answer tasks until the driver hangs up, then vanish."""
    status = 1
    try:
        control.close()
        with socket.socket(fileno=descriptor) as driver:
            answer_tasks(driver)
        status = 0
    finally:
        os._exit(status)


def answer_tasks(driver: socket.socket) -> None:
    """Run one task after the other: a pickle of (function, args, kwargs) in, of (succeeded, value or error) out."""
    with contextlib.suppress(OSError):  # the driver is gone, and nobody is left to be told
        while (task := receive(driver)) is not None:
            send(driver, answer(task))


def answer(task: bytes) -> bytes:
    """The pickled outcome of a pickled task; an error is an outcome too."""
    try:
        function, args, kwargs = pickle.loads(task)
        return pickle.dumps((True, function(*args, **kwargs)), protocol=5)
    except BaseException as error:  # noqa: BLE001 - whatever a task raises belongs to whoever asked for it
        try:
            reply = pickle.dumps((False, error), protocol=5)
            pickle.loads(reply)
        except Exception:  # noqa: BLE001 - an error that cannot travel is told in words
            reply = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")), protocol=5)
        return reply


def send(connection: socket.socket, message: bytes) -> None:
    """One message: its length, then its bytes."""
    connection.sendall(LENGTH.pack(len(message)))
    connection.sendall(message)


def receive(connection: socket.socket) -> bytes | None:
    """The next message; None when the other side has gone, also half-way through."""
    head = _exactly(connection, LENGTH.size)
    return None if head is None else _exactly(connection, LENGTH.unpack(head)[0])


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    buffer = bytearray(size)
    view, filled = memoryview(buffer), 0
    while filled < size:
        count = connection.recv_into(view[filled:])
        if count == 0:
            return None
        filled += count
    return bytes(buffer)


if __name__ == "__main__":
    main()
