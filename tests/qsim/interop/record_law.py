"""The exact law of a program's classical bits, by density matrices: the oracle for what reading a circuit means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import Operator
from scipy.stats import chi2

from qsim.classical import Memory, store
from qsim.program import Barrier, Branch, Gate, Measure, Noise, Program, Reset, Step, Store

Law = dict[tuple[int, ...], float]
Matrix = NDArray[np.complex128]


def law(program: Program) -> Law:
    """Probability of every value of the classical bits; at most a few qubits and bits."""
    size = 2**program.num_qubits
    rho = np.zeros((size, size), dtype=complex)
    rho[0, 0] = 1
    states = _walk({(0,) * program.num_clbits: rho}, program.steps, program.num_qubits)
    return {bits: float(np.trace(state).real) for bits, state in states.items()}


def _walk(states: dict[tuple[int, ...], Matrix], steps: Sequence[Step], n: int) -> dict[tuple[int, ...], Matrix]:
    zero, one = np.diag([1.0, 0]), np.diag([0, 1.0])
    for step in steps:
        after: dict[tuple[int, ...], Matrix] = {}
        for bits, rho in states.items():
            for changed, state in _act(step, bits, rho, n, zero, one):
                after[changed] = after.get(changed, 0) + state
        states = {bits: rho for bits, rho in after.items() if np.trace(rho).real > 1e-14}
    return states


def _act(
    step: Step, bits: tuple[int, ...], rho: Matrix, n: int, zero: Matrix, one: Matrix
) -> list[tuple[tuple[int, ...], Matrix]]:
    if isinstance(step, Gate):
        return [(bits, _conjugated(Operator(step.operation).data, step.qubits, rho, n))]
    if isinstance(step, Noise):
        return [(bits, sum(_conjugated(k, step.qubits, rho, n) for k in step.channel.kraus))]
    if isinstance(step, Reset):
        lower = np.array([[0, 1.0], [0, 0]])
        return [(bits, sum(_conjugated(k, (step.qubit,), rho, n) for k in (zero, lower)))]
    if isinstance(step, Measure):
        found = []
        for outcome, projector in enumerate((zero, one)):
            state = _conjugated(projector, (step.qubit,), rho, n)
            for wrong, p in ((0, 1 - step.readout[outcome]), (1, step.readout[outcome])):
                changed = list(bits)
                changed[step.clbit] = outcome ^ wrong
                found.append((tuple(changed), p * state))
        return found
    if isinstance(step, Branch):
        chosen = next((b for when, b in step.cases if when is None or when.value(Memory(list(bits)))), ())
        return list(_walk({bits: rho}, chosen, n).items())
    if isinstance(step, Store):
        memory = Memory(list(bits))
        store(step.target, step.value.value(memory), memory)
        return [(tuple(memory.bits), rho)]
    assert isinstance(step, Barrier)
    return [(bits, rho)]


def _conjugated(matrix: Matrix, qubits: tuple[int, ...], rho: Matrix, n: int) -> Matrix:
    wide = Operator(np.eye(2**n)).compose(Operator(matrix), qargs=list(qubits)).data
    return np.asarray(wide @ rho @ wide.conj().T)


def chance(found: NDArray[np.bool_], expected: Law) -> float:
    """P value of samples under a law: Pearson's chi-square, rare values pooled; 0 for a value of probability 0."""
    shots = len(found)
    counts: dict[tuple[int, ...], int] = {}
    for row in map(tuple, found.astype(int)):
        counts[row] = counts.get(row, 0) + 1
    if any(expected.get(row, 0.0) < 1e-12 for row in counts):
        return 0.0
    pairs = [(counts.get(bits, 0), p * shots) for bits, p in expected.items()]
    pooled = [sum(each) for each in zip(*[pair for pair in pairs if pair[1] < 10], strict=True)]
    cells = [pair for pair in pairs if pair[1] >= 10] + ([tuple(pooled)] if pooled and pooled[1] >= 10 else [])
    if len(cells) < 2:
        return 1.0
    return float(chi2.sf(sum((seen - mean) ** 2 / mean for seen, mean in cells), len(cells) - 1))
