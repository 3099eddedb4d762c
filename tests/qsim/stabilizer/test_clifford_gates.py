"""Gates in stim's words have the operators Qiskit gives them, and no other gate passes for Clifford."""

from __future__ import annotations

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import (
    CCXGate,
    CSXGate,
    CXGate,
    HGate,
    PauliEvolutionGate,
    PauliGate,
    PermutationGate,
    RXGate,
    RZGate,
    RZZGate,
    TGate,
    UnitaryGate,
    XGate,
    XXPlusYYGate,
)
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, random_clifford
from random_cliffords import FIXED, random_gate

from qsim.backends.stabilizer.gates import clifford_words, pauli_letters, tableau_of, tableau_of_matrix
from qsim.errors import CircuitError


def same_operator(operation) -> bool:
    words = clifford_words(operation)
    assert words is not None, operation
    made = tableau_of(words, operation.num_qubits).to_unitary_matrix(endian="little")
    size = 2**operation.num_qubits
    return abs(abs(np.trace(made.conj().T @ Operator(operation).data)) / size - 1) < 1e-4


@pytest.mark.parametrize("kind", FIXED)
def test_standard_gate_has_its_operator(kind):
    assert same_operator(kind())


def test_random_gates_at_clifford_angles_have_their_operators():
    rng = np.random.default_rng(11)
    for _ in range(400):
        assert same_operator(random_gate(rng))


def test_large_cliffords_and_their_matrices_agree():
    for seed in range(30):
        clifford = random_clifford(seed % 4 + 1, seed=seed)
        words = clifford_words(UnitaryGate(Operator(clifford).data))
        assert tableau_of(words, clifford.num_qubits) == tableau_of(clifford_words(clifford), clifford.num_qubits)
    assert same_operator(random_clifford(7, seed=5))


@pytest.mark.parametrize(
    "operation",
    [
        PauliGate("XIYZ"),
        PauliGate("ZYXIXX"),
        PermutationGate([2, 0, 1]),
        PermutationGate([3, 5, 1, 0, 4, 2]),
        PauliEvolutionGate(SparsePauliOp(["XXI", "ZZI", "IIZ"]), time=np.pi / 4),
        PauliEvolutionGate(SparsePauliOp(["XXIIYZ", "ZZIIIZ", "IIXIIZ"]), time=np.pi / 4),
        CXGate(ctrl_state=0),
        XXPlusYYGate(np.pi, 0.3 * 0),
    ],
    ids=str,
)
def test_composite_operations_have_their_operators(operation):
    assert same_operator(operation)


def test_controls_on_zero_are_told_from_controls_on_one():
    assert clifford_words(CXGate()) != clifford_words(CXGate(ctrl_state=0))


def test_composite_gate_of_many_qubits_is_read_through_its_definition():
    inner = QuantumCircuit(6)
    inner.h(0)
    inner.append(RZZGate(np.pi / 2), [4, 1])
    inner.append(CXGate(), [5, 2])
    assert same_operator(inner.to_gate())


@pytest.mark.parametrize("miss", [1e-8, 1e-6, 1e-3])
def test_angle_off_by_more_than_the_tolerance_is_no_clifford_gate(miss):
    assert clifford_words(RZGate(np.pi / 2 + miss)) is None
    assert clifford_words(RXGate(-np.pi + miss)) is None
    assert clifford_words(RZZGate(np.pi / 2 - miss)) is None
    assert clifford_words(RZGate(np.pi / 2 + 5e-10)) == (("S", (0,)),)


@pytest.mark.parametrize("operation", [TGate(), CCXGate(), CSXGate(), RZGate(0.1), XXPlusYYGate(np.pi / 2)], ids=str)
def test_gate_outside_the_group_is_not_clifford(operation):
    assert clifford_words(operation) is None
    assert clifford_words(UnitaryGate(Operator(operation).data)) is None


@pytest.mark.parametrize("labels", [["XXI", "IZZ"], ["XXIIYZ", "IZZIII"]])
def test_evolution_of_terms_that_do_not_commute_is_its_product_formula(labels):
    """Oracle: Qiskit's matrix of the definition; that of the gate itself is another."""
    gate = PauliEvolutionGate(SparsePauliOp(labels), time=np.pi / 4)
    words = clifford_words(gate)
    assert words is not None
    made = tableau_of(words, gate.num_qubits).to_unitary_matrix(endian="little")
    overlaps = [np.trace(made.conj().T @ Operator(each).data) / len(made) for each in (gate.definition, gate)]
    assert abs(overlaps[0]) > 1 - 1e-4 > 0.9 > abs(overlaps[1])


def test_gate_of_own_name_is_judged_by_its_own_matrix():
    definition = QuantumCircuit(1)
    definition.x(0)
    impostor = Gate("h", 1, [])
    impostor.definition = definition
    assert clifford_words(impostor) == (("X", (0,)),)


def test_gate_without_matrix_and_definition_is_refused():
    with pytest.raises(CircuitError, match="neither a matrix nor a definition"):
        clifford_words(Gate("mystery", 1, []))


def test_pauli_letters_follow_qiskits_order():
    assert pauli_letters(PauliGate("XIYZ")) == "XIYZ"
    assert [pauli_letters(XGate()), pauli_letters(RXGate(np.pi)), pauli_letters(HGate())] == ["X", "X", None]
    for label in ("XY", "ZI", "IY"):
        assert pauli_letters(UnitaryGate(Pauli(label).to_matrix())) == label


def test_every_named_gate_of_stim_is_recognised_from_its_matrix():
    for name, kind in stim.gate_data().items():
        if kind.is_unitary and name not in ("SPP", "SPP_DAG"):
            tableau = stim.Tableau.from_named_gate(name)
            matrix = tableau.to_unitary_matrix(endian="little").astype(np.complex128)
            matrix /= np.sqrt((np.abs(matrix[0]) ** 2).sum())
            exact = np.where(np.abs(matrix) > 0, matrix, 0)
            magnitude = 1 / np.sqrt((np.abs(exact[:, 0]) > 0.1).sum())
            phases = np.exp(1j * np.round(np.angle(exact) / (np.pi / 4)) * np.pi / 4)
            assert tableau_of_matrix(np.where(np.abs(exact) > 0.1, magnitude * phases, 0)) == tableau
