"""The lock files belong to pyproject.toml, agree with each other, and pin every package by hash."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from house_documents import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ROOT / "requirements"
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; (.*?))? \\$", re.M)


def _pins(name: str) -> set[tuple[str, str, str]]:
    return set(PIN.findall((LOCKS / name).read_text(encoding="utf-8")))


def _in_step(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "requirements" / "in_step.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(LOCKS, tmp_path / "requirements")
    return tmp_path


def test_locks_are_in_step_with_pyproject() -> None:
    done = _in_step(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_new_dependency_without_make_lock_is_noticed(copied: Path) -> None:
    text = (copied / "pyproject.toml").read_text(encoding="utf-8")
    (copied / "pyproject.toml").write_text(text.replace('"click>=', '"attrs>=22",\n    "click>='), encoding="utf-8")
    done = _in_step(copied)
    assert done.returncode == 1
    assert "pyproject.toml" in done.stdout
    assert "make lock" in done.stdout


def test_a_new_tool_setting_needs_no_make_lock(copied: Path) -> None:
    with (copied / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n[tool.planted]\nkey = 1\n")
    assert _in_step(copied).returncode == 0


def test_an_edited_lock_is_noticed(copied: Path) -> None:
    lock = copied / "requirements" / "dev.txt"
    lock.write_text(lock.read_text(encoding="utf-8").replace("pytest==", "pytest==0"), encoding="utf-8")
    done = _in_step(copied)
    assert done.returncode == 1
    assert "dev.txt" in done.stdout


@pytest.mark.parametrize("name", ["build.txt", "core.txt", "cluster.txt", "learn.txt", "dev.txt"])
def test_every_pin_has_a_hash_and_no_line_is_anything_else(name: str) -> None:
    lines = (LOCKS / name).read_text(encoding="utf-8").splitlines()
    hashed = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if PIN.match(line):
            assert hashed.fullmatch(following), line
        else:
            assert hashed.fullmatch(line), line


@pytest.mark.parametrize("name", ["cluster.txt", "learn.txt", "dev.txt"])
def test_every_extra_installs_over_core_without_moving_a_version(name: str) -> None:
    assert _pins("core.txt") <= _pins(name)


@pytest.mark.parametrize(
    ("name", "extras"),
    [("core.txt", ()), ("cluster.txt", ("cluster",)), ("learn.txt", ("learn",)), ("dev.txt", ("dev", "cluster"))],
)
def test_pins_satisfy_the_bounds_of_pyproject(name: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    versions: dict[str, list[str]] = {}
    for package, version, _ in _pins(name):
        versions.setdefault(canonicalize_name(package), []).append(version)
    for requirement in map(Requirement, wanted):
        if requirement.name == project["name"]:
            continue
        found = versions[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in found), requirement
