"""The stop button of a notebook: a real kernel, a real SIGINT, and nothing lost."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.runner import run
from experiments.sweep import Sweep

pytest.importorskip("ipykernel")
manager = pytest.importorskip("jupyter_client.manager")

PREAMBLE = """
from experiments import Sweep
sweep = Sweep(
    study="coin",
    params={"work": 0.02},
    grid={"p": [0.1, 0.2]},
    stop={"max_shots": 256 * 60},
    batches={"first": 256, "growth": 1.0, "largest": 256},
    seed=20261122,
)
"""
WAIT = 60


class Kernel:
    """A Python kernel and what its cells print."""

    def __init__(self, folder: Path) -> None:
        self.manager = manager.KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=WAIT)

    def run(self, source: str) -> tuple[str, str]:
        """Status and printed text of a cell."""
        return self.answer(self.client.execute(source))

    def answer(self, message: str) -> tuple[str, str]:
        """The same, of a cell that was sent before."""
        printed: list[str] = []
        while True:
            found: dict[str, Any] = self.client.get_iopub_msg(timeout=WAIT)
            if found["parent_header"].get("msg_id") != message:
                continue
            if found["msg_type"] == "stream" and found["content"]["name"] == "stdout":
                printed.append(found["content"]["text"])
            if found["msg_type"] == "status" and found["content"]["execution_state"] == "idle":
                break
        while True:
            reply = self.client.get_shell_msg(timeout=WAIT)
            if reply["parent_header"].get("msg_id") == message:
                return reply["content"]["status"], "".join(printed)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    started = Kernel(tmp_path)
    yield started
    started.close()


def _wait_for_batches(ledger: Path, count: int) -> None:
    deadline = time.monotonic() + WAIT
    while sum(path.read_bytes().count(b"\n") for path in (ledger / "shards").glob("*.jsonl")) < count:
        assert time.monotonic() < deadline, "no batches arrived"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are signals here")
def test_interrupting_a_cell_returns_partial_results_and_loses_nothing(kernel: Kernel, tmp_path: Path) -> None:
    """Oracle: the same sweep in this process, undisturbed."""
    assert kernel.run(PREAMBLE)[0] == "ok"
    cell = kernel.client.execute("results = sweep.run('out', workers=2)\nprint([row.state for row in results.rows])")
    _wait_for_batches(tmp_path / "out", 10)
    kernel.manager.interrupt_kernel()
    status, printed = kernel.answer(cell)
    assert status == "ok"  # no KeyboardInterrupt: the cell returned what was there
    assert "running" in printed

    status, shots = kernel.run("print(sum(row.shots + row.surplus for row in results.rows))")
    assert 10 * 256 <= int(shots) < 2 * 256 * 60

    status, csv = kernel.run("print(sweep.run('out', workers=2).to_csv(), end='')")
    assert status == "ok"
    names: dict[str, Any] = {"Sweep": Sweep}
    exec(PREAMBLE.replace("from experiments import Sweep", ""), names)
    assert csv == run(names["sweep"], tmp_path / "undisturbed", engine="in-process").results.to_csv()

    lines = b"".join(path.read_bytes() for path in (tmp_path / "out" / "shards").glob("*.jsonl")).splitlines()
    keys = [line.partition(b',"s":')[0] for line in lines]
    assert len(keys) == len(set(keys)) == 2 * 60  # every batch was computed once
