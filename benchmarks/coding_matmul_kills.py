"""Coded products while workers are killed and stopped: is every answer right, does none hang, and what does it cost?

    python benchmarks/coding_matmul_kills.py [--runs 200] [--size 2000] [--scheme best] [--executor pool|dask]
                                             [--shipping auto]

In each run some of the worker processes (3 of 14) are killed (SIGKILL) or stopped (SIGSTOP), each at a moment of its
own somewhere in the first nine tenths of the time that an undisturbed product takes.  Before every second one of these
runs stands an undisturbed one, with which the two after it are compared; before every twentieth also the same product
uncoded, by the 7 tasks of Strassen on the same workers, and by plain numpy.  Times are of `multiply` alone, from whole
matrices to the whole product; the crew is full again before each.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import dataclass, field

import numpy as np

from coding.bilinear import catalog, codes
from coding.bilinear.execution import CodedMatmul, WorkerPool
from coding.bilinear.execution.reach import survives, threshold
from coding.bilinear.scheme import BilinearScheme

NODES = 14
BAR_ERROR, BAR_RATIO = 1e-10, 1.3
HUNG = 30.0  # seconds after which a product counts as hung; an undisturbed one takes one or two


def main() -> None:
    """Run and print one line a figure."""
    parser = argparse.ArgumentParser(description="coded products while workers die")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scheme", default="best", help='"best", "chebyshev" or "circle" (entangled polynomial codes)')
    parser.add_argument("--executor", choices=("pool", "dask"), default="pool")
    parser.add_argument(
        "--shipping", default="auto", help='how blocks travel, see CodedMatmul; for Dask also "scatter"'
    )
    asked = parser.parse_args()
    scheme = chosen(asked.scheme)
    if not survives(scheme, range(NODES), failures=asked.kills):
        raise SystemExit(f"{scheme!r} does not survive any {asked.kills} failures: it needs {threshold(scheme)}")
    crew = PoolCrew() if asked.executor == "pool" else DaskCrew()
    try:
        Benchmark(scheme, crew, asked).run()
    finally:
        crew.close()


def chosen(name: str) -> BilinearScheme:
    """The scheme of that name with 14 nodes."""
    return catalog.best(NODES) if name == "best" else codes.entangled_polynomial((2, 2, 2), nodes=NODES, points=name)


class PoolCrew:
    """The workers of a WorkerPool."""

    def __init__(self) -> None:
        self.executor = WorkerPool(NODES)

    def pids(self) -> list[int]:
        """The process ids, once all are there; who died idle is replaced by the next task."""
        wait([self.executor.submit(time.sleep, 0.02) for _ in range(NODES)])
        while len(found := self.executor.pids) < NODES:
            time.sleep(0.005)
        return list(found)

    def close(self) -> None:
        """End them."""
        self.executor.close()


class DaskCrew:
    """The workers of a Dask cluster on this machine, which is made anew when it does not replace a dead one."""

    def __init__(self) -> None:
        import distributed

        self._cluster = distributed.LocalCluster(
            n_workers=NODES, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        )
        self.executor = distributed.Client(self._cluster)

    def pids(self) -> list[int]:
        """The process ids, once all are there."""
        give_up = time.monotonic() + HUNG
        while time.monotonic() < give_up:
            with contextlib.suppress(Exception):  # a worker that was struck may leave while it is asked
                found = self.executor.run(os.getpid, on_error="ignore").values()
                if len(pids := [pid for pid in found if isinstance(pid, int)]) == NODES:
                    return pids
            time.sleep(0.1)
        self.close()
        self.__init__()  # type: ignore[misc]
        return self.pids()

    def close(self) -> None:
        """End them."""
        with contextlib.suppress(Exception):  # some are dead already
            self.executor.close()
            self._cluster.close()


@dataclass(slots=True)
class Figures:
    """What was measured: seconds by kind of run, disturbed seconds over those of the undisturbed run before, ..."""

    seconds: dict[str, list[float]] = field(
        default_factory=lambda: {kind: [] for kind in ("disturbed", "undisturbed", "uncoded", "numpy")}
    )
    ratios: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)


class Benchmark:
    """All runs on one crew."""

    def __init__(self, scheme: BilinearScheme, crew: PoolCrew | DaskCrew, asked: argparse.Namespace) -> None:
        self.crew, self.asked, self.scheme = crew, asked, scheme
        self.rng = np.random.default_rng(asked.seed)
        self.found = Figures()

    def run(self) -> None:
        """All of it, then the figures."""
        self.product("warm")
        self.found = Figures()
        for number in range(self.asked.runs):
            if number % 2 == 0:
                self.product("undisturbed")
            if number % 20 == 0:
                self.product("uncoded")
            with self.struck():
                self.product("disturbed")
            self.found.ratios.append(self.found.seconds["disturbed"][-1] / self.found.seconds["undisturbed"][-1])
        self.report()

    def product(self, kind: str) -> None:
        """One product of fresh matrices."""
        a, b = (self.rng.normal(size=(self.asked.size, self.asked.size)) for _ in range(2))
        if kind != "disturbed":
            self.crew.pids()  # waits until all are there; nobody is struck meanwhile
        scheme = catalog.strassen() if kind == "uncoded" else self.scheme
        coded = CodedMatmul(scheme, self.crew.executor, deadline=HUNG, shipping=self.asked.shipping)
        started = time.perf_counter()
        result = coded.multiply(a, b)
        self.found.seconds.setdefault(kind, []).append(time.perf_counter() - started)
        started = time.perf_counter()
        exact = a @ b
        if kind == "uncoded":
            self.found.seconds["numpy"].append(time.perf_counter() - started)
        self.found.errors.append(float(np.abs(result.product - exact).max() / np.abs(exact).max()))
        if kind == "disturbed":
            self.found.seen.update(dead=len(result.report.dead), late=len(result.report.late))

    @contextlib.contextmanager
    def struck(self) -> Iterator[None]:
        """Kill or stop some workers, each at a random moment of what is done meanwhile."""
        victims = self.rng.choice(self.crew.pids(), self.asked.kills, replace=False)
        signals = self.rng.choice([signal.SIGKILL, signal.SIGSTOP], self.asked.kills)
        moments = self.rng.uniform(0, 0.9, self.asked.kills) * self.found.seconds["undisturbed"][-1]
        timers = [
            threading.Timer(moment, strike, (victim, sign))
            for moment, victim, sign in zip(moments, victims, signals, strict=True)
        ]
        for timer in timers:
            timer.start()
        yield
        for timer in timers:
            timer.join()
        for victim in victims:  # the next product starts with a full crew, so those that stand still are ended
            strike(victim, signal.SIGKILL)
        self.found.seen.update(killed=int((signals == signal.SIGKILL).sum()))
        self.found.seen.update(stopped=int((signals == signal.SIGSTOP).sum()))

    def report(self) -> None:
        """One line a figure."""
        found = self.found
        middle = {kind: statistics.median(times) for kind, times in found.seconds.items()}
        print(f"{self.scheme!r}, {self.asked.size} x {self.asked.size} float64, on {self.asked.executor}")
        print(f"  {len(found.ratios)} runs, {self.asked.kills} of {NODES} workers struck in each: {dict(found.seen)}")
        figure("largest relative error", max(found.errors), BAR_ERROR)
        for kind, times in found.seconds.items():
            print(
                f"  {kind:24} {middle[kind]:8.3f} s   (min {min(times):.3f}, max {max(times):.3f}, {len(times)} runs)"
            )
        figure("disturbed / undisturbed", statistics.median(found.ratios), BAR_RATIO)
        quartiles = statistics.quantiles(found.ratios, n=20) if len(found.ratios) > 1 else found.ratios
        print(f"  ... 5 % and 95 % of runs  {quartiles[0]:7.3g} {quartiles[-1]:7.3g}, worst {max(found.ratios):.3g}")
        print(f"  undisturbed / uncoded    {middle['undisturbed'] / middle['uncoded']:8.3g}")
        print(f"  undisturbed / numpy      {middle['undisturbed'] / middle['numpy']:8.3g}")


def figure(name: str, value: float, bar: float) -> None:
    """A figure with its bar."""
    print(f"  {name:24} {value:8.3g}     (bar {bar:g}: {'met' if value <= bar else 'MISSED'})")


def strike(victim: int, sign: int) -> None:
    """Send the process its signal."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(victim), int(sign))


if __name__ == "__main__":
    main()
