"""The ledger: a directory that holds everything a sweep ever measured.

    DIR/manifest.json     what the sweep is: text, root seed, tasks, rules (written first, replaced whole)
    DIR/runs/*.json       the environment of every driver that ever worked on it
    DIR/shards/*.jsonl    append-only batches, one file per writing process

The state of a sweep is the set union of its shards; copying a shard twice, or in another order, changes nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.errors import LedgerError, StorageError
from experiments.ledger import environment
from experiments.ledger.manifest import FILE, Manifest, write_atomically
from experiments.ledger.reader import Contents, read_shards
from experiments.ledger.shard import ShardWriter

__all__ = ["Contents", "Ledger", "Manifest", "ShardWriter", "check", "current_environment"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger directory and its manifest."""

    directory: Path
    manifest: Manifest

    @classmethod
    def open(cls, directory: str | Path) -> Ledger:
        """An existing ledger, for reading.

        Raises:
            LedgerError: no ledger there, or one that cannot be read.
        """
        return cls(Path(directory), Manifest.load(Path(directory)))

    @classmethod
    def prepare(cls, directory: Path, manifest: Manifest) -> Ledger:
        """Make or reopen the ledger that a sweep is about to write to; the manifest stands before any batch does.

        Raises:
            LedgerError: the directory holds another sweep, or files that are no ledger.
            StorageError: it cannot be written.
        """
        check(directory, manifest)
        try:
            (directory / "shards").mkdir(parents=True, exist_ok=True)
            (directory / "runs").mkdir(exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"cannot make the ledger ({error.strerror})",
                where=str(directory),
                cure="name a directory you can write to",
            ) from error
        if not os.access(directory / "shards", os.W_OK):
            raise LedgerError(
                "the directory is read-only", where=str(directory), cure="name a directory you can write to"
            )
        try:
            manifest.save(directory)
        except StorageError as error:
            raise LedgerError(error.what, where=error.where, cure=error.cure) from error
        return cls(directory, manifest)

    def read(self) -> Contents:
        """The union of all shards.

        Raises:
            ConflictError, LedgerError: see `read_shards`.
        """
        return read_shards((self.directory / "shards").glob("*.jsonl"))

    def writer(self) -> ShardWriter:
        """A new shard for this process."""
        return ShardWriter(self.directory / "shards")

    def record_run(self, run_environment: dict[str, Any]) -> None:
        """Keep the environment of a run, once per environment, command and host."""
        text = json.dumps(run_environment, indent=1).encode() + b"\n"
        name = f"{run_environment['started'].replace(':', '')}-{os.getpid()}.json"
        write_atomically(self.directory / "runs" / name, text)

    def runs(self) -> list[dict[str, Any]]:
        """Environments of all runs so far, oldest first."""
        return [json.loads(path.read_bytes()) for path in sorted((self.directory / "runs").glob("*.json"))]


def check(directory: Path, manifest: Manifest) -> None:
    """Refuse a directory that a sweep must not write to; touches nothing.

    Raises:
        LedgerError: it holds another sweep, or is no ledger.
    """
    if (directory / FILE).exists():
        _refuse_another_sweep(Manifest.load(directory), manifest, directory)
    elif directory.is_dir() and not all(_left_by_a_start(path) for path in directory.iterdir()):
        raise LedgerError(
            "the directory is not empty and is no ledger", where=str(directory), cure="name a new directory with --out"
        )
    elif directory.exists() and not directory.is_dir():
        raise LedgerError("not a directory", where=str(directory), cure="name a new directory with --out")


def _left_by_a_start(path: Path) -> bool:
    """True for what a run leaves that was killed, or met a full disk, before its manifest stood."""
    if path.is_dir():
        return path.name in ("shards", "runs") and not any(path.iterdir())
    return path.name.startswith(f".{FILE}.")


def current_environment() -> dict[str, Any]:
    """See `experiments.ledger.environment.describe`."""
    return environment.describe()


def _refuse_another_sweep(old: Manifest, new: Manifest, directory: Path) -> None:
    cure = "use another --out, or the sweep file this ledger was made with"
    for name in ("study", "version", "seed"):
        if getattr(old, name) != getattr(new, name):
            raise LedgerError(
                f"this ledger is of another sweep: {name} differs",
                where=str(directory), expected=str(getattr(old, name)), got=str(getattr(new, name)), cure=cure,
            )  # fmt: skip
    schedules = {task.id: task.schedule for task in old.tasks}
    shared = [task for task in new.tasks if task.id in schedules]
    if not shared:
        raise LedgerError(
            "this ledger is of another sweep: no grid point in common",
            where=str(directory), expected=f"tasks such as {old.tasks[0].labels}",
            got=f"{new.tasks[0].labels}", cure=cure,
        )  # fmt: skip
    for task in shared:
        if schedules[task.id] != task.schedule:
            raise LedgerError(
                "this ledger was made with other batch sizes",
                where=str(directory), expected=str(schedules[task.id]), got=str(task.schedule),
                cure="restore [batches], or use another --out",
            )  # fmt: skip
