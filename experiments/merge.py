"""Uniting ledgers: the shards of all sources, side by side.  Merging twice, or in another order, changes nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from experiments.errors import LedgerError, StorageError
from experiments.ledger import Ledger, Manifest
from experiments.ledger.reader import read_shards


def merge(sources: Sequence[str | Path], out: str | Path) -> str:
    """Unite ledgers of one study, version, seed and grid columns into ``out`` (a ledger, or new); returns a summary.

    The rules of ``out``, or of the first source, hold; tasks are united in order.

    Raises:
        LedgerError: ledgers that do not belong together; nothing is written.
        ConflictError: two of them disagree about a batch; nothing is written.
        StorageError: the disk refused; run the same command again.
    """
    out = Path(out)
    ledgers = [Ledger.open(source) for source in sources]
    known = [Ledger.open(out)] if (out / "manifest.json").exists() else []
    manifest = _united(
        [ledger.manifest for ledger in known + ledgers],
        [out, *map(Path, sources)] if known else list(map(Path, sources)),
    )
    shards = [shard for ledger in known + ledgers for shard in sorted((ledger.directory / "shards").glob("*.jsonl"))]
    contents = read_shards(shards)
    target = Ledger.prepare(out, manifest)
    try:
        for ledger in ledgers:
            if ledger.directory.resolve() != out.resolve():
                _copy(ledger.directory, target.directory)
    except OSError as error:
        raise StorageError(
            f"the merge stopped ({error.strerror})", where=str(out), cure="make room, then run the same command again"
        ) from error
    batches = sum(len(found) for found in contents.batches.values())
    return f"{len(sources)} ledgers, {len(manifest.tasks)} tasks, {batches} distinct batches in {out}"


def _united(manifests: Sequence[Manifest], places: Sequence[Path]) -> Manifest:
    first = manifests[0]
    for other, place in zip(manifests[1:], places[1:], strict=True):
        for name in ("study", "version", "seed", "columns"):
            if getattr(other, name) != getattr(first, name):
                raise LedgerError(
                    f"these ledgers do not belong together: {name} differs", where=str(place),
                    expected=f"{getattr(first, name)} as in {places[0]}", got=str(getattr(other, name)),
                )  # fmt: skip
    tasks = {task.id: task for manifest in reversed(manifests) for task in reversed(manifest.tasks)}
    return replace(first, tasks=list(reversed(tasks.values())))


def _copy(source: Path, target: Path) -> None:
    """Copy shards and runs; a shard known under the same name is kept when it is at least as long and agrees."""
    for path in sorted((source / "runs").glob("*.json")):
        shutil.copyfile(path, target / "runs" / path.name)
    for path in sorted((source / "shards").glob("*.jsonl")):
        data = path.read_bytes()
        place = target / "shards" / path.name
        present = place.read_bytes() if place.exists() else b""
        if present.startswith(data):
            if present or place.exists():
                continue
        elif not data.startswith(present):
            place = place.with_name(f"{path.stem}-{hashlib.sha256(data).hexdigest()[:8]}.jsonl")
        beside = place.with_suffix(".partial")
        beside.write_bytes(data)
        beside.replace(place)
