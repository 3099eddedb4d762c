"""What the runner's tests share: the toy studies on every process's path, sweeps of them, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.sweep import Sweep

HERE = Path(__file__).parent
QSIM = [sys.executable, "-c", "from experiments.cli import main; main()"]

SWEEP_TEXT = """\
study = "toy_studies:toy"
seed = 20261122
[grid]
distance = [3, 5]
p = [0.02, 0.1, 0.3]
[stop]
max_shots = 20000
max_errors = 300
"""


@pytest.fixture(autouse=True)
def _toys_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def sweep() -> Sweep:
    return toy_sweep()


def toy_sweep(study: str = "toy", **changes: Any) -> Sweep:
    arguments: dict[str, Any] = {
        "study": f"toy_studies:{study}",
        "grid": {"distance": [3, 5], "p": [0.02, 0.1, 0.3]},
        "stop": {"max_shots": 20_000, "max_errors": 300},
        "seed": 20261122,
    }
    return Sweep(**{**arguments, **changes})


@pytest.fixture
def make_sweep() -> Callable[..., Sweep]:
    return toy_sweep


@pytest.fixture
def sweep_file(tmp_path: Path) -> Path:
    path = tmp_path / "toy.toml"
    path.write_text(SWEEP_TEXT)
    return path


@pytest.fixture
def qsim(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def call(*arguments: Any, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        words = [*QSIM, *map(str, arguments)]
        return subprocess.run(words, capture_output=True, text=True, timeout=timeout, cwd=tmp_path, check=False)

    return call
