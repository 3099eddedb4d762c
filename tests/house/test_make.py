"""The two commands a newcomer types: what make would do, asked with ``make -n`` so that nothing is installed here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from house_documents import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def _make(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=cwd, capture_output=True, text=True, check=check)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files make reads, in a folder with a space in its name and without an environment."""
    house = tmp_path / "my clone"
    shutil.copytree(ROOT / "requirements", house / "requirements")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, house)
    return house


def test_a_fresh_clone_installs_from_the_locks_then_runs_the_demo(clone: Path, tmp_path: Path) -> None:
    plan = _make("-n", "-C", "my clone", "demo", cwd=tmp_path).stdout
    steps = [
        "-m venv .venv",
        "--require-hashes -r requirements/build.txt",
        "--require-hashes -r requirements/core.txt",
        "--no-deps --no-build-isolation -e .",
        "qsim run experiments/sweeps/surface_threshold.toml --out demo --workers 2",
        "qsim export demo --format csv",
        "qsim plot demo",
        "qsim report demo",
        "qsim table demo",
    ]
    places = [plan.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)


def test_tests_add_the_development_packages_and_run_every_check(clone: Path) -> None:
    plan = _make("-n", "test", cwd=clone).stdout
    for step in ("-r requirements/dev.txt", "ruff check", "mypy", "lint-imports", "in_step.py", "-m pytest"):
        assert step in plan


def _pretend_installed(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    interpreter = clone / ".venv" / "bin" / "python"
    interpreter.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    interpreter.chmod(0o755)
    for stamp, content in ((".made", f"{clone}\n"), (".core", ""), (".dev", "")):
        (clone / ".venv" / stamp).write_text(content, encoding="utf-8")


def test_a_second_call_installs_nothing(clone: Path) -> None:
    _pretend_installed(clone)
    assert "--require-hashes" not in _make("-n", "demo", "test", cwd=clone).stdout


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements/core.txt", "requirements/dev.txt"])
def test_a_changed_dependency_file_installs_again(clone: Path, changed: str) -> None:
    _pretend_installed(clone)
    assert "--require-hashes" in _make("-n", "-W", changed, "test", cwd=clone).stdout


def test_an_environment_that_was_moved_is_built_again(clone: Path) -> None:
    _pretend_installed(clone)
    moved = clone.rename(clone.with_name("elsewhere"))
    plan = _make("-n", "demo", cwd=moved).stdout
    assert "-m venv" in plan
    assert "--require-hashes" in plan


def test_an_old_python_is_refused_with_the_cure(clone: Path) -> None:
    old = clone / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    done = _make("demo", "PYTHON=./python3.9", cwd=clone, check=False)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer, and ./python3.9 is Python 3.9.2" in done.stderr
    assert not (clone / ".venv").exists()


def test_help_lists_every_target(clone: Path) -> None:
    listed = set(re.findall(r"^make (\w+)", _make("help", cwd=clone).stdout, re.M))
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert phony is not None
    assert listed == set(phony.group(1).split())


def test_continuous_integration_runs_exactly_make_test() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
