"""Gates as turns, phases and fixed matrices: each standard gate against Qiskit's own matrix."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit import Parameter
from qiskit.circuit.library import CRXGate, CU3Gate, PauliEvolutionGate, PermutationGate, get_standard_gate_name_mapping
from qiskit.quantum_info import Clifford, Operator, SparsePauliOp

from qsim.backends.statevector.angles import Angles
from qsim.backends.statevector.arrays import parity_signs
from qsim.backends.statevector.lowering import Fixed, Phase, Turn, lower
from qsim.errors import CircuitError
from qsim.program import Gate

PARAMETERISED = {
    name: gate
    for name, gate in get_standard_gate_name_mapping().items()
    if gate.params and name not in ("delay", "global_phase")
}


def unitary(parts: list, values: np.ndarray, num_qubits: int) -> np.ndarray:
    """The matrix of parts at parameter values, by Qiskit."""
    circuit = QuantumCircuit(num_qubits)

    def at(angle) -> float:
        return angle.constant + sum(slope * values[column] for column, slope in angle.terms.items())

    for part in parts:
        if isinstance(part, Turn):
            circuit.u(at(part.theta), at(part.phi), at(part.lam), part.qubit)
        elif isinstance(part, Phase):
            circuit.unitary(
                np.diag(np.exp(1j * at(part.angle) * parity_signs(num_qubits, part.mask))), range(num_qubits)
            )
        else:
            circuit.unitary(part.matrix, part.qubits)
    return Operator(circuit).data


def same_up_to_phase(found: np.ndarray, wanted: np.ndarray) -> bool:
    return abs(abs(np.vdot(found, wanted)) / len(wanted) - 1) < 1e-12


@pytest.mark.parametrize("name", sorted(PARAMETERISED))
def test_parameterised_gate_has_qiskits_matrix(name: str) -> None:
    kind = PARAMETERISED[name]
    values = np.random.default_rng(5).uniform(-3, 3, len(kind.params))
    parameters = [Parameter(f"p{place}") for place in range(len(values))]
    gate = type(kind)(*parameters) if name not in ("cu3",) else CU3Gate(*parameters)
    qubits = (2, 0, 1)[: kind.num_qubits]
    parts = lower(Gate(gate, qubits), Angles(parameters))
    wanted = QuantumCircuit(3)
    wanted.append(type(kind)(*values), qubits)
    assert same_up_to_phase(unitary(parts, values, 3), Operator(wanted).data)


def test_control_on_zero_is_not_control_on_one() -> None:
    t = Parameter("t")
    gate = CRXGate(t, ctrl_state=0)
    wanted = QuantumCircuit(2)
    wanted.append(CRXGate(0.7, ctrl_state=0), (0, 1))
    found = unitary(lower(Gate(gate, (0, 1)), Angles([t])), np.array([0.7]), 2)
    assert same_up_to_phase(found, Operator(wanted).data)


def test_evolution_of_a_hamiltonian_is_opened_by_its_definition() -> None:
    t = Parameter("t")
    gate = PauliEvolutionGate(SparsePauliOp(["XYZ", "ZZI"], [0.4, 1.0]), time=t)
    bound = PauliEvolutionGate(SparsePauliOp(["XYZ", "ZZI"], [0.4, 1.0]), time=0.3)
    wanted = QuantumCircuit(3)
    wanted.append(bound.definition.to_gate(), (0, 1, 2))
    found = unitary(lower(Gate(gate, (0, 1, 2)), Angles([t])), np.array([0.3]), 3)
    assert same_up_to_phase(found, Operator(wanted).data)


@pytest.mark.parametrize(
    "operation", [PermutationGate([2, 0, 1]), Clifford(QuantumCircuit(3))], ids=["permutation", "clifford"]
)
def test_operations_that_are_no_gates_have_matrices(operation) -> None:
    [part] = lower(Gate(operation, (0, 1, 2)), Angles([]))
    assert isinstance(part, Fixed)
    assert np.allclose(part.matrix, Operator(operation).data)


def test_wide_gate_is_opened_rather_than_made_a_matrix() -> None:
    circuit = QuantumCircuit(10)
    circuit.h(range(10))
    circuit.cx(0, 9)
    parts = lower(Gate(circuit.to_gate(), tuple(range(10))), Angles([]))
    assert len(parts) == 11
    assert max(len(part.qubits) for part in parts) == 2


def test_gate_without_matrix_or_definition_is_refused_with_its_position() -> None:
    with pytest.raises(CircuitError, match=r"gate 4 \(mystery on 0\): .*UnitaryGate"):
        lower(Gate(QiskitGate("mystery", 1, []), (0,)), Angles([]), position=4)


def test_parameterised_gate_without_definition_is_refused_with_its_position() -> None:
    t = Parameter("t")
    with pytest.raises(CircuitError, match=r"gate 2 \(mystery\(t\) on 1\): .*definition"):
        lower(Gate(QiskitGate("mystery", 1, [t]), (1,)), Angles([t]), position=2)
