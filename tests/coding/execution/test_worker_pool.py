"""The pool of worker processes: what may happen to a worker, and what must not happen to the rest."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError

import psutil
import pytest
import saboteur

from coding.bilinear.execution import DeadWorkerError, WorkerPool
from coding.errors import CodingError


@pytest.fixture
def pool():
    with WorkerPool(3, preload=()) as made:
        yield made
        made.close()


def gone(pid: int) -> bool:
    """Whether the process ended within ten seconds; one that only waits for its burial has ended."""
    for _ in range(1000):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def full(pool: WorkerPool, workers: int) -> bool:
    """Whether all seats are taken within ten seconds."""
    for _ in range(1000):
        if len(pool.pids) == workers:
            return True
        time.sleep(0.01)
    return False


def occupy(pool: WorkerPool, function, *args):
    """A future that is being worked on."""
    future = pool.submit(function, *args)
    while not future.running() and not future.done():
        time.sleep(0.001)
    return future


def test_tasks_run_in_processes_of_their_own(pool):
    pids = {future.result() for future in [pool.submit(os.getpid) for _ in range(12)]}
    assert pids <= set(pool.pids)
    assert os.getpid() not in pids


def test_an_error_of_a_task_reaches_its_future_and_the_worker_lives_on(pool):
    before = pool.pids
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()
    with pytest.raises(AttributeError):
        pool.submit(getattr, "text", "nothing").result()
    assert pool.pids == before


def test_a_value_or_an_error_that_cannot_travel_is_told_in_words(pool):
    with pytest.raises(TypeError, match="pickle"):
        pool.submit(os.scandir, "/").result()
    with pytest.raises(RuntimeError, match="Homebody: stays"):
        pool.submit(saboteur.stay_at_home).result()


def test_a_large_message_arrives_whole(pool):
    text = bytes(range(256)) * 40_000
    assert pool.submit(bytes.upper, text).result() == text.upper()


def test_a_killed_worker_fails_its_own_task_only(pool):
    others = [pool.submit(time.sleep, 0.2) for _ in range(2)]
    killed = pool.submit(signal.raise_signal, signal.SIGKILL)
    with pytest.raises(DeadWorkerError, match="died"):
        killed.result()
    assert [future.result() for future in others] == [None, None]


def test_a_dead_worker_is_replaced(pool):
    with pytest.raises(DeadWorkerError):
        pool.submit(signal.raise_signal, signal.SIGKILL).result()
    assert pool.submit(math.sqrt, 4).result() == 2
    assert full(pool, 3)


def test_a_worker_killed_while_idle_costs_no_task(pool):
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
    assert sorted(pool.map(abs, range(-6, 0))) == [1, 2, 3, 4, 5, 6]


def test_a_stopped_worker_holds_up_nobody_else(pool):
    stopped = pool.submit(signal.raise_signal, signal.SIGSTOP)
    assert list(pool.map(abs, range(-20, 0))) == list(range(20, 0, -1))
    assert not stopped.done()
    assert stopped.cancel()


def test_cancelling_a_running_task_frees_its_seat(pool):
    stopped = [occupy(pool, signal.raise_signal, signal.SIGSTOP) for _ in range(3)]
    before = pool.pids
    assert all(future.cancel() for future in stopped)
    with pytest.raises(CancelledError):
        stopped[0].result()
    assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]
    assert set(before) != set(pool.pids)
    assert not stopped[0].cancel()


def test_a_task_that_still_waits_is_cancelled_without_killing_anyone(pool):
    busy = [occupy(pool, time.sleep, 0.2) for _ in range(3)]
    before = pool.pids
    waiting = pool.submit(abs, -1)
    assert waiting.cancel()
    assert [future.result() for future in busy] == [None] * 3
    assert pool.pids == before


def test_closing_ends_all_workers_also_stopped_and_busy_ones():
    pool = WorkerPool(3, preload=())
    occupy(pool, signal.raise_signal, signal.SIGSTOP)
    busy = occupy(pool, time.sleep, 60)
    pids = pool.pids
    pool.close()
    pool.close()
    assert all(gone(pid) for pid in pids)
    assert isinstance(busy.exception(), DeadWorkerError)


def test_an_error_in_the_block_closes_without_waiting_for_stopped_workers():
    def interrupted():
        with WorkerPool(1, preload=()) as pool:
            occupy(pool, signal.raise_signal, signal.SIGSTOP)
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()


def test_a_closed_pool_takes_no_tasks():
    pool = WorkerPool(1, preload=())
    pool.shutdown()
    with pytest.raises(CodingError, match="closed"):
        pool.submit(abs, 1)


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
def test_the_fork_server_itself_may_be_killed_or_stopped(pool, harm):
    server = pool._server._process
    pool._server._control.settimeout(0.2)
    os.kill(server.pid, harm)
    with pytest.raises(DeadWorkerError):
        pool.submit(signal.raise_signal, signal.SIGKILL).result()
    assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]
    assert full(pool, 3)
    assert pool._server._process.pid != server.pid


def test_a_driver_killed_by_force_leaves_no_process_behind():
    script = (
        "from coding.bilinear.execution import WorkerPool; import signal, time\n"
        "pool = WorkerPool(3, preload=())\n"
        "pool.submit(time.sleep, 60), pool.submit(signal.raise_signal, signal.SIGSTOP)\n"
        "print(*pool.pids, pool._server._process.pid, flush=True)\n"
        "time.sleep(60)"
    )
    driver = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in driver.stdout.readline().split()]
    driver.kill()
    driver.wait()
    driver.stdout.close()
    assert len(pids) == 4
    assert all(gone(pid) for pid in pids)


@pytest.mark.parametrize("workers", [0, -1, 2.0, True, "3"])
def test_a_pool_needs_a_number_of_workers(workers):
    with pytest.raises(CodingError, match="workers"):
        WorkerPool(workers)


def test_workers_use_the_threads_they_are_given():
    with WorkerPool(1, threads=2, preload=()) as pool:
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "2"
