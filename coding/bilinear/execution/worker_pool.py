"""An executor whose workers may be killed, stopped or slow without harm to the rest.

`concurrent.futures.ProcessPoolExecutor` breaks as a whole when one worker dies and waits for ever on a stopped one.
Here each worker has its own socket and its own thread in the driver: a death fails the one task that worker held, a
cancelled task is taken from the hands that hold it, and the worker that held it is replaced when its seat is needed.

>>> with WorkerPool(2, preload=()) as pool:
...     sum(pool.map(abs, [-1, -2, -3]))
6
"""

from __future__ import annotations

import atexit
import pickle
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from types import TracebackType
from typing import Any

from coding.bilinear.execution.worker_process import DeadWorkerError, ForkServer, Worker
from coding.errors import CodingError

NODE_MODULE = "coding.bilinear.execution.node"


class WorkerPool(Executor):
    """`workers` separate processes on this machine behind the interface of `concurrent.futures`.

    Args:
        workers: how many processes.
        threads: threads of linear algebra in each.
        preload: modules imported once for all workers.

    Raises:
        CodingError: fewer than one worker or thread, or no process can be started.
    """

    def __init__(self, workers: int, *, threads: int = 1, preload: tuple[str, ...] = (NODE_MODULE,)) -> None:
        for name, value in (("workers", workers), ("threads", threads)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise CodingError("not a number of them", where=name, expected="an integer >= 1", got=repr(value))
        self._server = ForkServer(modules=preload, threads=threads)
        self._changed = threading.Condition(threading.RLock())
        self._waiting: deque[_Task] = deque()
        self._idle = 0
        self._closed = False
        self._seats: list[_Seat] = []
        try:
            self._seats += [_Seat(self._server.fork()) for _ in range(workers)]
        except CodingError:
            self._server.close()
            raise
        for number, seat in enumerate(self._seats):
            seat.thread = threading.Thread(target=self._work, args=(seat,), name=f"worker-{number}", daemon=True)
            seat.thread.start()
        atexit.register(self.close)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the present workers."""
        with self._changed:
            return tuple(seat.worker.pid for seat in self._seats if seat.worker is not None)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of `fn(*args, **kwargs)` in the next free worker; `fn` must be importable there.

        Cancelling the future works while it runs, too.

        Raises:
            CodingError: the pool is closed.
        """
        task = _Task(pickle.dumps((fn, args, kwargs), protocol=5), _PoolFuture(self._abandon))
        with self._changed:
            if self._closed:
                raise CodingError("the pool is closed", where="WorkerPool.submit", cure="make a new one")
            self._waiting.append(task)
            self._changed.notify()
            self._free_a_seat()
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the pool: with `wait`, tasks that were not cancelled are finished first; then as `close`."""
        with self._changed:
            if cancel_futures or not wait:
                while self._waiting:
                    self._waiting.popleft().future.cancel()
            while wait and not self._closed and (self._waiting or any(seat.at_work() for seat in self._seats)):
                self._changed.wait()
        self.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(wait=kind is None)

    def close(self) -> None:
        """Kill all workers, stopped ones too; unfinished tasks fail.  A second call does nothing."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            waiting, self._waiting = list(self._waiting), deque()
            for seat in self._seats:
                if seat.worker is not None:
                    seat.worker.kill()
            self._changed.notify_all()
        for task in waiting:
            task.future.cancel()
        self._server.close()
        for seat in self._seats:
            if seat.thread is not threading.current_thread():
                seat.thread.join()
        atexit.unregister(self.close)

    def _work(self, seat: _Seat) -> None:
        """The life of one seat's thread: take a task, have it done, deliver, replace a dead worker."""
        while (task := self._next(seat)) is not None:
            value, error = None, None
            try:
                value = self._employ(seat).ask_packed(task.packed)
            except BaseException as raised:  # noqa: BLE001 - belongs to whoever holds the future
                error = raised
            with self._changed:
                seat.task = None
                deliver = not task.abandoned
                self._changed.notify_all()
            if isinstance(error, DeadWorkerError):
                self._dismiss(seat)
            if deliver and error is None:
                task.future.set_result(value)
            elif deliver:
                task.future.set_exception(error)
            if seat.worker is None:
                self._replace(seat)
        self._dismiss(seat)

    def _next(self, seat: _Seat) -> _Task | None:
        with self._changed:
            while True:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._idle -= 1
                if self._closed:
                    return None
                task = self._waiting.popleft()
                if task.future.set_running_or_notify_cancel():
                    seat.task = task
                    return task

    def _employ(self, seat: _Seat) -> Worker:
        """The seat's worker; a new one when it died while it had nothing to do."""
        if seat.worker is not None and seat.worker.hung_up():
            self._dismiss(seat)
        return seat.worker if seat.worker is not None else self._hire(seat)

    def _hire(self, seat: _Seat) -> Worker:
        worker = None if self._closed else self._server.fork()
        with self._changed:
            if worker is not None and not self._closed:
                seat.worker = worker
                return worker
        if worker is not None:
            worker.kill()
            worker.release()
        raise DeadWorkerError("the pool was closed")

    def _replace(self, seat: _Seat) -> None:
        try:
            self._hire(seat)
        except (CodingError, DeadWorkerError):
            return  # the next task tries again, and its future says why it cannot be done

    def _dismiss(self, seat: _Seat) -> None:
        with self._changed:
            worker, seat.worker = seat.worker, None
        if worker is not None:
            worker.kill()
            worker.release()

    def _abandon(self, future: Future[Any]) -> bool:
        """Take the running task of `future` from its worker; False when it is not running."""
        with self._changed:
            seat = next((seat for seat in self._seats if seat.task is not None and seat.task.future is future), None)
            if seat is None or seat.task is None or seat.task.abandoned:
                return False
            seat.task.abandoned = True
            self._free_a_seat()
            self._changed.notify_all()
        future.set_exception(CancelledError())
        return True

    def _free_a_seat(self) -> None:
        """Kill workers that hold abandoned tasks, as many as tasks wait without a free seat."""
        held = [seat for seat in self._seats if seat.task is not None and seat.task.abandoned]
        waiting = sum(not task.future.cancelled() for task in self._waiting)
        missing = waiting - self._idle - sum(seat.doomed() for seat in held)
        for seat in held:
            if missing > 0 and seat.task is not None and seat.worker is not None and not seat.doomed():
                seat.task.doomed = True
                seat.worker.kill()
                missing -= 1


class _PoolFuture(Future[Any]):
    """A future whose `cancel` also takes a running task from its worker."""

    def __init__(self, abandon: Callable[[Future[Any]], bool]) -> None:
        super().__init__()
        self._abandon = abandon

    def cancel(self) -> bool:
        return super().cancel() or self._abandon(self)


class _Task:
    __slots__ = ("abandoned", "doomed", "future", "packed")

    def __init__(self, packed: bytes, future: Future[Any]) -> None:
        self.packed, self.future = packed, future
        self.abandoned = self.doomed = False


class _Seat:
    """One place for a worker: the worker who sits there, the task in hand, and the thread that speaks to it."""

    __slots__ = ("task", "thread", "worker")

    def __init__(self, worker: Worker) -> None:
        self.worker: Worker | None = worker
        self.task: _Task | None = None
        self.thread: threading.Thread

    def at_work(self) -> bool:
        return self.task is not None and not self.task.abandoned

    def doomed(self) -> bool:
        return self.task is not None and self.task.doomed
