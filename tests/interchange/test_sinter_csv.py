"""sinter's files both ways, with the real sinter package as the oracle."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sinter
import stim
from made_results import counted, measured

from experiments.errors import InputError, StorageError
from experiments.interchange.sinter_csv import COLUMNS, ImportedTask, export_sinter_csv, read_sinter_csv
from experiments.results import Results
from experiments.tally.counts import Counts


@cache
def circuit(distance: int, p: float) -> stim.Circuit:
    return stim.Circuit.generated(
        "repetition_code:memory", distance=distance, rounds=2, before_round_data_depolarization=p
    )


def bare_task_of(params: Mapping[str, Any]) -> sinter.Task:
    return sinter.Task(
        circuit=circuit(params["d"], params["p"]),
        decoder="pymatching",
        json_metadata={"d": params["d"], "p": params["p"]},
    )


def task_of(params: Mapping[str, Any]) -> sinter.Task:
    """The task with the error model that ``sinter collect`` derives, so that it has a strong id."""
    bare = bare_task_of(params)
    assert bare.circuit is not None
    model = bare.circuit.detector_error_model(decompose_errors=True, approximate_disjoint_errors=True)
    return sinter.Task(
        circuit=bare.circuit, decoder="pymatching", detector_error_model=model, json_metadata=bare.json_metadata
    )


def results() -> Results:
    cells = [(d, p) for d in (3, 5) for p in (0.01, 0.1)]
    rows = [
        counted({"d": d, "p": p}, 1000 * (i + 1), 7 * i, index=i, cpu_seconds=0.125) for i, (d, p) in enumerate(cells)
    ]
    tally = Counts(5000, 9, 11, {"heralded": 4})
    rows.append(replace(counted({"d": 7, "p": 0.1}, 5000, 9, index=4), tally=tally, estimate=tally.estimate()))
    rows.append(counted({"d": 9, "p": 0.1}, 0, 0, index=5, state="waiting"))
    return Results("qec.memory", 1, ["d", "p"], rows)


def test_sinter_reads_the_export_back_by_strong_id(tmp_path: Path) -> None:
    path = export_sinter_csv(results(), tmp_path / "stats.csv", task_of)
    found = {stat.strong_id: stat for stat in sinter.read_stats_from_csv_files(path)}
    expected = {task_of(row.params).strong_id(): row for row in results().rows if row.shots}
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        stat = found[key]
        assert (stat.shots, stat.errors, stat.seconds) == (row.shots, row.errors, row.cpu_seconds)
        assert (stat.decoder, stat.json_metadata) == ("pymatching", {"d": row.labels["d"], "p": row.labels["p"]})
    last = found[task_of({"d": 7, "p": 0.1}).strong_id()]
    assert (last.discards, dict(last.custom_counts)) == (11, {"heralded": 4})


def test_header_has_sinters_columns(tmp_path: Path) -> None:
    path = export_sinter_csv(results(), tmp_path / "stats.csv", task_of)
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert [name.strip() for name in sinter.CSV_HEADER.split(",")] == list(COLUMNS)


def test_round_trip_is_equal_task_by_task(tmp_path: Path) -> None:
    path = export_sinter_csv(results(), tmp_path / "stats.csv", task_of)
    found = read_sinter_csv([path])
    assert found.notes == ()
    assert [(task.strong_id, task.shots, task.errors) for task in found] == [
        (task_of(row.params).strong_id(), row.shots, row.errors) for row in results().rows if row.shots
    ]


def test_a_task_without_metadata_gets_the_labels(tmp_path: Path) -> None:
    def bare(params: Mapping[str, Any]) -> sinter.Task:
        return sinter.Task(circuit=circuit(params["d"], params["p"]), decoder="pymatching")

    path = export_sinter_csv(results(), tmp_path / "stats.csv", bare)
    assert sorted(s.strong_id for s in sinter.read_stats_from_csv_files(path)) == sorted(
        task_of(row.params).strong_id() for row in results().rows if row.shots
    )


def stats() -> list[sinter.TaskStats]:
    return [
        sinter.TaskStats(
            strong_id="a" * 8, decoder="pymatching", json_metadata={"d": 9}, shots=1000, errors=42, seconds=0.5
        ),
        sinter.TaskStats(strong_id="b" * 8, decoder="bp, osd", json_metadata="x,y", shots=500, errors=3, discards=20),
        sinter.TaskStats(
            strong_id="a" * 8, decoder="pymatching", json_metadata={"d": 9}, shots=3000, errors=24, seconds=1.5
        ),
        sinter.TaskStats(
            strong_id="c" * 8,
            decoder="p",
            json_metadata=None,
            shots=10,
            errors=1,
            custom_counts=Counter({"x": 2}),
        ),
    ]


def written(path: Path, *, cut: int = 0) -> Path:
    """A file as ``sinter collect`` writes it, the last ``cut`` characters torn off."""
    text = "\n".join([sinter.CSV_HEADER, *(stat.to_csv_line() for stat in stats())]) + "\n"
    path.write_text(text[: len(text) - cut])
    return path


def test_rows_of_one_strong_id_are_summed_as_sinter_sums_them(tmp_path: Path) -> None:
    path = written(tmp_path / "stats.csv")
    ours = {task.strong_id: task for task in read_sinter_csv([path])}
    theirs = {stat.strong_id: stat for stat in sinter.read_stats_from_csv_files(path)}
    assert ours.keys() == theirs.keys()
    for key, stat in theirs.items():
        assert ours[key] == ImportedTask(
            stat.strong_id, stat.decoder, stat.json_metadata, stat.shots, stat.errors, stat.discards, stat.seconds,
            dict(stat.custom_counts),
        )  # fmt: skip


def test_two_different_files_add_up(tmp_path: Path) -> None:
    first = written(tmp_path / "a.csv")
    second = tmp_path / "b.csv"
    second.write_text(sinter.CSV_HEADER + "\n" + stats()[0].to_csv_line() + "\n")
    found = {task.strong_id: task.shots for task in read_sinter_csv([first, second])}
    assert found == {s.strong_id: s.shots for s in sinter.read_stats_from_csv_files(first, second)}


def test_the_same_content_twice_counts_once_and_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "stats.csv")
    copy = written(tmp_path / "copy.csv")
    once, twice = read_sinter_csv([path]), read_sinter_csv([path, copy, path])
    assert twice.tasks == once.tasks
    assert twice.notes == (
        f"{copy}: same content as {path}; counted once",
        f"{path}: same content as {path}; counted once",
    )


LAST_LINE = len(stats()[-1].to_csv_line()) + 1


@pytest.mark.parametrize("cut", range(2, LAST_LINE))
def test_wherever_the_last_line_is_torn_the_others_count(tmp_path: Path, cut: int) -> None:
    found = read_sinter_csv([written(tmp_path / "torn.csv", cut=cut)])
    assert [task.shots for task in found] == [4000, 500]
    assert len(found.notes) == 1
    assert "line 5 is torn" in found.notes[0]


def test_a_whole_last_line_without_its_newline_counts(tmp_path: Path) -> None:
    found = read_sinter_csv([written(tmp_path / "stats.csv", cut=1)])
    assert ([task.shots for task in found], found.notes) == ([4000, 500, 10], ())


def test_old_files_without_custom_counts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text(
        "\n  shots,errors,discards,seconds,decoder,strong_id,json_metadata\n"
        '  1000,42,0,0.125,pymatching,9c31908e2b,"{""d"":9}"\n\n  3000,24,0,0.125,pymatching,9c31908e2b,"{""d"":9}"\n'
    )
    assert read_sinter_csv([path]).tasks == (ImportedTask("9c31908e2b", "pymatching", {"d": 9}, 4000, 66, 0, 0.25, {}),)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not a sinter statistics file"),
        ("distance,p\n3,0.1\n", "not a sinter statistics file"),
        ("HEADER\nx,y\n10,1,0,0.1,p,id,null,\n", "line 2"),
        ("HEADER\n10,11,0,0.1,p,id,null,\n10,1,0,0.1,p,id,null,\n", "line 2"),
        ("HEADER\n10,1,0,0.1,p,id,null,\n10,1,0,0.1,other,id,null,\n", "two meanings"),
    ],
)
def test_files_that_cannot_be_trusted_are_refused(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text.replace("HEADER", ",".join(COLUMNS)))
    with pytest.raises(InputError, match=word):
        read_sinter_csv([path])


def test_missing_file_unwritable_place_and_uncounted_study_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_sinter_csv([tmp_path / "absent.csv"])
    with pytest.raises(StorageError, match="cannot be written"):
        export_sinter_csv(results(), tmp_path / "absent" / "stats.csv", task_of)
    with pytest.raises(InputError, match="counting study"):
        export_sinter_csv(measured([0.1]), tmp_path / "stats.csv", task_of)


def test_sinters_own_collection_is_read(tmp_path: Path) -> None:
    text = io.StringIO()
    print(sinter.CSV_HEADER, file=text)
    for stat in sinter.collect(num_workers=1, tasks=[bare_task_of({"d": 3, "p": 0.1})], max_shots=200):
        print(stat.to_csv_line(), file=text)
    path = tmp_path / "stats.csv"
    path.write_text(text.getvalue())
    (task,) = read_sinter_csv([path])
    exported = read_sinter_csv([export_sinter_csv(results(), tmp_path / "ours.csv", bare_task_of)])
    (same,) = [ours for ours in exported if ours.metadata == {"d": 3, "p": 0.1}]
    assert (task.strong_id, task.shots) == (same.strong_id, 200)
