"""The exact law of the classical bits of a small circuit, by enumerating outcomes on qiskit.quantum_info states.

Independent of the code under test: it walks Qiskit's own instructions, conditions (bit or register, number) only.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, IfElseOp
from qiskit.quantum_info import Kraus, Operator, Pauli, Statevector

from qsim.program import Gate, Measure, Noise, Program, Reset


def exact_law(circuit: QuantumCircuit) -> dict[str, float]:
    """Probability of each string of all classical bits, bit 0 rightmost."""
    law: dict[str, float] = defaultdict(float)
    for weight, _, bits in branches(circuit):
        law["".join(map(str, reversed(bits)))] += weight
    return law


def exact_expectation(circuit: QuantumCircuit, label: str) -> float:
    """Of a Pauli label in the final state, averaged over outcomes."""
    return sum(weight * float(state.expectation_value(Pauli(label)).real) for weight, state, _ in branches(circuit))


def branches(circuit: QuantumCircuit) -> list[tuple[float, Statevector, tuple[int, ...]]]:
    qubits = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: place for place, clbit in enumerate(circuit.clbits)}
    start = Statevector(np.eye(1, 2**circuit.num_qubits)[0])
    return run(circuit, qubits, clbits, clbits, [(1.0, start, (0,) * circuit.num_clbits)])


def run(body, qubits, clbits, outer, found):
    for item in body.data:
        on = [qubits[qubit] for qubit in item.qubits]
        to = [clbits[clbit] for clbit in item.clbits]
        following = []
        for weight, state, bits in found:
            if item.name in ("measure", "reset"):
                following += collapsed(weight, state, bits, on[0], to[0] if to else None)
            elif isinstance(item.operation, IfElseOp):
                subject, number = item.operation.condition
                members = list(subject) if isinstance(subject, ClassicalRegister) else [subject]
                value = sum(bits[outer[bit]] << place for place, bit in enumerate(members))
                blocks = item.operation.blocks
                block = blocks[0] if value == int(number) else (blocks[1] if len(blocks) > 1 else None)
                if block is None:
                    following.append((weight, state, bits))
                else:
                    inner = dict(zip(block.qubits, on, strict=True)), dict(zip(block.clbits, to, strict=True))
                    following += run(block, *inner, outer, [(weight, state, bits)])
            elif item.name in ("barrier", "delay"):
                following.append((weight, state, bits))
            else:
                following.append((weight, state.evolve(Operator(item.operation), on), bits))
        found = following
    return found


def collapsed(weight, state, bits, qubit, clbit):
    found = []
    ones = np.arange(len(state.data)) >> qubit & 1
    for outcome in (0, 1):
        kept = np.where(ones == outcome, state.data, 0)
        chance = float(np.sum(np.abs(kept) ** 2))
        if chance < 1e-12:
            continue
        after = Statevector(kept / np.sqrt(chance))
        if clbit is None:
            after = after.evolve(Operator(Pauli("X")), [qubit]) if outcome else after
            found.append((weight * chance, after, bits))
        else:
            found.append((weight * chance, after, (*bits[:clbit], outcome, *bits[clbit + 1 :])))
    return found


def density_matrix(program: Program):
    """The final density matrix of a program without decisions; measurements dephase."""
    from qiskit.quantum_info import DensityMatrix

    state = DensityMatrix(np.diag(np.eye(1, 2**program.num_qubits)[0]))
    dephasing = Kraus([np.diag([1, 0]), np.diag([0, 1])])
    resetting = Kraus([[[1, 0], [0, 0]], [[0, 1], [0, 0]]])
    for step in program.steps:
        if isinstance(step, Gate):
            state = state.evolve(Operator(step.operation), list(step.qubits))
        elif isinstance(step, Noise):
            state = state.evolve(Kraus(list(step.channel.kraus)), list(step.qubits))
        elif isinstance(step, Measure):
            state = state.evolve(dephasing, [step.qubit])
        elif isinstance(step, Reset):
            state = state.evolve(resetting, [step.qubit])
    return state
