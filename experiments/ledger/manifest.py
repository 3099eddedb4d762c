"""The manifest: what a ledger is about, written before its first batch.

It carries everything the table, the plot and the report need — the sweep's text, root seed, tasks with their parameters
and batch sizes — so that a ledger can be read without the study's code.  A later run may tighten the goal or extend the
grid; study, version, seed and batch sizes stay.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.errors import LedgerError, StorageError
from experiments.stopping import Stop
from experiments.study import JSON, Axes, Schedule
from experiments.sweep import Task

FORMAT = 1
FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A ledger's identity (study, version, seed) and its current sweep (text, columns, tasks, rules)."""

    study: str
    version: int
    seed: int
    counting: bool
    axes: Axes
    stop: Stop
    allocate: Mapping[str, JSON]
    columns: Sequence[str]
    tasks: Sequence[Task]
    sweep_text: str
    source: str
    env: str

    def save(self, directory: Path) -> None:
        """Write atomically: a reader sees the old manifest or the new one, whole.

        Raises:
            StorageError: the directory cannot be written.
        """
        table = {"format": FORMAT, **asdict(self), "seed": str(self.seed)}
        write_atomically(directory / FILE, json.dumps(table, indent=1).encode() + b"\n")

    @classmethod
    def load(cls, directory: Path) -> Manifest:
        """Read a ledger's manifest.

        Raises:
            LedgerError: no ledger there, a manifest that is damaged, or one written by a newer format.
        """
        path = directory / FILE
        try:
            table: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            cure = "`qsim run SWEEP.toml --out DIR` makes one"
            raise LedgerError(
                "no ledger here", where=str(directory), expected=f"a directory with {FILE}", cure=cure
            ) from None
        except NotADirectoryError:
            raise LedgerError("not a directory", where=str(directory), expected="a ledger directory") from None
        except OSError as error:
            raise LedgerError(f"the manifest cannot be read ({error.strerror})", where=str(path)) from error
        except ValueError as error:
            raise LedgerError(
                f"the manifest is damaged ({error})",
                where=str(path),
                cure="restore it, or run the sweep into a new directory and merge",
            ) from None
        return cls._from_table(table, path)

    @classmethod
    def _from_table(cls, table: dict[str, Any], path: Path) -> Manifest:
        found = table.pop("format", None) if isinstance(table, dict) else None
        if isinstance(found, int) and found > FORMAT:
            raise LedgerError(
                "this ledger was written by a newer version",
                where=str(path),
                expected=f"manifest format <= {FORMAT}",
                got=str(found),
                cure="upgrade qsim-workbench",
            )
        try:
            if found != FORMAT:
                raise ValueError(f"format is {found!r}")
            tasks = [Task(**{**task, "schedule": Schedule(**task["schedule"])}) for task in table.pop("tasks")]
            return cls(
                **{
                    **table,
                    "seed": int(table["seed"]),
                    "axes": Axes(**table["axes"]),
                    "stop": Stop(**table["stop"]),
                    "tasks": tasks,
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerError(
                f"the manifest is damaged ({error})", where=str(path), expected=f"format {FORMAT}"
            ) from None


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole: beside it, synced, then renamed into place.

    Raises:
        StorageError: the disk refuses.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(
            f"cannot write ({error.strerror})", where=str(path), cure="make room or permit writing; nothing was lost"
        ) from error
