"""What the runner itself costs: no-op batches into a durable ledger, the command line's answer times, a large ledger.

    python benchmarks/runner_overhead.py [--batches 10000] [--lines 1000000] [--repeat 3]

Every batch of the study ``coin`` draws one binomial number; the rest of its time is the runner's: dispatch, pipes, the
ledger's line with its checksum, ``fdatasync``, fold and stop rule.  The whole run is timed, worker start-up included.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from experiments.ledger import Ledger
from experiments.ledger.record import Record, encode
from experiments.runner import run
from experiments.sweep import Sweep

QSIM = [sys.executable, "-c", "from experiments.cli import main; main()"]
SIZE = 256


def main() -> None:
    """Measure and print one line a figure."""
    parser = argparse.ArgumentParser(description="the runner's overhead")
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        report("no-op batches, 2 workers", no_op(place, asked.batches, asked.repeat), "µs/batch", 150)
        ledger = large_ledger(place / "large", asked.lines)
        report("qsim --help", timed(lambda: call("--help"), asked.repeat), "s", 0.3)
        report(f"qsim status, {asked.lines:,} lines", timed(lambda: call("status", ledger), asked.repeat), "s", 5)


def report(name: str, values: list[float], unit: str, bar: float) -> None:
    """One line: median, range, bar."""
    middle = statistics.median(values)
    verdict = "met" if middle <= bar else "MISSED"
    spread = f"min {min(values):.3g}, max {max(values):.3g}"
    print(f"{name:32} {middle:9.3g} {unit:9} ({spread}; bar {bar:g}: {verdict})", flush=True)


def no_op(place: Path, batches: int, repeat: int) -> list[float]:
    """Microseconds a batch, over ten tasks, everything included."""
    found = []
    for attempt in range(repeat):
        sweep = coin_sweep(batches // 10)
        started = time.perf_counter()
        done = run(sweep, place / f"no-op-{attempt}", workers=2)
        found.append((time.perf_counter() - started) / done.batches * 1e6)
    return found


def coin_sweep(batches_a_task: int) -> Sweep:
    """Ten coins, batches of equal size."""
    return Sweep(
        study="coin",
        grid={"p": {"linspace": [0.05, 0.5, 10]}},
        stop={"max_shots": SIZE * batches_a_task},
        batches={"first": SIZE, "growth": 1.0, "largest": SIZE},
        seed=1,
    )


def large_ledger(place: Path, lines: int) -> Path:
    """A ledger of that many lines in four shards, as a run would have written it."""
    run(coin_sweep(1), place, engine="in-process")
    run(coin_sweep(lines // 10), place, engine="in-process", max_seconds=1e-9)
    manifest = Ledger.open(place).manifest
    for shard in range(4):
        with (place / "shards" / f"made-{shard}.jsonl").open("wb") as file:
            for task in manifest.tasks:
                for batch in range(shard or 4, lines // 10, 4):
                    state = msgspec.Raw(b'{"counts":[%d,%d]}' % (SIZE, batch % SIZE))
                    file.write(encode(Record(task.id, batch, SIZE, state, cpu=0.001, env=manifest.env)))
    return place


def timed(action: Callable[[], None], repeat: int) -> list[float]:
    """Wall times of an action, after one that is not counted."""
    action()
    found = []
    for _ in range(repeat):
        started = time.perf_counter()
        action()
        found.append(time.perf_counter() - started)
    return found


def call(*arguments: object) -> None:
    """One call of the command line in a process of its own."""
    subprocess.run([*QSIM, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
