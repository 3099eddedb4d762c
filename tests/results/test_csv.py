"""The table of record: exact bytes, RFC 4180, full precision."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from made_results import counted, measured, surface

from experiments.errors import InputError
from experiments.interchange.table_csv import data_hash
from experiments.results import Results, Row
from experiments.statistics.estimate import Estimate
from experiments.study import Axes

ESTIMATE = Estimate(0.1, 1 / 30, 2 / 3)


def test_counting_table_is_exactly_these_bytes() -> None:
    rows = [
        Row("a1", {"distance": 3, "p": 0.002}, {}, 30, 3, ESTIMATE, None, "complete"),
        Row("b2", {"distance": 5, "p": 1e-5}, {}, 0, None, None, None, "waiting"),
    ]
    assert Results("qec.memory", 1, ["distance", "p"], rows).to_csv() == (
        "study,task_id,distance,p,shots,errors,value,low,high\n"
        "qec.memory,a1,3,0.002,30,3,0.1,0.03333333333333333,0.6666666666666666\n"
        "qec.memory,b2,5,1e-05,,,,,\n"
    )


def test_other_tallies_have_n_and_no_errors() -> None:
    rows = [Row("a1", {"cell": "lstm"}, {}, 7, None, ESTIMATE, None, "complete")]
    assert Results("learn", 1, ["cell"], rows).to_csv() == (
        "study,task_id,cell,n,value,low,high\nlearn,a1,lstm,7,0.1,0.03333333333333333,0.6666666666666666\n"
    )


def test_a_counting_sweep_without_any_data_already_has_its_columns() -> None:
    waiting = [Row("a1", {"p": 0.1}, {}, 0, None, None, None, "waiting")]
    results = Results("coin", 1, ["p"], waiting, manifest={"stop": {"max_errors": 100}})
    assert results.to_csv().startswith("study,task_id,p,shots,errors,")


def test_numbers_survive_the_csv_bit_for_bit() -> None:
    results = surface()
    lines = list(csv.DictReader(io.StringIO(results.to_csv())))
    for row, line in zip(results.rows, lines, strict=True):
        assert row.estimate is not None
        assert [float(line[name]) for name in ("value", "low", "high", "p")] == [
            row.estimate.value,
            row.estimate.low,
            row.estimate.high,
            row.labels["p"],
        ]


def test_numpy_scalars_are_written_as_plain_numbers() -> None:
    rows = [Row("a", {"p": np.float64(0.1)}, {}, 2, 1, Estimate(np.float64(0.5), 0.0, 1.0), None, "complete")]
    assert Results("s", 1, ["p"], rows).to_csv().splitlines()[1] == "s,a,0.1,2,1,0.5,0.0,1.0"


@pytest.mark.parametrize("text", ['a,b "quoted"', "two\nlines", "carriage\rreturn", "<script>", "plain", "ü σ"])
def test_any_text_label_reads_back_with_a_csv_reader(text: str) -> None:
    results = Results("s", 1, ["name"], [counted({"name": text}, 10, 1)])
    assert list(csv.reader(io.StringIO(results.to_csv(), newline="")))[1][2] == text


def test_lists_tables_and_truth_values_are_json() -> None:
    row = counted({"list": [1, "a"], "table": {"k": 0.5}, "flag": True, "none": None}, 10, 1)
    line = next(csv.DictReader(io.StringIO(Results("s", 1, ["list", "table", "flag", "none"], [row]).to_csv())))
    assert (json.loads(line["list"]), json.loads(line["table"])) == ([1, "a"], {"k": 0.5})
    assert (line["flag"], line["none"]) == ("true", "")


def test_a_grid_column_named_like_a_fixed_one_keeps_its_own_header() -> None:
    header = Results("s", 1, ["n", "p"], [counted({"n": 4, "p": 0.1}, 10, 1)]).to_csv().splitlines()[0]
    assert header == "study,task_id,grid.n,p,shots,errors,value,low,high"


def test_table_does_not_know_what_the_run_cost() -> None:
    results = surface()
    slower = [replace(row, cpu_seconds=row.cpu_seconds + 100, surplus=17) for row in results.rows]
    other = replace(results, rows=slower, manifest={"environment": {"host": "elsewhere"}})
    assert other.to_csv() == results.to_csv()
    assert data_hash(other) == hashlib.sha256(results.to_csv().encode()).hexdigest()


def test_rows_of_two_kinds_are_refused() -> None:
    rows = [counted({"p": 0.1}, 10, 1), replace(counted({"p": 0.2}, 10, 1), errors=None)]
    with pytest.raises(InputError, match="two kinds"):
        Results("s", 1, ["p"], rows).to_csv()


def test_json_holds_what_the_table_holds_and_is_strict_json() -> None:
    results = replace(surface(), rows=[*surface().rows, counted({"distance": 9, "p": 0.5}, 0, 0, state="waiting")])
    document = json.loads(results.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert document["columns"] == ["distance", "p"]
    assert document["rows"][0]["tally"] == {"counts": [results.rows[0].shots, results.rows[0].errors]}
    assert document["rows"][-1]["value"] is None
    assert [row["value"] for row in document["rows"][:-1]] == [r.estimate.value for r in results.rows if r.estimate]


def test_unknown_ends_of_an_interval_are_null_in_json() -> None:
    rows = [Row("a", {"c": 1}, {}, 3, None, Estimate(1.0, float("-inf"), float("nan")), None, "complete")]
    found = json.loads(Results("s", 1, ["c"], rows, Axes()).to_json())["rows"][0]
    assert (found["value"], found["low"], found["high"]) == (1.0, None, None)


def test_measured_results_keep_their_order() -> None:
    assert [line.split(",")[2] for line in measured([3.0, 1.0, 2.0]).to_csv().splitlines()[1:]] == [
        "cell 0",
        "cell 1",
        "cell 2",
    ]
