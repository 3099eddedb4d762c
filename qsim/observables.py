"""Observables as users write them, checked and made uniform.

>>> as_observable("ZI", num_qubits=2)
SparsePauliOp(['ZI'],
              coeffs=[1.+0.j])

The rightmost letter belongs to qubit 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

from qsim.errors import CircuitError

MOST_PROJECTORS = 16

ObservableLike: TypeAlias = str | Pauli | SparsePauliOp | SparseObservable


def as_observable(given: Any, *, num_qubits: int, where: str = "observable") -> SparsePauliOp:
    """A Hermitian observable on all qubits of a circuit.

    Args:
        given: a Pauli label, ``Pauli``, ``SparsePauliOp`` or ``SparseObservable``.
        num_qubits: of the circuit.
        where: what to call it in messages.

    Raises:
        CircuitError: no observable, another number of qubits, coefficients that are not real, or a term with more
            than 16 projectors (each letter 0, 1, +, -, r, l doubles the number of Pauli terms).
    """
    if isinstance(given, SparseObservable):
        _check_projectors(given, where)
    try:
        if isinstance(given, SparseObservable):
            made = SparsePauliOp.from_sparse_observable(given)
        else:
            made = given if isinstance(given, SparsePauliOp) else SparsePauliOp(given)
    except Exception as error:
        expected = "a Pauli label, Pauli, SparsePauliOp or SparseObservable"
        raise CircuitError("not an observable", where=where, expected=expected, got=repr(given)) from error
    if made.num_qubits != num_qubits:
        raise CircuitError(
            "an observable of another size",
            where=where,
            expected=f"{num_qubits} qubits, as the circuit has",
            got=f"{made.num_qubits}",
            cure="use observable.apply_layout(circuit.layout) after transpiling",
        )
    if any(getattr(value, "parameters", ()) for value in made.coeffs) or np.abs(np.imag(made.coeffs)).max() > 1e-12:
        raise CircuitError("not Hermitian", where=where, expected="real coefficients", got=repr(made.coeffs))
    made = made.copy()
    signs = (-1j) ** made.paulis.phase  # a sign written into a Pauli belongs to its coefficient
    if np.abs(np.imag(signs)).max() > 0:
        raise CircuitError("not Hermitian", where=where, expected="real coefficients", got=repr(given))
    return made


def _check_projectors(observable: SparseObservable, where: str) -> None:
    paulis = [SparseObservable.BitTerm[letter] for letter in "XYZ"]
    most = max((sum(bit not in paulis for bit in term.bit_terms) for term in observable), default=0)
    if most > MOST_PROJECTORS:
        raise CircuitError(
            "too many projectors",
            where=where,
            expected=f"terms of at most {MOST_PROJECTORS}, each of which doubles the number of Pauli terms",
            got=f"a term of {most}",
            cure="sample the circuit and count, or project fewer qubits",
        )


def as_observables(given: Any, *, num_qubits: int) -> list[SparsePauliOp]:
    """A list of observables; a single one is a list of one.

    Raises:
        CircuitError: as `as_observable`, with the position in the list.
    """
    many: Sequence[Any] = given if isinstance(given, (list, tuple)) else [given]
    if not many:
        raise CircuitError("no observables", where="observables", expected="one or more")
    return [
        as_observable(each, num_qubits=num_qubits, where=f"observable {number}") for number, each in enumerate(many)
    ]
