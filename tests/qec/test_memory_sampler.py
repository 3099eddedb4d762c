"""Counts of logical errors: against a plain loop bit by bit, against closed forms and sinter by statistics."""

from __future__ import annotations

import math

import numpy as np
import pymatching
import pytest
import sinter
import stim
from binomial_tail import is_plausible

from experiments.studies.qec_memory_examples import BIT_FLIP
from qsim.qec.circuits import noisy_memory_circuit
from qsim.qec.input_error import QecInputError
from qsim.qec.memory import MemorySampler, chunk_shots


def memory(code: str, distance: int, p: float, *, rounds: int = 3) -> stim.Circuit:
    return noisy_memory_circuit(code, "Z", distance=distance, rounds=rounds, noise="uniform_depolarizing", p=p)


def plain_errors(circuit: stim.Circuit, size: int, seed: int) -> int:
    """The textbook loop: one unpacked shot after the other."""
    matching = pymatching.Matching.from_detector_error_model(circuit.detector_error_model(decompose_errors=True))
    detections, observables = circuit.compile_detector_sampler(seed=seed).sample(size, separate_observables=True)
    return sum(bool(np.any(matching.decode(d) != o)) for d, o in zip(detections, observables, strict=True))


@pytest.mark.parametrize(
    ("code", "distance", "p"),
    [
        ("rotated_surface", 3, 0.02),
        ("rotated_surface", 3, 0.001),
        ("rotated_surface", 5, 0.01),
        ("rotated_surface", 5, 0.0003),
        ("repetition", 3, 0.05),
        ("repetition", 9, 0.001),
    ],
)
def test_errors_equal_those_of_a_plain_unpacked_loop(code: str, distance: int, p: float) -> None:
    circuit = memory(code, distance, p)
    assert MemorySampler(circuit).sample(3000, 11) == (3000, plain_errors(circuit, 3000, 11), 0)


@pytest.mark.parametrize("decoder", ["pymatching", "pymatching-correlated", "vacuous"])
@pytest.mark.parametrize(("distance", "p"), [(3, 0.02), (3, 0.0005), (5, 0.01), (5, 0.0003)])
def test_reusing_predictions_changes_no_count(decoder: str, distance: int, p: float) -> None:
    circuit = memory("rotated_surface", distance, p)
    reusing, plain = MemorySampler(circuit, decoder), MemorySampler(circuit, decoder, reuse=False)
    for seed, size in enumerate([20_000, 1, 20_000, 257]):
        assert reusing.sample(size, seed) == plain.sample(size, seed)


def test_same_seed_gives_same_counts_and_history_does_not_matter() -> None:
    circuit = memory("rotated_surface", 3, 0.01)
    fresh, used = MemorySampler(circuit), MemorySampler(circuit)
    used.sample(5000, 1)
    assert fresh.sample(20_000, 2) == used.sample(20_000, 2)
    assert used.sample(20_000, 2) != used.sample(20_000, 3)


def test_large_samples_are_the_sum_of_their_chunks() -> None:
    circuit = memory("repetition", 3, 0.05)
    sampler = MemorySampler(circuit)
    matching = pymatching.Matching.from_detector_error_model(circuit.detector_error_model(decompose_errors=True))
    source, errors = circuit.compile_detector_sampler(seed=5), 0
    for size in (sampler.chunk, 1000):
        detections, observables = source.sample(size, bit_packed=True, separate_observables=True)
        predictions = matching.decode_batch(detections, bit_packed_shots=True, bit_packed_predictions=True)
        errors += int(np.count_nonzero(predictions[:, 0] != observables[:, 0]))
    assert sampler.sample(sampler.chunk + 1000, 5).errors == errors


@pytest.mark.parametrize("bits", [0, 1, 25, 337, 1321, 10_000_000])
def test_chunks_are_powers_of_two_that_bound_memory(bits: int) -> None:
    chunk = chunk_shots(bits)
    assert chunk == 1 << (chunk.bit_length() - 1)
    assert 1024 <= chunk <= 1 << 18
    assert chunk == 1024 or chunk * bits <= 1 << 24


def test_majority_vote_errs_as_often_as_the_closed_form_says() -> None:
    """3 p^2 - 2 p^3; false alarm 1e-7."""
    count = MemorySampler(stim.Circuit(BIT_FLIP)).sample(400_000, 3)
    assert is_plausible(count.errors, count.shots, 3 * 0.1**2 - 2 * 0.1**3)


@pytest.mark.parametrize("distance", [5, 7])
def test_code_capacity_repetition_code_follows_the_binomial_law(distance: int) -> None:
    """Flips of more than half of the bits fool the decoder; false alarm 1e-7."""
    p = 0.2
    lines = [f"X_ERROR({p}) {q}\nM {q}" for q in range(distance)]
    checks = [f"DETECTOR rec[{q - distance}] rec[{q + 1 - distance}]" for q in range(distance - 1)]
    circuit = stim.Circuit("\n".join([*lines, *checks, "OBSERVABLE_INCLUDE(0) rec[-1]"]))
    rate = sum(
        math.comb(distance, k) * p**k * (1 - p) ** (distance - k) for k in range((distance + 1) // 2, distance + 1)
    )
    count = MemorySampler(circuit).sample(300_000, 4)
    assert is_plausible(count.errors, count.shots, rate)


@pytest.mark.parametrize("code", ["rotated_surface", "unrotated_surface", "repetition"])
def test_no_noise_means_no_error(code: str) -> None:
    assert MemorySampler(memory(code, 3, 0.0)).sample(10_000, 1) == (10_000, 0, 0)


@pytest.mark.parametrize("decoder", ["vacuous", "pymatching"])
def test_complete_depolarization_leaves_a_fair_coin(decoder: str) -> None:
    """At p = 3/4 every data qubit is replaced by noise, so any decoder guesses; false alarm 1e-7."""
    count = MemorySampler(memory("rotated_surface", 3, 0.75), decoder).sample(20_000, 6)
    assert is_plausible(count.errors, count.shots, 0.5)


def test_error_rates_agree_with_sinter() -> None:
    """sinter draws its own seeds; the two counts differ by more than 5.4 standard deviations in 1 of 10^7 runs."""
    circuit = memory("rotated_surface", 3, 0.01)
    (peer,) = sinter.collect(
        num_workers=1, tasks=[sinter.Task(circuit=circuit)], decoders=["pymatching"], max_shots=200_000
    )
    ours = MemorySampler(circuit).sample(200_000, 8)
    pooled = (ours.errors + peer.errors) / (ours.shots + peer.shots)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / ours.shots + 1 / peer.shots))
    assert abs(ours.errors / ours.shots - peer.errors / peer.shots) < 5.4 * deviation


@pytest.mark.parametrize(("observables", "text_order"), [(2, "ascending"), (9, "ascending"), (9, "gaps")])
def test_any_wrong_observable_makes_an_error(observables: int, text_order: str) -> None:
    """1 - (1-p)^k for k undetected observables; false alarm 1e-7."""
    step = 1 if text_order == "ascending" else 2
    circuit = stim.Circuit(
        "\n".join(f"X_ERROR(0.05) {q}\nM {q}\nOBSERVABLE_INCLUDE({q * step}) rec[-1]" for q in range(observables))
    )
    count = MemorySampler(circuit).sample(100_000, 9)
    assert is_plausible(count.errors, count.shots, 1 - 0.95**observables)


def test_several_observables_with_detectors_equal_the_plain_loop() -> None:
    circuit = stim.Circuit(BIT_FLIP + "X_ERROR(0.3) 5\nM 5\nOBSERVABLE_INCLUDE(8) rec[-1]")
    assert MemorySampler(circuit).sample(2000, 3).errors == plain_errors(circuit, 2000, 3)


def test_without_observables_nothing_can_be_wrong() -> None:
    circuit = stim.Circuit("X_ERROR(0.3) 0\nM 0\nDETECTOR rec[-1]")
    assert MemorySampler(circuit).sample(1000, 1) == (1000, 0, 0)


def test_random_detector_is_refused() -> None:
    with pytest.raises(QecInputError, match="certain without noise"):
        MemorySampler(stim.Circuit("H 0\nM 0\nDETECTOR rec[-1]\nOBSERVABLE_INCLUDE(0) rec[-1]"))
