"""What is built is what is tested: the wheel carries every file a user needs, and all documents name one version."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from house_documents import ROOT

PACKAGES = ("qsim", "coding", "networks", "experiments")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = f"from setuptools.build_meta import build_wheel; print(build_wheel({str(target)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(target / done.stdout.split()[-1])


def test_wheel_carries_every_module_and_data_file(wheel: zipfile.ZipFile) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - set(wheel.namelist()) == set()


def test_wheel_carries_nothing_but_the_packages(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_wheel_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    names = [name for name in wheel.namelist() if name.endswith("LICENSE")]
    assert [wheel.read(name) for name in names] == [(ROOT / "LICENSE").read_bytes()]


def test_every_sweep_is_package_data() -> None:
    from importlib.resources import files

    found = {item.name for item in files("experiments").joinpath("sweeps").iterdir() if item.name.endswith(".toml")}
    assert found == {path.name for path in (ROOT / "experiments" / "sweeps").glob("*.toml")}
    assert "surface_threshold.toml" in found


@pytest.mark.parametrize("name", sorted(PROJECT["entry-points"]["qsim.studies"]))
def test_every_registered_study_loads_under_its_own_name(name: str) -> None:
    from experiments.registry import find_study

    assert find_study(name).name == name


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.M)
    assert newest is not None
    assert citation["version"] == newest.group(1) == PROJECT["version"]


def test_one_licence_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["license"] == PROJECT["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0, January 2004" in (ROOT / "LICENSE").read_text()


def test_citation_has_what_the_format_requires() -> None:
    """Source: Citation File Format 1.2.0, required keys."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert all("name" in author or "family-names" in author for author in citation["authors"])
