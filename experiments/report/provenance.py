"""Where the numbers come from and how to get them again, as HTML: the manifest's facts and the commands to type.

Reads the manifest's ``sweep`` (its text), ``source``, ``seed``, ``stop``, ``allocate`` and ``environment``; what is
absent is left out.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from experiments.interchange.table_csv import data_hash
from experiments.plots.numbers import text

if TYPE_CHECKING:
    from experiments.results import Results

_NAMES = {
    "seed": "root seed",
    "source": "sweep file",
    "stop": "stop rules",
    "allocate": "allocation",
    "allocation": "allocation, as it went",
    "env": "environment id",
    "cpu": "CPU",
    "git": "source",
    "lock": "lock file SHA-256",
    "machine": "architecture",
    "command": "command line",
    "threads": "thread limits",
}
_SWEEP = ("study", "version", "seed", "source", "stop", "allocate", "allocation", "env")
_ENVIRONMENT = (
    "git",
    "versions",
    "python",
    "system",
    "machine",
    "cpu",
    "threads",
    "lock",
    "command",
    "host",
    "started",
)


def manifest_html(results: Results) -> str:
    """Sweep, environment and data hash as definition lists, then the sweep's text."""
    manifest = results.manifest
    environment = manifest.get("environment") or {}
    lines = [(_NAMES.get(key, key), _fact(manifest[key])) for key in _SWEEP if manifest.get(key)]
    lines += [(_NAMES.get(key, key), _fact(environment[key])) for key in _ENVIRONMENT if environment.get(key)]
    lines.append(("data SHA-256", data_hash(results)))
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in lines)
    sweep = sweep_text(results)
    shown = f'<h3>The sweep</h3>\n<pre tabindex="0">{escape(sweep)}</pre>' if sweep else ""
    return f"<dl>{body}</dl>\n{shown}"


def reproduce_html(results: Results) -> str:
    """The commands that give the same table, and the hash that proves it."""
    return f'<pre tabindex="0">{escape(chr(10).join(commands(results)))}</pre>'


def commands(results: Results) -> list[str]:
    """Shell lines: the same code, the same sweep and seed, and the hash the table must have."""
    manifest = results.manifest
    lines = []
    git = (manifest.get("environment") or {}).get("git") or {}
    if git.get("commit"):
        changed = "; uncommitted changes were present" if git.get("dirty") else ""
        lines += [f"# the same source{changed}", f"git checkout {shlex.quote(str(git['commit']))}"]
    name = str(manifest.get("source") or "sweep.toml")
    file = name if name.endswith(".toml") else f"{name}.toml"
    seed = "" if _has_seed(sweep_text(results)) or manifest.get("seed") is None else f" --seed {manifest['seed']}"
    lines += [
        "# the sweep is printed below, under Manifest" if sweep_text(results) else "# with the same sweep file",
        f"qsim run {shlex.quote(file)} --out again{seed}",
        "qsim table again --csv | sha256sum",
    ]
    if all(row.state == "complete" for row in results.rows):
        return [*lines, f"# must print {data_hash(results)}"]
    return [*lines, "# this page shows a sweep that was not complete, so the final hash is not known here"]


def sweep_text(results: Results) -> str:
    """The sweep file's text as the manifest has it; empty when it has none."""
    return str(results.manifest.get("sweep") or "")


def _has_seed(sweep: str) -> bool:
    try:
        return "seed" in tomllib.loads(sweep)
    except tomllib.TOMLDecodeError:
        return False


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_fact(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return (
            shlex.join(map(str, value))
            if all(isinstance(item, str) for item in value)
            else ", ".join(map(_fact, value))
        )
    return text(value)
