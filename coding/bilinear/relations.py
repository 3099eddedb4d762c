"""All local relations of an integer scheme: which sums and differences of products give a block of C, or zero.

An expression with coefficients -1, 0, 1 that equals a block recovers it from the products named; one that equals zero
is a check, whose failure betrays a wrong answer.

>>> from coding.bilinear import catalog
>>> found = check_relations(catalog.strassen() + catalog.winograd())
>>> [len(group) for group in found.to_blocks], len(found.checks), found.independent_checks
([10, 10, 12, 14], 10, 4)
>>> print(found.text(found.checks[0]))
S1 + S4 - S5 + S7 - W1 - W2 = 0

Only support-minimal expressions are kept: no other expression of the same block (or check) uses a proper part of the
products.  The search meets in the middle: it splits the nodes in halves and matches partial sums, so 3^(N/2) sums are
formed instead of 3^N.  Source: Guney and Arslan, arXiv 2210.04441 (idea of the search); the counts are our own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

Signs = NDArray[np.int8]

MOST_NODES = 24
MOST_EXPRESSIONS = 5_000_000


@dataclass(frozen=True, slots=True)
class Relation:
    """sum_i coefficients[i] P_i = block of C, or = 0.

    Attributes:
        coefficients: one of -1, 0, 1 a node.
        block: row-major number of the block of C; None for a check.
    """

    coefficients: tuple[int, ...]
    block: int | None

    @property
    def support(self) -> tuple[int, ...]:
        """Nodes that take part."""
        return tuple(i for i, sign in enumerate(self.coefficients) if sign)


@dataclass(frozen=True, slots=True)
class CheckRelations:
    """Every support-minimal relation of a scheme.

    Attributes:
        labels: names of the nodes.
        shape: grid of the scheme.
        to_blocks: for each block of C, its expressions, shortest first.
        checks: the expressions that equal zero, shortest first, one of each pair of opposite signs.
        all_expressions: for each block, the number of expressions including those that are not minimal.
        all_checks: the number of checks including those that are not minimal.
        independent_checks: nodes minus rank, which no list of checks can exceed in rank.
    """

    labels: tuple[str, ...]
    shape: tuple[int, int, int]
    to_blocks: tuple[tuple[Relation, ...], ...]
    checks: tuple[Relation, ...]
    all_expressions: tuple[int, ...]
    all_checks: int
    independent_checks: int

    def text(self, relation: Relation) -> str:
        """The relation as people write it: "S3 + S5 - W1 = 0", "S3 + S5 = C12"."""
        words = [f"{'-' if relation.coefficients[i] < 0 else '+'} {self.labels[i]}" for i in relation.support]
        left = " ".join(words)
        left = left.removeprefix("+ ") if left.startswith("+") else "-" + left.removeprefix("- ")
        if relation.block is None:
            return f"{left} = 0"
        row, column = divmod(relation.block, self.shape[2])
        return f"{left} = C{row + 1}{column + 1}"


def check_relations(scheme: BilinearScheme) -> CheckRelations:
    """All support-minimal expressions with coefficients in {-1, 0, 1}, to each block of C and to zero.

    Raises:
        CodingError: the scheme is not an integer one, has more than 24 nodes, or has more than five million
            expressions of one block.
    """
    if not scheme.integral:
        raise CodingError("no +-1 relations", where="scheme", expected="integer u and v", got=repr(scheme))
    if scheme.nodes > MOST_NODES:
        raise CodingError(
            "too many nodes to list relations", where="scheme", expected=f"at most {MOST_NODES}", got=str(scheme.nodes)
        )
    products, targets = scheme.products, scheme.targets
    halves = _Halves(products)
    to_blocks, counts = [], []
    for block in range(targets.shape[1]):
        found = halves.expressions(targets[:, block])
        counts.append(len(found))
        to_blocks.append(_relations(_minimal(found), block))
    zero = halves.expressions(np.zeros(len(products), dtype=np.int64))
    zero = zero[zero.any(axis=1)]
    first = zero[np.arange(len(zero)), (zero != 0).argmax(axis=1)] if len(zero) else np.zeros(0)
    zero = zero[first > 0]
    return CheckRelations(
        labels=scheme.labels,
        shape=scheme.shape,
        to_blocks=tuple(to_blocks),
        checks=_relations(_minimal(zero), None),
        all_expressions=tuple(counts),
        all_checks=len(zero),
        independent_checks=scheme.nodes - int(np.linalg.matrix_rank(products.astype(float))),
    )


class _Halves:
    """Signed sums of the two halves of the nodes, found again by a random linear hash modulo 2^64."""

    def __init__(self, products: NDArray[np.int64]) -> None:
        self._products = products
        rng = np.random.default_rng(0)  # any key serves: what it matches is checked
        self._key = rng.integers(0, 2**63, size=len(products), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        cut = products.shape[1] // 2
        hashes = self._hash(products)
        self._left, left = _signed_sums(hashes[:cut])
        self._right, right = _signed_sums(hashes[cut:])
        self._order = np.argsort(right, kind="stable")
        self._right_hash, self._left_hash = right[self._order], left

    def expressions(self, target: NDArray[np.int64]) -> Signs:
        """(count, N) signs of all expressions equal to `target`, zero included."""
        wanted = self._hash(target[:, None])[0] - self._left_hash
        start = np.searchsorted(self._right_hash, wanted, side="left")
        stop = np.searchsorted(self._right_hash, wanted, side="right")
        number = stop - start
        if number.sum() > MOST_EXPRESSIONS:
            raise CodingError(
                "too many relations", where="scheme", expected=f"at most {MOST_EXPRESSIONS}", got=str(number.sum())
            )
        left = np.repeat(np.arange(len(wanted)), number)
        offset = np.arange(len(left)) - np.repeat(np.cumsum(number) - number, number)
        right = self._order[np.repeat(start, number) + offset]
        signs = np.hstack([self._left[left], self._right[right]])
        exact = (signs.astype(np.int64) @ self._products.T == target).all(axis=1)
        return np.ascontiguousarray(signs[exact])

    def _hash(self, columns: NDArray[np.int64]) -> NDArray[np.uint64]:
        return np.asarray((columns.astype(np.uint64) * self._key[:, None]).sum(axis=0, dtype=np.uint64))


def _signed_sums(values: NDArray[np.uint64]) -> tuple[Signs, NDArray[np.uint64]]:
    """All 3^k sign patterns of k values, and their sums modulo 2^64."""
    signs: Signs = np.zeros((1, 0), dtype=np.int8)
    sums = np.zeros(1, dtype=np.uint64)
    for value in values:
        choices = np.repeat(np.array([0, 1, -1], dtype=np.int8), len(sums))
        signs = np.hstack([np.tile(signs, (3, 1)), choices[:, None]])
        sums = np.concatenate([sums, sums + value, sums - value])
    return signs, sums


def _minimal(signs: Signs) -> Signs:
    """Those whose support holds no other's support as a proper part; shortest first, then in order of nodes."""
    masks = (signs != 0) @ (1 << np.arange(signs.shape[1], dtype=np.int64))
    order = np.lexsort((masks, np.bitwise_count(masks)))
    chosen = []
    while len(order):
        smallest = masks[order[0]]  # the shortest left, so minimal
        left = masks[order]
        chosen += [int(index) for index in order[left == smallest]]
        order = order[(left & smallest) != smallest]
    return signs[chosen]


def _relations(signs: Signs, block: int | None) -> tuple[Relation, ...]:
    return tuple(Relation(coefficients=tuple(int(sign) for sign in row), block=block) for row in signs)
