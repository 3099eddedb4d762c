"""Tasks out, answers in: until the product is known, everything has failed, or time is up.

Answers are handled in the order in which they come; a task that fails is an erasure and never an error of its own.
What is still running at the end is cancelled and forgotten: an answer that comes later is thrown away.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass, field
from typing import Any

from coding.bilinear.execution.judges import Judge
from coding.bilinear.execution.node import NodeAnswer, node_product
from coding.bilinear.execution.report import Answer
from coding.bilinear.execution.shipping import Shipment
from coding.bilinear.execution.worker_process import DeadWorkerError
from coding.bilinear.scheme import Array


@dataclass(slots=True)
class Gathering:
    """What has come in so far.

    Args:
        answers: in order of arrival.
        dead: why which nodes failed.
        late: nodes that were still at work at the end.
        known: whether the product is.
        elapsed: seconds from the first submission to the end.
    """

    answers: list[Answer] = field(default_factory=list)
    dead: dict[int, str] = field(default_factory=dict)
    late: tuple[int, ...] = ()
    known: bool = False
    elapsed: float = 0.0


def gather(executor: Executor, shipment: Shipment, judge: Judge, *, u: Array, v: Array, timeout: float) -> Gathering:
    """Have all nodes (columns of `u` and `v`) computed, for at most `timeout` seconds, until the judge is satisfied."""
    found = Gathering()
    inbox: queue.SimpleQueue[tuple[int, Future[Any], float]] = queue.SimpleQueue()
    pending: dict[int, Future[Any]] = {}
    started = time.perf_counter()
    try:
        for node in range(u.shape[1]):
            arguments, options = shipment.arguments(node, u[:, node].copy(), v[:, node].copy())
            try:
                pending[node] = executor.submit(node_product, *arguments, **options)
            except Exception as error:  # noqa: BLE001 - a broken executor refuses in its own way; the node is lost
                found.dead[node] = _words(error)
            else:
                pending[node].add_done_callback(_put(inbox, node))
        while pending and not found.known:
            try:
                node, future, when = inbox.get(timeout=max(0.0, started + timeout - time.perf_counter()))
            except queue.Empty:
                break
            del pending[node]
            reply = _reply(future)
            if isinstance(reply, NodeAnswer):
                found.answers.append(Answer(node, worker=reply.worker, arrived=when - started, worked=reply.seconds))
                found.known = judge.receive(node, shipment.product(node, reply))
            else:
                found.dead[node] = reply
    finally:
        for future in reversed(pending.values()):  # last first: those not begun, so that no worker is freed for them
            future.cancel()
    found.late = tuple(pending)
    found.elapsed = time.perf_counter() - started
    return found


def _put(inbox: queue.SimpleQueue[tuple[int, Future[Any], float]], node: int) -> Callable[[Future[Any]], None]:
    return lambda future: inbox.put((node, future, time.perf_counter()))


def _reply(future: Future[Any]) -> NodeAnswer | str:
    """The answer, or in words why there is none."""
    try:
        error = future.exception()
    except CancelledError:
        return "cancelled"
    if error is not None:
        return _words(error)
    reply = future.result()
    return reply if isinstance(reply, NodeAnswer) else f"returned a {type(reply).__name__}"


def _words(error: BaseException) -> str:
    text = str(error).partition("\n")[0]
    return text if isinstance(error, DeadWorkerError) else f"{type(error).__name__}: {text}".rstrip(": ")
