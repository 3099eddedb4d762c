"""Imports point down the house: import-linter holds the rule, and these tests hold import-linter."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from house_documents import ROOT

PACKAGES = ("qsim", "coding", "networks", "experiments")


def _lint(directory: Path) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=directory, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy_of_the_house(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_contract_is_kept() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("qsim", "experiments"),
        ("coding", "experiments"),
        ("networks", "experiments"),
        ("qsim", "networks"),
        ("coding", "networks"),
        ("coding", "qsim"),
        ("experiments", "qsim"),
    ],
)
def test_a_planted_import_breaks_a_contract(copy_of_the_house: Path, importer: str, imported: str) -> None:
    (copy_of_the_house / importer / "planted.py").write_text(f"import {imported}\n", encoding="utf-8")
    done = _lint(copy_of_the_house)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{importer}.planted -> {imported}" in done.stdout


def test_an_adapter_may_import_what_it_adapts(copy_of_the_house: Path) -> None:
    for imported in ("qsim", "coding", "networks"):
        adapter = copy_of_the_house / "experiments" / "studies" / f"planted_{imported}.py"
        adapter.write_text(f"import {imported}\n", encoding="utf-8")
    done = _lint(copy_of_the_house)
    assert done.returncode == 0, done.stdout
