"""Density matrices of two or three qubits, evolved operator by operator: the oracle for where noise goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import Operator

from qsim.noise import Channel
from qsim.program import Barrier, Delay, Gate, Measure, Noise, Program, Reset

Matrix = NDArray[np.complex128]


def wide(matrix: Matrix, qubits: tuple[int, ...], size: int) -> Matrix:
    """A matrix on some qubits as one on all; the first of ``qubits`` is its least significant one."""
    return np.asarray(Operator(np.eye(2**size)).compose(Operator(matrix), qargs=list(qubits)).data)


def channel_on(rho: Matrix, channel: Channel, qubits: tuple[int, ...]) -> Matrix:
    size = len(rho).bit_length() - 1
    return sum((k @ rho @ k.conj().T for k in (wide(k, qubits, size) for k in channel.kraus)), np.zeros_like(rho))


def final_state(program: Program) -> Matrix:
    """The state after all steps, outcomes forgotten."""
    size = program.num_qubits
    rho = np.zeros((2**size, 2**size), dtype=complex)
    rho[0, 0] = 1
    zero, one = np.diag([1.0, 0]), np.diag([0, 1.0])
    lower = np.array([[0, 1.0], [0, 0]])
    for step in program.steps:
        if isinstance(step, Gate):
            u = wide(Operator(step.operation).data, step.qubits, size)
            rho = u @ rho @ u.conj().T
        elif isinstance(step, Noise):
            rho = channel_on(rho, step.channel, step.qubits)
        elif isinstance(step, (Measure, Reset)):
            pair = (zero, one) if isinstance(step, Measure) else (zero, lower)
            kraus = [wide(each, (step.qubit,), size) for each in pair]
            rho = sum((k @ rho @ k.conj().T for k in kraus), np.zeros_like(rho))
        else:
            assert isinstance(step, (Barrier, Delay))
    return rho
