"""Say whether the lock files still belong to ``pyproject.toml``, without network and without uv.

``make lock`` resolves the dependencies and then runs ``python requirements/in_step.py --write``, which records in
``lock.json`` the SHA-256 of the dependency sections of ``pyproject.toml`` and of every lock file.  Without ``--write``
the same hashes are computed and compared: exit 0 when all agree, exit 1 with one line for each difference.

    $ python requirements/in_step.py
    the lock files are in step with pyproject.toml
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from pathlib import Path

LOCKS = ("build.txt", "core.txt", "cluster.txt", "learn.txt", "dev.txt")


def dependency_hash(pyproject: Path) -> str:
    """SHA-256 of everything in ``pyproject.toml`` that the resolution depends on."""
    document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project = document["project"]
    sections = {
        "build": document["build-system"]["requires"],
        "core": project["dependencies"],
        "extras": project["optional-dependencies"],
        "python": project["requires-python"],
    }
    return hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()


def current(root: Path) -> dict[str, str]:
    """The hashes as they are now: ``pyproject.toml``'s dependency sections, then each lock file."""
    found = {"pyproject.toml": dependency_hash(root / "pyproject.toml")}
    for name in LOCKS:
        found[name] = hashlib.sha256((root / "requirements" / name).read_bytes()).hexdigest()
    return found


def differences(root: Path) -> list[str]:
    """One sentence for each file that changed since the locks were written; empty when all is in step."""
    recorded = json.loads((root / "requirements" / "lock.json").read_text(encoding="utf-8"))
    found = current(root)
    return [
        f"{name}: changed since the locks were written; run `make lock` and commit requirements/"
        for name in sorted(recorded.keys() | found.keys())
        if recorded.get(name) != found.get(name)
    ]


def main(arguments: list[str]) -> int:
    """Compare, or with ``--write`` record."""
    root = Path(__file__).resolve().parent.parent
    if arguments == ["--write"]:
        text = json.dumps(current(root), indent=2) + "\n"
        (root / "requirements" / "lock.json").write_text(text, encoding="utf-8")
        return 0
    if arguments:
        print(f"in_step.py: expected no argument or --write, got {' '.join(arguments)}", file=sys.stderr)
        return 2
    problems = differences(root)
    print("\n".join(problems) or "the lock files are in step with pyproject.toml")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
