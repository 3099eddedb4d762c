"""A reader can type every command the documents name: the oracle is the program's own ``--help`` and the Makefile."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from house_documents import DOCUMENTS, ROOT, console_commands, named_commands


@functools.cache
def _help(*subcommand: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from experiments.cli import main; main()", *subcommand, "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return done.stdout


def _subcommands() -> set[str]:
    _, _, listing = _help().partition("Commands:")
    return set(re.findall(r"^\s+([a-z]+)(?:\s|$)", listing, re.M))


def _makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_qsim_subcommand_and_option_exists(document: Path) -> None:
    for command in named_commands(document, "qsim"):
        words = command.split()
        if words[1].startswith("-"):
            assert words[1] in _help(), command
            continue
        assert words[1] in _subcommands(), command
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", command):
            assert option in _help(words[1]), command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_named_alone_exists(document: Path) -> None:
    known = " ".join(_help(name) for name in _subcommands())
    named = re.findall(r"`(--[a-z][a-z-]*)[^`]*`", document.read_text(encoding="utf-8"))
    assert [option for option in named if not re.search(rf"{option}\b(?!-)", known)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_exists(document: Path) -> None:
    for command in named_commands(document, "make"):
        words = [word for word in re.sub(r"-C \S+", "", command).split()[1:] if "=" not in word]
        assert set(words) <= _makefile_targets(), command


def test_readme_names_every_subcommand() -> None:
    named = {command.split()[1] for command in named_commands(ROOT / "README.md", "qsim")}
    assert _subcommands() <= named


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_named_in_a_command_or_link_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if not re.match(r"[a-z]+:", link)]
    missing = [link for link in links if not (document.parent / link).exists()]
    files = [word for line in console_commands(document) for word in line.split()]
    prefixes = ("experiments/", "requirements/", "benchmarks/", "containers/", "tests/", "notebooks/", "docs/")
    missing += [word for word in files if word.startswith(prefixes) and not (ROOT / word.partition("::")[0]).exists()]
    assert missing == []
