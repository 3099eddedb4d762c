"""The map in docs/architecture.md is the territory: what it names exists, and no room is missing from it."""

from __future__ import annotations

import re

from house_documents import ROOT, blocks

PACKAGES = ("experiments", "qsim", "coding", "networks")


def _mapped() -> set[str]:
    """Modules and folders of the page's tree, as paths from the repository's root."""
    found, package, room = set(), "", ""
    for line in blocks(ROOT / "docs" / "architecture.md", "text")[1].splitlines():
        names = re.findall(r"(?:[\w-]+/|[\w-]+\.py)(?=\s)", line + " ")
        if not line.startswith(" "):
            package, names = names[0], [""]
        parent = package + room if line.startswith("    ") else package
        found |= {parent + name for name in names}
        if names and parent == package:
            room = names[0]
    return found


def test_everything_on_the_map_exists() -> None:
    mapped = _mapped()
    assert len(mapped) > 30
    assert [name for name in sorted(mapped) if not (ROOT / name).exists()] == []


def test_every_room_is_on_the_map() -> None:
    rooms = {
        f"{package}/{path.name}/"
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert len(rooms) > 8
    assert rooms - _mapped() == set()
