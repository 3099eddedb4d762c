"""A worker process's life: take the assignment, run jobs in order, answer in order, leave when the driver is gone."""

from __future__ import annotations

import pickle
import time
from collections import deque
from multiprocessing.connection import Connection

from experiments.engine.bench import Bench
from experiments.engine.protocol import Job

ANSWER_INTERVAL = 0.02


def serve_driver(descriptor: int) -> None:
    """Serve the driver at the other end of a socket.

    Messages in: the pickled assignment once, then lists of (task, batch, size).  Messages out: lists of
    (state, cpu seconds, error) in the order of the jobs; many quick answers share a message.
    """
    connection = Connection(descriptor)
    try:
        bench = Bench(pickle.loads(connection.recv_bytes()))
        _serve(connection, bench)
    except (EOFError, ConnectionError):
        return


def _serve(connection: Connection, bench: Bench) -> None:
    jobs: deque[tuple[str, int, int]] = deque()
    answers: list[tuple[bytes, float, str]] = []
    answered = time.monotonic()
    while True:
        while not jobs or connection.poll(0):
            jobs.extend(pickle.loads(connection.recv_bytes()))
        outcome = bench.run(Job(*jobs.popleft()))
        answers.append((outcome.state, outcome.cpu, outcome.error))
        now = time.monotonic()
        if not jobs or now - answered >= ANSWER_INTERVAL:
            connection.send_bytes(pickle.dumps(answers, pickle.HIGHEST_PROTOCOL))
            answers.clear()
            answered = now
