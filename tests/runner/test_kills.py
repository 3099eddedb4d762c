"""The kill test: whatever is killed, however often, the resumed sweep ends in the same bytes."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from conftest import QSIM, toy_sweep

from experiments.collect import load
from experiments.engine.dask_cluster import DaskCluster
from experiments.runner import RunState, run

KILLS = 100
SWEEP = """\
study = "toy_studies:toy"
seed = 9
[grid]
distance = [3, 5]
p = [0.02, 0.1, 0.3]
[stop]
max_shots = 600000
max_errors = 200000
"""


class Victims:
    """A ``qsim run`` that is started again whenever it is dead, and killed at random together with its workers."""

    def __init__(self, arguments: list[str], cwd: Path) -> None:
        self.arguments, self.cwd = arguments, cwd
        self.driver: subprocess.Popen[bytes] | None = None
        self.rng = random.Random(20261122)
        self.driver_kills = self.helper_kills = 0
        self.known: dict[int, set[psutil.Process]] = {}

    def start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "TOY_PACE": "0.04"}
        self.driver = subprocess.Popen(
            [*QSIM, *self.arguments], cwd=self.cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        return self.driver

    def kill_one(self) -> None:
        """Kill the driver at any moment of its life, or one of its helpers (fork server, workers) at work."""
        driver = self.driver if self.driver is not None and self.driver.poll() is None else self.start()
        if self.rng.random() < 0.4:
            time.sleep(self.rng.uniform(0.0, 1.0))
            driver.kill()
            driver.wait()
            self.driver_kills += 1
            return
        deadline = time.monotonic() + 10
        while len(self.helpers(driver)) < 2 and driver.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(self.rng.uniform(0.0, 0.2))
        helpers = self.helpers(driver)
        if helpers:
            victim = self.rng.choice(helpers)
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
                self.helper_kills += 1

    def helpers(self, driver: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """The fork server and the workers that live; workers outlive a killed server and are remembered."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.known[driver.pid] = self.known.get(driver.pid, set()) | set(
                psutil.Process(driver.pid).children(recursive=True)
            )
        known = self.known.get(driver.pid, set())
        return sorted((process for process in known if process.is_running()), key=lambda process: process.pid)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_kills_do_not_change_a_byte(
    tmp_path: Path, qsim: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "toy.toml").write_text(SWEEP)
    assert qsim("run", "toy.toml", "--out", "calm", "--engine", "in-process").returncode == 0
    calm = qsim("table", "calm", "--csv").stdout
    victims = Victims(["run", "toy.toml", "--out", "killed", "--workers", "2"], tmp_path)
    while victims.driver_kills + victims.helper_kills < KILLS:
        victims.kill_one()
    assert victims.driver_kills >= 20
    assert victims.helper_kills >= 20
    assert victims.driver is not None
    victims.driver.kill()
    victims.driver.wait()
    unfinished = qsim("status", "killed", "--json").stdout
    assert '"complete": 6' not in unfinished  # the kills fell into a sweep that was still running
    assert qsim("run", "toy.toml", "--out", "killed", "--workers", "2").returncode == 0
    assert qsim("table", "killed", "--csv").stdout == calm


@pytest.mark.timeout(200)
def test_a_dask_cluster_that_loses_a_worker_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_PACE", "0.02")
    sweep = toy_sweep(stop={"max_shots": 20_000})
    engine = DaskCluster(None, 2)
    killed: list[int] = []

    def kill(state: RunState) -> None:
        if not killed and state.batches > 20:
            killed.append(engine.worker_pids()[0])
            os.kill(killed[0], signal.SIGKILL)

    report = run(sweep, tmp_path / "dask", engine=engine, observer=kill)
    assert killed
    assert report.exit_code == 0
    monkeypatch.setenv("TOY_PACE", "0")
    assert load(tmp_path / "dask").to_csv() == run(sweep, tmp_path / "calm", engine="in-process").results.to_csv()
