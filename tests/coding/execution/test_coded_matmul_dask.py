"""Coded products on a Dask cluster of separate processes, some of them killed or stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

import numpy as np
import psutil
import pytest

from coding.bilinear import catalog, copies
from coding.bilinear.execution import CodedMatmul, dask_cluster
from coding.errors import CodingError

distributed = pytest.importorskip("distributed")

UNION = catalog.strassen() + catalog.winograd()
THREE = copies(catalog.strassen(), 3)  # dealt in turn to three workers, each of which has a copy of every product
A, B = (np.random.default_rng(1).normal(size=(300, 300)) for _ in range(2))


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=3, threads_per_worker=2, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as made,
    ):
        yield made


@pytest.fixture
def pids(client):
    """Process ids of three living workers."""
    client.wait_for_workers(3, timeout=60)
    return list(client.run(os.getpid).values())


def right(product):
    return np.abs(product - A @ B).max() < 1e-12 * np.abs(A @ B).max()


def test_a_client_and_its_executor_give_the_product(client, pids):
    for executor in (client, client.get_executor(pure=False)):
        result = CodedMatmul(UNION, executor).multiply(A, B)
        assert right(result.product)
        assert result.report.shipping == "shared"
        assert {int(answer.worker.rpartition(":")[2]) for answer in result.report.answers} <= set(pids)


def test_blocks_may_also_travel_with_the_tasks_or_be_scattered(client, pids):
    for shipping in ("messages", "scatter"):
        assert right(CodedMatmul(UNION, client, shipping=shipping).multiply(A, B).product)


def test_blocks_are_shared_only_where_all_workers_are_on_this_machine():
    class Cluster:
        """As a client sees it."""

        def __init__(self, *addresses):
            self.addresses = addresses

        def scheduler_info(self, n_workers):
            return {"workers": dict.fromkeys(self.addresses)}

    assert dask_cluster.on_this_machine(Cluster("tcp://127.0.0.1:40001", "tls://[::1]:40002"))
    assert not dask_cluster.on_this_machine(Cluster("tcp://127.0.0.1:40001", "tcp://10.0.0.7:40002"))
    assert not dask_cluster.on_this_machine(Cluster())
    with pytest.raises(CodingError, match="the cluster has no workers"):
        dask_cluster.DaskExecutor(Cluster()).submit(abs, -1)


def test_tasks_are_dealt_to_the_workers_in_turn(client, pids):
    """Dask by itself may give many to one, and a worker that stops would hold up them all."""
    executor = dask_cluster.DaskExecutor(client)
    for _ in range(3):
        futures = [executor.submit(os.getpid) for _ in range(3)]
        assert {future.result(timeout=30) for future in futures} == set(pids)


def test_a_worker_killed_in_mid_run_changes_nothing(client, pids):
    killer = threading.Timer(0.05, os.kill, (pids[0], signal.SIGKILL))
    killer.start()
    for shipping in ("scatter", "shared", "scatter"):
        assert right(CodedMatmul(UNION, client, shipping=shipping).multiply(A, B).product)
    killer.join()


@contextlib.contextmanager
def stopped(*workers):
    """Processes that stand still meanwhile."""
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


class StopsOnItsWay:
    """A result whose worker stops when it is sent for the first time."""

    sent = False

    def __reduce__(self):
        if not self.sent:
            self.sent = True
            os.kill(os.getpid(), signal.SIGSTOP)
        return StopsOnItsWay, ()


def result_at(moment, make):
    """What `make` returns, at a moment that several tasks share."""
    time.sleep(max(0.0, moment - time.time()))
    return make()


def test_a_worker_that_stops_with_its_result_in_hand_does_not_hold_up_others(client, pids):
    """Dask asks for results that are ready together in one request, which one stopped worker keeps waiting."""
    executor = dask_cluster.DaskExecutor(client)
    try:
        for _ in range(4):
            moment = time.time() + 0.3
            makes = zip(client.run(os.getpid), [StopsOnItsWay, os.getpid, os.getpid], strict=True)
            stops, *others = (executor.submit(result_at, moment, make, workers=[address]) for address, make in makes)
            assert len({other.result(timeout=20) for other in others}) == 2
            while all(psutil.Process(pid).status() != psutil.STATUS_STOPPED for pid in pids):
                time.sleep(0.01)
            assert not stops.done()
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            assert isinstance(stops.result(timeout=20), StopsOnItsWay)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("shipping", ["scatter", "shared"])
def test_a_worker_stopped_in_mid_run_changes_nothing(shipping, client, pids, monkeypatch):
    """Stopped while blocks are copied, or with a third of the tasks in hand: the other two thirds suffice."""
    monkeypatch.setattr(dask_cluster, "PATIENCE", 0.5)
    coded = CodedMatmul(THREE, client, shipping=shipping)
    stopper = threading.Timer(0.05, os.kill, (pids[1], signal.SIGSTOP))
    stopper.start()
    try:
        assert right(coded.multiply(A, B).product)
    finally:
        stopper.join()
        os.kill(pids[1], signal.SIGCONT)


@pytest.mark.parametrize("shipping", ["scatter", "shared"])
def test_a_worker_that_stood_still_before_changes_nothing(shipping, client, pids, monkeypatch):
    monkeypatch.setattr(dask_cluster, "PATIENCE", 0.5)
    with stopped(pids[0]):
        assert right(CodedMatmul(THREE, client, shipping=shipping).multiply(A, B).product)


def test_a_cluster_that_does_not_take_the_blocks_is_an_error(client, pids):
    with stopped(*pids), pytest.raises(CodingError, match=r"did not take the blocks.*none of 3 workers"):
        CodedMatmul(UNION, client, shipping="scatter", deadline=0.5).multiply(A, B)
