"""A frozen noisy program as a matrix on Pauli expectation values: computed once, applied to any input at no cost.

    transfer = pauli_transfer(read(circuit), [SparsePauliOp("ZZ")])
    transfer.matrix @ pauli_vector(rho)              # <ZZ> after the program, started in rho

Row o of the matrix holds the observable in the Heisenberg picture: <O_o> = sum_P matrix[o, P] Tr(P rho).  With all
Paulis as observables (the default) it is the 4^n x 4^n Pauli transfer matrix.  Columns count in base 4, qubit 0 the
least significant digit, with digits I, X, Y, Z.

Source: Greenbaum, arXiv:1509.02921, section 2 (R_ij = Tr(P_i E(P_j)) / 2^n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.density_matrix.averaging import averaged_map
from qsim.backends.statevector.arrays import apply
from qsim.backends.statevector.memory import text_of_bytes, usable_bytes
from qsim.backends.statevector.pauli_masks import terms
from qsim.backends.statevector.pure_state import Matrices
from qsim.errors import CircuitError
from qsim.observables import as_observables
from qsim.program import Gate, Noise, Program

Complex = NDArray[np.complexfloating[Any, Any]]
Floats = NDArray[np.float64]

LETTERS = "IXYZ"
TO_PAULIS = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [0, 1j, -1j, 0], [1, 0, 0, -1]])
"""Tr(P E) for the matrix units E of one qubit, in the order 00, 01, 10, 11 of (row, column)."""


@dataclass(frozen=True, eq=False, slots=True)
class PauliTransfer:
    """What a program makes of Pauli expectation values.

    Attributes:
        matrix: (O, 4^n) real.
        num_qubits: n.
    """

    matrix: Floats
    num_qubits: int

    def expectations(self, inputs: Floats) -> Floats:
        """(O,) or (O, B) values for Pauli vectors (4^n,) or (4^n, B) of input states."""
        found: Floats = self.matrix @ inputs
        return found

    def label(self, column: int) -> str:
        """The Pauli label of a column, qubit 0 rightmost."""
        return pauli_label(column, self.num_qubits)


def pauli_transfer(program: Program, observables: Any = None) -> PauliTransfer:
    """The transfer matrix of a bound program without classical control; measurements are averaged.

    Args:
        program: of `qsim.program.read`, with noise in it where wanted.
        observables: Pauli labels or operators; all 4^n Paulis when None.

    Raises:
        CircuitError: unbound parameters, classical control, or a matrix too large for the memory.
    """
    n = program.num_qubits
    if observables is None:
        count = 4**n
    else:
        given = as_observables(observables, num_qubits=n)
        count = len(given)
    need, limit = 48.0 * 4.0**n * count, usable_bytes()
    if need > limit:
        got = f"{count} rows of 4^{n} entries, {text_of_bytes(need)} with working copies"
        raise CircuitError(
            "too large a transfer matrix",
            where="program",
            expected=f"at most {text_of_bytes(limit)}",
            got=got,
            cure="name the observables that are wanted",
        )
    steps = averaged_map(program)
    batch = _all_paulis(n) if observables is None else np.stack([_matrix(each) for each in given], axis=-1)
    flat = np.ascontiguousarray(batch.reshape(4**n, count))
    matrices = Matrices()
    for step in reversed(steps):
        flat = _heisenberg(step, flat, n, matrices)
    return PauliTransfer(_pauli_components(flat, n).T / 2**n, n)


def pauli_vector(density_matrix: Complex) -> Floats:
    """(4^n,) expectation values Tr(P rho), in the columns' order of `PauliTransfer`.

    Args:
        density_matrix: (2^n, 2^n).
    """
    matrix = np.asarray(density_matrix, dtype=np.complex128)
    num_qubits = matrix.shape[0].bit_length() - 1
    return _pauli_components(matrix.reshape(-1, 1).copy(), num_qubits)[:, 0]


def pauli_label(index: int, num_qubits: int) -> str:
    """The label at a place of the base-4 order, qubit 0 rightmost and least significant."""
    return "".join(LETTERS[index >> 2 * qubit & 3] for qubit in reversed(range(num_qubits)))


def _heisenberg(step: Gate | Noise, flat: Complex, num_qubits: int, matrices: Matrices) -> Complex:
    """Operators (4^n, O) before a step: U^dagger O U, or sum K^dagger O K."""
    if isinstance(step, Gate):
        for part in reversed(matrices.of_gate(step)):
            rows = tuple(qubit + num_qubits for qubit in part.qubits)
            flat = apply(flat, part.matrix.conj().T, rows)
            flat = apply(flat, part.matrix.T, part.qubits)
        return flat
    rows = tuple(qubit + num_qubits for qubit in step.qubits)
    return apply(flat, step.channel.superoperator.conj().T, (*step.qubits, *rows))


def _pauli_components(flat: Complex, num_qubits: int) -> Floats:
    """(4^n, O) traces Tr(P A) of operators (4^n, O), qubit by qubit."""
    for qubit in range(num_qubits):
        flat = apply(flat, TO_PAULIS, (qubit, qubit + num_qubits))
    batch = flat.shape[1]
    axes = [axis for place in range(num_qubits) for axis in (place, num_qubits + place)]
    split = flat.reshape((2,) * (2 * num_qubits) + (batch,)).transpose([*axes, 2 * num_qubits])
    components: Floats = np.ascontiguousarray(split.real, dtype=np.float64).reshape(4**num_qubits, batch)
    return components


def _matrix(observable: SparsePauliOp) -> Complex:
    """(2^n, 2^n) dense matrix, from the terms' bit masks."""
    size = 2**observable.num_qubits
    columns = np.arange(size)
    matrix = np.zeros((size, size), dtype=np.complex128)
    for term in terms(observable):
        signs = 1 - 2 * (np.bitwise_count(columns & term.signs) & 1).astype(np.float64)
        matrix[columns ^ term.flips, columns] += term.coefficient * 1j**term.ys * signs
    return matrix


def _all_paulis(num_qubits: int) -> Complex:
    labels = [pauli_label(index, num_qubits) for index in range(4**num_qubits)]
    return np.stack([_matrix(SparsePauliOp(label)) for label in labels], axis=-1)
