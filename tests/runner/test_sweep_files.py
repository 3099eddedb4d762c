"""Sweep files: what they mean, and how they are refused."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from experiments.errors import InputError
from experiments.grid import expand
from experiments.sweep import Sweep

GOOD: dict[str, Any] = {"study": "toy_studies:toy", "grid": {"p": [0.1, 0.2]}, "stop": {"max_shots": 100}}


def load(tmp_path: Path, text: str, *changes: str) -> Sweep:
    path = tmp_path / "sweep.toml"
    path.write_text(text)
    return Sweep.load(path, changes)


def test_tasks_are_the_cartesian_product_in_written_order() -> None:
    sweep = Sweep.from_table({**GOOD, "grid": {"distance": [3, 5], "p": {"linspace": [0.0, 1.0, 3]}}})
    assert [(task.labels["distance"], task.labels["p"]) for task in sweep.tasks()] == [
        (3, 0.0), (3, 0.5), (3, 1.0), (5, 0.0), (5, 0.5), (5, 1.0),
    ]  # fmt: skip


def test_spacings_meet_their_ends_and_are_even() -> None:
    columns = expand({"a": {"logspace": [2e-3, 2e-2, 9]}, "b": {"linspace": [1, 2, 5]}}, "s")
    logs = [math.log(float(value)) for value in columns["a"]]
    assert columns["a"][0] == 2e-3
    assert columns["a"][-1] == 2e-2
    assert [b - a for a, b in itertools.pairwise(logs)] == pytest.approx([math.log(10) / 8] * 8, rel=1e-9)
    assert columns["b"] == [1.0, 1.25, 1.5, 1.75, 2.0]


def test_a_sweep_survives_the_round_trip_through_its_own_text(tmp_path: Path) -> None:
    sweep = Sweep(
        study="toy_studies:toy",
        params={"seconds": 0.25},
        grid={"p": {"logspace": [1e-3, 1e-1, 5]}, "distance": [3, 5]},
        stop={"max_errors": 10, "relative_error": 0.1, "max_seconds": 5.0},
        allocate={"rule": "fit", "quantity": "threshold", "standard_error": 1e-4},
        batches={"first": 10, "growth": 1.5},
        seed=2**127,
    )
    again = load(tmp_path, sweep.to_toml())
    assert again.tasks() == sweep.tasks()
    assert (again.rules, again.allocation, again.batches, again.seed) == (
        sweep.rules,
        sweep.allocation,
        sweep.batches,
        sweep.seed,
    )


def test_changes_from_the_command_line_are_applied(tmp_path: Path) -> None:
    text = 'study = "toy_studies:toy"\n[grid]\np = [0.1]\n[stop]\nmax_shots = 5\n'
    sweep = load(tmp_path, text, "stop.max_shots=7", "grid.p=[0.3, 0.4]", "seed=4")
    assert (sweep.rules.max_shots, sweep.columns(), sweep.seed) == (7, {"p": [0.3, 0.4]}, 4)


def test_a_file_parameter_is_hashed_by_content_and_labelled_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("content")
    (tmp_path / "b.txt").write_text("content")
    tasks = [
        Sweep(study="toy_studies:from_file", grid={"text": [name]}, stop={"max_shots": 1}, directory=tmp_path).tasks()[
            0
        ]
        for name in ("a.txt", "b.txt")
    ]
    assert tasks[0].id == tasks[1].id
    assert [task.labels["text"] for task in tasks] == ["a.txt", "b.txt"]
    assert tasks[0].params["text"] == "content"


def test_a_study_with_only_the_protocol_members_is_enough() -> None:
    task = Sweep(study="toy_studies:bare", grid={"p": [0.5]}, stop={"max_shots": 10}).tasks()[0]
    assert task.schedule.size(0) == 256


REFUSED = [
    ({"study": "toy_studies:nobody"}, ["study", "no study there", "nobody", "spelling"]),
    ({"study": "coinn"}, ["unknown study", "did you mean 'coin'?"]),
    ({"study": "no_such_module:study"}, ["no study there", "no_such_module"]),
    ({"study": "toy_studies:not_a_study"}, ["not a study", "without name, version, Params, prepare"]),
    ({"study": "__main__:study"}, ["__main__", "worker processes"]),
    ({"study": 3}, ["study", "a string", "got 3"]),
    ({"studdy": "coin"}, ["studdy", "did you mean 'study'?"]),
    ({"grid": {"p": [0.1, "0.2"]}}, ["grid.p[1]", "a number in [0, 1]", '"0.2" (a string)', "remove the quotes"]),
    ({"grid": {"p": [0.1, 1.5]}}, ["grid.p[1]", "a number in [0, 1]", "got 1.5"]),
    ({"grid": {"p": [-0.1]}}, ["grid.p[0]", "got -0.1"]),
    ({"grid": {"p": [math.nan]}}, ["grid.p[0]", "got nan"]),
    ({"grid": {"p": [0.1], "distance": [3, 13]}}, ["grid.distance[1]", "unlucky", "got 13"]),
    ({"grid": {"p": [0.1], "distance": [3.5]}}, ["grid.distance[0]", "a whole number >= 2", "got 3.5"]),
    ({"grid": {"q": [0.1]}}, ["grid.q[0]", "unknown parameter", "expected one of p, distance, seconds"]),
    ({"grid": {"distance": [3]}}, ["'p' is missing", "[params] or [grid]"]),
    ({"grid": {"p": []}}, ["grid.p", "at least one value"]),
    ({"grid": {"p": 0.1}}, ["grid.p", "a list of values", "got 0.1"]),
    ({"grid": {"p": {"logspace": [0, 1, 5]}}}, ["grid.p.logspace", "first and last > 0"]),
    ({"grid": {"p": {"linspace": [0, 1]}}}, ["grid.p.linspace", "[first, last, count]"]),
    ({"grid": {"p": {"linspace": [0, 1, 1]}}}, ["count >= 2"]),
    ({"grid": {"p": [0.1, 0.2, 0.1]}}, ["same task", "p[0] and p[2]"]),
    ({"params": {"p": 0.1}}, ["params.p", "fixed and swept"]),
    ({"params": {"distanc": 3}}, ["params.distanc", "did you mean 'distance'?"]),
    ({"seed": -1}, ["seed", ">= 0"]),
    ({"seed": "x"}, ["seed", "a whole number"]),
    ({"stop": {}}, ["stop", "nothing ends this sweep"]),
    ({"stop": {"max_seconds": 5}}, ["nothing ends this sweep", "max_seconds"]),
    ({"stop": {"max_shot": 5}}, ["stop.max_shot", "max_shots"]),
    ({"stop": {"max_shots": 0}}, ["stop.max_shots", ">= 1", "got 0"]),
    ({"stop": {"max_errors": 1}}, ["stop.max_errors", ">= 2", "got 1"]),
    ({"stop": {"max_shots": "10"}}, ["stop.max_shots", "remove the quotes"]),
    ({"stop": {"relative_error": 0}}, ["stop.relative_error", "> 0"]),
    ({"stop": {"max_shots": 5, "confidence": 1.0}}, ["stop.confidence", "(0, 1)"]),
    ({"stop": {"max_shots": 5, "max_seconds": -1.0}}, ["stop.max_seconds", "> 0"]),
    ({"allocate": {"rule": "best"}}, ["allocate.rule", "equal_error"]),
    ({"allocate": {"rule": "fit"}}, ["allocate.quantity", "threshold"]),
    ({"allocate": {"quantiti": "x"}}, ["allocate.quantiti", "did you mean 'quantity'?"]),
    ({"batches": {"first": 0}}, ["batches", "1 <= first"]),
    ({"batches": {"growth": 0.5}}, ["batches", "growth"]),
]


@pytest.mark.parametrize(("change", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_bad_sweep_is_refused_with_place_and_cure(change: dict[str, Any], words: list[str]) -> None:
    table = {**GOOD, **change}
    with pytest.raises(InputError) as refusal:
        Sweep.from_table(table, source="sweep.toml").tasks()
    message = str(refusal.value)
    assert message.startswith("sweep.toml: ")
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    ("text", "change", "word"),
    [
        ("study = ", "", "not valid TOML"),
        ('study = "coin"', "stop.max_shots", "key=value"),
        ('study = "coin"', "study.x=3", "not a table"),
    ],
)
def test_an_unreadable_file_or_change_is_refused(tmp_path: Path, text: str, change: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        load(tmp_path, text, *([change] if change else []))


def test_a_missing_sweep_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml: cannot read the sweep file"):
        Sweep.load(tmp_path / "nowhere.toml")
