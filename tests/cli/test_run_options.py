"""``qsim run``: what its options change, what they do not, and how tasks that fail end a sweep."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from command_line import COIN, Folder

SWEEPS = sorted((Path(__file__).resolve().parents[2] / "experiments" / "sweeps").glob("*.toml"))

MISBEHAVING = """
import os
from dataclasses import dataclass

import msgspec

from experiments.study import StudyDefaults
from experiments.tally import Counts


class Params(msgspec.Struct, frozen=True):
    kind: str


@dataclass
class Sampler:
    kind: str

    def sample(self, size, seed):
        if self.kind == "raises":
            raise ZeroDivisionError("a bug of the study")
        return Counts(size, os.getpid() % size if self.kind == "impure" else 1)


class Misbehaving(StudyDefaults):
    name, version, counting, Params = "misbehaving", 1, True, Params

    def prepare(self, params):
        return Sampler(params.kind)


study = Misbehaving()
"""


def _misbehaving(folder: Folder, *kinds: str) -> None:
    folder.write("misbehaving.py", MISBEHAVING)
    grid = ", ".join(f'"{kind}"' for kind in kinds)
    folder.write(
        "bad.toml", f'study = "misbehaving:study"\nseed = 1\n[grid]\nkind = [{grid}]\n[stop]\nmax_shots = 1000\n'
    )


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda path: path.stem)
def test_every_example_sweep_dry_runs_and_writes_nothing(folder: Folder, sweep: Path) -> None:
    done = folder.qsim("run", sweep, "--out", "out", "--dry-run")
    assert (done.code, done.errors) == (0, "")
    *tasks, count, cost = done.output.splitlines()
    table = tomllib.loads(sweep.read_text())
    points = 1
    for column in table["grid"].values():
        points *= len(column) if isinstance(column, list) else next(iter(column.values()))[2]
    assert len(tasks) == points
    assert count == f"{points} tasks, {points} unfinished, seed {table['seed']}"
    assert re.fullmatch(r"at most [\d.e+-]+ \w+ of core time: [\d.e+-]+ \w+ with 2 workers", cost)
    assert folder.files() == {}


def test_a_dry_run_of_a_finished_sweep_has_nothing_to_do(folder: Folder) -> None:
    folder.coins()
    folder.made("coin.toml", "out")
    before = folder.files()
    done = folder.qsim("run", "coin.toml", "--out", "out", "--dry-run")
    assert done.output.count(": done (max_shots, 2,048 shots)") == 3
    assert "3 tasks, 0 unfinished, seed 20261122\nat most 0 s of core time" in done.output
    assert folder.files() == before


def test_the_default_engine_and_the_number_of_workers_change_no_byte(folder: Folder) -> None:
    folder.coins(batches=20)
    folder.made("coin.toml", "alone")
    for workers in (1, 3):
        assert folder.qsim("run", "coin.toml", "--out", f"with-{workers}", "--workers", workers).code == 0
        assert folder.csv(f"with-{workers}") == folder.csv("alone")


def test_a_seed_on_the_command_line_is_a_seed_in_the_file(folder: Folder) -> None:
    folder.coins()
    folder.write("five.toml", COIN.format(work=0.0, shots=2048).replace("seed = 20261122", "seed = 5"))
    assert folder.run("coin.toml", "own").code == 0
    assert folder.run("coin.toml", "given", "--seed", "5").code == 0
    assert folder.run("five.toml", "written").code == 0
    assert folder.csv("given") == folder.csv("written") != folder.csv("own")


def test_a_change_on_the_command_line_tightens_the_goal_and_keeps_the_batches(folder: Folder) -> None:
    folder.coins()
    folder.made("coin.toml", "out")
    more = folder.run("coin.toml", "out", "--set", "stop.max_shots=4096")
    assert "24 batches run" in more.errors
    assert folder.run("coin.toml", "at-once", "--set", "stop.max_shots=4096").code == 0
    assert folder.csv("out") == folder.csv("at-once")


def test_shards_run_one_by_one_and_merged_are_the_whole(folder: Folder) -> None:
    folder.coins()
    folder.made("coin.toml", "whole")
    for share in range(3):
        done = folder.run("coin.toml", f"part-{share}", "--shard", f"{share}/3")
        assert done.code == 0
        assert "1 of 3 tasks complete" in done.errors
    parts = ["part-0", "part-1", "part-2"]
    for sources in (parts, parts[::-1], ["merged"]):  # again, in another order, and with itself
        merged = folder.qsim("merge", *sources, "--out", "merged")
        assert (merged.code, merged.errors) == (0, "")
        assert "3 tasks, 24 distinct batches in merged" in merged.output
        assert folder.csv("merged") == folder.csv("whole")
    assert "0 batches run" in folder.run("coin.toml", "merged").errors


def test_ledgers_of_two_seeds_do_not_merge(folder: Folder) -> None:
    folder.coins()
    folder.made("coin.toml", "a")
    assert folder.run("coin.toml", "b", "--seed", "5").code == 0
    before = folder.files()
    done = folder.qsim("merge", "a", "b", "--out", "c")
    assert done.code == 2
    assert "b: these ledgers do not belong together: seed differs" in done.errors
    assert folder.files() == before


def test_a_task_that_fails_leaves_the_others_and_exit_code_4(folder: Folder) -> None:
    _misbehaving(folder, "well", "raises")
    for _ in range(2):  # a failed task is tried again by the next run
        done = folder.run("bad.toml", "out")
        assert done.code == 4
        assert "failed: {'kind': 'raises'}: ZeroDivisionError: a bug of the study (misbehaving.py:" in done.errors
        assert "1 of 2 tasks complete" in done.errors
    status = folder.qsim("status", "out")
    assert status.code == 0
    assert "failed    kind=raises: 0 shots" in status.output
    assert "1 of 2 tasks complete, 0 running, 0 waiting, 1 failed" in status.output


def test_verify_ends_with_0_when_bits_agree_and_4_when_they_do_not(folder: Folder) -> None:
    _misbehaving(folder, "impure")
    folder.coins()
    folder.made("coin.toml", "pure")
    assert folder.run("bad.toml", "out").code == 0
    good = folder.qsim("verify", "pure", "--sample", "100%", "--workers", "1")
    assert (good.code, good.output) == (0, "24 of 24 batches replayed: all identical, bit by bit\n")
    bad = folder.qsim("verify", "out", "--sample", "100", "--workers", "1")
    assert bad.code == 4
    assert re.search(r"batch \d+ \(size \d+\) of task \w{12}: ledger .*, replay ", bad.output)
    for share in ("0%", "101%", "some"):
        refused = folder.qsim("verify", "pure", "--sample", share)
        assert (refused.code, refused.output) == (2, "")
        assert "--sample: not a share: expected a percentage in (0, 100]" in refused.errors
