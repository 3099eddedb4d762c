"""Exact expectation values of near-Clifford circuits with Pauli noise, by carrying observables backwards.

Where a Pauli operator P meets a rotation about Q that it anticommutes with, it becomes cos(angle) P + sin(angle) i Q P:
two terms, and noise multiplies each by a factor.  Equal terms are added up after every rotation.  The number of terms
is what it costs; the most allowed is an argument, and more are refused.

>>> from qiskit import QuantumCircuit
>>> from qsim.program import read
>>> from qsim.backends.near_clifford.segments import segments
>>> circuit = QuantumCircuit(1)
>>> _ = circuit.h(0), circuit.t(0)
>>> round(propagated(segments(read(circuit)), [(1.0, stim.PauliString("X"))], limit=10)[0], 6)
0.707107

Source: T. Begusic, J. Gray, G. K.-L. Chan, Science Advances 10, eadk4321 (2024) (sparse Pauli dynamics; exact here).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import stim
from numpy.typing import NDArray

from qsim.backends.near_clifford.segments import Segments
from qsim.backends.stabilizer.heisenberg import Carried
from qsim.errors import CircuitError

Bits = NDArray[np.bool_]

NEGLIGIBLE = 1e-15


def propagated(
    parts: Segments, observable: Sequence[tuple[float, stim.PauliString]], *, limit: int
) -> tuple[float, int]:
    """The expectation value of a sum of Pauli operators in the final state, and the most terms there were.

    Raises:
        CircuitError: more than ``limit`` terms.
    """
    carried = Carried(len(observable[0][1]), [string for _, string in observable])
    carried.factor *= np.array([weight for weight, _ in observable])
    carried.measured = parts.measured
    most = carried.factor.size
    for part in reversed(parts.parts):
        if isinstance(part, stim.Circuit):
            carried.back_through(part)
            continue
        turn(carried, *part)
        most = max(most, carried.factor.size)
        if carried.factor.size > limit:
            raise CircuitError(
                "too many non-Clifford gates",
                where="observable",
                expected=f"at most {limit} Pauli terms on the way back",
                got=f"{carried.factor.size}, with rotations still ahead",
                cure="use NearClifford(max_terms=...), or another backend",
            )
    return float(carried.values().sum()), most


def turn(carried: Carried, axis: stim.PauliString, angle: float) -> None:
    """Carry back through exp(-i angle/2 Q)."""
    qx, qz = axis.to_numpy()
    odd = np.logical_xor.reduce(carried.x[qz], axis=0) ^ np.logical_xor.reduce(carried.z[qx], axis=0)
    places = np.flatnonzero(odd & (carried.factor != 0))
    x, z = carried.x[:, places], carried.z[:, places]
    new_x, new_z = x ^ qx[:, None], z ^ qz[:, None]
    # Letters XZ-wise: Q P = i^power (letters of QP); a pair gives i or -i, cyclic X Y Z, by these counts.
    letters = 1j ** _power(qx[:, None], qz[:, None], x, z)
    branch = np.sin(angle) * carried.factor[places] * (1j * letters).real
    carried.factor[places] *= np.cos(angle)
    carried.x = np.concatenate([carried.x, new_x], axis=1)
    carried.z = np.concatenate([carried.z, new_z], axis=1)
    carried.factor = np.concatenate([carried.factor, branch])
    carried.outcomes = {record: np.concatenate([row, row[places]]) for record, row in carried.outcomes.items()}
    merge(carried)


def _power(ax: Bits, az: Bits, bx: Bits, bz: Bits) -> NDArray[np.int64]:
    """(T,) the power of i in the product of two Pauli operators in letters X, Y, Z, modulo 4."""
    up = (ax & ~az & bx & bz) | (ax & az & ~bx & bz) | (~ax & az & bx & ~bz)  # XY, YZ, ZX
    down = (ax & az & bx & ~bz) | (~ax & az & bx & bz) | (ax & ~az & ~bx & bz)  # YX, ZY, XZ
    return np.asarray((up.sum(axis=0) - down.sum(axis=0)) % 4, dtype=np.int64)


def merge(carried: Carried) -> None:
    """Add up equal terms, and drop those whose factor is below 1e-15."""
    if not carried.factor.size:
        return
    rows = np.concatenate([carried.x, carried.z, *(row[None] for row in carried.outcomes.values())])
    packed = np.ascontiguousarray(np.packbits(rows, axis=0).T)
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    factor = np.bincount(group.ravel(), weights=carried.factor, minlength=len(first)).astype(np.float64)
    kept = np.abs(factor) > NEGLIGIBLE
    first = first[kept]
    carried.factor = factor[kept]
    carried.x, carried.z = carried.x[:, first], carried.z[:, first]
    carried.outcomes = {record: row[first] for record, row in carried.outcomes.items()}
