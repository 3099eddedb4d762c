"""Ledgers committed once must read, replay and resume to the same bits for ever; the oracle is the committed CSV.

A failure here means that ledgers of users no longer mean what they meant.  Do not make the files again to mend it,
unless a study's ``version`` was bumped on purpose; then: `qsim run NAME.toml --out NAME`, neutral names in ``runs/``
and ``shards/``, and `qsim table NAME --csv`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest

from experiments.collect import load
from experiments.ledger.environment import cpu_class
from experiments.ledger.record import decode, encode
from experiments.runner import run
from experiments.sweep import Sweep
from experiments.verify import verify

HERE = Path(__file__).parent
LEDGERS = ["coin", "memory"]


def _recorded(name: str) -> dict[str, Any]:
    (path,) = (HERE / name / "runs").glob("*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture
def replayable(name: str) -> str:
    """The ledger's name, where this environment promises its bits; coins need NumPy's streams only.

    stim promises equal samples for equal seeds within one version and one set of vector extensions.
    """
    if name == "memory":
        recorded = _recorded(name)
        for package in ("stim", "pymatching"):
            if version(package) != recorded["versions"][package]:
                pytest.skip(f"made with {package} {recorded['versions'][package]}, here is {version(package)}")
        extensions = recorded["cpu"].split()[1:]
        if cpu_class().split()[1:] != extensions:
            pytest.skip(f"made on a processor with {' '.join(extensions)}, here is {cpu_class()}")
    return name


@pytest.fixture
def copy(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / name, tmp_path / name))


@pytest.mark.parametrize("name", LEDGERS)
def test_table_of_a_golden_ledger_is_the_committed_csv(name: str) -> None:
    call = [sys.executable, "-c", "from experiments.cli import main; main()", "table", name, "--csv"]
    done = subprocess.run(call, capture_output=True, cwd=HERE, check=True)
    assert done.stdout == (HERE / f"{name}.csv").read_bytes()
    assert done.stderr == b""


@pytest.mark.parametrize("name", LEDGERS)
def test_every_batch_of_a_golden_ledger_replays_bit_by_bit(replayable: str) -> None:
    found = verify(HERE / replayable, share=1.0, workers=1)
    assert found.differences == []
    assert found.replayed == found.total >= 13


@pytest.mark.parametrize("name", LEDGERS)
def test_a_golden_sweep_run_today_gives_the_committed_csv(replayable: str, tmp_path: Path) -> None:
    report = run(Sweep.load(HERE / f"{replayable}.toml"), tmp_path / "out", engine="in-process")
    assert report.results.to_csv() == (HERE / f"{replayable}.csv").read_text()


@pytest.mark.parametrize("name", LEDGERS)
def test_a_golden_ledger_is_complete_for_its_sweep_file(name: str, copy: Path) -> None:
    again = run(Sweep.load(HERE / f"{name}.toml"), copy, engine="in-process")
    assert (again.exit_code, again.batches) == (0, 0)


@pytest.mark.parametrize("name", LEDGERS)
def test_a_tightened_golden_ledger_resumes_to_what_a_fresh_run_gives(
    name: str, replayable: str, copy: Path, tmp_path: Path
) -> None:
    tighter = Sweep.load(HERE / f"{name}.toml", ["stop.max_errors=1000", "stop.max_shots=90000"])
    resumed = run(tighter, copy, engine="in-process")
    fresh = run(tighter, tmp_path / "fresh", engine="in-process")
    assert resumed.results.to_csv() == fresh.results.to_csv()
    assert 0 < resumed.batches < fresh.batches


@pytest.mark.parametrize("name", ["coin"])
def test_verify_finds_one_changed_count(copy: Path) -> None:
    """The line is sealed again, so that only a replay can tell."""
    (shard,) = (copy / "shards").glob("*.jsonl")
    first, *rest = shard.read_bytes().splitlines(keepends=True)
    record = decode(first.rstrip(b"\n"))
    assert record is not None
    shots, errors = json.loads(bytes(record.state))["counts"]
    forged = msgspec.structs.replace(record, state=msgspec.Raw(b'{"counts":[%d,%d]}' % (shots, errors + 1)))
    shard.write_bytes(encode(forged) + b"".join(rest))
    assert load(copy).manifest["problems"] == []
    found = verify(copy, share=1.0, workers=1)
    assert len(found.differences) == 1
    assert f"batch {record.batch} " in found.differences[0]


def test_golden_files_are_small_and_name_no_machine() -> None:
    files = [path for name in LEDGERS for path in (HERE / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 50_000
    assert {path.stem.split("-")[0] for path in files if path.suffix == ".jsonl"} == {"golden"}
    for name in LEDGERS:
        recorded = _recorded(name)
        assert (recorded["host"], recorded["git"]) == ("golden", {})
        assert not [word for word in recorded["command"] if re.search(r"^/|\\", word)]
