"""SIGINT, SIGTERM and time budgets: exit code 3, and the same command ends in the undisturbed table."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

import psutil
import pytest
from command_line import Folder, ended

STOP_BEFORE_THE_RUN = """
import os, signal, experiments.runner as runner
runner.plan = lambda *_: os.kill(os.getpid(), signal.{name})
"""


def _until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def _family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_stops_a_run_resumably(folder: Folder, name: str) -> None:
    folder.coins(work=0.01, batches=30)
    words = ["run", "coin.toml", "--out", "out", "--workers", "2"]
    running = folder.start(*words)
    _until(lambda: folder.lines("out") >= 5)
    children = _family(running)
    running.send_signal(signal.Signals[name])
    stopped = ended(running)
    assert (stopped.code, stopped.output) == (3, "")
    assert f"stopped by {name}" in stopped.errors
    assert "stopped, resumable: the same command carries on" in stopped.errors
    assert len(children) >= 3  # fork server and two workers
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []

    written = folder.lines("out")
    assert 5 <= written < 3 * 30
    resumed = folder.qsim(*words)
    assert resumed.code == 0
    assert f"{3 * 30 - written} batches run" in resumed.errors  # exactly what was missing
    folder.made("coin.toml", "calm")
    assert folder.csv("out") == folder.csv("calm")


def test_a_second_ctrl_c_drops_the_batches_in_flight(folder: Folder) -> None:
    """Batches of an hour, and an hour's grace for them: only dropping them ends the run."""
    folder.coins(work=3600)
    patient = "import experiments.runner as runner; runner.GRACE_SECONDS = 3600.0"
    running = folder.start("run", "coin.toml", "--out", "out", "--workers", "2", before=patient)
    _until(lambda: (folder.path / "out" / "manifest.json").exists() and len(_family(running)) >= 3)
    children = _family(running)
    running.send_signal(signal.SIGINT)
    time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    stopped = ended(running)
    assert stopped.code == 3
    assert "0 batches run" in stopped.errors
    assert "stopped by SIGINT" in stopped.errors
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert folder.lines("out") == 0
    assert "3 waiting" in folder.qsim("status", "out").output


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_before_the_first_batch_is_resumable_too(folder: Folder, name: str) -> None:
    folder.coins()
    stopped = folder.qsim("run", "coin.toml", "--out", "out", before=STOP_BEFORE_THE_RUN.format(name=name))
    assert stopped.code == 3
    assert "interrupted; nothing is lost, the same command carries on" in stopped.errors
    folder.made("coin.toml", "out")


@pytest.mark.parametrize("where", ["option", "sweep file"])
def test_a_time_budget_stops_a_run_resumably(folder: Folder, where: str) -> None:
    folder.coins(work=0.01, batches=30)
    budget = ["--max-seconds", "0.2"] if where == "option" else ["--set", "stop.max_seconds=0.2"]
    stopped = folder.run("coin.toml", "out", *budget)
    assert stopped.code == 3
    assert "the time budget is spent" in stopped.errors
    assert 0 < folder.lines("out") < 3 * 30
