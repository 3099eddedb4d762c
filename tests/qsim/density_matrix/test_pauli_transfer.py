"""Pauli transfer matrices against Qiskit's, and against direct evolution."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import PTM, DensityMatrix, Operator, Pauli, SparsePauliOp, SuperOp, random_density_matrix

from qsim.backends.density_matrix import pauli_transfer, pauli_vector
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Gate, Noise, Program, read

DAMPING = Channel.from_kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]], name="damping")


def noisy(circuit: QuantumCircuit) -> Program:
    program = read(circuit)
    return program.with_steps(
        [each for step in program.steps for each in (step, Noise(DAMPING, step.qubits[:1])) if isinstance(step, Gate)]
    )


def test_full_matrix_of_a_circuit_is_qiskits() -> None:
    circuit = random_circuit(2, 5, max_operands=2, seed=3)
    np.testing.assert_allclose(pauli_transfer(read(circuit)).matrix, PTM(Operator(circuit)).data.real, atol=1e-12)


def test_full_matrix_of_a_channel_is_qiskits_in_qubit_order() -> None:
    program = read(QuantumCircuit(2)).with_steps([Noise(Channel.pauli({"XZ": 0.2, "IY": 0.1}), (1, 0))])
    kraus = Channel.pauli({"ZX": 0.2, "YI": 0.1}).superoperator  # qubits exchanged
    wanted = PTM(SuperOp(_column_stacked(kraus, 4))).data.real
    np.testing.assert_allclose(pauli_transfer(program).matrix, wanted, atol=1e-12)


def _column_stacked(row_stacked: np.ndarray, size: int) -> np.ndarray:
    return row_stacked.reshape((size,) * 4).transpose(1, 0, 3, 2).reshape(size * size, size * size)


def test_rows_give_the_observables_of_evolved_states() -> None:
    circuit = random_circuit(3, 5, max_operands=3, seed=8)
    program = noisy(circuit)
    observables = [SparsePauliOp(["XYZ", "IIZ"], [0.4, -1.0]), SparsePauliOp("ZIX")]
    transfer = pauli_transfer(program, observables)
    assert transfer.matrix.shape == (2, 64)
    for seed in range(3):
        start = random_density_matrix(8, seed=seed)
        state = start
        for step in program.steps:
            if isinstance(step, Gate):
                state = state.evolve(step.operation, step.qubits)
            else:
                state = state.evolve(SuperOp(_column_stacked(step.channel.superoperator, 2)), step.qubits)
        wanted = [state.expectation_value(each).real for each in observables]
        np.testing.assert_allclose(transfer.expectations(pauli_vector(start.data)), wanted, atol=1e-12)


def test_columns_are_labelled_in_qiskits_order() -> None:
    transfer = pauli_transfer(read(QuantumCircuit(2)), ["XI"])
    [column] = np.flatnonzero(transfer.matrix[0])
    assert transfer.label(column) == "XI"
    state = DensityMatrix(Operator(Pauli("XI")).data / 4 + np.eye(4) / 4)
    assert pauli_vector(state.data)[column] == pytest.approx(1)


def test_measurement_and_reset_are_averaged() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.barrier()
    np.testing.assert_allclose(pauli_transfer(read(circuit)).matrix, np.diag([1, 0, 0, 1]), atol=1e-15)
    circuit.reset(0)
    np.testing.assert_allclose(pauli_transfer(read(circuit)).matrix[3], [1, 0, 0, 0], atol=1e-15)


def test_program_that_decides_is_refused_with_the_step() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    with pytest.raises(CircuitError, match=r"step 1 \(branch\): decides on outcomes"):
        pauli_transfer(read(circuit))


def test_matrix_too_large_is_refused_with_the_numbers() -> None:
    with pytest.raises(CircuitError, match=r"1099511627776 rows of 4\^20 entries.*name the observables"):
        pauli_transfer(read(QuantumCircuit(20)))


def test_unbound_parameters_are_refused() -> None:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    with pytest.raises(CircuitError, match="unbound"):
        pauli_transfer(read(circuit))
