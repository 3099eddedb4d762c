"""Pauli operators and Clifford gates on a vector of 2^k amplitudes, masks naming the qubits.

>>> np.round(rotated(np.array([1.0 + 0j, 0.0]), 1, 0, np.pi), 12)  # exp(-i pi/2 X) |0> = -i |1>
array([0.+0.j, 0.-1.j])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]

ONE_QUBIT = {
    "H": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "S": np.diag([1, 1j]),
    "S_DAG": np.diag([1, -1j]),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def flipped(phi: Complex, x: int, z: int) -> Complex:
    """P phi, P the product of letters with bits x and z (both: Y)."""
    numbers = np.arange(len(phi), dtype=np.uint32)
    source = numbers ^ np.uint32(x)
    moved = phi[source] if x else phi.copy()
    if z:
        moved[(np.bitwise_count(source & np.uint32(z)) & 1).astype(np.bool_)] *= -1.0
    turns = (x & z).bit_count() % 4
    return np.asarray(moved * 1j**turns) if turns else moved


def rotated(phi: Complex, x: int, z: int, angle: float) -> Complex:
    """exp(-i angle/2 P) phi."""
    return np.asarray(np.cos(angle / 2) * phi - 1j * np.sin(angle / 2) * flipped(phi, x, z))


def expected(phi: Complex, x: int, z: int) -> float:
    """<phi| P |phi>."""
    return float(np.vdot(phi, flipped(phi, x, z)).real)


def one_qubit(phi: Complex, name: str, qubit: int) -> Complex:
    """A one-qubit gate of `ONE_QUBIT` on a qubit."""
    parts = phi.reshape(-1, 2, 1 << qubit)
    return np.asarray(np.einsum("ab,ibj->iaj", ONE_QUBIT[name], parts).reshape(-1), dtype=np.complex128)


def controlled(phi: Complex, control: int, target: int) -> Complex:
    """A controlled X."""
    numbers = np.arange(len(phi))
    return np.asarray(phi[numbers ^ ((numbers >> control & 1) << target)])
