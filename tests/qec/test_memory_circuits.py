"""Memory circuits are stim's own, and combinations stim lacks are refused."""

from __future__ import annotations

import pytest
import stim

from qsim.qec.circuits import memory_circuit, noisy_memory_circuit
from qsim.qec.codes import CODES
from qsim.qec.input_error import QecInputError

TASKS = {
    ("rotated_surface", "X"): "surface_code:rotated_memory_x",
    ("rotated_surface", "Z"): "surface_code:rotated_memory_z",
    ("unrotated_surface", "X"): "surface_code:unrotated_memory_x",
    ("unrotated_surface", "Z"): "surface_code:unrotated_memory_z",
    ("repetition", "Z"): "repetition_code:memory",
    ("color", "Z"): "color_code:memory_xyz",
}


@pytest.mark.parametrize(("code", "basis"), TASKS)
@pytest.mark.parametrize(("distance", "rounds"), [(3, 2), (5, 4)])
def test_clean_circuit_is_the_one_stim_generates(code: str, basis: str, distance: int, rounds: int) -> None:
    wanted = stim.Circuit.generated(TASKS[code, basis], distance=distance, rounds=rounds)
    assert memory_circuit(code, basis, distance=distance, rounds=rounds) == wanted


@pytest.mark.parametrize(("code", "basis"), TASKS)
def test_uniform_depolarizing_is_stims_four_noise_arguments(code: str, basis: str) -> None:
    wanted = stim.Circuit.generated(
        TASKS[code, basis],
        distance=3,
        rounds=4,
        after_clifford_depolarization=0.003,
        before_round_data_depolarization=0.003,
        before_measure_flip_probability=0.003,
        after_reset_flip_probability=0.003,
    )
    found = noisy_memory_circuit(code, basis, distance=3, rounds=4, noise="uniform_depolarizing", p=0.003)
    assert str(found) == str(wanted)


@pytest.mark.parametrize(("code", "basis"), TASKS)
@pytest.mark.parametrize(("distance", "rounds"), [(3, 2), (5, 4), (7, 5)])
def test_detector_formula_counts_the_circuits_detectors(code: str, basis: str, distance: int, rounds: int) -> None:
    circuit = memory_circuit(code, basis, distance=distance, rounds=rounds)
    assert CODES[code].detectors(distance=distance, rounds=rounds) == circuit.num_detectors


@pytest.mark.parametrize(
    ("code", "basis", "distance", "rounds", "field", "word"),
    [
        ("steane", "Z", 3, 3, "code", "rotated_surface"),
        ("repetition", "X", 3, 3, "basis", "no repetition memory circuit"),
        ("color", "X", 3, 3, "basis", "no color memory circuit"),
        ("rotated_surface", "Y", 3, 3, "basis", "X or Z"),
        ("rotated_surface", "Z", 4, 4, "distance", "use 3 or 5"),
        ("unrotated_surface", "X", 6, 4, "distance", "even distance"),
        ("color", "Z", 4, 4, "distance", "even distance"),
        ("rotated_surface", "Z", 1, 1, "distance", "too small"),
        ("repetition", "Z", 1, 1, "distance", ">= 2"),
        ("repetition", "Z", 3, 0, "rounds", ">= 1"),
        ("color", "Z", 3, 1, "rounds", ">= 2"),
    ],
)
def test_impossible_memory_is_refused_naming_the_field(
    code: str, basis: str, distance: int, rounds: int, field: str, word: str
) -> None:
    with pytest.raises(QecInputError, match=word) as refusal:
        memory_circuit(code, basis, distance=distance, rounds=rounds)
    assert refusal.value.field == field
