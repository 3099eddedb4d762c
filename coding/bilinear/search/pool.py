"""All products with small coefficients: the pool that every search draws from.

A product (Σ u_a A_a)(Σ v_b B_b) is known by its two coefficient vectors up to sign and scale, for a multiple of a
product carries the same information.  With coefficients -1, 0, 1 there are 40 vectors of length 4, hence 1600 products
of 2 x 2 blocks.

>>> pool = ProductPool.of((2, 2, 2))
>>> len(pool), pool.left[0], pool.right[39]
(1600, array([0, 0, 0, 1]), array([1, 1, 1, 1]))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.scheme import BilinearScheme, matmul_targets
from coding.errors import CodingError

MOST_PRODUCTS = 200_000
"""Larger pools are refused; searches over them take days."""


@dataclass(frozen=True, slots=True, eq=False)
class ProductPool:
    """Products number r R + c = left[r] ⊗ right[c], one of each class up to sign and scale.

    Attributes:
        shape: the grid (m, k, n).
        left: (L, m k) coefficients of A, the first nonzero one positive, without common divisor.
        right: (R, k n) coefficients of B, likewise.
    """

    shape: tuple[int, int, int]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, shape: tuple[int, int, int], coefficients: int = 1) -> ProductPool:
        """The pool of all products with integer coefficients of at most ``coefficients`` in magnitude.

        Raises:
            CodingError: a bound below 1, or more than ``MOST_PRODUCTS`` products.
        """
        m, k, n = shape
        if coefficients < 1:
            raise CodingError("no coefficients", where="coefficients", expected="1 or more", got=str(coefficients))
        about = (2 * coefficients + 1) ** (m * k + k * n) / 4
        if about > 4 * MOST_PRODUCTS:
            raise CodingError(
                "too many products to search",
                where="coefficients",
                expected=f"a pool of at most {MOST_PRODUCTS}",
                got=f"about {about:.0g} for {m}x{k}x{n} blocks",
                cure="search smaller blocks and nest, or smaller coefficients",
            )
        return cls(shape, directions(m * k, coefficients), directions(k * n, coefficients))

    def __len__(self) -> int:
        return len(self.left) * len(self.right)

    @property
    def targets(self) -> NDArray[np.int64]:
        """(m k k n, m n), the blocks of C."""
        return matmul_targets(self.shape)

    def vectors(self) -> NDArray[np.int64]:
        """(products, m k k n), each product as a vector u ⊗ v."""
        both = self.left[:, None, :, None] * self.right[None, :, None, :]
        return both.reshape(len(self), -1)

    def numbers(self, scheme: BilinearScheme) -> NDArray[np.int64]:
        """The number in the pool of each node of ``scheme``.

        Raises:
            CodingError: a node that is not in the pool.
        """
        rows, columns = _ranks(scheme.u.T, self.left), _ranks(scheme.v.T, self.right)
        outside = np.flatnonzero((rows < 0) | (columns < 0))
        if outside.size:
            raise CodingError(
                "a product outside the pool",
                where="scheme",
                got=f"node {outside[0]} of {scheme!r}",
                cure="allow larger `coefficients`",
            )
        return rows * len(self.right) + columns

    def ranks(self, vectors: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place among ``left`` of each (N, ...) vector up to sign and scale, -1 for none; square blocks."""
        return _ranks(vectors.reshape(len(vectors), -1), self.left)

    def scheme(self, chosen: Sequence[int] | NDArray[np.int64], name: str = "") -> BilinearScheme:
        """The scheme whose nodes are the products ``chosen``, which have to span the blocks of C."""
        rows, columns = np.divmod(np.asarray(chosen, dtype=np.int64), len(self.right))
        return BilinearScheme(self.left[rows].T, self.right[columns].T, shape=self.shape, name=name)


def directions(length: int, coefficients: int) -> NDArray[np.int64]:
    """(L, length) integer vectors up to sign and scale, entries of at most ``coefficients``, in dictionary order."""
    entries = range(-coefficients, coefficients + 1)
    return np.array([v for v in product(entries, repeat=length) if any(v) and v == normal(v)], dtype=np.int64)


def normal(vector: Sequence[int]) -> tuple[int, ...]:
    """``vector`` divided by its common divisor and, if need be, -1, so that its first nonzero entry is positive."""
    divisor = gcd(*vector) or 1
    sign = 1 if next((x for x in vector if x), 1) > 0 else -1
    return tuple(sign * x // divisor for x in vector)


def _ranks(vectors: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    table = {tuple(row): number for number, row in enumerate(known.tolist())}
    return np.array([table.get(normal(vector), -1) for vector in vectors.tolist()], dtype=np.int64)
