"""Blocks on a Dask cluster, of which some workers may be dead or stopped.

Dask's own broadcast waits for every worker, so one that stands still would hold up all.  Here each worker is called
first; those that reply within `CALL` seconds get a copy of the blocks, so that no single death loses them, and any worker
may fetch them from those.  When a worker dies or stops while blocks are copied, there is a fresh attempt, with twice the
time to reply.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from coding.errors import CodingError

CALL = 2.0
PAUSE = 0.05


def dask_client(executor: Any) -> Any | None:
    """The Dask client that `executor` is or belongs to; None for other executors."""
    for candidate in (executor, getattr(executor, "_client", None)):
        if hasattr(candidate, "scatter") and hasattr(candidate, "get_executor"):
            return candidate
    return None


def scatter(client: Any, arrays: list[Any], *, timeout: float) -> list[Any]:
    """Futures of `arrays`, each copied to every worker that replies.

    Raises:
        CodingError: the cluster did not take them within `timeout` seconds.
    """
    end = time.monotonic() + timeout
    reason, call = "no worker replied", CALL
    while (left := end - time.monotonic()) > 0:
        workers = replying(client, timeout=min(call, left))
        if workers:
            outcome = _attempt(client, arrays, workers, end=end, call=call)
            if isinstance(outcome, list):
                return outcome
            reason = outcome
        time.sleep(PAUSE)
        call *= 2
    raise CodingError(
        "the cluster did not take the blocks",
        where="executor",
        expected=f"workers that do within {timeout:.4g} s",
        got=reason,
        cure='start workers, replace stopped ones, or pass shipping="messages"',
    )


def replying(client: Any, *, timeout: float) -> list[str]:
    """Addresses of the workers that reply to a call within `timeout` seconds; busy ones do."""
    addresses = list(client.scheduler_info(n_workers=-1)["workers"])
    replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for address in addresses:
        _in_background(replies, partial(client.run, os.getpid, workers=[address]))
    end = time.monotonic() + timeout
    found: set[str] = set()
    for _ in addresses:
        try:
            reply = replies.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        found |= set() if isinstance(reply, BaseException) else set(reply)
    return [address for address in addresses if address in found]


def _attempt(client: Any, arrays: list[Any], workers: list[str], *, end: float, call: float) -> list[Any] | str:
    """The futures, or why there are none."""
    outcomes: queue.SimpleQueue[Any] = queue.SimpleQueue()
    _in_background(outcomes, partial(client.scatter, arrays, workers=workers, broadcast=True, hash=False))
    while (left := end - time.monotonic()) > 0:
        try:
            outcome = outcomes.get(timeout=min(call, left))
        except queue.Empty:
            if set(workers) <= set(replying(client, timeout=min(call, left))):
                continue  # large blocks take their time
            return "a worker that stopped while blocks were copied"
        return f"{type(outcome).__name__}: {outcome}" if isinstance(outcome, BaseException) else list(outcome)
    return "no end of copying"


def _in_background(outcomes: queue.SimpleQueue[Any], call: Callable[[], Any]) -> None:
    """Put the value or the error of `call` into `outcomes`, from a thread that nobody waits for."""

    def run() -> None:
        try:
            outcomes.put(call())
        except Exception as error:  # noqa: BLE001 - whoever called looks at it
            outcomes.put(error)

    threading.Thread(target=run, daemon=True).start()
