"""Sinter statistics as a ledger, and ledgers as sinter statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.errors import InputError, LedgerError
from experiments.interchange import ImportedTask, read_sinter_csv
from experiments.ledger import Ledger, Manifest, current_environment
from experiments.ledger.record import Record, raw_state
from experiments.registry import find_study
from experiments.results import Results
from experiments.stopping import Stop
from experiments.study import JSON, Axes, Schedule
from experiments.sweep import Task
from experiments.tally import Counts, to_state

STUDY = "sinter.import"


@dataclass(frozen=True, slots=True)
class NamedTask:
    """What a sinter file says of a task without its circuit: enough to write the row again."""

    id: str
    decoder: str
    json_metadata: JSON

    def strong_id(self) -> str:
        """Sinter's identity of the task, as imported."""
        return self.id


def import_sinter(files: Sequence[str | Path], out: str | Path) -> tuple[list[str], int]:
    """Make a ledger of sinter statistics files; returns notes and the number of tasks.

    Importing the same files again changes nothing.

    Raises:
        InputError: a file that is not sinter's, or no rows at all.
        LedgerError: ``out`` holds something else, or other counts for a task.
    """
    out = Path(out)
    imported = read_sinter_csv(files)
    if not len(imported):
        raise InputError("no statistics to import", where=", ".join(map(str, files)))
    columns = _columns(imported)
    environment = current_environment()
    manifest = Manifest(
        study=STUDY, version=1, seed=0, counting=True, axes=_axes(columns), stop=Stop(),
        allocate={"rule": "imported"}, columns=columns, tasks=[_task(task, columns) for task in imported],
        sweep_text=f"# imported by: qsim import {' '.join(map(str, files))}\n",
        source=", ".join(Path(file).name for file in files), env=environment["env"],
    )  # fmt: skip
    records = [_record(task, manifest.env) for task in imported]
    if (out / "manifest.json").exists():
        _refuse_other_counts(out, records)
    ledger = Ledger.prepare(out, manifest)
    known = ledger.read().batches
    missing = [record for record in records if record.task not in known]
    if missing:
        ledger.record_run(environment)
        with ledger.writer() as writer:
            writer.append(missing)
    return list(imported.notes), len(imported)


def sinter_task_of(results: Results) -> Callable[[Mapping[str, JSON]], Any]:
    """How rows of these results become tasks with a strong id.

    Raises:
        InputError: the study has no sinter form.
    """
    if results.study == STUDY:
        return lambda params: NamedTask(str(params["strong_id"]), str(params["decoder"]), params["json_metadata"])
    study = find_study(results.study)
    if not hasattr(study, "sinter_task"):
        raise InputError(
            "this study has no sinter form",
            where=f"results of {results.study}",
            expected="a study with sinter_task(params)",
            cure="export as csv or parquet",
        )

    def task_of(params: Mapping[str, JSON]) -> Any:
        import msgspec

        return study.sinter_task(msgspec.convert(dict(params), study.Params))

    return task_of


def _columns(imported: Sequence[ImportedTask]) -> list[str]:
    names: dict[str, None] = {}
    for task in imported:
        if isinstance(task.metadata, Mapping):
            names.update(dict.fromkeys(task.metadata))
    return [*names, *(["decoder"] if "decoder" not in names else [])]


def _axes(columns: Sequence[str]) -> Axes:
    curve = next((name for name in ("distance", "d") if name in columns), None)
    if "p" not in columns:
        return Axes(value_label="logical error rate per shot")
    return Axes("p", curve, "physical error rate p", "logical error rate per shot", log_x=True, log_value=True)


def _task(task: ImportedTask, columns: Sequence[str]) -> Task:
    metadata = task.metadata if isinstance(task.metadata, Mapping) else {}
    labels = {
        name: task.decoder if name == "decoder" and name not in metadata else metadata.get(name) for name in columns
    }
    params = {"strong_id": task.strong_id, "decoder": task.decoder, "json_metadata": task.metadata, **metadata}
    return Task(task.strong_id, params, labels, Schedule(task.shots, 1.0, task.shots), 0.0)


def _record(task: ImportedTask, env: str) -> Record:
    tally = Counts(task.shots, task.errors, task.discards, dict(task.custom_counts))
    return Record(task.strong_id, 0, task.shots, raw_state(to_state(tally)), cpu=task.seconds, env=env)


def _refuse_other_counts(out: Path, records: Sequence[Record]) -> None:
    ledger = Ledger.open(out)
    if ledger.manifest.study != STUDY:
        raise LedgerError(
            "this ledger is of another sweep",
            where=str(out),
            expected="imported statistics",
            got=ledger.manifest.study,
            cure="use another --out",
        )
    states = {record.task: (record.size, bytes(record.state)) for record in records}
    known = ledger.read().batches
    for task in ledger.manifest.tasks:
        given = states.pop(task.id, None)
        there = [(record.size, bytes(record.state)) for record in known.get(task.id, {}).values()]
        if there not in ([], [given]):
            raise LedgerError(
                "these files say something else than the ledger",
                where=str(out),
                got=f"task {task.id[:12]}",
                cure="import into a new --out",
            )
    if states:
        raise LedgerError(
            "these files hold tasks that the ledger has not",
            where=str(out),
            got=str(len(states)),
            cure="import all files at once into a new --out",
        )
