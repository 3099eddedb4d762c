"""No committed file names a path of somebody's machine, or the host of a package registry."""

from __future__ import annotations

import re
import subprocess

import pytest
from house_documents import ROOT

# The names are put together here, so that this file does not contain them.
FOLDERS = ("wo" + "rk", "ro" + "ot", "t" + "mp", "ho" + "me")
REGISTRIES = (
    *("pypi" + ".org", "python" + "hosted.org", "pypi" + ".python.org", "anaconda" + ".org"),
    *("ghcr" + ".io", "docker" + ".io", "quay" + ".io", "npmjs" + ".org", "crates" + ".io"),
)
PATHS = re.compile(r"(?<![\w./~$}\-])/(?:" + "|".join(FOLDERS) + r")(?:/|\b)")
HOSTS = re.compile(r"\b(?:" + "|".join(map(re.escape, REGISTRIES)) + r")\b")


def _tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing says which files are committed")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def _places(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for name in _tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{name}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    return found


def test_no_file_names_a_path_of_a_machine() -> None:
    assert _places(PATHS) == []


def test_no_file_names_the_host_of_a_registry() -> None:
    assert _places(HOSTS) == []


@pytest.mark.parametrize("text", ["cd /wo" + "rk/x", "'/t" + "mp/a'", "at /ro" + "ot.", "see pypi" + ".org/x"])
def test_a_planted_name_is_found(text: str) -> None:
    assert PATHS.search(text) or HOSTS.search(text)


@pytest.mark.parametrize("text", ["/var/t" + "mp/x", "a/wo" + "rk/b", "frame" + "work/", "/ro" + "ots", "and/or"])
def test_an_innocent_name_is_not(text: str) -> None:
    assert not PATHS.search(text)
    assert not HOSTS.search(text)
