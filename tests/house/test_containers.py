"""The container recipes, checked without an engine: pinned, non-root, and made of commands the README also runs."""

from __future__ import annotations

import re

from house_documents import ROOT, console_commands

RECIPES = ROOT / "containers"
BASE = re.compile(r"python:3\.\d+\.\d+-slim-[a-z]+")


def _instructions() -> list[tuple[str, str]]:
    text = (RECIPES / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip()]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def _sections() -> dict[str, list[str]]:
    text = (RECIPES / "apptainer.def").read_text(encoding="utf-8")
    head, *parts = re.split(r"^%", re.sub(r"^#.*\n", "", text, flags=re.M), flags=re.M)
    sections = {"header": head.split("\n")}
    for part in parts:
        name, _, body = part.partition("\n")
        sections[name.strip()] = [line.strip() for line in body.splitlines() if line.strip()]
    return sections


def test_dockerfile_starts_from_one_pinned_base() -> None:
    instructions = _instructions()
    assert instructions[0][0] == "FROM"
    assert BASE.fullmatch(instructions[0][1])
    assert [name for name, _ in instructions].count("FROM") == 1


def test_dockerfile_uses_known_instructions_only() -> None:
    known = {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in _instructions()} <= known


def test_dockerfile_ends_as_a_user_without_privileges() -> None:
    names = [name for name, _ in _instructions()]
    users = [value for name, value in _instructions() if name == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    last_user = len(names) - 1 - names[::-1].index("USER")
    assert "RUN" not in names[last_user:]


def test_dockerfile_starts_qsim_without_a_shell() -> None:
    """A shell between the engine and the program would keep SIGTERM from reaching the sweep."""
    values = dict(_instructions())
    assert values["ENTRYPOINT"] == '["qsim"]'


def test_every_copied_path_exists() -> None:
    for name, value in _instructions():
        if name == "COPY":
            assert (ROOT / value.split()[0]).exists(), value
    for line in _sections()["files"]:
        source, target = line.split()
        assert (ROOT / source).exists(), line
        assert target.startswith("/usr/src/qsim-workbench/")


def test_every_build_step_is_a_command_of_the_readme() -> None:
    readme = console_commands(ROOT / "README.md")
    steps = [value for name, value in _instructions() if name == "RUN"]
    steps += [line for name in ("post", "test") for line in _sections()[name] if not line.startswith("cd ")]
    assert len(steps) >= 8
    assert [step for step in steps if step not in readme] == []


def test_both_recipes_install_from_the_lock_with_hashes() -> None:
    docker = [value for name, value in _instructions() if name == "RUN"]
    apptainer = [line for name in ("post", "test") for line in _sections()[name] if not line.startswith("cd ")]
    assert docker == apptainer
    for lock in ("build.txt", "core.txt"):
        assert f"python -m pip install --require-hashes -r requirements/{lock}" in docker


def test_apptainer_recipe_is_well_formed() -> None:
    sections = _sections()
    header = dict(line.split(": ", 1) for line in sections.pop("header") if line.strip())
    assert header["Bootstrap"] == "docker"
    assert header["From"] == _instructions()[0][1]
    known = {"files", "post", "test", "environment", "runscript", "labels", "help"}
    assert sections.keys() == known
    assert all(sections.values())
    assert sections["runscript"] == ['exec qsim "$@"']


def test_both_recipes_set_the_same_environment() -> None:
    docker = dict(re.findall(r"(\w+)=(\S+)", next(value for name, value in _instructions() if name == "ENV")))
    apptainer = dict(re.findall(r"export (\w+)=(\S+)", "\n".join(_sections()["environment"])))
    assert apptainer == {name: value for name, value in docker.items() if not name.startswith("PIP_")}


def test_apptainer_files_cover_what_the_package_is_built_from() -> None:
    copied = {line.split()[0] for line in _sections()["files"]}
    assert copied == {
        *("pyproject.toml", "README.md", "LICENSE", "requirements"),
        *("qsim", "coding", "networks", "experiments"),
    }
