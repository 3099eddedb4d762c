"""Freivalds' check of a node's product at the cost of a few matrix-vector products.

To see whether P = X Y, multiply both sides by random columns R: P R and X (Y R) must agree.  Signs are drawn for
floating point (an entry wrong by e moves one of the two sides by at least |e| for one of its sign's two values,
whatever the others are), zeros and ones for integers modulo 2^64.  So a product with any entry wrong by more than the
tolerance of its row passes `ROUNDS` columns with probability at most 2^-ROUNDS, about one in a million.

The tolerance is that of honest rounding: with random signs the error of row i of P R is below
SAFETY eps sqrt(s + t) |X_i| |Y|_F, where X is r x s, Y is s x t and norms of sums are taken as sums of norms.  Over
normal, uniform, constant, graded and wildly scaled matrices of 8 to 1600 rows a factor of 3.2 was needed at most.

Source: Freivalds 1977; Higham and Mary, SIAM J. Sci. Comput. 41, A2815 (2019), for the square root.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.execution.arithmetic import Arithmetic
from coding.bilinear.execution.node import encode

Array = NDArray[Any]

ROUNDS = 20
SAFETY = 16.0


class Freivalds:
    """Checks of the nodes' products of one multiplication.

    Args:
        left: (m*k, ..., r, s) blocks of A.
        right: (k*n, ..., s, t) blocks of B.
        u: (m*k, N) coefficients, in the type of the blocks.
        v: (k*n, N) coefficients.
        arithmetic: whether products are exact, and in which type.
        rng: draws the columns; a liar must not know it.
    """

    def __init__(
        self, left: Array, right: Array, *, u: Array, v: Array, arithmetic: Arithmetic, rng: np.random.Generator
    ) -> None:
        self._left, self._u, self._v, self.exact = left, u, v, arithmetic.exact
        s, t = right.shape[-2:]
        draws = rng.integers(0, 2, size=(t, ROUNDS))
        self._columns = (draws if arithmetic.exact else 2 * draws - 1).astype(arithmetic.stored)
        self._right = right @ self._columns
        if not arithmetic.exact:
            limits = np.finfo(arithmetic.stored)
            self._unit = SAFETY * float(limits.eps) * float(np.sqrt(s + t))
            self._underflow = float(limits.tiny) * float(limits.eps) * s * t * float(np.abs(u).max() * np.abs(v).max())
            self._row_norms = _row_norms(left)
            self._norms = np.linalg.norm(_row_norms(right), axis=-1)

    def projected(self, product: Array) -> Array:
        """P R, (..., r, ROUNDS)."""
        with np.errstate(all="ignore"):  # a liar may have sent NaN
            return np.asarray(product @ self._columns)

    def passes(self, node: int, product: Array) -> bool:
        """Whether the (..., r, t) `product` of that node is right, as far as rounding lets one say."""
        expected = encode(self._left, self._u[:, node]) @ encode(self._right, self._v[:, node])
        found = self.projected(product)
        if self.exact:
            return bool(np.array_equal(found, expected))
        with np.errstate(all="ignore"):
            return bool((np.abs(found - expected).max(axis=-1) <= self.tolerance(node)).all())

    def tolerance(self, node: int) -> Array:
        """(..., r) by how much a row of P R may be off for rounding alone; 0 for integers."""
        if self.exact:
            return np.zeros(())
        rows = np.tensordot(np.abs(self._u[:, node]), self._row_norms, axes=1)
        size = np.tensordot(np.abs(self._v[:, node]), self._norms, axes=1)
        return np.asarray(self._unit * rows * size[..., None] + self._underflow)


def _row_norms(blocks: Array) -> Array:
    """Euclidean norms along the last axis in float64, whatever the size of the entries."""
    scale = float(np.abs(blocks).max()) or 1.0
    scaled = blocks if 1e-15 < scale < 1e15 else blocks / blocks.dtype.type(scale)
    squares = np.einsum("...j,...j->...", scaled.conj(), scaled).real.astype(np.float64)
    return np.asarray(np.sqrt(squares) * (1.0 if scaled is blocks else scale))
