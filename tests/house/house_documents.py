"""What the documents tell a reader to type: fenced console blocks, and commands named in passing."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(document: Path, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(encoding="utf-8"), re.M | re.S)


def console_commands(document: Path) -> list[str]:
    """Every command line of the console blocks, without prompt, comment or line continuation."""
    lines: list[str] = []
    for block in blocks(document, "console"):
        for line in block.replace("\\\n", " ").splitlines():
            command = re.sub(r"\s+#\s.*", "", line.removeprefix("$ ")).strip()
            if command and not command.startswith("#"):
                lines.append(re.sub(r"\s+", " ", command))
    return lines


def named_commands(document: Path, program: str) -> list[str]:
    """Commands of one program: those of the console blocks, and those in inline code."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    inline = [re.sub(r"\s+", " ", code) for code in re.findall(r"`([^`]+)`", text)]
    return [code for code in [*console_commands(document), *inline] if re.match(rf"{program}\b ", code)]
