"""Random circuits for the tests of tensor networks, with gates of every kind and no parameters unbound."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import (
    C3SXGate,
    CCXGate,
    CCZGate,
    CSwapGate,
    CSXGate,
    CUGate,
    DCXGate,
    ECRGate,
    HGate,
    MCXGate,
    PauliEvolutionGate,
    PauliGate,
    PermutationGate,
    RCCXGate,
    RXXGate,
    RZXGate,
    RZZGate,
    SXGate,
    TGate,
    UGate,
    UnitaryGate,
    XXPlusYYGate,
    iSwapGate,
)
from qiskit.quantum_info import Clifford, SparsePauliOp, random_clifford, random_unitary


def gates_of_every_kind(seed: int) -> list[object]:
    """One gate of each kind, on one to six qubits."""
    rng = np.random.default_rng(seed)
    a, b, c, d = rng.uniform(-3, 3, 4)
    clifford: Clifford = random_clifford(3, seed=seed)
    return [
        HGate(), TGate(), SXGate(), UGate(a, b, c), RXXGate(a), RZZGate(b), RZXGate(c), CSXGate(), ECRGate(), DCXGate(),
        iSwapGate(), XXPlusYYGate(a, b), CUGate(a, b, c, d), CCXGate(), CCZGate(), CSwapGate(), RCCXGate(), C3SXGate(),
        MCXGate(5), PauliGate("XYZ"), PermutationGate([2, 0, 1]), clifford.to_instruction(), clifford,
        UnitaryGate(random_unitary(8, seed=seed)), UnitaryGate(random_unitary(4, seed=seed)),
        PauliEvolutionGate(SparsePauliOp(["XXI", "ZZI"], [0.3, -0.4]), time=a),
    ]  # fmt: skip


def mixture(num_qubits: int, seed: int, gates: int = 24) -> QuantumCircuit:
    """Gates of every kind on random qubits, with a global phase."""
    rng = np.random.default_rng(seed)
    kinds = [gate for gate in gates_of_every_kind(seed) if gate.num_qubits <= num_qubits]
    circuit = QuantumCircuit(num_qubits, global_phase=0.3)
    for _ in range(gates):
        gate = kinds[rng.integers(len(kinds))]
        circuit.append(gate, [int(q) for q in rng.permutation(num_qubits)[: gate.num_qubits]])
    return circuit


def brickwork(num_qubits: int, depth: int, seed: int) -> QuantumCircuit:
    """Random two-qubit unitaries on a chain."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits)
    for layer in range(depth):
        for site in range(layer % 2, num_qubits - 1, 2):
            circuit.append(UnitaryGate(random_unitary(4, seed=rng)), [site, site + 1])
    return circuit


def random_labels(num_qubits: int, count: int, seed: int) -> list[str]:
    """Pauli labels, most of them global."""
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(count)]
