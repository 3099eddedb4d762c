"""One-qubit matrices of a whole circuit, and their Kronecker products, from their angles in a few JAX operations.

Every one-qubit unitary is U(θ, φ, λ) up to a global phase, fixed ones with fixed angles; so all factors of all runs
are one array of angles, and no trace grows with the number of gates.

Source: Nielsen and Chuang, Quantum Computation and Quantum Information (2010), theorem 4.1 (Z-Y decomposition).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from qsim.backends.statevector.angles import Affine
from qsim.backends.statevector.lowering import Complex, Fixed, Phase, Turn

Array = Any


def as_turns(run: Sequence[Turn | Phase | Fixed]) -> list[Turn]:
    """A run as turns, up to a global phase; neighbouring fixed matrices are multiplied first."""
    found: list[Turn] = []
    fixed: Complex | None = None
    for part in run:
        if isinstance(part, Fixed):
            fixed = part.matrix if fixed is None else part.matrix @ fixed
            continue
        if fixed is not None:
            found.append(_as_turn(fixed))
            fixed = None
        found.append(part if isinstance(part, Turn) else Turn(0, Affine(), Affine(), part.angle * -2.0))
    return found if fixed is None else [*found, _as_turn(fixed)]


def _as_turn(matrix: Complex) -> Turn:
    """The angles of a 2 x 2 unitary: phases are taken relative to its larger entry of the first column."""
    theta = 2 * np.arctan2(abs(matrix[1, 0]), abs(matrix[0, 0]))
    if abs(matrix[0, 0]) >= abs(matrix[1, 0]):
        reference = np.angle(matrix[0, 0])
        both = np.angle(matrix[1, 1]) - reference
        phi = np.angle(matrix[1, 0]) - reference if abs(matrix[1, 0]) > 0 else 0.0
        lam = both - phi
    else:
        phi, reference = 0.0, np.angle(matrix[1, 0])
        lam = np.angle(-matrix[0, 1]) - reference
        if abs(matrix[0, 0]) > 0:
            phi = reference - np.angle(matrix[0, 0])
            lam = lam + phi
    return Turn(0, *(Affine(float(angle)) for angle in (theta, phi, lam)))


NO_TURN = Turn(0, Affine(), Affine(), Affine())


def turned_matrices(angles: Array) -> Array:
    """(R, 2, 2) products of turns; angles (3, F, R) are theta, phi, lambda of the F factors of each run."""
    theta, phi, lam = angles
    cos, sin = jnp.cos(theta / 2), jnp.sin(theta / 2)
    left, right = lax.complex(jnp.cos(phi), jnp.sin(phi)), lax.complex(jnp.cos(lam), jnp.sin(lam))
    rows = [cos + 0 * left, -right * sin, left * sin, left * right * cos]
    every = jnp.stack(rows, axis=-1).reshape(*theta.shape, 2, 2)
    first, *others = (factor[0] for factor in cut(every, [1] * theta.shape[0]))
    product = first
    for factor in others:
        product = (factor[:, :, :, None] * product[:, None, :, :]).sum(axis=2)
    return product


def kronecker_products(matrices: Array, size: int) -> list[Array]:
    """Kronecker products of groups of so many matrices, the first the least significant."""
    product, *others = jnp.moveaxis(matrices.reshape(-1, size, 2, 2), 1, 0)
    for factor in others:
        width = 2 * product.shape[-1]
        product = (factor[:, :, None, :, None] * product[:, None, :, None, :]).reshape(-1, width, width)
    return [each[0] for each in cut(product, [1] * product.shape[0])]


def cut(array: Array, sizes: Sequence[int]) -> list[Array]:
    """Consecutive parts along the first axis."""
    return list(lax.split(array, tuple(sizes), axis=0))
