"""Matrices of any shape cut into a scheme's grid, and put together again.

The last two dimensions are cut, row by row, into equal blocks; what is missing at the right and lower edge is zero, and
leading dimensions (batches) stay with each block:

>>> grid = BlockGrid.of((5, 4), (4, 3), shape=(2, 2, 2))
>>> grid.left, grid.right, grid.product
((4, 3, 2), (4, 2, 2), (3, 2))
>>> cut(np.eye(5, 4), (2, 2), np.empty(grid.left))[0]
array([[1., 0.],
       [0., 1.],
       [0., 0.]])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from coding.errors import CodingError

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class BlockGrid:
    """The shapes that follow from two matrices and a scheme.

    Args:
        left: (m*k, ..., r, s) of A's blocks.
        right: (k*n, ..., s, t) of B's blocks.
        product: (..., r, t) of one node's product.
        whole: (..., M, N) of A @ B.
        shape: the scheme's grid (m, k, n).
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    product: tuple[int, ...]
    whole: tuple[int, ...]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, a: tuple[int, ...], b: tuple[int, ...], *, shape: tuple[int, int, int]) -> Self:
        """The grid for matrices of shapes `a` = (..., M, K) and `b` = (..., K, N).

        Raises:
            CodingError: fewer than two dimensions, no rows or columns, inner dimensions or batches that do not fit.
        """
        for name, found in (("A", a), ("B", b)):
            if len(found) < 2 or min(found) < 1:
                raise CodingError(
                    "not a matrix",
                    where=name,
                    expected="two or more dimensions, none of them empty",
                    got=f"shape {found}",
                    cure="give a vector as one row or one column" if len(found) == 1 else "",
                )
        if a[-1] != b[-2]:
            raise CodingError(
                "incompatible shapes",
                where="A, B",
                expected=f"B with {a[-1]} rows, as many as A has columns",
                got=f"A {a}, B {b}",
            )
        try:
            batch = np.broadcast_shapes(a[:-2], b[:-2])
        except ValueError as error:
            raise CodingError(
                "batches that do not fit",
                where="A, B",
                expected="leading dimensions that broadcast",
                got=f"A {a}, B {b}",
            ) from error
        m, k, n = shape
        r, s, t = -(-a[-2] // m), -(-a[-1] // k), -(-b[-1] // n)
        return cls(
            left=(m * k, *a[:-2], r, s),
            right=(k * n, *b[:-2], s, t),
            product=(*batch, r, t),
            whole=(*batch, a[-2], b[-1]),
            shape=shape,
        )


def cut(matrix: Array, grid: tuple[int, int], out: Array) -> Array:
    """`out`, filled with the blocks of `matrix`, numbered row by row and padded with zeros."""
    rows, columns = grid
    r, s = out.shape[-2:]
    padded = matrix.shape[-2:] != (rows * r, columns * s)
    for index in range(rows * columns):
        i, j = divmod(index, columns)
        block = matrix[..., i * r : (i + 1) * r, j * s : (j + 1) * s]
        if padded:
            out[index] = 0
        out[index, ..., : block.shape[-2], : block.shape[-1]] = block
    return out


def empty_product(grid: BlockGrid, dtype: np.dtype[Any]) -> Array:
    """Room for all blocks of C, padding included: (..., m*r, n*t), not initialised."""
    m, _, n = grid.shape
    *batch, r, t = grid.product
    return np.empty((*batch, m * r, n * t), dtype)


def block_of(product: Array, index: int, grid: BlockGrid) -> Array:
    """The view of block `index` of C in what `empty_product` made."""
    i, j = divmod(index, grid.shape[2])
    r, t = grid.product[-2:]
    return product[..., i * r : (i + 1) * r, j * t : (j + 1) * t]


def trimmed(product: Array, grid: BlockGrid) -> Array:
    """C without its padding."""
    rows, columns = grid.whole[-2:]
    return product if product.shape == grid.whole else np.ascontiguousarray(product[..., :rows, :columns])
