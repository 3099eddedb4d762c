"""Pauli twirls: the average over Pauli conjugations, and a distance that bounds every observed difference."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from kraus_evolution import channel_on
from qiskit import QuantumCircuit

from qsim.errors import CircuitError
from qsim.noise import Channel, NoiseModel, amplitude_damping, bit_flip, over_rotation, thermal_relaxation, twirl
from qsim.noise.channel import pauli_matrix
from qsim.noise.twirling import twirled_program
from qsim.program import Noise, read

CHANNELS = [amplitude_damping(0.2), over_rotation("ZX", 0.3), thermal_relaxation(50, 60, 20, excited=0.1)]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_twirl_is_the_average_over_conjugation_with_paulis(channel: Channel) -> None:
    labels = ["".join(each) for each in itertools.product("IXYZ", repeat=channel.num_qubits)]
    average = 0
    for label in labels:
        p = pauli_matrix(label)
        turned = Channel.from_kraus([p @ k @ p for k in channel.kraus])
        average = average + turned.superoperator / len(labels)
    np.testing.assert_allclose(twirl(channel)[0].superoperator, average, atol=1e-14)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_distance_bounds_what_any_state_sees_even_beside_a_spectator(channel: Channel) -> None:
    rng = np.random.default_rng(11)
    twirled, bound = twirl(channel)
    size = 4**channel.num_qubits
    qubits = tuple(range(channel.num_qubits))
    seen = 0.0
    for _ in range(50):
        psi = rng.normal(size=size) + 1j * rng.normal(size=size)
        rho = np.outer(psi, psi.conj()) / np.vdot(psi, psi).real
        difference = channel_on(rho, channel, qubits) - channel_on(rho, twirled, qubits)
        seen = max(seen, float(np.abs(np.linalg.eigvalsh(difference)).sum() / 2))
    assert seen <= bound + 1e-12
    assert bound < 3 * seen


def test_distance_of_a_rotation_is_that_of_its_coherent_part() -> None:
    # rotation by t against its twirl: half the diamond norm is sin(t)/2, reached at the equator (Bloch vectors)
    assert twirl(over_rotation("Z", 0.4))[1] == pytest.approx(np.sin(0.4) / 2, abs=1e-12)


def test_pauli_channel_is_its_own_twirl() -> None:
    channel = bit_flip(0.1)
    assert twirl(channel) == (channel, 0.0)


def test_twirled_model_puts_pauli_channels_and_tells_the_largest_distance() -> None:
    model = NoiseModel().after("1q", amplitude_damping(0.1)).after("cx", bit_flip(0.1))
    model = model.relaxing(1e-4, 1e-4, {"1q": 1e-6, "cx": 2e-6})
    twirled, distance = model.twirled()
    assert distance == pytest.approx(twirl(amplitude_damping(0.1))[1], abs=1e-15)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    noisy = twirled.apply(read(circuit))
    noise = [step for step in noisy.steps if isinstance(step, Noise)]
    assert noise
    assert all(step.channel.is_pauli for step in noise)


def test_twirled_program_twirls_inside_control_flow_and_tells_the_largest_distance() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    noisy = NoiseModel().after("x", amplitude_damping(0.3)).apply(read(circuit))
    assert noisy.is_noisy
    changed, distance = twirled_program(noisy)
    branch = changed.steps[-1]
    assert branch.cases[0][1][1].channel.is_pauli  # type: ignore[union-attr]
    assert distance == pytest.approx(twirl(amplitude_damping(0.3))[1], abs=1e-15)


def test_channel_too_wide_to_twirl_is_refused() -> None:
    wide = over_rotation("ZZZZZ", 0.1)
    with pytest.raises(CircuitError, match="at most 4 qubits, got 5"):
        twirl(wide)
