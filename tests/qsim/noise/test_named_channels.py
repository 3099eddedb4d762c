"""Channels by name: complete, and what their closed forms say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kraus_evolution import channel_on
from qiskit.quantum_info import Choi, Operator, Pauli, SuperOp, average_gate_fidelity

from qsim.errors import CircuitError
from qsim.noise import (
    Channel,
    amplitude_damping,
    biased_pauli,
    bit_flip,
    correlated_pauli,
    depolarizing_channel,
    leakage,
    over_rotation,
    pauli,
    phase_damping,
    phase_flip,
    reset_error,
    thermal_relaxation,
)

CHANNELS = [
    bit_flip(0.1),
    phase_flip(0.2),
    pauli({"XY": 0.1, "IZ": 0.05}),
    depolarizing_channel(0.3),
    depolarizing_channel(0.2, num_qubits=2),
    depolarizing_channel(0.2, num_qubits=3),
    biased_pauli(0.1, 100),
    correlated_pauli("ZZ", 0.02),
    over_rotation("XX", 0.3),
    amplitude_damping(0.3),
    amplitude_damping(0.3, excited=0.2),
    amplitude_damping(1.0),
    phase_damping(0.4),
    thermal_relaxation(50.0, 70.0, 10.0, excited=0.1),
    thermal_relaxation(math.inf, 70.0, 10.0),
    thermal_relaxation(50.0, 100.0, 10.0),
    reset_error(0.1, 0.2),
]

PLUS = np.full((2, 2), 0.5, dtype=complex)
ONE = np.diag([0.0, 1.0]).astype(complex)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_kraus_operators_are_complete_and_the_map_is_completely_positive(channel: Channel) -> None:
    size = 2**channel.num_qubits
    total = sum(k.conj().T @ k for k in channel.kraus)
    np.testing.assert_allclose(total, np.eye(size), atol=1e-14)
    choi = Choi(SuperOp(sum(np.kron(k.conj(), k) for k in channel.kraus)))
    assert choi.is_cptp(atol=1e-12)


def test_superoperator_acts_on_stacked_rows() -> None:
    rng = np.random.default_rng(5)
    rho = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    channel = CHANNELS[2]
    np.testing.assert_allclose(
        (channel.superoperator @ rho.reshape(-1)).reshape(4, 4), channel_on(rho, channel, (0, 1)), atol=1e-14
    )


def test_labels_have_their_first_qubit_on_the_right() -> None:
    channel = pauli({"XZ": 1.0})
    np.testing.assert_allclose(channel.kraus[-1], Pauli("XZ").to_matrix(), atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_depolarizing_channel_has_average_fidelity_one_minus_p_d_over_d_plus_one(n: int) -> None:
    d, p = 2**n, 0.13
    channel = depolarizing_channel(p, num_qubits=n)
    found = average_gate_fidelity(SuperOp(sum(np.kron(k.conj(), k) for k in channel.kraus)), Operator(np.eye(d)))
    assert found == pytest.approx(1 - p * d / (d + 1), abs=1e-12)


def test_depolarizing_channel_mixes_completely_at_its_end() -> None:
    np.testing.assert_allclose(channel_on(PLUS, depolarizing_channel(0.75), (0,)), np.eye(2) / 2, atol=1e-14)


def test_biased_pauli_has_its_total_and_its_bias() -> None:
    rates = biased_pauli(0.11, 10, toward="X").paulis
    assert rates is not None
    assert sum(p for label, p in rates.items() if label != "I") == pytest.approx(0.11, abs=1e-15)
    assert rates["X"] / (rates["Y"] + rates["Z"]) == pytest.approx(10, abs=1e-12)
    assert biased_pauli(0.1, math.inf).paulis == {"I": 0.9, "Z": 0.1}


@pytest.mark.parametrize("excited", [0.0, 0.3])
def test_thermal_relaxation_follows_the_exponentials(excited: float) -> None:
    t1, t2, time = 40.0, 55.0, 13.0
    channel = thermal_relaxation(t1, t2, time, excited=excited)
    population = channel_on(ONE, channel, (0,))[1, 1].real
    assert population == pytest.approx(excited + (1 - excited) * math.exp(-time / t1), abs=1e-14)
    assert channel_on(PLUS, channel, (0,))[0, 1].real == pytest.approx(0.5 * math.exp(-time / t2), abs=1e-14)


def test_two_relaxations_in_a_row_are_one_of_the_summed_time() -> None:
    parts = [thermal_relaxation(40.0, 30.0, time, excited=0.2).superoperator for time in (3.0, 8.0, 11.0)]
    np.testing.assert_allclose(parts[1] @ parts[0], parts[2], atol=1e-14)


def test_amplitude_damping_decays_towards_its_equilibrium() -> None:
    assert channel_on(ONE, amplitude_damping(0.3), (0,))[0, 0].real == pytest.approx(0.3, abs=1e-15)
    assert channel_on(ONE, amplitude_damping(1.0, excited=0.4), (0,))[1, 1].real == pytest.approx(0.4, abs=1e-15)


def test_phase_damping_shrinks_coherence_by_the_root() -> None:
    assert channel_on(PLUS, phase_damping(0.36), (0,))[0, 1].real == pytest.approx(0.5 * 0.8, abs=1e-15)


def test_over_rotation_is_the_rotation_gate() -> None:
    from qiskit.circuit.library import RZXGate

    # RZX(theta) is exp(-i theta/2 X⊗Z) with Z on its first qubit
    np.testing.assert_allclose(over_rotation("XZ", 0.7).kraus[0], RZXGate(0.7).to_matrix(), atol=1e-14)


def test_reset_error_puts_the_qubit_where_it_says() -> None:
    found = channel_on(PLUS, reset_error(0.1, 0.3), (0,))
    np.testing.assert_allclose(found, [[0.3 + 0.1, 0.3], [0.3, 0.3 + 0.3]], atol=1e-14)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: bit_flip(1.2), "bit_flip: not a probability: expected a number in"),
        (lambda: bit_flip(float("nan")), "not a probability"),
        (lambda: phase_flip("0.1"), "not a probability"),  # type: ignore[arg-type]
        (lambda: pauli({"X": 0.7, "Z": 0.6}), "do not add up"),
        (lambda: pauli({"XQ": 0.1}), "not Pauli labels"),
        (lambda: depolarizing_channel(0.1, num_qubits=0), "1 to 6 qubits"),
        (lambda: biased_pauli(0.1, -1), "not a bias"),
        (lambda: biased_pauli(0.1, 1, toward="I"), "not a Pauli"),
        (lambda: over_rotation("XA", 0.1), "not Pauli labels"),
        (lambda: over_rotation("X", math.inf), "finite angle"),
        (lambda: reset_error(0.7, 0.6), "not a probability"),
        (lambda: amplitude_damping(-0.1), "not a probability"),
        (lambda: amplitude_damping(0.1, excited=2), "not a probability"),
        (lambda: phase_damping(1.5), "not a probability"),
        (lambda: thermal_relaxation(1.0, 2.1, 0.1), "t2 above 2 t1: expected t2 <= 2, got 2.1"),
        (lambda: thermal_relaxation(0.0, 0.0, 0.1), "not relaxation times"),
        (lambda: thermal_relaxation(1.0, 1.0, -0.1), "not a time"),
        (lambda: thermal_relaxation(1.0, 1.0, 0.1, excited=1.1), "not a probability"),
        (lambda: leakage(0.1), "cannot be represented"),
    ],
)
def test_channel_that_cannot_be_is_refused(make: object, word: str) -> None:
    with pytest.raises(CircuitError, match=word):
        make()  # type: ignore[operator]
