"""Every bad input is refused by a sentence that names place and cure, with exit code 2, and nothing is written."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable

import pytest
from command_line import Folder

MEMORY = """\
study = "qec.memory"
seed = 1
[params]
code = "rotated_surface"
[grid]
distance = [3]
p = [0.004, 0.01]
[stop]
max_shots = 1000
"""
CIRCUIT = """\
study = "qec.memory"
seed = 1
[params]
circuit = "circuit.stim"
[stop]
max_shots = 1000
"""

REFUSED = [
    ("coin", ["--set", 'study="cion"'], ["coin.toml: study: unknown study", "did you mean 'coin'?"]),
    ("coin", ["--set", 'params.work="long"'], ["coin.toml: params.work: wrong type", "expected a number", '"long"']),
    ("coin", ["--set", 'grid.p=[0.1, "0.2"]'], ["coin.toml: grid.p[1]: wrong type", "remove the quotes"]),
    ("coin", ["--set", "grid.p=[0.1, 1.5]"], ["coin.toml: grid.p[1]: wrong value", "in [0, 1]", "1.5"]),
    ("coin", ["--set", "grid.p=[0.1, 0.1]"], ["two grid points are the same task", "remove one"]),
    ("coin", ["--set", "grid.q=[1]"], ["coin.toml: grid.q[0]: unknown parameter", "expected one of p, work"]),
    ("coin", ["--set", "stop.max_shots=1.5"], ["coin.toml: stop.max_shots: wrong type", "a whole number"]),
    ("coin", ["--set", "stop.max_errors=1"], ["coin.toml: stop.max_errors", ">= 2"]),
    ("coin", ["--set", "stop.max_eror=1"], ["max_eror"]),
    ("coin", ["--set", "no equals sign"], ["--set: not a change", "key=value"]),
    ("coin", ["--seed", "-4"], ["coin.toml: seed: not a seed", ">= 0", "-4"]),
    ("coin", ["--engine", "quantum"], ["unknown engine", "in-process", "'quantum'"]),
    ("coin", ["--workers", "0"], ["--workers", "x>=1"]),
    ("coin", ["--workers", "two"], ["--workers", "'two' is not a valid integer"]),
    ("coin", ["--workers", "0", "--dry-run"], ["--workers", "x>=1"]),
    ("coin", ["--max-seconds", "0"], ["--max-seconds", "> 0"]),
    ("coin", ["--max-seconds", "nan"], ["--max-seconds", "> 0", "nan"]),
    ("coin", ["--shard", "4/4"], ["--shard: not a share", "0/8"]),
    ("coin", ["--nonsense"], ["No such option"]),
    ("memory", ["--set", "grid.distance=[3, 4]"], ["memory.toml: grid.distance[1]: even distance", "use 3 or 5"]),
    ("memory", ["--set", "grid.p=[0.1, 1.2]"], ["memory.toml: grid.p[1]: wrong value", "in [0, 1]", "1.2"]),
    ("memory", ["--set", 'params.decoder="oracle"'], ["params.decoder: unknown decoder", "pymatching"]),
]


@pytest.mark.parametrize(("name", "words", "said"), REFUSED, ids=lambda part: "".join(part)[:40])
def test_bad_sweeps_and_options_are_refused(folder: Folder, name: str, words: list[str], said: list[str]) -> None:
    folder.coins()
    folder.write("memory.toml", MEMORY)
    before = folder.files()
    done = folder.qsim("run", f"{name}.toml", "--out", "out", *words)
    assert (done.code, done.output) == (2, "")
    assert [text for text in said if text not in done.errors] == []
    assert folder.files() == before
    assert not (folder.path / "out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, ["cannot read it", "No such file", "circuit.stim"]),
        ("H 0\nT 0\nM 0\n", ["circuit.stim, line 2", "T is not a Clifford gate", "'T 0'"]),
        ("H 0\nFROB 0\n", ["circuit.stim, line 2", "FROB", "correct this line"]),
        ("H 0\nM 0\n", ["no observable", "OBSERVABLE_INCLUDE"]),
        (b"\xff\xfe\x00", ["circuit.stim", "not UTF-8"]),
    ],
    ids=["missing", "non-clifford", "unknown gate", "no observable", "binary"],
)
def test_circuits_that_cannot_be_run_are_refused(folder: Folder, text: str | bytes | None, said: list[str]) -> None:
    folder.write("circuit.toml", CIRCUIT)
    if text is not None:
        (folder.path / "circuit.stim").write_bytes(text.encode() if isinstance(text, str) else text)
    done = folder.qsim("run", "circuit.toml", "--out", "out")
    assert (done.code, done.output) == (2, "")
    assert [part for part in said if part not in done.errors] == []
    assert not (folder.path / "out").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"study = ", "not valid TOML"), (b"\xff", "not valid TOML"), (b"seed = 1\n", "study"), (None, "cannot read")],
    ids=["syntax", "binary", "no study", "missing"],
)
def test_sweep_files_that_are_none_are_refused(folder: Folder, content: bytes | None, said: str) -> None:
    if content is not None:
        (folder.path / "sweep.toml").write_bytes(content)
    done = folder.qsim("run", "sweep.toml", "--out", "out")
    assert done.code == 2
    assert "sweep.toml: " in done.errors
    assert said in done.errors
    assert not (folder.path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "5"], "seed differs: expected 20261122, got 5"),
        (["--set", "grid.p=[0.9]"], "no grid point in common"),
        (["--set", "batches.first=100"], "other batch sizes"),
    ],
)
def test_a_ledger_of_another_sweep_is_refused_untouched(folder: Folder, words: list[str], said: str) -> None:
    folder.coins()
    folder.made("coin.toml", "out")
    before = folder.files()
    for extra in ([], ["--dry-run"]):
        done = folder.run("coin.toml", "out", *words, *extra)
        assert done.code == 2
        assert said in done.errors
        assert folder.files() == before


def test_a_manifest_of_the_future_is_refused_by_every_command(folder: Folder) -> None:
    folder.coins()
    folder.made("coin.toml", "out")
    manifest = folder.path / "out" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 2}))
    before = folder.files()
    commands: list[list[str]] = [["run", "coin.toml", "--out", "out"], ["merge", "out", "--out", "other"]]
    commands += [[name, "out"] for name in ("status", "table", "plot", "report", "export", "verify")]
    for words in commands:
        done = folder.qsim(*words)
        assert done.code == 2, words
        assert "written by a newer version: expected manifest format <= 1, got 2; upgrade" in done.errors
    assert folder.files() == before


@pytest.mark.parametrize("command", ["status", "table", "plot", "report", "export", "verify"])
def test_no_ledger_is_said_to_be_none(folder: Folder, command: str) -> None:
    done = folder.qsim(command, "nowhere")
    assert (done.code, done.output) == (2, "")
    assert "nowhere: no ledger here" in done.errors
    assert folder.files() == {}


def test_a_folder_with_other_files_is_not_written_to(folder: Folder) -> None:
    folder.coins()
    before = folder.files()
    done = folder.run("coin.toml", ".")
    assert done.code == 2
    assert "not empty and is no ledger" in done.errors
    assert folder.files() == before


def _obeying_permissions() -> Callable[[], None] | None:
    """For root, which permissions do not bind: what makes a child obey them; None where it is not needed."""
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        pytest.skip("root ignores permissions, and only Linux can take that privilege away")
    libc, drop_from_bounding_set, override, read_search = ctypes.CDLL(None, use_errno=True), 24, 1, 2

    def give_up_override() -> None:
        for capability in (override, read_search):
            if libc.prctl(drop_from_bounding_set, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")

    return give_up_override


def test_a_read_only_directory_is_refused_and_its_ledger_stays_readable(folder: Folder) -> None:
    """Oracle: the kernel's own permissions.  For root a child without CAP_DAC_OVERRIDE is bound by them as well."""
    bound = _obeying_permissions()
    folder.coins()
    assert folder.run("coin.toml", "locked/out", "--set", "stop.max_shots=512").code == 0
    before = folder.files()
    locked = [folder.path / "locked", *(path for path in (folder.path / "locked").rglob("*") if path.is_dir())]
    for path in locked:
        path.chmod(0o500)
    try:
        new = folder.run("coin.toml", "locked/new", preexec_fn=bound)
        more = folder.run("coin.toml", "locked/out", preexec_fn=bound)
        read = folder.qsim("table", "locked/out", "--csv", preexec_fn=bound)
        drawn = folder.qsim("plot", "locked/out", preexec_fn=bound)
    finally:
        for path in locked:
            path.chmod(0o700)
    assert new.code == more.code == 2
    assert "locked/new: cannot make the ledger (Permission denied)" in new.errors
    assert "locked/out: the directory is read-only" in more.errors
    assert (read.code, read.errors) == (0, "")
    assert drawn.code != 0
    assert "Permission denied" in drawn.errors
    assert folder.files() == before
