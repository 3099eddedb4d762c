"""Pauli sums as bit masks, and their expectation values in NumPy states.

A Pauli string is a bit flip x, a sign pattern z and a factor i^(number of Y): P|b> = i^y (-1)^(b.z) |b ^ x>.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.statevector.arrays import parity_signs

Complex = NDArray[np.complexfloating[Any, Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient * i^ys X(flips) Z(signs)."""

    flips: int
    signs: int
    coefficient: float
    ys: int


def terms(observable: SparsePauliOp) -> list[Term]:
    """The terms of a Hermitian Pauli sum."""
    weights = [1 << qubit for qubit in range(observable.num_qubits)]
    found = []
    for x, z, phase, value in zip(
        observable.paulis.x, observable.paulis.z, observable.paulis.phase, observable.coeffs, strict=True
    ):
        flips = sum(weight for weight, there in zip(weights, x, strict=True) if there)
        signs = sum(weight for weight, there in zip(weights, z, strict=True) if there)
        found.append(Term(flips, signs, float(np.real(value * (-1j) ** int(phase))), int((x & z).sum())))
    return found


def pure_values(vectors: Complex, observables: Sequence[SparsePauliOp]) -> Floats:
    """(O, B) expectation values in normalised states (2^n, B)."""
    return _values(observables, vectors.shape[0], vectors.shape[1], lambda flips: _pure_products(vectors, flips))


def mixed_values(matrix: Complex, observables: Sequence[SparsePauliOp]) -> Floats:
    """(O,) expectation values in a density matrix (2^n, 2^n)."""
    rows = np.arange(matrix.shape[0])
    return _values(observables, matrix.shape[0], 1, lambda flips: matrix[rows, rows ^ flips][:, None])[:, 0]


def _pure_products(vectors: Complex, flips: int) -> Complex:
    if not flips:
        return np.asarray(vectors.real**2 + vectors.imag**2)
    return np.asarray(vectors[np.arange(vectors.shape[0]) ^ flips].conj() * vectors)


def _values(observables: Sequence[SparsePauliOp], size: int, batch: int, products: Any) -> Floats:
    groups: dict[int, list[tuple[int, Term]]] = {}
    for place, observable in enumerate(observables):
        for term in terms(observable):
            groups.setdefault(term.flips, []).append((place, term))
    values = np.zeros((len(observables), batch))
    for flips, members in groups.items():
        overlaps = products(flips)
        for place, term in members:
            total = parity_signs(size.bit_length() - 1, term.signs) @ overlaps
            values[place] += np.real(term.coefficient * 1j**term.ys * total)
    return values
