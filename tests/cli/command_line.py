"""The command line as tests call it: a real process in a folder of its own, and sweeps of coins to feed it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.collect import load
from experiments.runner import run
from experiments.sweep import Sweep

MAIN = "from experiments.cli import main; main()"

COIN = """\
study = "coin"
seed = 20261122
[params]
work = {work}
[grid]
p = [0.1, 0.2, 0.3]
[stop]
max_shots = {shots}
[batches]
first = 256
growth = 1.0
largest = 256
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """A working directory for ``qsim``."""

    path: Path

    def write(self, name: str, text: str) -> Path:
        """A file of the folder."""
        place = self.path / name
        place.write_text(text, encoding="utf-8")
        return place

    def coins(self, *, work: float = 0.0, batches: int = 8, name: str = "coin.toml") -> Path:
        """A sweep of three coins, each ``batches`` batches that burn ``work`` seconds."""
        return self.write(name, COIN.format(work=work, shots=256 * batches))

    def files(self) -> Mapping[Path, bytes]:
        """Every file below the folder with its content."""
        return {path: path.read_bytes() for path in sorted(self.path.rglob("*")) if path.is_file()}

    def lines(self, ledger: str) -> int:
        """Batches written so far."""
        return sum(path.read_bytes().count(b"\n") for path in (self.path / ledger / "shards").glob("*.jsonl"))

    def start(self, *words: Any, before: str = "", **options: Any) -> subprocess.Popen[bytes]:
        """Start ``qsim``; ``before`` is Python that runs ahead of it in the same process."""
        paths = os.pathsep.join([str(self.path), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": paths, **options.pop("env", {})}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(
            [sys.executable, "-c", f"{before}\n{MAIN}", *map(str, words)], cwd=self.path, env=environment, **streams
        )

    def qsim(self, *words: Any, before: str = "", **options: Any) -> Outcome:
        """Run ``qsim`` to its end."""
        return ended(self.start(*words, before=before, **options))

    def run(self, sweep: str, out: str, *words: Any, **options: Any) -> Outcome:
        """``qsim run`` within its own process, which saves the start of workers."""
        return self.qsim("run", sweep, "--out", out, "--engine", "in-process", *words, **options)

    def made(self, sweep: str, out: str) -> None:
        """A finished ledger to begin with, made in this process: quicker, and no command is under test."""
        assert run(Sweep.load(self.path / sweep), self.path / out, engine="in-process").exit_code == 0

    def csv(self, ledger: str) -> str:
        """The table of a ledger, read in this process."""
        return load(self.path / ledger).to_csv()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    output: str
    errors: str


def ended(process: subprocess.Popen[bytes], timeout: float = 60) -> Outcome:
    """Wait for a command and take what it said; a traceback is never an answer."""
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    found = Outcome(process.returncode, (output or b"").decode(), (errors or b"").decode())
    assert "Traceback" not in found.output + found.errors, found.errors
    return found
