"""Send tasks to an executor and stop waiting in time.

Any ``concurrent.futures`` executor serves: threads, processes, ``Client.get_executor()`` of Dask, MPI.  Waiting ends
with enough answers, at the deadline, or when nobody is left to wait for.  Running stragglers cannot be stopped through
that interface; they are abandoned, and those still queued are cancelled.

>>> from concurrent.futures import ThreadPoolExecutor
>>> with ThreadPoolExecutor(2) as pool:
...     gathered = gather(abs, [-1, 2, -3], executor=pool, order=[2, 0, 1], enough=3)
>>> sorted(gathered.answers.items())
[(0, 1), (1, 2), (2, 3)]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from typing import Any

from coding.errors import CodingError


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came of a set of tasks.

    Args:
        answers: task -> result.
        failed: task -> the exception it raised.
        late: tasks that were abandoned.
        broken: what the executor died of, None while it lives.
    """

    answers: dict[int, Any]
    failed: dict[int, BaseException]
    late: tuple[int, ...]
    broken: BaseException | None


def gather(
    f: Callable[[Any], Any],
    tasks: Sequence[Any],
    *,
    executor: Executor | None,
    order: Sequence[int],
    enough: int,
    deadline: float | None = None,
) -> Gathered:
    """Run f on the tasks until enough have answered.

    Args:
        f: the function; what the executor demands of it (processes: picklable) holds.
        tasks: one argument each.
        executor: where to run; None runs here, one after the other, and waits for nobody.
        order: the order of submission, a permutation of the tasks.
        enough: stop after this many answers.
        deadline: stop waiting after so many seconds from now; None waits as long as it takes.

    Raises:
        CodingError: the executor does not accept tasks.
    """
    if executor is None:
        return _here(f, tasks, order, enough, deadline)
    start = time.monotonic()
    futures: dict[Future[Any], int] = {}
    answers: dict[int, Any] = {}
    failed: dict[int, BaseException] = {}
    broken: BaseException | None = None
    try:
        for task in order:
            futures[executor.submit(f, tasks[task])] = task
    except BrokenExecutor as error:  # died while being fed: what was accepted may still have answered
        broken = error
    except RuntimeError as error:
        for future in futures:
            future.cancel()
        raise CodingError(
            f"takes no tasks ({error})",
            where="executor",
            expected="a running executor",
            cure="hand over one that is open",
        ) from error
    pending = set(futures)
    while pending and len(answers) < enough:
        left = None if deadline is None else max(0.0, deadline - (time.monotonic() - start))
        done, pending = wait(pending, timeout=left, return_when=FIRST_COMPLETED)
        if not done:
            break
        for future in done:
            task = futures[future]
            try:
                answers[task] = future.result()
            except BrokenExecutor as error:
                broken, failed[task] = error, error
            except (Exception, CancelledError) as error:  # noqa: BLE001  (f is the user's: whatever it raises is reported)
                failed[task] = error
    for future in pending:
        future.cancel()
    late = tuple(sorted(set(range(len(tasks))) - set(answers) - set(failed)))
    return Gathered(answers, failed, late, broken)


def _here(
    f: Callable[[Any], Any], tasks: Sequence[Any], order: Sequence[int], enough: int, deadline: float | None
) -> Gathered:
    start = time.monotonic()
    answers: dict[int, Any] = {}
    failed: dict[int, BaseException] = {}
    for task in order:
        if len(answers) >= enough or (deadline is not None and time.monotonic() - start >= deadline):
            break
        try:
            answers[task] = f(tasks[task])
        except Exception as error:  # noqa: BLE001  (f is the user's: whatever it raises is reported)
            failed[task] = error
    late = tuple(sorted(set(range(len(tasks))) - set(answers) - set(failed)))
    return Gathered(answers, failed, late, None)
