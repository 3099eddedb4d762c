"""Coded products while workers are killed and stopped: is every answer right, does none hang, and what does it cost?

    python benchmarks/coding_matmul_kills.py [--runs 200] [--size 2000] [--scheme best] [--dask]

In each run some of the worker processes (3 of 14) are killed (SIGKILL) or stopped (SIGSTOP) at a random moment of the
product.  Every few runs there is an undisturbed one, and the same product uncoded, by the 7 tasks of Strassen alone.
Times are of `multiply` alone, from whole matrices to the whole product.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from coding.bilinear import catalog, codes
from coding.bilinear.execution import CodedMatmul, WorkerPool
from coding.bilinear.execution.reach import survives, threshold
from coding.bilinear.scheme import BilinearScheme

NODES = 14
BAR_ERROR, BAR_RATIO = 1e-10, 1.3


def main() -> None:
    """Run and print one line a figure."""
    parser = argparse.ArgumentParser(description="coded products while workers die")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--every", type=int, default=4, help="runs between undisturbed ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scheme", default="best", help='"best", "chebyshev" or "circle" (entangled polynomial codes)')
    parser.add_argument("--dask", action="store_true", help="on a Dask cluster of separate processes")
    asked = parser.parse_args()
    scheme = chosen(asked.scheme)
    if not survives(scheme, range(NODES), failures=asked.kills):
        raise SystemExit(f"{scheme!r} does not survive any {asked.kills} failures: it needs {threshold(scheme)}")
    with dask_workers() if asked.dask else local_workers() as workers:
        Benchmark(scheme, workers, asked).run()


def chosen(name: str) -> BilinearScheme:
    """The scheme of that name with 14 nodes."""
    return catalog.best(NODES) if name == "best" else codes.entangled_polynomial((2, 2, 2), nodes=NODES, points=name)


@contextlib.contextmanager
def local_workers() -> Iterator[Any]:
    """A WorkerPool, and its process ids once all workers are there."""
    with WorkerPool(NODES) as pool:

        def pids() -> list[int]:
            while len(found := pool.pids) < NODES:
                time.sleep(0.005)
            return list(found)

        yield pool, pids


@contextlib.contextmanager
def dask_workers() -> Iterator[Any]:
    """A Dask client, and the process ids of its workers once all are there."""
    import logging

    import distributed

    with (
        distributed.LocalCluster(
            n_workers=NODES, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
        distributed.Client(cluster) as client,
    ):

        def pids() -> list[int]:
            client.wait_for_workers(NODES, timeout=120)
            return list(client.run(os.getpid).values())

        yield client, pids


class Benchmark:
    """All runs on one set of workers."""

    def __init__(self, scheme: BilinearScheme, workers: Any, asked: argparse.Namespace) -> None:
        self.executor, self.pids = workers
        self.asked = asked
        self.rng = np.random.default_rng(asked.seed)
        self.coded = CodedMatmul(scheme, self.executor)
        self.uncoded = CodedMatmul(catalog.strassen(), self.executor)
        self.name = scheme.name
        self.times: dict[str, list[float]] = {"disturbed": [], "undisturbed": [], "uncoded": []}
        self.errors: list[float] = []
        self.struck = 0

    def run(self) -> None:
        """All of it, then the figures."""
        size = self.asked.size
        for number in range(self.asked.runs):
            a, b = self.rng.normal(size=(size, size)), self.rng.normal(size=(size, size))
            exact = a @ b
            if number % self.asked.every == 0:
                self.one("undisturbed", self.coded, a, b, exact)
                self.one("uncoded", self.uncoded, a, b, exact)
            with self.strike():
                self.one("disturbed", self.coded, a, b, exact)
        self.report()

    def one(self, kind: str, coded: CodedMatmul, a: Any, b: Any, exact: Any) -> None:
        """One product on a full crew."""
        self.pids()
        started = time.perf_counter()
        result = coded.multiply(a, b)
        self.times[kind].append(time.perf_counter() - started)
        self.errors.append(float(np.abs(result.product - exact).max() / np.abs(exact).max()))
        if kind == "disturbed":
            self.struck += len(result.report.dead)

    @contextlib.contextmanager
    def strike(self) -> Iterator[None]:
        """Kill or stop some workers at a random moment of what is done meanwhile."""
        victims = self.rng.choice(self.pids(), self.asked.kills, replace=False)
        signals = self.rng.choice([signal.SIGKILL, signal.SIGSTOP], self.asked.kills)
        moment = self.rng.uniform(0.1, 0.8) * statistics.median(self.times["undisturbed"])
        timer = threading.Timer(moment, strike, (victims, signals))
        timer.start()
        yield
        timer.join()
        for victim in victims if self.asked.dask else ():  # Dask waits minutes before it gives a stopped worker up
            strike([victim], [signal.SIGKILL])

    def report(self) -> None:
        """One line a figure."""
        middle = {kind: statistics.median(times) for kind, times in self.times.items()}
        print(
            f"{self.name}, {self.asked.size} x {self.asked.size} float64, {len(self.times['disturbed'])} disturbed runs"
        )
        print(
            f"  {self.asked.kills} of {NODES} workers struck in each; {self.struck} deaths seen in mid-run, no run hung"
        )
        figure("largest relative error", max(self.errors), BAR_ERROR)
        for kind, times in self.times.items():
            print(
                f"  {kind:24} {middle[kind]:8.3f} s   (min {min(times):.3f}, max {max(times):.3f}, {len(times)} runs)"
            )
        figure("disturbed / undisturbed", middle["disturbed"] / middle["undisturbed"], BAR_RATIO)
        print(f"  undisturbed / uncoded    {middle['undisturbed'] / middle['uncoded']:8.3g}")


def figure(name: str, value: float, bar: float) -> None:
    """A figure with its bar."""
    print(f"  {name:24} {value:8.3g}     (bar {bar:g}: {'met' if value <= bar else 'MISSED'})")


def strike(victims: Any, signals: Any) -> None:
    """Send each process its signal."""
    for victim, sign in zip(victims, signals, strict=True):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(victim), int(sign))


if __name__ == "__main__":
    main()
