"""Reading a ledger: the union of its shards, in any order and multiplicity.

Records are keyed by (task, batch, size).  Equal records met twice count once; two records with one key and different
states break the promise of reproducibility and are refused, naming both.  A torn last line (its writer was killed) and
damaged lines are skipped and reported; their batches simply run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from experiments.errors import ConflictError, LedgerError
from experiments.ledger.record import Record, decode, decode_lines


@dataclass(slots=True)
class Contents:
    """What a ledger's shards hold.

    ``batches[task][batch, size]`` is the record of a finished batch; ``failures[task]`` the last error of a task whose
    failed batch has not succeeded since; ``problems`` are sentences about what was skipped.
    """

    batches: dict[str, dict[tuple[int, int], Record]] = field(default_factory=dict)
    failures: dict[str, Record] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lines: int = 0


def read_shards(paths: Iterable[Path]) -> Contents:
    """Read and unite shard files.

    Raises:
        ConflictError: two records with the same key and different content.
        LedgerError: a shard that cannot be read.
    """
    contents = Contents()
    paths = sorted(paths)
    failed: list[Record] = []
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise LedgerError(f"cannot read a shard ({error.strerror})", where=str(path)) from error
        lines = data.split(b"\n")
        tail = lines.pop()
        for number, record in enumerate(decode_lines(lines), 1):
            if record is None:
                length = len(lines[number - 1])
                contents.problems.append(
                    f"{path.name}:{number}: damaged line skipped ({length} bytes); its batch will run again"
                )
            elif not record.state:
                failed.append(record)
            else:
                known = contents.batches.setdefault(record.task, {})
                earlier = known.setdefault((record.batch, record.size), record)
                if earlier is not record and earlier.state != record.state:
                    raise _conflict(paths, earlier, record)
        contents.lines += len(lines)
        if tail:
            contents.problems.append(
                f"{path.name}: torn last line skipped ({len(tail)} bytes), its writer was killed; it will run again"
            )
    for record in failed:
        if (record.batch, record.size) not in contents.batches.get(record.task, {}):
            contents.failures[record.task] = record
    return contents


def _conflict(paths: Iterable[Path], first: Record, second: Record) -> ConflictError:
    """The loud error; both records are looked up again for their file and line, which reading does not keep."""
    places = {bytes(first.state): "?", bytes(second.state): "?"}
    for path in paths:
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            record = decode(line)
            if record is not None and record.key == first.key and places.get(bytes(record.state)) == "?":
                places[bytes(record.state)] = f"{path.name}:{number}"
    environments = (
        "" if first.env == second.env else f" (environments {first.env} and {second.env} differ: see runs/*.json)"
    )
    return ConflictError(
        f"two different results for batch {first.batch} (size {first.size}) of task {first.task[:12]}",
        where=" and ".join(places.values()),
        expected="identical content for one key",
        got=f"{bytes(first.state).decode()[:80]} and {bytes(second.state).decode()[:80]}{environments}",
        cure="`qsim verify` tells which one replays; move the other shard away",
    )
