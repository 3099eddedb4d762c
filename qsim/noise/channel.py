"""One noise channel on a few qubits: Pauli probabilities where it has them, Kraus operators always.

>>> flip = Channel.pauli({"X": 0.25})
>>> flip.is_pauli, flip.num_qubits, flip.paulis
(True, 1, {'I': 0.75, 'X': 0.25})
>>> damping = Channel.from_kraus([[[1, 0], [0, 0.6]], [[0, 0.8], [0, 0]]], name="amplitude_damping")
>>> damping.is_pauli, damping.kraus.shape
(False, (2, 2, 2))

Labels and matrices are in Qiskit's order: the rightmost character and the least significant bit belong to the first
qubit the channel is put on.

Source: Nielsen and Chuang, Quantum Computation and Quantum Information (2010), section 8.2 (operator-sum form).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsim.errors import CircuitError

Complex = NDArray[np.complex128]

TOLERANCE = 1e-9
"""How far probabilities and Kraus operators may miss completeness; what is within it is rescaled away."""

PAULI_MATRICES: Mapping[str, Complex] = {
    "I": np.eye(2, dtype=np.complex128),
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "Z": np.diag([1.0 + 0j, -1.0]),
}


@dataclass(frozen=True, eq=False)
class Channel:
    """A completely positive trace-preserving map.

    Attributes:
        name: what it is called in messages.
        num_qubits: number of qubits n it acts on.
        paulis: probability of each Pauli label, the identity included, when the channel is a Pauli channel; else None.
        operators: (K, 2^n, 2^n) Kraus operators when it is not; else None.
    """

    name: str
    num_qubits: int
    paulis: Mapping[str, float] | None
    operators: Complex | None

    @classmethod
    def pauli(cls, probabilities: Mapping[str, float], *, name: str = "pauli") -> Channel:
        """A Pauli channel; the probability of the identity may be left out.

        Raises:
            CircuitError: labels of unequal length or with other letters, probabilities below 0 or of sum above 1.
        """
        rates = {label: float(p) for label, p in probabilities.items()}
        lengths = {len(label) for label in rates}
        if len(lengths) != 1 or not all(label and set(label) <= set("IXYZ") for label in rates):
            expected = "labels of one length in the letters I, X, Y, Z"
            raise CircuitError("not Pauli labels", where=name, expected=expected, got=repr(list(rates)))
        if any(not 0 <= p <= 1 for p in rates.values()):
            raise CircuitError("not probabilities", where=name, expected="numbers in [0, 1]", got=repr(rates))
        identity = "I" * lengths.pop()
        errors = {label: p for label, p in rates.items() if label != identity and p > 0}
        left = 1.0 - sum(errors.values())
        if left < -TOLERANCE or abs(left - rates.get(identity, left)) > TOLERANCE:
            raise CircuitError("probabilities do not add up", where=name, expected="a sum of 1", got=repr(rates))
        return cls(name, len(identity), {identity: max(left, 0.0), **errors}, None)

    @classmethod
    def from_kraus(cls, operators: ArrayLike, *, name: str = "kraus") -> Channel:
        """A channel from its Kraus operators, shape (K, 2^n, 2^n).

        Raises:
            CircuitError: another shape, or operators that do not preserve the trace.
        """
        kraus = np.asarray(operators, dtype=np.complex128)
        size = kraus.shape[-1] if kraus.ndim == 3 else 0
        if kraus.ndim != 3 or kraus.shape[1] != size or size < 2 or size & (size - 1):
            expected, got = "shape (K, 2^n, 2^n)", f"shape {kraus.shape}"
            raise CircuitError("not Kraus operators", where=name, expected=expected, got=got)
        total = np.einsum("kba,kbc->ac", kraus.conj(), kraus)
        miss = float(np.abs(total - np.eye(size)).max())
        if not miss <= 1e-7:
            expected, got = "sum K^dagger K = 1", f"an entry off by {miss:.2g}"
            raise CircuitError("does not preserve the trace", where=name, expected=expected, got=got)
        return cls(name, size.bit_length() - 1, None, kraus)

    @property
    def is_pauli(self) -> bool:
        """Whether it is a Pauli channel as written, which is what a stabilizer simulator can run."""
        return self.paulis is not None

    @cached_property
    def kraus(self) -> Complex:
        """(K, 2^n, 2^n) Kraus operators."""
        if self.operators is not None:
            return self.operators
        assert self.paulis is not None
        return np.array([np.sqrt(p) * pauli_matrix(label) for label, p in self.paulis.items() if p > 0])

    @cached_property
    def superoperator(self) -> Complex:
        """(4^n, 4^n) matrix S with vec(E(rho)) = S vec(rho), vec stacking rows: S = sum_k K ⊗ K*."""
        size = 2**self.num_qubits
        total = np.einsum("kab,kcd->acbd", self.kraus, self.kraus.conj())
        return np.asarray(total.reshape(size * size, size * size))

    def __repr__(self) -> str:
        if self.paulis is None:
            return f"Channel({self.name!r}, {self.num_qubits} qubits, {len(self.kraus)} Kraus operators)"
        shown = {label: p for label, p in self.paulis.items() if set(label) != {"I"}}
        return f"Channel({self.name!r}, {shown})"


def pauli_matrix(label: str) -> Complex:
    """(2^n, 2^n) matrix of a Pauli label; the rightmost character acts on the least significant bit."""
    matrix: Complex = np.eye(1, dtype=np.complex128)
    for letter in label:
        matrix = np.asarray(np.kron(matrix, PAULI_MATRICES[letter]), dtype=np.complex128)
    return matrix
