"""Which targets lie in the span of the vectors seen so far: one update a vector, exact for integers.

A decoder asks one question at every arrival: are the blocks of C combinations of the products received?  Both spans
here answer it by elimination, one vector at a time, and keep what is left of each target.

>>> span = IntegerSpan(np.array([[1], [2]]), size=3)                  # one target, t = (1, 2)
>>> span.add(0, np.array([1, 1])), span.add(2, np.array([1, 3]))      # two vectors, from nodes 0 and 2
(True, True)
>>> span.complete, span.combination()                                 # t = (1 * first + 1 * third) / 2
(True, (array([[1, 0, 1]]), array([2])))

`IntegerSpan` works in integers that cannot overflow, so its answer is a proof; `RealSpan` works in floating point with
an orthonormal basis, and does not count a vector that is new only by rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NEW_DIRECTION = 1e-11
"""A floating-point vector is new when more than this share of its length lies outside the span; rounding is 1e-15."""

IN_SPAN = 1e-9
"""A floating-point target is in the span when less than this share of its length lies outside."""

SAFE = 2**62
TIDY = 2**20  # rows with larger entries are divided by their common divisor


class IntegerSpan:
    """Fraction-free elimination; remembers how each row is made of the nodes' vectors.

    Args:
        targets: (D, T) integers.
        size: number of nodes; `combination` has one column for each.
    """

    def __init__(self, targets: Array, size: int) -> None:
        self._length, count = targets.shape
        self._size = size
        # A row is [vector | combination of nodes | multiple of its target].
        self._targets = [
            np.concatenate([column, np.zeros(size, dtype=np.int64), [1]]).astype(np.int64) for column in targets.T
        ]
        self._left = set(range(count))
        self._basis: list[tuple[int, Array]] = []

    @property
    def complete(self) -> bool:
        """Whether every target is in the span."""
        return not self._left

    @property
    def rank(self) -> int:
        """Dimension of the span."""
        return len(self._basis)

    def add(self, node: int, vector: Array) -> bool:
        """Take the (D,) vector of `node`; True if it is new to the span."""
        row: Array = np.zeros(self._length + self._size + 1, dtype=np.int64)
        row[: self._length], row[self._length + node] = vector, 1
        for pivot, known in self._basis:
            row = _eliminate(row, known, pivot)
        support = np.flatnonzero(row[: self._length])
        if not support.size:
            return False
        pivot = int(support[np.argmin(np.abs(row[support]))])
        self._basis.append((pivot, row))
        for index in list(self._left):
            self._targets[index] = _eliminate(self._targets[index], row, pivot)
            if not self._targets[index][: self._length].any():
                self._left.discard(index)
        return True

    def combination(self) -> tuple[Array, Array]:
        """Integers (T, size) and divisors (T,) with target c = sum_i integers[c, i] vector_i / divisors[c].

        Only nodes that were new when they arrived take part.  Python integers where int64 is too short.
        """
        rows = [target[self._length :] for target in self._targets]
        numerators = []
        divisors = []
        for row in rows:
            common = int(np.gcd.reduce(row)) * (1 if row[-1] > 0 else -1)
            reduced = row // common
            numerators.append(-reduced[:-1])
            divisors.append(reduced[-1])
        return _shortest(np.array(numerators)), _shortest(np.array(divisors))


class RealSpan:
    """Orthonormal basis by twice-repeated Gram-Schmidt, for real and complex vectors.

    Args:
        targets: (D, T) numbers.
        size: number of nodes (kept for the common interface).
    """

    def __init__(self, targets: Array, size: int) -> None:
        self._size = size
        self._basis: Array = np.zeros((targets.shape[0], 0))
        self._rest: Array = targets.astype(np.result_type(targets, np.float64))
        self._norms = np.linalg.norm(targets, axis=0)

    @property
    def complete(self) -> bool:
        """Whether every target is in the span, to a share of `IN_SPAN` of its length."""
        return bool((np.linalg.norm(self._rest, axis=0) <= IN_SPAN * self._norms).all())

    @property
    def rank(self) -> int:
        """Dimension of the span."""
        return int(self._basis.shape[1])

    def add(self, node: int, vector: Array) -> bool:  # noqa: ARG002 - the interface of IntegerSpan
        """Take the (D,) vector of `node`; True if it is new to the span."""
        length = float(np.linalg.norm(vector))
        if length == 0 or self.rank == len(vector):
            return False
        rest = vector / length
        for _ in range(2):
            rest = rest - self._basis @ (self._basis.conj().T @ rest)
        outside = float(np.linalg.norm(rest))
        if outside <= NEW_DIRECTION:
            return False
        direction = (rest / outside)[:, None]
        direction = direction - self._basis @ (self._basis.conj().T @ direction)
        direction /= np.linalg.norm(direction)
        self._basis = np.hstack([self._basis, direction])
        for _ in range(2):
            self._rest = self._rest - direction @ (direction.conj().T @ self._rest)
        return True


def _eliminate(row: Array, known: Array, pivot: int) -> Array:
    """`row` with a zero at `pivot`, as an integer combination of `row` and `known`."""
    factor = row[pivot]
    if factor == 0:
        return row
    lead = known[pivot]
    largest, largest_known = int(np.abs(row).max()), int(np.abs(known).max())
    if abs(int(lead)) * largest + abs(int(factor)) * largest_known >= SAFE:
        row, known, factor, lead = row.astype(object), known.astype(object), int(factor), int(lead)
    result: Array = lead * row - factor * known
    if np.abs(result).max() > TIDY:
        result = result // np.gcd.reduce(result)
    return result


def _shortest(values: Array) -> Array:
    """int64 if everything fits, else Python integers."""
    return values.astype(np.int64) if np.abs(values).max() < SAFE else values.astype(object)
