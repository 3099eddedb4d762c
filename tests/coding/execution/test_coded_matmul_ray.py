"""Coded products on a Ray cluster of this machine, some of its workers killed in mid-run."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import CancelledError

import numpy as np
import pytest
from saboteur import Saboteur

from coding.bilinear import catalog, codes
from coding.bilinear.execution import CodedMatmul
from coding.bilinear.execution.ray_cluster import RayExecutor
from coding.errors import CodingError

UNION = catalog.strassen() + catalog.winograd()
CIRCLE = codes.entangled_polynomial((2, 2, 2), nodes=14, points="circle")
A, B = (np.random.default_rng(1).normal(size=(300, 300)) for _ in range(2))


@pytest.fixture(scope="module")
def executor():
    ray = pytest.importorskip("ray")
    paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": paths})
    yield RayExecutor()
    ray.shutdown()


def right(product):
    return np.abs(product - A @ B).max() < 1e-12 * np.abs(A @ B).max()


def test_the_product_comes_from_blocks_in_the_store(executor):
    result = CodedMatmul(UNION, executor).multiply(A, B)
    assert right(result.product)
    assert result.report.shipping == "store"
    assert all(int(answer.worker.rpartition(":")[2]) != os.getpid() for answer in result.report.answers)


def test_blocks_may_also_travel_with_the_tasks(executor):
    assert right(CodedMatmul(UNION, executor, shipping="messages").multiply(A, B).product)


def test_killed_workers_are_erasures_and_are_named(executor):
    fates = dict.fromkeys((1, 6, 12), "die")
    result = CodedMatmul(CIRCLE, Saboteur(executor, fates), shipping="messages", deadline=60).multiply(A, B)
    assert right(result.product)
    assert set(result.report.dead) <= set(fates)
    assert not set(result.report.used) & set(fates)


def test_too_many_killed_workers_are_an_error_not_a_hang(executor):
    with pytest.raises(CodingError, match=r"expected any 7 of 7 right answers, got 6 .*1 dead \(node 3: WorkerCrashed"):
        CodedMatmul(catalog.strassen(), Saboteur(executor, {3: "die"}, 7), deadline=60).multiply(A, B)


def test_a_worker_that_stops_changes_nothing(executor):
    """It keeps one of the four CPUs until it goes on."""
    psutil = pytest.importorskip("psutil")
    fates = {5: "stop"}
    try:
        result = CodedMatmul(CIRCLE, Saboteur(executor, fates), shipping="messages", deadline=60).multiply(A, B)
    finally:
        for process in psutil.process_iter(["name", "status"]):
            if process.info["status"] == psutil.STATUS_STOPPED and process.info["name"].startswith("ray::"):
                process.send_signal(signal.SIGCONT)
    assert right(result.product)
    assert result.report.late.count(5) == 1
    assert 5 not in result.report.used


def test_errors_and_lies_of_tasks_are_reported(executor):
    fates = {0: "fail", 5: "sign"}
    result = CodedMatmul(CIRCLE, Saboteur(executor, fates), shipping="messages", seed=3).multiply(A, B)
    assert right(result.product)
    assert set(result.report.lying) <= {5}
    assert {0, 5} <= {*result.report.dead, *result.report.lying, *result.report.late}


def test_a_cancelled_task_ends_its_future(executor):
    futures = [executor.submit(time.sleep, 2) for _ in range(9)]
    assert all(future.cancel() for future in futures)
    assert not futures[0].cancel()
    with pytest.raises(CancelledError):
        futures[-1].result(timeout=5)
    assert executor.submit(abs, -3).result(timeout=60) == 3


@pytest.mark.parametrize("cpus", [0, -1, True, "2", float("nan")])
def test_a_task_needs_a_number_of_cpus(cpus):
    with pytest.raises(CodingError, match="cpus: not a number of CPUs"):
        RayExecutor(cpus=cpus)


def test_ray_that_is_missing_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CodingError, match=r"Ray is not installed.*qsim-workbench\[ray\]"):
        RayExecutor()


def test_ray_that_is_not_connected_is_named_with_the_call(monkeypatch):
    class Unconnected:
        is_initialized = staticmethod(lambda: False)

    monkeypatch.setitem(sys.modules, "ray", Unconnected)
    with pytest.raises(CodingError, match=r"not connected to a Ray cluster.*ray\.init"):
        RayExecutor()
