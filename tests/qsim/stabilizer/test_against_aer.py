"""Dynamic and noisy circuits against Aer's stabilizer method: two samples of one law.

The homogeneity chi-square of a case fails by chance with probability 1e-9.
"""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from random_cliffords import random_circuit
from scipy.stats import chi2_contingency

import qsim

FALSE_ALARM = 1e-9


def dynamic_circuit(rng: np.random.Generator, *, feedback: bool) -> QuantumCircuit:
    """Measurements in between, and gates on their outcomes."""
    circuit = QuantumCircuit(4, 4)
    names = ("h", "s", "x", "sx")
    for _ in range(4):
        for _ in range(6):
            circuit.cx(*(int(qubit) for qubit in rng.permutation(4)[:2]))
            getattr(circuit, names[rng.integers(4)])(int(rng.integers(4)))
        bit = int(rng.integers(4))
        circuit.measure(int(rng.integers(4)), bit)
        with circuit.if_test((circuit.clbits[bit], int(rng.integers(2)))):
            getattr(circuit, "x" if feedback else "h")(int(rng.integers(4)))
        circuit.reset(int(rng.integers(4)))
    circuit.measure(range(4), range(4))
    return circuit


@pytest.mark.parametrize("feedback", [True, False])
def test_dynamic_circuits_sample_like_aer(feedback):
    aer = pytest.importorskip("qiskit_aer")
    rng = np.random.default_rng(12)
    simulator = aer.AerSimulator(method="stabilizer", seed_simulator=1)
    for _ in range(10):
        circuit = dynamic_circuit(rng, feedback=feedback)
        theirs = simulator.run(circuit, shots=1000).result().get_counts()
        ours = qsim.run(circuit, shots=1000, seed=2, backend="stabilizer").counts()
        keys = [key for key in {*theirs, *ours} if theirs.get(key, 0) + ours.get(key, 0) >= 20]
        table = [[counts.get(key, 0) for key in keys] for counts in (theirs, ours)]
        if len(keys) > 1:
            assert chi2_contingency(table).pvalue > FALSE_ALARM
        assert sum(table[0]) > 900


def test_circuit_and_its_inverse_on_a_hundred_qubits_leave_the_input():
    """A random Clifford circuit and its inverse on 100 qubits: every outcome is known."""
    rng = np.random.default_rng(13)
    circuit = random_circuit(rng, 100, 300)
    whole = QuantumCircuit(100)
    whole.x([1, 50, 99])
    whole.compose(circuit, inplace=True)
    for item in reversed(circuit.data):
        gate = item.operation
        undone = gate.adjoint() if hasattr(gate, "adjoint") else gate.inverse()
        whole.append(undone, item.qubits)
    whole.measure_all()
    (key,) = qsim.run(whole, shots=50, seed=1, backend="stabilizer").counts()
    assert [place for place, letter in enumerate(reversed(key)) if letter == "1"] == [1, 50, 99]
