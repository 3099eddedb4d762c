"""One density matrix, as `qsim.branching` evolves it: channels act whole, so only outcomes that are read divide it.

The matrix (2^n, 2^n) is evolved as a state of 2n qubits: row bits are qubits n to 2n - 1, column bits 0 to n - 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.statevector.arrays import apply, half
from qsim.backends.statevector.pauli_masks import mixed_values
from qsim.backends.statevector.pure_state import Matrices
from qsim.noise.channel import Channel, pauli_matrix
from qsim.program import Gate

Complex = NDArray[np.complexfloating[Any, Any]]
Floats = NDArray[np.float64]


class MixedState:
    """A density matrix of trace 1 that follows one history of outcomes.

    Args:
        flat: (4^n, 1) the matrix row by row.
    """

    def __init__(self, flat: Complex, num_qubits: int, matrices: Matrices) -> None:
        self.flat = flat
        self.num_qubits = num_qubits
        self._matrices = matrices

    @classmethod
    def zero(cls, num_qubits: int, *, matrices: Matrices, dtype: Any = np.complex128) -> MixedState:
        """All qubits in |0>."""
        flat = np.zeros((4**num_qubits, 1), dtype)
        flat[0] = 1
        return cls(flat, num_qubits, matrices)

    @property
    def matrix(self) -> Complex:
        """(2^n, 2^n) view."""
        size = 2**self.num_qubits
        return self.flat.reshape(size, size)

    def gate(self, gate: Gate) -> None:
        """Apply a gate to rows, and its conjugate to columns."""
        for part in self._matrices.of_gate(gate):
            self._conjugate(part.matrix, part.qubits)

    def probability_of_one(self, qubit: int) -> float:
        """Probability that measuring ``qubit`` gives 1."""
        diagonal = self.basis_probabilities()
        return float(half(diagonal, qubit, 1).sum() / diagonal.sum())

    def project(self, qubit: int, outcome: int) -> None:
        """Collapse onto an outcome of non-zero probability, and normalise."""
        for axis in (qubit, qubit + self.num_qubits):
            half(self.flat, axis, 1 - outcome)[...] = 0
        self.flat /= self.matrix.trace().real

    def flip(self, qubit: int) -> None:
        """Apply X."""
        self._conjugate(pauli_matrix("X"), (qubit,))

    def channel_probabilities(self, channel: Channel, qubits: tuple[int, ...]) -> list[float]:  # noqa: ARG002
        """One choice: the whole channel."""
        return [1.0]

    def choose(self, channel: Channel, qubits: tuple[int, ...], choice: int) -> None:  # noqa: ARG002
        """Apply the channel."""
        rows = tuple(qubit + self.num_qubits for qubit in qubits)
        self.flat = apply(self.flat, channel.superoperator, (*qubits, *rows))

    def copy(self) -> MixedState:
        """An independent copy."""
        return MixedState(self.flat.copy(), self.num_qubits, self._matrices)

    def basis_probabilities(self) -> Floats:
        """(2^n,) probabilities of the basis states; rounding below 0 is cut."""
        diagonal: Floats = np.clip(self.matrix.diagonal().real.astype(np.float64), 0.0, None)
        return diagonal

    def values(self, observables: list[SparsePauliOp]) -> Floats:
        """(O,) expectation values."""
        return mixed_values(self.matrix, observables)

    def _conjugate(self, matrix: Complex, qubits: tuple[int, ...]) -> None:
        rows = tuple(qubit + self.num_qubits for qubit in qubits)
        self.flat = apply(self.flat, matrix, rows)
        self.flat = apply(self.flat, matrix.conj(), qubits)
