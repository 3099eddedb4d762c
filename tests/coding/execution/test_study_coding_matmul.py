"""Study `coding.matmul`, its schemes by a line of text, and its example sweep."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import experiments
from coding.bilinear import catalog, codes, reliability
from coding.bilinear.combine import copies
from coding.bilinear.scheme_text import MOST_NODES, read_scheme
from coding.errors import CodingError
from experiments import Sweep
from experiments.errors import InputError
from experiments.params import Place, convert
from experiments.studies.coding_matmul import study
from experiments.study import Study

SWEEP = Path(experiments.__file__).parent / "sweeps" / "coding_matmul.toml"


def params(raw: dict[str, Any]) -> Any:
    return convert(study.Params, raw, Place("sweep.toml", {}))


def plausible(errors: int, shots: int, p: float) -> bool:
    """|k - np| <= 4.9 sqrt(np(1-p)): a false-alarm rate of 1e-6."""
    return abs(errors - shots * p) <= 4.9 * np.sqrt(shots * p * (1 - p))


def test_it_is_a_study() -> None:
    assert isinstance(study, Study)


@pytest.mark.parametrize("raw", study.examples(), ids=str)
def test_errors_follow_the_exact_reliability_and_the_seed(raw: dict[str, Any]) -> None:
    """Oracle: F[e] counted exactly; for copies of a nest 1 - (1 - p^2)^49.  False alarm 1e-6 an example."""
    sampler = study.prepare(params(raw))
    counts = sampler.sample(50_000, np.random.SeedSequence(4))
    assert counts == sampler.sample(50_000, np.random.SeedSequence(4))
    assert counts == study.prepare(params(raw)).sample(50_000, np.random.SeedSequence(4))
    scheme, p = read_scheme(raw["scheme"]), raw["p"]
    if scheme.nodes > 24:
        exact = 1 - (1 - p**2) ** 49
    else:
        exact = reliability(scheme, raw.get("decoder", "rank")).failure_probability(p)
    assert plausible(counts.errors, counts.shots, exact)


@pytest.mark.parametrize("raw", study.examples(), ids=str)
def test_schedule_and_cost_depend_on_the_parameters_alone(raw: dict[str, Any]) -> None:
    assert 0 < study.cost(params(raw)) < 1e-3
    schedule = study.schedule(params(raw))
    assert 1 <= schedule.first <= schedule.largest
    assert study.cost(params(raw)) * schedule.largest <= 0.6


@pytest.mark.parametrize(("raw", "word"), study.bad_examples(), ids=str)
def test_every_bad_example_is_refused_with_its_word(raw: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError) as refusal:
        params(raw)
    assert word in str(refusal.value)


def test_the_example_sweep_is_valid_and_its_schemes_are_ordered_as_the_exact_tables_say() -> None:
    """At p = 0.01 each scheme of the sweep that has more nodes than another of its kind fails less often."""
    sweep = Sweep.load(SWEEP)
    grid = tomllib.loads(SWEEP.read_text())["grid"]
    assert len(sweep.tasks()) == len(grid["scheme"]) * 7
    at = {text: reliability(read_scheme(text)).failure_probability(0.01) for text in grid["scheme"]}
    assert (
        at["strassen"]
        > at["2 * strassen"]
        > at["strassen + winograd"]
        > at["3 * strassen"]
        > at["found_14"]
        > at["ep(14)"]
    )


def test_a_small_sweep_runs_and_replays(tmp_path: Path) -> None:
    """Oracle: 1 - (1 - p^2)^7 for two copies.  Seed fixed; the interval is of 99.9999 %, so the false alarm is 1e-6."""
    sweep = Sweep(
        study="experiments.studies.coding_matmul:study",
        params={"scheme": "2 * strassen"},
        grid={"p": [0.1]},
        stop={"max_shots": 40_000},
        seed=3,
    )
    rows = sweep.run(tmp_path / "ledger", workers=1).rows
    assert [plausible(row.errors, row.shots, 1 - (1 - 0.01) ** 7) for row in rows] == [True]


TEXTS = [
    ("strassen", catalog.strassen()),
    (" strassen+winograd ", catalog.strassen() + catalog.winograd()),
    ("3*strassen", copies(catalog.strassen(), 3)),
    ("1 * winograd", catalog.winograd()),
    ("strassen * 2x2x3", catalog.strassen() * catalog.load("2x2x3")),
    ("2 * (strassen * winograd)", copies(catalog.strassen() * catalog.winograd(), 2)),
    ("(strassen + winograd) * strassen", (catalog.strassen() + catalog.winograd()) * catalog.strassen()),
    ("strassen + 2 * winograd", catalog.strassen() + copies(catalog.winograd(), 2)),
    ("found_14", catalog.load("found_14")),
    ("ep(12)", codes.entangled_polynomial((2, 2, 2), nodes=12, points="circle")),
]


@pytest.mark.parametrize(("text", "scheme"), TEXTS, ids=[text for text, _ in TEXTS])
def test_a_line_of_text_says_the_same_as_python(text: str, scheme: Any) -> None:
    assert read_scheme(text) == scheme


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "got its end in ''"),
        ("+", r"got '\+'"),
        ("strassen +", "got its end"),
        ("strassen winograd", "got 'winograd'"),
        ("(strassen", "a bracket that is not closed"),
        ("strassen)", r"got '\)'"),
        ("strassen / 2", "got '/'"),
        ("3", "a number that multiplies nothing"),
        ("3 + strassen", "a number that multiplies nothing"),
        ("strassen * 2", "got '2'"),
        ("0 * strassen", "no copies at all"),
        ("ep(x)", r"ep\(\) without a number"),
        ("ep(8)", "at least 9"),
        ("best(14)", "no such scheme"),
        ("strasen", "no such scheme: expected one of catalog.names"),
        ("_", "not a scheme"),
        ("strassen + 3x4x5", "shape"),
        ("1000 * strassen", f"at most {MOST_NODES} nodes, got 7000"),
        ("strassen*strassen*strassen*strassen*strassen", "too large"),
        ("(" * 900 + "strassen", "more than 20 brackets in each other"),
        ("strassen+" * 200, "too long a text"),
    ],
)
def test_what_is_no_scheme_is_refused(text: str, words: str) -> None:
    with pytest.raises(CodingError, match=words):
        read_scheme(text)
