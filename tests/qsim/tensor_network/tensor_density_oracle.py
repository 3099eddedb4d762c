"""Density matrices of programs with noise, by numpy on the whole space: the oracle of noisy tensor networks."""

from __future__ import annotations

import numpy as np
from qiskit.quantum_info import Operator, SparsePauliOp

from qsim.noise.channel import Channel
from qsim.program import Gate, Measure, Noise, Program, Reset

PROJECTORS = np.array([np.diag([1.0 + 0j, 0.0]), np.diag([0.0 + 0j, 1.0])])
RESET = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=complex)


def on_all(matrix: np.ndarray, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """A small matrix on the whole space."""
    rest = [qubit for qubit in range(num_qubits) if qubit not in qubits]
    big = np.kron(np.eye(2 ** len(rest)), matrix)  # bits: the rest above, then the qubits
    order = [*qubits, *rest]
    place = np.zeros(2**num_qubits, dtype=int)
    for state in range(2**num_qubits):
        place[state] = sum((state >> qubit & 1) << position for position, qubit in enumerate(order))
    return big[np.ix_(place, place)]


def density(program: Program) -> np.ndarray:
    """(2^n, 2^n) state a program ends in; measurements dephase."""
    size = program.num_qubits
    state = np.zeros((2**size, 2**size), dtype=complex)
    state[0, 0] = 1
    for step in program.steps:
        if isinstance(step, Gate):
            kraus, qubits = np.array([Operator(step.operation).data]), step.qubits
        elif isinstance(step, Noise):
            kraus, qubits = step.channel.kraus, step.qubits
        elif isinstance(step, Measure):
            kraus, qubits = PROJECTORS, (step.qubit,)
        elif isinstance(step, Reset):
            kraus, qubits = RESET, (step.qubit,)
        else:
            continue
        big = [on_all(each, qubits, size) for each in kraus]
        state = sum(each @ state @ each.conj().T for each in big)
    return state


def value(state: np.ndarray, label: str) -> float:
    """Expectation value of a Pauli label."""
    return float(np.trace(state @ SparsePauliOp(label).to_matrix()).real)


def damping(gamma: float) -> Channel:
    """Amplitude damping."""
    kraus = [[[1, 0], [0, np.sqrt(1 - gamma)]], [[0, np.sqrt(gamma)], [0, 0]]]
    return Channel.from_kraus(kraus, name="amplitude_damping")


def pair_channel(seed: int) -> Channel:
    """A random channel on two qubits that is no Pauli channel."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(12, 4)) + 1j * rng.normal(size=(12, 4))
    isometry, _ = np.linalg.qr(columns)
    return Channel.from_kraus(isometry.reshape(3, 4, 4), name="pair")
