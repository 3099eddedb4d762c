"""Noise rewritten onto clean circuits: term by term on tiny ones, by laws on all of stim's."""

from __future__ import annotations

import itertools

import pytest
import stim

from qsim.qec.circuits import memory_circuit, noisy_memory_circuit
from qsim.qec.codes import CODES
from qsim.qec.input_error import QecInputError
from qsim.qec.layers import align_loops, data_qubits
from qsim.qec.noise import apply_noise, noise_in
from qsim.qec.noise_models import MODELS

MEMORIES = [
    (code, basis, distance, rounds)
    for code in CODES
    for basis in CODES[code].tasks
    for distance, rounds in [(3, 2), (3, 3), (3, 6), (5, 4)]
] + [("rotated_surface", "Z", 3, 1), ("repetition", "Z", 3, 1)]

TINY = stim.Circuit("""
    R 0
    RX 1
    TICK
    H 0
    TICK
    CX 0 1
    TICK
    MR 0
    DETECTOR rec[-1]
    TICK
    MX 1
    MY 2
    OBSERVABLE_INCLUDE(0) rec[-2]
""")


def test_sd6_puts_the_published_channels_around_each_gate() -> None:
    wanted = stim.Circuit("""
        R 0
        X_ERROR(0.01) 0
        RX 1
        Z_ERROR(0.01) 1
        DEPOLARIZE1(0.01) 2
        TICK
        H 0
        DEPOLARIZE1(0.01) 0
        DEPOLARIZE1(0.01) 1 2
        TICK
        CX 0 1
        DEPOLARIZE2(0.01) 0 1
        DEPOLARIZE1(0.01) 2
        TICK
        X_ERROR(0.01) 0
        MR 0
        X_ERROR(0.01) 0
        DETECTOR rec[-1]
        DEPOLARIZE1(0.01) 1 2
        TICK
        Z_ERROR(0.01) 1
        MX 1
        X_ERROR(0.01) 2
        MY 2
        OBSERVABLE_INCLUDE(0) rec[-2]
        DEPOLARIZE1(0.01) 0
    """)
    assert apply_noise(TINY, "SD6", 0.01).approx_equals(wanted, atol=1e-15)


def test_si1000_puts_the_published_channels_around_each_gate() -> None:
    wanted = stim.Circuit("""
        R 0
        X_ERROR(0.02) 0
        RX 1
        Z_ERROR(0.02) 1
        DEPOLARIZE1(0.001) 2
        DEPOLARIZE1(0.02) 2
        TICK
        H 0
        DEPOLARIZE1(0.001) 0
        DEPOLARIZE1(0.001) 1 2
        TICK
        CX 0 1
        DEPOLARIZE2(0.01) 0 1
        DEPOLARIZE1(0.001) 2
        TICK
        X_ERROR(0.05) 0
        MR 0
        X_ERROR(0.02) 0
        DETECTOR rec[-1]
        DEPOLARIZE1(0.001) 1 2
        DEPOLARIZE1(0.02) 1 2
        TICK
        Z_ERROR(0.05) 1
        MX 1
        X_ERROR(0.05) 2
        MY 2
        OBSERVABLE_INCLUDE(0) rec[-2]
        DEPOLARIZE1(0.001) 0
        DEPOLARIZE1(0.02) 0
    """)
    found = apply_noise(TINY, "SI1000", 0.01)
    assert found.approx_equals(wanted, atol=1e-15)


@pytest.mark.parametrize(("code", "basis", "distance", "rounds"), MEMORIES)
def test_uniform_depolarizing_rewritten_has_stims_error_model(
    code: str, basis: str, distance: int, rounds: int
) -> None:
    clean = memory_circuit(code, basis, distance=distance, rounds=rounds)
    stims = noisy_memory_circuit(code, basis, distance=distance, rounds=rounds, noise="uniform_depolarizing", p=0.003)
    ours = apply_noise(clean, "uniform_depolarizing", 0.003)
    assert ours.detector_error_model(flatten_loops=True) == stims.detector_error_model(flatten_loops=True)


@pytest.mark.parametrize(("memory", "model"), list(itertools.product(MEMORIES, MODELS)))
def test_noise_on_loops_is_noise_on_the_unrolled_circuit(memory: tuple[str, str, int, int], model: str) -> None:
    code, basis, distance, rounds = memory
    clean = memory_circuit(code, basis, distance=distance, rounds=rounds)
    assert apply_noise(clean, model, 0.003).flattened() == apply_noise(clean.flattened(), model, 0.003).flattened()


@pytest.mark.parametrize(("memory", "model"), list(itertools.product(MEMORIES, MODELS)))
def test_removing_the_noise_gives_the_clean_circuit_back(memory: tuple[str, str, int, int], model: str) -> None:
    code, basis, distance, rounds = memory
    clean = memory_circuit(code, basis, distance=distance, rounds=rounds)
    assert apply_noise(clean, model, 0.003).without_noise().flattened() == clean.flattened()


@pytest.mark.parametrize("model", MODELS)
def test_repeat_blocks_stay_blocks(model: str) -> None:
    clean = memory_circuit("rotated_surface", "Z", distance=3, rounds=1_000_000)
    noisy = apply_noise(clean, model, 0.001)
    assert len(str(noisy).splitlines()) < 250
    assert noisy.num_detectors == clean.num_detectors
    assert sum(isinstance(item, stim.CircuitRepeatBlock) for item in noisy) == 1


def test_nested_and_tickless_blocks_are_rewritten_in_place() -> None:
    clean = stim.Circuit("R 0\nTICK\nREPEAT 2 {\nX 0\nTICK\nREPEAT 3 {\nH 0\nTICK\n}\nREPEAT 2 {\nY 0\n}\nTICK\n}\nM 0")
    noisy = apply_noise(clean, "uniform_depolarizing", 0.01)
    assert noisy.flattened() == apply_noise(clean.flattened(), "uniform_depolarizing", 0.01).flattened()
    assert "REPEAT 3" in str(noisy)


def test_noise_of_a_gate_comes_before_the_next_gate_on_its_qubit() -> None:
    noisy = apply_noise(stim.Circuit("CX 0 1 1 2 3 4"), "uniform_depolarizing", 0.01)
    assert noisy == stim.Circuit("CX 0 1\nDEPOLARIZE2(0.01) 0 1\nCX 1 2 3 4\nDEPOLARIZE2(0.01) 1 2 3 4")


def test_aligned_loops_keep_the_instruction_sequence() -> None:
    clean = memory_circuit("color", "Z", distance=3, rounds=7)
    assert align_loops(clean).flattened() == clean.flattened()


def test_data_qubits_of_a_memory_are_those_measured_last() -> None:
    clean = memory_circuit("rotated_surface", "X", distance=5, rounds=3)
    last = [item for item in clean.flattened() if item.name == "MX"][-1]
    assert data_qubits(clean) == sorted(target.value for target in last.targets_copy())


def test_feedback_is_bookkeeping_and_gets_no_noise() -> None:
    clean = stim.Circuit("R 0 1\nTICK\nM 0\nTICK\nCX rec[-1] 1\nTICK\nM 1")
    noisy = apply_noise(clean, "uniform_depolarizing", 0.01)
    assert "DEPOLARIZE2" not in str(noisy)


@pytest.mark.parametrize("model", MODELS)
def test_no_noise_at_strength_zero(model: str) -> None:
    clean = memory_circuit("repetition", "Z", distance=3, rounds=3)
    assert apply_noise(clean, model, 0.0) == clean


@pytest.mark.parametrize("model", MODELS)
def test_strongest_noise_is_a_circuit_and_more_is_refused(model: str) -> None:
    clean = memory_circuit("repetition", "Z", distance=3, rounds=3)
    largest = MODELS[model].largest_p
    assert noise_in(apply_noise(clean, model, largest))
    with pytest.raises(QecInputError, match=r"expected a number in \[0, "):
        apply_noise(clean, model, largest * 1.01)


@pytest.mark.parametrize(
    ("text", "model", "word"),
    [
        ("X_ERROR(0.1) 0\nM 0", "SD6", "noisy already"),
        ("M(0.1) 0", "SD6", "noisy already"),
        ("REPEAT 3 {\nDEPOLARIZE1(0.1) 0\n}", "SD6", "noisy already"),
        ("R 0\nH 0", "SD6", "qubit 0 is used twice between two TICKs"),
        ("REPEAT 2 {\nH 0\n}", "SI1000", "qubit 0 is used twice"),
        ("MPP X0*X1", "uniform_depolarizing", "no rule for MPP"),
        ("MXX 0 1", "SD6", "no rule for MXX"),
        ("H 0", "SD7", "unknown noise model"),
    ],
)
def test_circuit_that_a_model_does_not_cover_is_refused(text: str, model: str, word: str) -> None:
    with pytest.raises(QecInputError, match=word):
        apply_noise(stim.Circuit(text), model, 0.01)
