"""Study `qec.memory`: its parameters, its laws, and what it refuses."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import sinter
import stim

from experiments.errors import InputError
from experiments.params import Place, convert
from experiments.studies.qec_memory import noisy_circuit, study
from experiments.studies.qec_memory_examples import BIT_FLIP
from experiments.study import Study
from experiments.tally.counts import Counts
from qsim.qec.memory import MemorySampler


def params(**raw: Any) -> Any:
    return convert(study.Params, raw, Place("sweep.toml", {}))


def test_it_is_a_study() -> None:
    assert isinstance(study, Study)
    assert (study.name, study.counting) == ("qec.memory", True)


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; from experiments.studies.qec_memory import study; "
        "study.cost(study.Params(code='rotated_surface', distance=5, p=0.01)); "
        "print({'stim', 'numpy', 'pymatching', 'sinter', 'scipy'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("raw", study.examples(), ids=str)
def test_every_example_is_sampled_reproducibly(raw: dict[str, Any]) -> None:
    first, second = (study.prepare(params(**raw)).sample(2000, np.random.SeedSequence(3)) for _ in range(2))
    assert first == second
    assert isinstance(first, Counts)
    assert first.shots == 2000
    assert 0 < first.errors < 1200


@pytest.mark.parametrize("raw", study.examples(), ids=str)
def test_parameters_survive_json(raw: dict[str, Any]) -> None:
    typed = params(**raw)
    assert msgspec.json.decode(msgspec.json.encode(typed), type=study.Params) == typed


@pytest.mark.parametrize("raw", study.examples(), ids=str)
def test_batches_grow_by_a_quarter_and_their_work_is_bounded(raw: dict[str, Any]) -> None:
    schedule, cost = study.schedule(params(**raw)), study.cost(params(**raw))
    sizes = [schedule.size(batch) for batch in range(80)]
    assert all(size <= later <= 1.25 * size + 1 for size, later in itertools.pairwise(sizes))
    assert sizes[-1] * cost <= 1.0 or sizes[-1] == 64
    assert sizes[0] * cost <= 0.02 or sizes[0] == 64


@pytest.mark.parametrize(("raw", "word"), study.bad_examples(), ids=str)
def test_every_bad_example_is_refused_with_its_word(raw: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError) as refusal:
        params(**raw)
    assert word in str(refusal.value)
    assert refusal.value.where.startswith("sweep.toml: params")


def test_refusals_name_the_grid_cell() -> None:
    with pytest.raises(InputError, match=r"^sweep\.toml: grid\.distance\[1\]: even distance"):
        convert(
            study.Params, {"code": "rotated_surface", "distance": 4, "p": 0.01}, Place("sweep.toml", {"distance": 1})
        )


def test_seed_is_the_first_word_of_the_sequence() -> None:
    typed, seed = params(code="rotated_surface", distance=3, p=0.01), np.random.SeedSequence(9, spawn_key=(1, 2))
    direct = MemorySampler(noisy_circuit(typed)).sample(3000, int(seed.generate_state(1, np.uint64)[0]))
    assert study.prepare(typed).sample(3000, seed).errors == direct.errors


def test_rounds_follow_the_distance_by_name_or_by_number() -> None:
    by_name = params(code="rotated_surface", distance=5, p=0.01)
    by_number = params(code="rotated_surface", distance=5, rounds=5, p=0.01)
    assert noisy_circuit(by_name) == noisy_circuit(by_number)


def test_circuit_file_is_replaced_by_its_text(tmp_path: Path) -> None:
    (tmp_path / "bits.stim").write_text(BIT_FLIP.rstrip("\n"), encoding="utf-8")
    resolved = study.resolve({"circuit": "bits.stim"}, tmp_path)
    assert resolved == {"circuit": BIT_FLIP}
    assert study.resolve(resolved, tmp_path) == resolved
    assert noisy_circuit(params(**resolved)) == stim.Circuit(BIT_FLIP)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"H 0\nT 0\n", "bad.stim, line 2: T is not a Clifford gate"),
        (b"M 0\n", "observable"),
        (b"\xff\xfe", "not UTF-8"),
        (None, "No such file"),
    ],
)
def test_bad_circuit_file_is_refused_with_its_name(tmp_path: Path, content: bytes | None, word: str) -> None:
    if content is not None:
        (tmp_path / "bad.stim").write_bytes(content)
    with pytest.raises(InputError) as refusal:
        study.resolve({"circuit": "bad.stim"}, tmp_path)
    assert word in str(refusal.value)
    assert "bad.stim" in str(refusal.value)


def test_decoder_that_fails_to_load_is_an_input_error() -> None:
    with pytest.raises(InputError, match="decoder: no decoder at"):
        study.prepare(params(code="rotated_surface", distance=3, p=0.01, decoder="own_decoders:Absent"))


def test_strong_id_is_the_one_sinter_gives_stims_own_circuit() -> None:
    p = 0.004
    typed = params(code="rotated_surface", distance=3, p=p)
    circuit = stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=3,
        rounds=3,
        after_clifford_depolarization=p,
        before_round_data_depolarization=p,
        before_measure_flip_probability=p,
        after_reset_flip_probability=p,
    )
    ours = study.sinter_task(typed)
    peer = sinter.Task(
        circuit=circuit,
        decoder="pymatching",
        detector_error_model=circuit.detector_error_model(decompose_errors=True, approximate_disjoint_errors=True),
        json_metadata=ours.json_metadata,
    )
    assert ours.strong_id() == peer.strong_id()
    assert ours.json_metadata["d"] == 3


@pytest.mark.parametrize(("distance", "p", "seconds"), [(3, 0.008, 0.25e-6), (7, 0.008, 19e-6), (11, 0.003, 30e-6)])
def test_cost_formula_is_near_the_times_it_was_calibrated_on(distance: int, p: float, seconds: float) -> None:
    cost = study.cost(params(code="rotated_surface", distance=distance, p=p))
    assert abs(math.log2(cost / seconds)) < 1
