"""Gates as small matrices: any gate of Qiskit's through its own matrix, larger ones through their definition.

>>> from qiskit.circuit.library import CSXGate
>>> [(part.matrix.shape, part.qubits) for part in operators(Gate(CSXGate(), (5, 2)))]
[((4, 4), (5, 2))]

A matrix's least significant bit belongs to the first of its qubits, as everywhere in Qiskit.  A definition is what
Qiskit would transpile the gate to; it is the gate itself, for `qsim.reading` has opened product formulas before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsim.errors import CircuitError
from qsim.program import Gate

Complex = NDArray[np.complex128]

LARGEST_MATRIX = 4
"""Qubits up to which a gate is one matrix."""

ROUNDING = 1e-15
"""Entries below it are put to zero, so that rounding does not hide a gate's structure."""


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """A matrix on qubits.

    Attributes:
        matrix: (2^k, 2^k); the least significant bit belongs to ``qubits[0]``.
        qubits: the k qubits.
        name: of the gate it came from.
    """

    matrix: Complex
    qubits: tuple[int, ...]
    name: str = ""


def operators(gate: Gate, *, position: int | None = None) -> Iterator[Operator]:
    """The matrices of a gate, in the order in which they act.

    Args:
        gate: without unbound parameters.
        position: its place in the program, for messages.

    Raises:
        CircuitError: a gate on more than four qubits without a definition, or one without a matrix.
    """
    yield from _opened(gate.operation, gate.qubits, gate, position)


def merged(first: Operator, then: Operator) -> Operator:
    """Two operators as one, the second on no other qubits than the first."""
    size, count = len(first.qubits), len(then.qubits)
    axes = [size - 1 - first.qubits.index(qubit) for qubit in reversed(then.qubits)]
    legs = np.tensordot(
        then.matrix.reshape((2,) * (2 * count)),
        first.matrix.reshape((2,) * size + (-1,)),
        axes=(range(count, 2 * count), axes),
    )
    matrix = np.moveaxis(legs, range(count), axes).reshape(first.matrix.shape)
    name = first.name if then.name in first.name.split("+") else f"{first.name}+{then.name}"
    return Operator(matrix, first.qubits, name if len(name) <= 60 else first.name)


def _opened(operation: Any, qubits: tuple[int, ...], gate: Gate, position: int | None) -> Iterator[Operator]:
    if len(qubits) <= LARGEST_MATRIX:
        matrix = _matrix(operation)
        if matrix is not None:
            yield Operator(rounded(matrix), qubits, str(operation.name))
            return
    definition = getattr(operation, "definition", None)
    if definition is None and hasattr(operation, "to_instruction"):
        definition = operation.to_instruction().definition
    if definition is None:
        place = "gate" if position is None else f"gate {position}"
        raise CircuitError(
            "neither a matrix nor a definition",
            where=f"{place} ({gate})",
            expected=f"a matrix on at most {LARGEST_MATRIX} qubits, or a definition in smaller gates",
            cure="give the gate a definition, or bind its parameters",
        )
    if abs(float(definition.global_phase)) > 0:
        phase = np.exp(1j * float(definition.global_phase)) * np.eye(2, dtype=np.complex128)
        yield Operator(phase, qubits[:1], "global_phase")
    place_of = {qubit: qubits[number] for number, qubit in enumerate(definition.qubits)}
    for item in definition.data:
        if item.operation.name != "barrier":
            yield from _opened(item.operation, tuple(place_of[qubit] for qubit in item.qubits), gate, position)


def _matrix(operation: Any) -> Complex | None:
    """The matrix of an operation, or None where Qiskit has none for it."""
    if hasattr(operation, "to_operator"):  # Clifford and Pauli objects
        return np.asarray(operation.to_operator().data, dtype=np.complex128)
    if not hasattr(operation, "to_matrix"):
        from qiskit.quantum_info import Operator as QiskitOperator

        if isinstance(operation, QiskitOperator):
            return np.asarray(operation.data, dtype=np.complex128)
        if getattr(operation, "definition", None) is None:
            return None
        return np.asarray(QiskitOperator(operation).data, dtype=np.complex128)
    from qiskit.circuit.exceptions import CircuitError as QiskitError

    try:
        return np.asarray(operation.to_matrix(), dtype=np.complex128)
    except (QiskitError, TypeError):  # no matrix of its own, or unbound parameters
        definition = getattr(operation, "definition", None)
        if definition is None or definition.parameters:
            return None
        from qiskit.quantum_info import Operator as QiskitOperator

        return np.asarray(QiskitOperator(definition).data, dtype=np.complex128)


def rounded(matrix: Complex) -> Complex:
    """The matrix with entries that are zero but for rounding put to zero."""
    made = matrix.copy()
    made.real[np.abs(made.real) < ROUNDING] = 0.0
    made.imag[np.abs(made.imag) < ROUNDING] = 0.0
    return made


def schmidt_rank(matrix: Complex, side: tuple[int, ...]) -> int:
    """Operator Schmidt rank of a matrix between the qubits in ``side`` (positions in the matrix) and the others.

    Source: Nielsen et al., Phys. Rev. A 67, 052301 (2003), operator-Schmidt decomposition.
    """
    size = matrix.shape[0].bit_length() - 1
    legs = matrix.reshape((2,) * (2 * size))
    axes = [size - 1 - each for each in side]
    others = [axis for axis in range(size) if axis not in axes]
    order = [*axes, *(axis + size for axis in axes), *others, *(axis + size for axis in others)]
    values = np.linalg.svd(legs.transpose(order).reshape(4 ** len(axes), -1), compute_uv=False)
    return int(np.count_nonzero(values > 1e-12 * values[0]))
