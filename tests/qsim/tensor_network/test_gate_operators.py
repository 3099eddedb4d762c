"""Gates become the matrices Qiskit means by them."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit import Parameter
from qiskit.circuit.library import RXGate, UnitaryGate
from qiskit.quantum_info import Operator as Matrix
from qiskit.quantum_info import random_unitary
from tensor_circuits import gates_of_every_kind

from qsim.backends.tensor_network.operators import Operator, merged, operators, schmidt_rank
from qsim.errors import CircuitError
from qsim.program import Gate


def whole(parts: list[Operator], num_qubits: int) -> np.ndarray:
    """The product of operators, by Qiskit."""
    circuit = QuantumCircuit(num_qubits)
    for part in parts:
        circuit.append(UnitaryGate(part.matrix, check_input=False), part.qubits)
    return Matrix(circuit).data


@pytest.mark.parametrize("number", range(len(gates_of_every_kind(0))))
def test_any_gate_is_the_product_of_its_matrices(number):
    operation = gates_of_every_kind(3)[number]
    size = operation.num_qubits
    qubits = tuple(int(q) for q in np.random.default_rng(number).permutation(size))
    circuit = QuantumCircuit(size)
    circuit.append(operation, qubits)
    parts = list(operators(Gate(operation, qubits)))
    assert all(len(part.qubits) <= 4 for part in parts)
    np.testing.assert_allclose(whole(parts, size), Matrix(circuit).data, atol=1e-12)


def test_operators_on_the_same_qubits_merge_into_their_product():
    first = Operator(random_unitary(8, seed=1).data, (4, 1, 2), "a")
    for qubits in ((1,), (2, 4), (1, 2, 4)):
        then = Operator(random_unitary(2 ** len(qubits), seed=2).data, qubits, "b")
        got = merged(first, then)
        assert got.qubits == first.qubits
        assert got.name == "a+b"
        np.testing.assert_allclose(whole([got], 5), whole([first, then], 5), atol=1e-12)


def test_schmidt_ranks_are_those_of_the_textbook():
    cx, swap, local = np.eye(4)[[0, 3, 2, 1]], np.eye(4)[[0, 2, 1, 3]], np.kron(np.eye(2), [[0, 1], [1, 0]])
    assert [schmidt_rank(matrix + 0j, (0,)) for matrix in (local, cx, swap)] == [1, 2, 4]
    ccx = np.eye(8)[[0, 1, 2, 7, 4, 5, 6, 3]] + 0j
    assert [schmidt_rank(ccx, side) for side in ((0,), (2,), (0, 1))] == [2, 2, 2]


def test_a_gate_without_matrix_or_definition_is_refused_by_name_and_place():
    with pytest.raises(CircuitError, match=r"gate 7 \(mystery on 2, 0\): neither a matrix nor a definition"):
        list(operators(Gate(QiskitGate("mystery", 2, []), (2, 0)), position=7))


def test_an_unbound_parameter_is_refused():
    with pytest.raises(CircuitError, match="bind its parameters"):
        list(operators(Gate(RXGate(Parameter("a")), (0,))))
