"""Random near-Clifford circuits, and dense states that tell what comes of them."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.quantum_info import Kraus, Operator
from scipy.stats import chi2

from qsim.noise.channel import Channel
from qsim.program import Gate, Measure, Noise, Program, Reset, read

FALSE_ALARM = 1e-9
FLIPS = Channel.pauli({"X": 0.08, "Z": 0.05}, name="flips")
PAIRS = Channel.pauli({"XZ": 0.05, "YI": 0.04}, name="pairs")
NAMES = ("h", "s", "sdg", "sx", "x", "y", "z", "cx", "cz", "swap")


def random_circuit(rng: np.random.Generator, qubits: int, gates: int, others: int) -> QuantumCircuit:
    """Clifford gates with other ones at random places."""
    circuit = QuantumCircuit(qubits)
    chosen = set(rng.choice(gates, size=min(others, gates), replace=False))
    for place in range(gates):
        on = [int(q) for q in rng.permutation(qubits)]
        if place in chosen:
            options = [library.TGate(), library.RXGate(rng.normal()), library.UGate(*rng.normal(size=3))]
            if qubits > 1:
                options += [library.CPhaseGate(rng.normal()), library.RYYGate(rng.normal())]
            if qubits > 2:
                options += [library.CCZGate(), library.CSwapGate()]
            gate = options[rng.integers(len(options))]
            circuit.append(gate, on[: gate.num_qubits])
        else:
            name = NAMES[rng.integers(len(NAMES) if qubits > 1 else 7)]
            getattr(circuit, name)(*on[: 2 if name in ("cx", "cz", "swap") else 1])
    return circuit


def fits(bits: np.ndarray, law: np.ndarray) -> bool:
    """Whether sampled rows follow the law of their numbers (chi-square, rare ones pooled)."""
    numbers = bits @ (1 << np.arange(bits.shape[1]))
    seen = np.bincount(numbers, minlength=len(law))
    if seen[law < 1e-12].any():
        return False
    due = law * len(bits)
    common = due >= 10
    seen_all = np.append(seen[common], seen[~common].sum())
    due_all = np.append(due[common], due[~common].sum())
    if due_all[-1] < 10:
        seen_all, due_all = seen_all[:-1], due_all[:-1] * seen_all[:-1].sum() / due_all[:-1].sum()
    if len(due_all) < 2:
        return True
    return chi2.sf(((seen_all - due_all) ** 2 / due_all).sum(), len(due_all) - 1) > FALSE_ALARM


def evolved(program: Program):
    """The final density matrix; measurements dephase, and their readout errors are left out."""
    from qiskit.quantum_info import DensityMatrix

    state = DensityMatrix(np.diag(np.eye(1, 2**program.num_qubits)[0]))
    for step in program.steps:
        if isinstance(step, Gate):
            state = state.evolve(Operator(step.operation), list(step.qubits))
        elif isinstance(step, Noise):
            state = state.evolve(Kraus(list(step.channel.kraus)), list(step.qubits))
        elif isinstance(step, Measure):
            state = state.evolve(Kraus([np.diag([1, 0]), np.diag([0, 1])]), [step.qubit])
        elif isinstance(step, Reset):
            state = state.evolve(Kraus([[[1, 0], [0, 0]], [[0, 1], [0, 0]]]), [step.qubit])
    return state


def noisy(rng: np.random.Generator, circuit: QuantumCircuit, *, readings: bool = False) -> Program:
    program = read(circuit)
    steps = []
    for step in program.steps:
        steps.append(step)
        if rng.integers(2):
            steps.append(Noise(PAIRS, tuple(int(q) for q in rng.permutation(program.num_qubits)[:2])))
            steps.append(Noise(FLIPS, (int(rng.integers(program.num_qubits)),)))
        if readings and rng.integers(5) == 0:
            steps.append([Reset(0), Measure(1, 0)][rng.integers(2)])
    return Program(program.num_qubits, program.num_qubits, tuple(steps))


def with_final_measurements(program: Program, readout: tuple[float, float] = (0.0, 0.0)) -> Program:
    finals = [Measure(q, q, readout) for q in range(program.num_qubits)]
    return Program(program.num_qubits, program.num_qubits, (*program.steps, *finals))


def labels(rng: np.random.Generator, qubits: int, count: int) -> list[str]:
    return ["".join(rng.choice(list("IXYZ"), size=qubits)) for _ in range(count)]
