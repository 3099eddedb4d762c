"""Parity products: one or two more nodes that a given scheme profits from most, by exhaustive search.

A product outside the span of a scheme adds an unknown and no check, so it changes nothing.  Hence only two kinds of
additions can help: products in the span, and pairs of products that are parallel modulo the span, since a combination
of such a pair lies in it.  All of them are tried, which is the same as trying all pairs of the pool (1.28 million for
ternary 2 x 2 products).

>>> from coding.bilinear import catalog
>>> parities(catalog.strassen() + catalog.winograd()).counts[:4]     # two fatal pairs without it
(0, 0, 1, 22)

Source: the parity products ("PSMMs") of Güney & Arslan, arXiv 2210.04441; "any 8 of 9" after Wang & Duursma,
arXiv 2011.15082.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, combinations_with_replacement
from math import lcm

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.combine import extended
from coding.bilinear.scheme import BilinearScheme
from coding.bilinear.search.found import Found
from coding.bilinear.search.pool import ProductPool, normal
from coding.bilinear.search.ranking import best_of
from coding.errors import CodingError


def parities(scheme: BilinearScheme, count: int = 1, *, coefficients: int = 1, probability: float = 0.01) -> Found:
    """The one or two additional products with which a scheme fails least often.

    Args:
        scheme: with integer coefficients, of any shape whose pool of products is small enough.
        count: 1 or 2 additional nodes.
        coefficients: bound on the magnitude of their coefficients.
        probability: the p at which the failure probability is compared.

    Returns:
        The extended scheme (new nodes last); ``ties`` counts additions with the same F.

    Raises:
        CodingError: another count, a scheme that is not integer, a pool that is too large, or nothing that helps.
    """
    if count not in (1, 2):
        cure = "call it again on the result for more"
        raise CodingError("not 1 or 2 products", where="count", expected="1 or 2", got=str(count), cure=cure)
    if not scheme.integral:
        raise CodingError("not an integer scheme", where="scheme", expected="integer u and v", got=repr(scheme))
    pool = ProductPool.of(scheme.shape, coefficients)
    vectors = pool.vectors()
    additions = list(useful_additions(scheme.products, vectors, count))
    if not additions:
        cure = "allow larger `coefficients`, or count=2"
        raise CodingError("no product lies in the span", where="scheme", got=repr(scheme), cure=cure)
    base = scheme.products.T
    candidates = (np.concatenate([base, vectors[list(numbers)]]) for numbers in additions)
    place, counts, ties = best_of(candidates, scheme.targets, nodes=scheme.nodes + count, probability=probability)
    rows, columns = np.divmod(np.array(additions[place]), len(pool.right))
    return Found(extended(scheme, pool.left[rows].T, pool.right[columns].T), counts, ties)


def useful_additions(products: NDArray[np.int64], vectors: NDArray[np.int64], count: int) -> Iterator[tuple[int, ...]]:
    """The sets of ``count`` rows of ``vectors`` that can make a scheme with ``products`` (columns) more reliable."""
    outside = vectors @ annihilators(products)
    inside = np.flatnonzero(~outside.any(axis=1)).tolist()
    yield from combinations_with_replacement(inside, count)
    if count == 2:
        parallel: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number in np.flatnonzero(outside.any(axis=1)).tolist():
            parallel[normal(outside[number].tolist())].append(number)
        for group in parallel.values():
            yield from combinations(group, 2)


def annihilators(products: NDArray[np.int64]) -> NDArray[np.int64]:
    """(D, D - rank) integers whose columns span the functionals that vanish on all ``products`` (D, N)."""
    rows = [[Fraction(x) for x in row] for row in products.T.tolist()]
    pivots: list[int] = []
    size = products.shape[0]
    for column in range(size):
        rank = len(pivots)
        place = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if place is None:
            continue
        rows[rank], rows[place] = rows[place], rows[rank]
        rows[rank] = [x / rows[rank][column] for x in rows[rank]]
        for i, row in enumerate(rows):
            if i != rank and row[column]:
                rows[i] = [x - row[column] * y for x, y in zip(row, rows[rank], strict=True)]
        pivots.append(column)
    result = []
    for free in sorted(set(range(size)) - set(pivots)):
        functional = [Fraction(int(d == free)) for d in range(size)]
        for row, pivot in zip(rows, pivots, strict=False):
            functional[pivot] = -row[free]
        scale = lcm(*(x.denominator for x in functional))
        result.append([int(x * scale) for x in functional])
    return np.array(result, dtype=np.int64).reshape(-1, size).T
