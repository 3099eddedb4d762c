"""Blocks on a Dask cluster, of which some workers may be dead or stopped.

Dask's own broadcast waits for every worker, and while it waits for a stopped one it holds up all others after it.
Here each worker is sent its own copy, under one name; who has not taken it when the others have is left out.  Tasks are
dealt to the workers in turn (Dask would give many to one).

Dask's own `get_executor` fetches all results in one thread, and `Future.result` asks for many results in one request,
so one worker that stopped with its result in hand would hold up others; `DaskExecutor` asks for each by itself.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from functools import partial
from typing import Any

from coding.errors import CodingError

PATIENCE = 2.0
"""Seconds without another worker that took the blocks before the rest is left out; more when all are slow."""


def dask_client(executor: Any) -> Any | None:
    """The Dask client that `executor` is or belongs to; None for other executors."""
    for candidate in (executor, getattr(executor, "_client", None)):
        if hasattr(candidate, "scatter") and hasattr(candidate, "get_executor"):
            return candidate
    return None


class DaskExecutor(Executor):
    """The `submit` of `concurrent.futures` on a Dask client; keywords of `Client.submit` are understood.

    Without them, tasks are dealt to the workers in turn, so that one that stands still holds up its share and no more.

    A dead worker's task moves on to another, unless there are workers for all `tasks` of a product: then each holds a
    single one, and the task of a dead worker is not given to one that stands still.

    Args:
        client: a `distributed.Client`.
        tasks: how many are submitted together.
    """

    def __init__(self, client: Any, *, tasks: int = 1_000_000) -> None:
        self._client, self._tasks = client, tasks
        self._turns: list[str] = []
        self._movable = True

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of `fn(*args, **kwargs)`; cancelling it cancels the task, unless that runs already."""
        if "workers" not in kwargs:
            kwargs |= {"workers": [self._next_worker()], "allow_other_workers": self._movable}
        future = _DaskFuture(self._client, self._client.submit(fn, *args, pure=False, **kwargs))
        future.set_running_or_notify_cancel()
        future.task.add_done_callback(future.start_fetching)
        return future

    def _next_worker(self) -> str:
        if not self._turns:
            self._turns = worker_addresses(self._client)
            self._movable = len(self._turns) < self._tasks
        if not self._turns:
            raise CodingError("the cluster has no workers", where="executor", cure="start some, or wait for them")
        return self._turns.pop(0)


class _DaskFuture(Future[Any]):
    """A future that fetches its value when the task is done."""

    def __init__(self, client: Any, task: Any) -> None:
        super().__init__()
        self.client, self.task = client, task
        self._settled = threading.Lock()

    def cancel(self) -> bool:
        if not self._settled.acquire(blocking=False):
            return False
        self.task.cancel()
        self.set_exception(CancelledError())
        return True

    def start_fetching(self, task: Any) -> None:  # noqa: ARG002 - Dask passes the task that is done
        """Fetch in a thread of its own: a worker that stopped with the value in hand takes for ever."""
        threading.Thread(target=self.fetch, daemon=True).start()

    def fetch(self) -> None:
        """Settle this future as the task ended."""
        try:
            value, error = self._value(), None
        except BaseException as raised:  # noqa: BLE001 - belongs to whoever holds the future
            value, error = None, raised
        if not self._settled.acquire(blocking=False):
            return
        if error is None:
            self.set_result(value)
        else:
            self.set_exception(error)

    def _value(self) -> Any:
        """The task's value, in a request of its own; raises what the task raised."""
        if self.task.status != "finished":
            return self.task.result()  # raises at once
        reply = self.client.sync(self.client.scheduler.gather, keys=[self.task.key])
        if reply["status"] != "OK":
            raise OSError(f"the worker with the result of {self.task.key} was lost")
        return reply["data"][self.task.key]


def worker_addresses(client: Any) -> list[str]:
    """The addresses of all workers that the scheduler knows."""
    return list(client.scheduler_info(n_workers=-1)["workers"])


def on_this_machine(client: Any) -> bool:
    """Whether all workers are spoken to over the loopback interface, and so are processes beside this one."""
    addresses = worker_addresses(client)
    return bool(addresses) and all("://127." in address or "://[::1]" in address for address in addresses)


def scatter(client: Any, arrays: list[Any], *, timeout: float) -> tuple[list[Any], list[str]]:
    """Futures of `arrays`, and the addresses of the workers that hold copies of all.

    Raises:
        CodingError: no worker took them within `timeout` seconds.
    """
    name = uuid.uuid4().hex
    data = {f"coded-block-{name}-{index}": array for index, array in enumerate(arrays)}
    addresses = worker_addresses(client)
    outcomes: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    for address in addresses:
        threading.Thread(target=partial(_send, client, data, address, outcomes), daemon=True).start()
    started = last = time.monotonic()
    futures: list[Any] = []
    holders: list[str] = []
    for _ in addresses:
        patience = max(PATIENCE, 2 * (last - started)) if holders else timeout
        try:
            address, outcome = outcomes.get(
                timeout=max(0.0, min(last + patience, started + timeout) - time.monotonic())
            )
        except queue.Empty:
            break
        if isinstance(outcome, dict):
            futures = [outcome[key] for key in data]
            holders.append(address)
            last = time.monotonic()
    if not holders:
        raise CodingError(
            "the cluster did not take the blocks",
            where="executor",
            expected=f"workers that do within {timeout:.4g} s",
            got=f"none of {len(addresses)} workers",
            cure="start workers, or replace stopped ones",
        )
    return futures, holders


def _send(client: Any, data: dict[str, Any], address: str, outcomes: queue.SimpleQueue[tuple[str, Any]]) -> None:
    """Copy `data` to one worker, past the scheduler if one can, and put its futures, or the error, into `outcomes`.

    A stopped worker takes for ever.
    """
    try:
        try:
            outcome = client.scatter(data, workers=[address], direct=True)
        except OSError:  # the worker is dead, or only the scheduler can reach it
            outcome = client.scatter(data, workers=[address], direct=False)
    except Exception as error:  # noqa: BLE001 - a worker lost in any way is a worker lost
        outcome = error
    outcomes.put((address, outcome))
