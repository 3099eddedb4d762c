"""Coded products on a Ray cluster: blocks are put into Ray's object store once, and a lost worker is an erasure.

    import ray
    from coding.bilinear import CodedMatmul, catalog
    from coding.bilinear.execution.ray_cluster import RayExecutor

    ray.init(num_cpus=14)
    result = CodedMatmul(catalog.best(14), RayExecutor()).multiply(A, B)

Ray itself would run the task of a dead worker again and say nothing; here it is reported, and the code makes up for it.
Workers that share a machine read the blocks where they lie, without a copy.  Cancelling a task takes it back while it
waits and asks a running one to end.  A worker that stands still (SIGSTOP) does not hear that: it keeps its CPU of the
cluster until it is killed or goes on, which Ray offers no way to see from outside.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from coding.errors import CodingError


class RayExecutor(Executor):
    """The `submit` of `concurrent.futures` on the Ray cluster to which this process is connected.

    Args:
        cpus: CPUs of the cluster that one task takes; Ray gives a task as many threads.

    Raises:
        CodingError: Ray is not installed or not connected, or `cpus` is no number of CPUs.
    """

    def __init__(self, *, cpus: float = 1.0) -> None:
        if isinstance(cpus, bool) or not isinstance(cpus, (int, float)) or not cpus > 0:
            raise CodingError("not a number of CPUs", where="cpus", expected="a number > 0", got=repr(cpus))
        try:
            self._ray: Any = importlib.import_module("ray")
        except ImportError as error:
            raise CodingError(
                "Ray is not installed", where="RayExecutor", got=str(error), cure='pip install "qsim-workbench[ray]"'
            ) from error
        if not self._ray.is_initialized():
            raise CodingError(
                "not connected to a Ray cluster",
                where="RayExecutor",
                expected="a connection",
                got="none",
                cure="call ray.init(num_cpus=14) for one on this machine, or ray.init(address=...)",
            )
        self._run = self._ray.remote(num_cpus=cpus, max_retries=0)(run)

    def put(self, value: Any) -> Any:
        """A reference to `value`, which is copied into the object store; tasks that are given it see the value."""
        return self._ray.put(value)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of `fn(*args, **kwargs)`; references among the arguments are replaced by their values."""
        reference = self._run.remote(fn, *args, **kwargs)
        future = _RayFuture(reference, cancel=self._ray.cancel)
        future.set_running_or_notify_cancel()
        reference.future().add_done_callback(future.settle)
        return future


def run(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """In the worker: `fn(*args, **kwargs)`."""
    return fn(*args, **kwargs)


class _RayFuture(Future[Any]):
    """A future of one Ray task."""

    def __init__(self, reference: Any, *, cancel: Callable[[Any], None]) -> None:
        super().__init__()
        self._reference, self._cancel = reference, cancel
        self._settled = threading.Lock()

    def cancel(self) -> bool:
        if not self._settled.acquire(blocking=False):
            return False
        self._cancel(self._reference)
        self.set_exception(CancelledError())
        return True

    def settle(self, task: Future[Any]) -> None:
        """Take over how the task ended."""
        if not self._settled.acquire(blocking=False):
            return
        error = CancelledError() if task.cancelled() else task.exception()
        if error is None:
            self.set_result(task.result())
        else:
            self.set_exception(error)
