"""One meaning of a Pauli evolution, whatever the backend and the size: the product formula of its synthesis."""

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.synthesis import SuzukiTrotter

import qsim
from qsim.program import read

TERMS = SparsePauliOp.from_sparse_list([(p + p, [i, i + 1], 1.0) for i in range(4) for p in "XYZ"], num_qubits=5)


@pytest.mark.parametrize("backend", ["density_matrix", "near_clifford", "statevector", "tensor_network"])
def test_evolution_of_terms_that_do_not_commute_is_its_definition_on_every_backend(backend):
    """Oracle: Qiskit's state vector of the definition."""
    circuit = QuantumCircuit(5)
    circuit.x(1)
    circuit.append(PauliEvolutionGate(TERMS, time=0.3, synthesis=SuzukiTrotter(order=2, reps=1)), range(5))
    exact = Statevector(circuit.decompose("PauliEvolution"))
    observables = ["IIIZI", "IIZZI", "XXIII"]
    values = qsim.expectation(circuit, observables, backend=backend).values
    assert values == pytest.approx([exact.expectation_value(SparsePauliOp(o)).real for o in observables], abs=1e-9)


def test_evolution_of_commuting_terms_stays_one_gate():
    circuit = QuantumCircuit(3)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XXI", "ZZI"]), time=0.3), range(3))
    assert [step.name for step in read(circuit).steps] == ["PauliEvolution"]
