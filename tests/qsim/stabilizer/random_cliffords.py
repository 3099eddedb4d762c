"""Random circuits for the stabilizer tests, and how far samples are from a known distribution."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import (
    CPhaseGate,
    CRXGate,
    CRZGate,
    CXGate,
    CYGate,
    CZGate,
    DCXGate,
    ECRGate,
    HGate,
    PhaseGate,
    RXGate,
    RXXGate,
    RYGate,
    RYYGate,
    RZGate,
    RZXGate,
    RZZGate,
    SdgGate,
    SGate,
    SwapGate,
    SXdgGate,
    SXGate,
    U2Gate,
    UGate,
    XGate,
    XXMinusYYGate,
    XXPlusYYGate,
    YGate,
    ZGate,
    iSwapGate,
)
from qiskit.quantum_info import random_clifford
from scipy.stats import chi2

RIGHT = np.pi / 2
FIXED = (XGate, YGate, ZGate, HGate, SGate, SdgGate, SXGate, SXdgGate, CXGate, CYGate, CZGate, SwapGate, iSwapGate)
FIXED += (ECRGate, DCXGate)
TURNED = (RXGate, RYGate, RZGate, PhaseGate, RXXGate, RYYGate, RZZGate, RZXGate)
TURNED_BY_PI = (CPhaseGate, XXPlusYYGate, XXMinusYYGate)
TURNED_BY_TWO_PI = (CRXGate, CRZGate)


def random_gate(rng: np.random.Generator):
    """Any of the gates above at a Clifford angle, or a random Clifford operator."""
    kind = rng.integers(8)
    turns = int(rng.integers(-7, 8))
    if kind < 3:
        return FIXED[rng.integers(len(FIXED))]()
    if kind < 5:
        return TURNED[rng.integers(len(TURNED))](turns * RIGHT)
    if kind == 5:
        names = TURNED_BY_PI if rng.integers(2) else TURNED_BY_TWO_PI
        return names[rng.integers(len(names))](turns * (np.pi if names is TURNED_BY_PI else 2 * np.pi))
    if kind == 6:
        angles = rng.integers(-3, 4, size=3) * RIGHT
        return UGate(*angles) if rng.integers(2) else U2Gate(*angles[:2])
    return random_clifford(int(rng.integers(1, 4)), seed=int(rng.integers(2**31)))


def random_circuit(rng: np.random.Generator, qubits: int, gates: int, clbits: int = 0) -> QuantumCircuit:
    """Gates on random qubits."""
    circuit = QuantumCircuit(qubits, clbits)
    while len(circuit.data) < gates:
        gate = random_gate(rng)
        if gate.num_qubits <= qubits:
            circuit.append(gate, [int(q) for q in rng.permutation(qubits)[: gate.num_qubits]])
    return circuit


def surprise(counts: Mapping[str, int], law: Mapping[str, float]) -> float:
    """The p-value of counts under a law (chi-square, rare strings pooled); 0 when an impossible string was met."""
    shots = sum(counts.values())
    if any(law.get(key, 0.0) < 1e-12 for key in counts):
        return 0.0
    common = [key for key, p in law.items() if p * shots >= 10]
    seen = [counts.get(key, 0) for key in common]
    due = [law[key] * shots for key in common]
    if shots - sum(due) > 10:
        seen, due = [*seen, shots - sum(seen)], [*due, shots - sum(due)]
    if len(due) < 2:
        return 1.0
    scaled = np.array(due) * sum(seen) / sum(due)
    return float(chi2.sf(np.sum((np.array(seen) - scaled) ** 2 / scaled), len(due) - 1))
