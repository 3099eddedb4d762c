"""The Dask engine on a running cluster, and on one that a (fake) Slurm starts from a small TOML file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.engine.dask_cluster import DaskCluster
from experiments.errors import InputError, MissingExtraError
from experiments.runner import run
from experiments.sweep import Sweep

distributed = pytest.importorskip("distributed")


@pytest.fixture
def address() -> Iterator[str]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def calm(sweep: Sweep, tmp_path: Path) -> str:
    return run(sweep, tmp_path / "calm", engine="in-process").results.to_csv()


def test_a_running_cluster_gives_the_same_bytes_and_is_left_running(
    sweep: Sweep, tmp_path: Path, address: str, calm: str
) -> None:
    for name in ("first", "second"):
        report = run(sweep, tmp_path / name, engine=address)
        assert report.exit_code == 0
        assert report.results.to_csv() == calm


def test_a_batch_that_kills_dask_workers_is_quarantined(make_sweep: Any, tmp_path: Path) -> None:
    sweep = make_sweep("killer", grid={"p": [0.1, 0.5, 0.25]}, stop={"max_shots": 500})
    report = run(sweep, tmp_path / "out", engine="dask", workers=2)
    assert report.exit_code == 4
    states = {row.labels["p"]: row.reason for row in report.results.rows}
    assert states[0.1] == "max_shots"
    assert "quarantined" in states[0.5]
    assert "ZeroDivisionError" in states[0.25]


def test_nobody_at_the_address_is_said_so(sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.engine.dask_cluster.CONNECT_TIMEOUT", 0.5)
    with pytest.raises(InputError, match=r"no Dask scheduler answers.*tcp://127\.0\.0\.1:9.*dask scheduler"):
        run(sweep, tmp_path / "out", engine="tcp://127.0.0.1:9")


def test_without_distributed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'qsim-workbench\[cluster\]'"):
        DaskCluster(None, 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[slurm", "not valid TOML"),
        ("[kubernetes]\ncores = 1", "one table out of slurm"),
        ("", "nothing"),
        ("slurm = 3", "one table"),
    ],
)
def test_a_bad_cluster_file_is_refused(sweep: Sweep, tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=word):
        run(sweep, tmp_path / "out", engine=str(path))


def test_a_missing_cluster_file_is_named(sweep: Sweep, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot read the cluster file"):
        run(sweep, tmp_path / "out", engine=str(tmp_path / "nowhere.toml"))


def test_a_slurm_cluster_from_a_file_gives_the_same_bytes(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calm: str
) -> None:
    """``sbatch`` and ``scancel`` are stand-ins that run the job script on this machine, as a node would."""
    commands = tmp_path / "bin"
    commands.mkdir()
    log = tmp_path / "job.log"
    for name, script in {
        "sbatch": (
            f'#!/bin/sh\ncp "$1" {tmp_path}/job.sh\nsetsid bash {tmp_path}/job.sh > {log} 2>&1 &\n'
            f'echo $! > {tmp_path}/pid\necho "Submitted batch job 7"\n'
        ),
        "scancel": f"#!/bin/sh\nkill -- -$(cat {tmp_path}/pid)\n",
    }.items():
        (commands / name).write_text(script)
        (commands / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    (tmp_path / "cluster.toml").write_text(
        '[slurm]\njobs = 1\ncores = 2\nprocesses = 2\nmemory = "2GB"\nwalltime = "00:10:00"\ninterface = "lo"\n'
    )
    report = run(sweep, tmp_path / "out", engine=str(tmp_path / "cluster.toml"), max_seconds=60)
    assert report.exit_code == 0, log.read_text()
    assert report.results.to_csv() == calm
