"""Workers struck at each stage of their life: before, between and in tasks, while they read, and while they reply."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import threading
import time
from concurrent.futures import CancelledError, wait

import numpy as np
import psutil
import pytest

from coding.bilinear import catalog
from coding.bilinear.execution import CodedMatmul, DeadWorkerError, WorkerPool
from coding.bilinear.execution.forkserver import LENGTH

SCHEME = catalog.best(14)  # any 11 of 14 suffice
RNG = np.random.default_rng(1)
A, B = RNG.normal(size=(150, 130)), RNG.normal(size=(130, 140))
HARMS = [signal.SIGKILL, signal.SIGSTOP]


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(14) as made:
        yield made


def full_crew(pool: WorkerPool) -> list[int]:
    """The process ids of fourteen workers, of which none is known to be dead."""
    wait([pool.submit(abs, -1) for _ in range(14)])
    while len(pids := pool.pids) < 14:
        wait([pool.submit(abs, -1)])
    return list(pids)


def strike(pid: int, sign: int) -> None:
    """Send the signal, if the pool has not ended that process before."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)


def struck(pid: int) -> bool:
    """Whether the signal has arrived, or the pool had ended that process before."""
    try:
        return psutil.Process(pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD, psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return True


def right(result):
    return np.abs(result.product - A @ B).max() < 1e-12 * np.abs(A @ B).max()


def say_half_an_answer(harm: int) -> None:
    """In the worker: send the length of a long reply and its first bytes, and come to harm."""
    for connection in gc.get_objects():
        if isinstance(connection, socket.socket) and connection.fileno() >= 0:
            connection.sendall(LENGTH.pack(10**6) + b"half a product")
    os.kill(os.getpid(), harm)


@pytest.mark.parametrize("harm", HARMS)
def test_workers_struck_before_their_first_task(harm):
    with WorkerPool(14) as pool:
        for pid in pool.pids[4:7]:
            os.kill(pid, harm)
        result = CodedMatmul(SCHEME, pool).multiply(A, B)
    assert right(result)
    assert len(result.report.dead) + len(result.report.late) <= 14 - len(result.report.used)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("shipping", ["shared", "messages"])
def test_workers_struck_between_two_products(harm, shipping, pool):
    coded = CodedMatmul(SCHEME, pool, shipping=shipping)
    for first in (0, 5, 10):
        assert right(coded.multiply(A, B))
        struck = full_crew(pool)[first : first + 3]
        for sign in (harm, signal.SIGKILL):  # one that stands still and was given no task is not known to the pool
            for pid in struck:
                strike(pid, sign)
            assert right(coded.multiply(A, B))


@pytest.mark.parametrize("harm", HARMS)
def test_a_worker_struck_in_the_middle_of_its_reply(harm):
    with WorkerPool(2) as pool:
        future = pool.submit(say_half_an_answer, harm)
        assert list(pool.map(abs, range(-5, 0))) == [5, 4, 3, 2, 1]
        if harm == signal.SIGKILL:
            with pytest.raises(DeadWorkerError, match="died"):
                future.result(timeout=30)
        else:
            assert future.cancel()
            with pytest.raises(CancelledError):
                future.result(timeout=30)
        assert list(pool.map(abs, range(-5, 0))) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("harm", HARMS)
def test_a_worker_struck_while_it_is_sent_a_task_larger_than_any_buffer(harm):
    """Its thread waits for room that will never be; nobody else does, and cancelling frees it."""
    with WorkerPool(2, preload=()) as pool:
        for pid in pool.pids:
            os.kill(pid, harm)
        large = [pool.submit(len, bytes(20_000_000)) for _ in range(2)]
        if harm == signal.SIGSTOP:
            while not all(future.running() for future in large):
                time.sleep(0.001)
            assert all(future.cancel() for future in large)
        else:
            wait(large)  # done again by a new worker, or failed with the old one
        assert pool.submit(len, bytes(20_000_000)).result(timeout=60) == 20_000_000


@pytest.mark.parametrize("harm", HARMS)
def test_a_pool_whose_workers_are_all_struck_at_once_serves_the_next_product(harm, pool):
    crew = full_crew(pool)
    for pid in crew:
        strike(pid, harm)
    while not all(struck(pid) for pid in crew):  # a task given meanwhile would be lost
        time.sleep(0.001)
    if harm == signal.SIGSTOP:
        with pytest.raises(ValueError, match=r"too few answers within 0\.3 s: expected any 11 of 14"):
            CodedMatmul(SCHEME, pool, deadline=0.3).multiply(A, B)
    assert right(CodedMatmul(SCHEME, pool, deadline=60).multiply(A, B))


def test_a_pool_closes_in_the_middle_of_a_product_without_a_hang():
    with WorkerPool(14) as brief:
        closer = threading.Timer(0.02, brief.close)
        closer.start()
        a = b = np.ones((1200, 1200))
        try:
            assert (CodedMatmul(SCHEME, brief, deadline=60).multiply(a, b).product == a @ b).all()
        except ValueError as refusal:
            assert "too few right answers" in str(refusal)  # noqa: PT017 - either end is right
        closer.join()
