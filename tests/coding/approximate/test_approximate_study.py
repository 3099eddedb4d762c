"""Study `coding.approximate`: reproducible, right in its counts and medians, light to import, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from coding.approximate import Berrut, CubicSpline, DCTCode, FloaterHormann, threshold
from experiments.errors import InputError
from experiments.params import Place, convert
from experiments.studies.coding_approximate import study
from experiments.study import Study
from experiments.sweep import Sweep
from experiments.tally import Counts
from experiments.tally.histogram import Histogram

SWEEPS = Path(__file__).parents[3] / "experiments" / "sweeps"
SEED = np.random.SeedSequence(5)


def params(**raw: Any) -> Any:
    return convert(study.Params, raw, Place("sweep.toml", {}))


def drawn(size: int, **raw: Any) -> Any:
    return study.prepare(params(**raw)).sample(size, SEED)


def test_it_is_a_study() -> None:
    assert isinstance(study, Study)


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; from experiments.studies.coding_approximate import study; study.cost(study.Params()); "
        "print({'numpy', 'scipy', 'coding'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("raw", study.examples(), ids=str)
def test_every_example_is_sampled_reproducibly(raw: dict[str, Any]) -> None:
    typed = params(**raw)
    assert msgspec.json.decode(msgspec.json.encode(typed), type=study.Params) == typed
    first, second = (study.prepare(typed).sample(3, SEED) for _ in range(2))
    assert first == second
    assert first.size == 3
    assert isinstance(first, Histogram if typed.outcome == "error" else Counts)


@pytest.mark.parametrize(("raw", "word"), study.bad_examples(), ids=str)
def test_every_bad_example_is_refused_with_its_word(raw: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError) as refusal:
        params(**raw)
    assert word in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "decoder"),
    [("auto", "auto"), ("berrut", Berrut()), ("floater_hormann", FloaterHormann(3)), ("spline", CubicSpline())],
)
def test_thresholds_are_those_of_the_code(name: str, decoder: Any) -> None:
    for inputs in (1, 3, 8):
        code = DCTCode(inputs, 40)
        assert params(inputs=inputs, decoder=name).threshold == threshold(code, robust=False, decoder=decoder)
        assert params(inputs=inputs, decoder="robust").threshold == threshold(code)


def test_the_published_decoder_has_its_published_error() -> None:
    """K = 8, N = 100, S = 10, x sin x: median 1.3e-2 (research report, section 2); 200 runs."""
    median = drawn(200, code="berrut", workers=101, stragglers=10, decoder="berrut").estimate().value
    assert median == pytest.approx(1.3e-2, rel=0.35)


def test_a_robust_median_is_far_below_the_told_published_one() -> None:
    robust = drawn(6, workers=60, stragglers=6, liars=6, decoder="robust").estimate().value
    told = drawn(6, workers=60, stragglers=6, liars=6, decoder="berrut_told").estimate().value
    assert robust < told / 5


def test_outcomes_count_the_same_runs() -> None:
    """Too many liars: every run misses one; wrong and refused runs make up the missed ones."""
    found = {
        outcome: drawn(6, inputs=4, width=4, workers=40, liars=19, outcome=outcome)
        for outcome in ("wrong", "missed", "refused")
    }
    counters = {tuple(sorted(counts.counters.items())) for counts in found.values()}
    assert len(counters) == 1
    assert all(counts.errors == counts.counters[outcome] for outcome, counts in found.items())
    assert found["wrong"].errors + found["refused"].errors >= found["missed"].errors >= 5


def test_refused_runs_lie_above_every_edge() -> None:
    setting = {"inputs": 4, "width": 4, "workers": 40, "liars": 19}
    refused = drawn(6, **setting, outcome="refused").errors
    assert refused > 0
    assert drawn(6, **setting).over == refused


def test_the_example_sweep_is_a_valid_sweep() -> None:
    assert len(Sweep.load(SWEEPS / "coding_approximate.toml").tasks()) == 45
