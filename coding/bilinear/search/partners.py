"""Better partners for an algorithm: its ternary relatives, one or two of which join it.

Two copies of Strassen die with any product lost twice; two *different* algorithms help each other out.  Automorphisms
of matrix multiplication turn Strassen's algorithm into 640 ternary ones, and every union is tried.

>>> from coding.bilinear import catalog
>>> ranked = partners(catalog.strassen())
>>> len(ranked), len({found.counts for found in ranked}), ranked[0].counts[:5]
(640, 34, (0, 0, 0, 20, 298))
>>> ranked[0].ties
16

Source: the idea of two different algorithms is Güney & Arslan's, arXiv 2210.04441, who unite Strassen and Winograd.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.combine import union
from coding.bilinear.scheme import BilinearScheme
from coding.bilinear.search.found import Found, exact_counts, failure
from coding.bilinear.search.pool import ProductPool
from coding.bilinear.search.ranking import best_of
from coding.bilinear.search.symmetry import Automorphism, inverse, invertible
from coding.errors import CodingError

Numbers = tuple[int, ...]


def partners(scheme: BilinearScheme, *, probability: float = 0.01) -> tuple[Found, ...]:
    """The unions of ``scheme`` with each of its ternary relatives, most reliable first.

    Args:
        scheme: a ternary scheme of 2 x 2 blocks.
        probability: the p at which unions are compared.

    Raises:
        CodingError: a scheme of other blocks or coefficients.
    """
    pool = _pool(scheme)
    unions = [union(scheme, pool.scheme(numbers, "relative")) for numbers in relatives(scheme)]
    counts = [exact_counts(both.products, both.targets) for both in unions]
    ties = Counter(counts)
    ranked = [Found(both, these, ties[these]) for both, these in zip(unions, counts, strict=True)]
    return tuple(sorted(ranked, key=lambda found: found.failure_probability(probability)))


def trio(scheme: BilinearScheme, *, probability: float = 0.01) -> Found:
    """The best union of ``scheme`` with two of its ternary relatives; all pairs are tried, up to symmetry.

    Takes about a minute for Strassen.

    Args:
        scheme: a ternary scheme of 2 x 2 blocks.
        probability: the p at which unions are compared.

    Returns:
        The best; ``ties`` counts pairs (first, second) with the first one of each class under the symmetries of
        ``scheme``.

    Raises:
        CodingError: a scheme of other blocks or coefficients.
    """
    pool, base = _pool(scheme), scheme.products.T
    vectors = pool.vectors()
    others = relatives(scheme)
    firsts = _representatives(scheme, others)

    def reliability_of(numbers: Numbers) -> float:
        return failure(exact_counts(np.concatenate([base, vectors[list(numbers)]]).T, scheme.targets), probability)

    pairs = list(product(sorted(firsts, key=reliability_of), others))  # good ones first: the rest gives up sooner
    candidates = (np.concatenate([base, vectors[[*first, *second]]]) for first, second in pairs)
    place, counts, ties = best_of(
        candidates, scheme.targets, nodes=3 * scheme.nodes, probability=probability, largest=5
    )
    added = [pool.scheme(numbers, "relative") for numbers in pairs[place]]
    return Found(union(scheme, *added), counts, ties)


def relatives(scheme: BilinearScheme) -> tuple[Numbers, ...]:
    """The ternary images of ``scheme`` under automorphisms, as sorted numbers of products in the ternary pool.

    Raises:
        CodingError: a scheme of other blocks or coefficients.
    """
    pool = _pool(scheme)
    return tuple(sorted({tuple(sorted(row)) for _, row in _images(pool, pool.numbers(scheme)) if min(row) >= 0}))


def _representatives(scheme: BilinearScheme, others: tuple[Numbers, ...]) -> list[Numbers]:
    """One of each class of ``others`` under the automorphisms that map ``scheme`` to itself."""
    pool = _pool(scheme)
    home = sorted(pool.numbers(scheme).tolist())
    fixing = [kind.images(pool) for kind, row in _images(pool, np.array(home)) if sorted(row) == home]
    left, seen = [], set[Numbers]()
    for numbers in others:
        if numbers not in seen:
            left.append(numbers)
            seen.update(tuple(sorted(images[list(numbers)].tolist())) for images in fixing)
    return left


def _images(pool: ProductPool, numbers: NDArray[np.int64]) -> Iterator[tuple[Automorphism, list[int]]]:
    """Each automorphism with the numbers of the products' images, -1 for those outside the pool."""
    u = pool.left[numbers // len(pool.right)].reshape(-1, 2, 2)
    v = pool.right[numbers % len(pool.right)].reshape(-1, 2, 2)
    for y in invertible():
        left = [np.einsum("ab,nbc,cd->nad", x, u, y) for x in invertible()]
        right = [np.einsum("ab,nbc,cd->nad", inverse(y), v, z) for z in invertible()]
        plain = [pool.ranks(a) for a in left], [pool.ranks(b) for b in right]
        turned = [pool.ranks(a.transpose(0, 2, 1)) for a in left], [pool.ranks(b.transpose(0, 2, 1)) for b in right]
        for (i, x), (j, z) in product(enumerate(invertible()), repeat=2):
            yield Automorphism(x, y, z, False), _combined(plain[0][i], plain[1][j], len(pool.right))
            yield Automorphism(x, y, z, True), _combined(turned[1][j], turned[0][i], len(pool.right))


def _combined(rows: NDArray[np.int64], columns: NDArray[np.int64], across: int) -> list[int]:
    numbers: list[int] = np.where((rows >= 0) & (columns >= 0), rows * across + columns, -1).tolist()
    return numbers


def _pool(scheme: BilinearScheme) -> ProductPool:
    if scheme.shape != (2, 2, 2):
        raise CodingError("not 2 x 2 blocks", where="scheme", expected="shape (2, 2, 2)", got=str(scheme.shape))
    if not scheme.integral or max(np.abs(scheme.u).max(), np.abs(scheme.v).max()) > 1:
        raise CodingError("not ternary", where="scheme", expected="u and v over {-1, 0, 1}", got=repr(scheme))
    return ProductPool.of((2, 2, 2))
