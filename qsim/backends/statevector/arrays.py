"""Matrices acting on a few axes of a NumPy array, in place where that is possible.

An array of shape (2^n, ...) is a state, a batch of states, or a density matrix (read as a state of 2n qubits); qubit 0
is the least significant bit of the first index.  Up to three qubits a matrix acts slice by slice and its zeros cost
nothing, so a CX moves half the state and a phase touches a part of it; dense matrices on neighbours are one matrix
product; for the rest the axes are brought to the front.

A bound circuit runs once, so compiling it with JAX would cost more than it saves: that is why this is NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complexfloating[Any, Any]]

SLICED = 3
EXACT = 1e-15
DENSE = 0.4
"""Share of entries that are not zero from which a matrix on neighbours is applied as a product."""


def apply(state: Complex, matrix: Complex, qubits: Sequence[int]) -> Complex:
    """The state after a (2^k, 2^k) matrix on k qubits, the first the least significant.

    The given array may be overwritten; use what is returned.

    Args:
        state: (2^n, ...), C-contiguous.
        matrix: of any precision; it is cast to the state's.
        qubits: distinct, below n.
    """
    matrix = matrix.astype(state.dtype)
    if len(qubits) > 1 and _are_neighbours(qubits) and (np.abs(matrix) > EXACT).mean() > DENSE:
        return _apply_product(state, matrix, qubits[0])
    if len(qubits) > SLICED:
        return _apply_transposed(state, matrix, qubits)
    order = sorted(range(len(qubits)), key=lambda place: -qubits[place])
    view = _split(state, [qubits[place] for place in order])
    slices = [_slice(view, index, order) for index in range(len(matrix))]
    used = np.abs(matrix) > EXACT
    if not (used & ~np.eye(len(matrix), dtype=bool)).any():
        for index, piece in enumerate(slices):
            if matrix[index, index] != 1:
                piece *= matrix[index, index]
        return state
    changed = [row for row in range(len(matrix)) if used[row].sum() != 1 or matrix[row, row] != 1]
    old = {column: slices[column].copy() for column in changed}
    for row in changed:
        columns = [int(column) for column in np.flatnonzero(used[row])]
        if not columns:
            slices[row][...] = 0
            continue
        np.multiply(old.get(columns[0], slices[columns[0]]), matrix[row, columns[0]], out=slices[row])
        for column in columns[1:]:
            slices[row] += matrix[row, column] * old.get(column, slices[column])
    return state


def _are_neighbours(qubits: Sequence[int]) -> bool:
    return all(qubit == qubits[0] + place for place, qubit in enumerate(qubits))


def _apply_product(state: Complex, matrix: Complex, lowest: int) -> Complex:
    """A matrix on neighbouring qubits, as one matrix product without moving axes."""
    rest = 2**lowest * (state.size // state.shape[0])
    if rest == 1:
        return (state.reshape(-1, len(matrix)) @ matrix.T).reshape(state.shape)
    product: Complex = np.matmul(matrix, state.reshape(-1, len(matrix), rest)).reshape(state.shape)
    return product


def _split(state: NDArray[Any], descending: Sequence[int]) -> NDArray[Any]:
    """A view with one axis of length 2 for each qubit, at places 1, 3, 5, ..."""
    shape: list[int] = []
    left = state.shape[0]
    for qubit in descending:
        shape += [left >> (qubit + 1), 2]
        left = 1 << qubit
    return state.reshape([*shape, left, *state.shape[1:]])


def _slice(view: Complex, index: int, order: Sequence[int]) -> Complex:
    where: list[Any] = []
    for place in order:
        where += [slice(None), index >> place & 1]
    piece: Complex = view[tuple(where)]
    return piece


def _apply_transposed(state: Complex, matrix: Complex, qubits: Sequence[int]) -> Complex:
    num_qubits = state.shape[0].bit_length() - 1
    axes = [num_qubits - 1 - qubit for qubit in reversed(qubits)]
    split = np.moveaxis(state.reshape((2,) * num_qubits + state.shape[1:]), axes, range(len(qubits)))
    moved = matrix @ split.reshape(len(matrix), -1)
    back = np.moveaxis(moved.reshape(split.shape), range(len(qubits)), axes)
    return np.ascontiguousarray(back).reshape(state.shape)


def half(state: NDArray[Any], qubit: int, value: int) -> NDArray[Any]:
    """A view of the amplitudes (along the first axis) where a qubit is 0 or 1."""
    piece: NDArray[Any] = _split(state, [qubit])[:, value]
    return piece


def parity_signs(num_qubits: int, mask: int) -> NDArray[np.float64]:
    """(2^n,) +1 or -1: the product of Z over the bits of a mask."""
    signs = np.ones(1)
    for qubit in range(num_qubits):
        signs = np.concatenate([signs, -signs if mask >> qubit & 1 else signs])
    return signs
