"""sinter's statistics files, both ways, so that users can move between the two tools.

    export_sinter_csv(results, "stats.csv", task_of=study.sinter_task)   # then: sinter plot --in stats.csv ...
    found = read_sinter_csv(["node1.csv", "node2.csv"])
    found.tasks[0].errors, found.notes

sinter adds up whatever it is given.  Reading here is stricter: a file whose content was already read counts once, a
line torn by a crash is skipped, and both are said in ``notes``.  Rows with one strong id are summed, as sinter does.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from experiments.errors import InputError, StorageError

if TYPE_CHECKING:
    from experiments.results import Results, Row
    from experiments.study import JSON

COLUMNS = ("shots", "errors", "discards", "seconds", "decoder", "strong_id", "json_metadata", "custom_counts")
_CLOSED = ('"', "}", "null")
"""How a last line without its newline must end to be taken as whole: any other cell might have been cut short."""
_REQUIRED = set(COLUMNS) - {"custom_counts"}


@dataclass(frozen=True, slots=True)
class ImportedTask:
    """One task of a sinter file: its identity and its summed statistics (``seconds`` is core time)."""

    strong_id: str
    decoder: str
    metadata: JSON
    shots: int
    errors: int
    discards: int = 0
    seconds: float = 0.0
    custom_counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SinterImport(Sequence[ImportedTask]):
    """The tasks read, in order of first appearance (it is a sequence of them), and what was skipped and why."""

    tasks: tuple[ImportedTask, ...]
    notes: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> ImportedTask: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ImportedTask, ...]: ...
    def __getitem__(self, index: int | slice) -> ImportedTask | tuple[ImportedTask, ...]:
        return self.tasks[index]

    def __len__(self) -> int:
        return len(self.tasks)


def export_sinter_csv(results: Results, path: str | Path, task_of: Callable[[Mapping[str, JSON]], Any]) -> Path:
    """Write the counting rows of ``results`` as a file that ``sinter`` reads; tasks without data are left out.

    Args:
        task_of: turns a row's parameters into the `sinter.Task` that names it; its ``json_metadata``, decoder and
            circuit make the strong id.  A task without metadata gets the row's labels.

    Raises:
        InputError: the study does not count errors.
        StorageError: the file cannot be written.
    """
    if not results.counting:
        raise InputError(
            "no shots and errors to write",
            where=f"results of {results.study}",
            expected="a counting study",
            cure="export as csv or parquet",
        )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in results.rows:
        if row.shots:
            writer.writerow(_exported(row, task_of(row.params)))
    path = Path(path)
    try:
        path.write_text(text.getvalue(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise StorageError(
            f"cannot be written: {error.strerror}", where=str(path), cure="choose another place"
        ) from error
    return path


def read_sinter_csv(paths: Iterable[str | Path]) -> SinterImport:
    """Read sinter statistics files and sum the rows of each strong id.

    A file with the same content as an earlier one is not counted again; a torn last line is skipped; ``notes`` says so.

    Raises:
        InputError: a file is unreadable, is not a sinter file, or has a bad line that is not its last.
    """
    seen: dict[str, Path] = {}
    totals: dict[str, ImportedTask] = {}
    notes: list[str] = []
    for path in map(Path, paths):
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            notes.append(f"{path}: same content as {seen[digest]}; counted once")
            continue
        seen[digest] = path
        for task in _tasks(path, content, notes):
            known = totals.get(task.strong_id)
            totals[task.strong_id] = task if known is None else _sum(known, task, path)
    return SinterImport(tuple(totals.values()), tuple(notes))


def _exported(row: Row, task: Any) -> tuple[Any, ...]:
    counters = dict(getattr(row.tally, "counters", {}))
    task = _identified(task, row)
    return (
        row.shots,
        row.errors,
        getattr(row.tally, "discards", 0),
        float(row.cpu_seconds),
        task.decoder,
        task.strong_id(),
        json.dumps(task.json_metadata, separators=(",", ":"), sort_keys=True),
        json.dumps(counters, separators=(",", ":"), sort_keys=True) if counters else "",
    )


def _identified(task: Any, row: Row) -> Any:
    """The task with all that its strong id hashes: metadata, and the error model ``sinter collect`` would derive."""
    if not hasattr(task, "circuit") or (task.json_metadata is not None and task.detector_error_model is not None):
        return task
    return type(task)(
        circuit=task.circuit,
        decoder=task.decoder,
        detector_error_model=task.detector_error_model or _error_model(task.circuit),
        postselection_mask=task.postselection_mask,
        postselected_observables_mask=task.postselected_observables_mask,
        json_metadata=dict(row.labels) if task.json_metadata is None else task.json_metadata,
    )


def _error_model(circuit: Any) -> Any:
    try:
        return circuit.detector_error_model(decompose_errors=True, approximate_disjoint_errors=True)
    except ValueError:  # hyperedges that do not decompose: sinter hands the decoder the model as it is
        return circuit.detector_error_model(approximate_disjoint_errors=True)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), cure="check the path") from error


def _tasks(path: Path, content: bytes, notes: list[str]) -> Iterator[ImportedTask]:
    text = content.decode("utf-8-sig", errors="replace")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    rest = text.rpartition("\n")[2]
    if rest and not rest.strip():
        notes.append(_torn(path, text.count("\n") + 1, rest))
    header = [name.strip() for name in next(csv.reader([line for _, line in lines[:1]]), [])]
    missing = sorted(_REQUIRED - set(header))
    if missing:
        raise InputError(
            "not a sinter statistics file",
            where=str(path),
            expected="the columns " + ", ".join(COLUMNS),
            got=f"no {', '.join(missing)}",
            cure="give a file written by sinter collect or by qsim export --format sinter-csv",
        )
    open_line = 0 if text.endswith("\n") else text.count("\n") + 1
    for number, line in lines[1:]:
        try:
            task = _task(header, line)
            if number == open_line and not line.rstrip("\r").endswith(_CLOSED):
                raise ValueError("the last cell may go on")
        except (ValueError, TypeError, AttributeError, csv.Error) as error:
            if number != lines[-1][0]:
                raise InputError(
                    "a line that cannot be read",
                    where=f"{path}: line {number}",
                    got=repr(line.strip()),
                    cure="remove it",
                ) from error
            notes.append(_torn(path, number, line))
            return
        yield task


def _torn(path: Path, number: int, line: str) -> str:
    return f"{path}: line {number} is torn ({len(line)} characters and no line end); skipped"


def _task(header: Sequence[str], line: str) -> ImportedTask:
    cells = next(csv.reader([line.rstrip("\r")], skipinitialspace=True, strict=True), [])
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells under {len(header)} headers")
    row = dict(zip(header, cells, strict=True))
    shots, errors, discards = (int(row[name]) for name in ("shots", "errors", "discards"))
    if min(shots, errors, discards) < 0 or errors + discards > shots:
        raise ValueError("more errors and discards than shots")
    counts = json.loads(row.get("custom_counts") or "{}")
    return ImportedTask(
        strong_id=row["strong_id"],
        decoder=row["decoder"],
        metadata=json.loads(row["json_metadata"]),
        shots=shots,
        errors=errors,
        discards=discards,
        seconds=float(row["seconds"]),
        custom_counts={str(name): int(count) for name, count in counts.items()},
    )


def _sum(a: ImportedTask, b: ImportedTask, path: Path) -> ImportedTask:
    if (a.decoder, a.metadata) != (b.decoder, b.metadata):
        raise InputError(
            "one strong id with two meanings",
            where=f"{path}: {b.strong_id}",
            expected=f"{a.decoder} {a.metadata}",
            got=f"{b.decoder} {b.metadata}",
            cure="a strong id is a hash of decoder and metadata: one of the files was edited",
        )
    names = sorted({*a.custom_counts, *b.custom_counts})
    return ImportedTask(
        strong_id=a.strong_id,
        decoder=a.decoder,
        metadata=a.metadata,
        shots=a.shots + b.shots,
        errors=a.errors + b.errors,
        discards=a.discards + b.discards,
        seconds=a.seconds + b.seconds,
        custom_counts={name: a.custom_counts.get(name, 0) + b.custom_counts.get(name, 0) for name in names},
    )
