"""Which sets of lost nodes are fatal: an exact count for every number of losses.

Node i delivers the vector g_i = u_i ⊗ v_i; the product can be read off when every target lies in the span of the
delivered vectors.  ``undecodable_counts`` returns F, where F[e] of the C(N, e) ways to lose e nodes are fatal, so that
a code whose nodes fail with probability p each fails with Σ_e F[e] p^e (1-p)^(N-e).

>>> import numpy as np
>>> two_copies_of_two_nodes = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
>>> undecodable_counts(two_copies_of_two_nodes, np.eye(2, dtype=int))
array([0, 0, 2, 4, 1])

**How.**  Let G have the columns g_i, K span the null space of G and W decode, G W = T.  All decoders are W + K X, so
losing the nodes E is harmless if and only if W_E + K_E X = 0 has a solution: the rows E of (W | K) alone decide, and
there are only N - rank(G) columns in K.  What contains a fatal set is fatal, so a walk over the harmless sets suffices:
its cost is proportional to their number, not to 2^N.

**Exactness.**  Integer schemes are treated modulo p = 2^61 - 1, which can change a verdict only if p divides a nonzero
minor of (G | T).  By Hadamard's inequality a minor is at most the product of its columns' lengths, so the counts are
proven when the product of the largest lengths is below p (``proven``); so it is for every ternary scheme of 2 x 2
blocks (16 rows, lengths at most 4: 2^32).  Above that bound a nonzero minor of B bits has at most B/60 prime factors of
that size, out of some 10^16 primes: no scheme meets it that was not made for the purpose.
Schemes with other real or complex entries are judged by singular values, see ``numeric_walk.TOLERANCE``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.modular_walk import harmless_counts, relations_modulo
from coding.bilinear.numeric_walk import harmless_counts_numerically
from coding.errors import CodingError

Numbers = NDArray[Any]

MOST_SETS = 3 * 10**8
"""Integer schemes with more harmless sets are refused, after some ten seconds; up to 28 nodes there are never more."""
MOST_SETS_NUMERICALLY = 10**8
"""The same for real and complex schemes; up to 26 nodes there are never more."""


def undecodable_counts(products: Numbers, targets: Numbers, largest: int | None = None) -> NDArray[np.int64]:
    """Count the fatal losses of each size, exactly.

    Args:
        products: (D, N), column i is the vector u_i ⊗ v_i that node i delivers.  Whole numbers (of any dtype) and
            multiples of 1/256 are counted exactly, other numbers up to a tolerance.
        targets: (D, T), the vectors that have to be in the span.
        largest: count losses of at most so many nodes; None for all.

    Returns:
        int64 of length min(N, largest) + 1; entry e is the number of sets of e lost nodes that are fatal.

    Raises:
        CodingError: shapes that do not fit, entries that are not finite, more than 62 nodes or ``MOST_SETS``.

    Source: rank decoder of Güney & Arslan, arXiv 2210.04441; the criterion on (W | K) is derived above.
    """
    products, targets = _matrix(products, "products"), _matrix(targets, "targets")
    if len(products) != len(targets):
        expected, got = f"{len(products)} rows", f"{len(targets)}"
        raise CodingError("not in the space of the products", where="targets", expected=expected, got=got)
    nodes = products.shape[1]
    if nodes > 62:
        cure = "estimate by Monte Carlo: sampling.FailureSampler"
        raise CodingError("too many nodes to count", where="products", expected="at most 62", got=f"{nodes}", cure=cure)
    if largest is not None and largest < 0:
        raise CodingError("not a number of nodes", where="largest", expected="0 or more", got=f"{largest}")
    largest = nodes if largest is None else min(largest, nodes)
    whole = _integers(products), _integers(targets)
    if whole[0] is not None and whole[1] is not None:
        system, wanted = relations_modulo(whole[0], whole[1])
        harmless = harmless_counts(system, wanted, largest, MOST_SETS) if wanted >= 0 else np.zeros(largest + 1, int)
    else:
        harmless = harmless_counts_numerically(products, targets, largest, MOST_SETS_NUMERICALLY)
    if harmless[0] < 0:
        cure = "estimate by Monte Carlo: sampling.FailureSampler, or count small losses only: `largest`"
        raise CodingError("too many harmless sets to count", where="products", got=f"{nodes} nodes", cure=cure)
    return np.array([comb(nodes, e) for e in range(largest + 1)], dtype=np.int64) - harmless


def proven(products: Numbers, targets: Numbers) -> bool:
    """Whether Hadamard's bound proves the counts of this scheme (see the module's text on exactness)."""
    whole = _integers(_matrix(products, "products")), _integers(_matrix(targets, "targets"))
    if whole[0] is None or whole[1] is None:
        return False
    both = np.concatenate([whole[0], whole[1]], axis=1).astype(np.float64)
    lengths = np.sort(np.linalg.norm(both, axis=0))[::-1][: min(both.shape)]
    return bool(np.log2(np.maximum(lengths, 1.0)).sum() < 60.999)


def undecodable_counts_plain(products: Numbers, targets: Numbers) -> list[int]:
    """The same by eliminating the delivered vectors in rational numbers, set by set: slow, a check for N <= 10.

    >>> undecodable_counts_plain(np.array([[1, 0, 1], [0, 1, 1]]), np.eye(2, dtype=int))
    [0, 0, 3, 1]
    """
    vectors = [[Fraction(x) for x in column] for column in np.asarray(products).T.tolist()]
    wanted = [[Fraction(x) for x in column] for column in np.asarray(targets).T.tolist()]
    nodes = len(vectors)

    def fatal(lost: tuple[int, ...]) -> bool:
        basis: dict[int, list[Fraction]] = {}
        for node in set(range(nodes)) - set(lost):
            basis.update(_remainder(vectors[node], basis))
        return any(True for target in wanted for _ in _remainder(target, basis))

    return [sum(fatal(lost) for lost in combinations(range(nodes), e)) for e in range(nodes + 1)]


def _remainder(vector: list[Fraction], basis: dict[int, list[Fraction]]) -> Iterator[tuple[int, list[Fraction]]]:
    """Yield what ``vector`` has outside the span of ``basis``, keyed by its first entry scaled to 1; else nothing."""
    rest = list(vector)
    for place in range(len(rest)):
        if rest[place] and place in basis:
            rest = [x - rest[place] * y for x, y in zip(rest, basis[place], strict=True)]
        elif rest[place]:
            yield place, [x / rest[place] for x in rest]
            return


def _matrix(array: Numbers, name: str) -> Numbers:
    array = np.asarray(array)
    if array.ndim != 2 or array.dtype.kind not in "biufc":
        got = f"shape {array.shape} of {array.dtype}"
        raise CodingError("not a matrix of numbers", where=name, expected="shape (D, N)", got=got)
    if not np.all(np.isfinite(array)):
        raise CodingError("entries that are not finite", where=name, cure="remove NaN and infinities")
    return array


def _integers(array: Numbers) -> NDArray[np.int64] | None:
    """``array`` times the least power of two (1 to 256) that makes it whole, or None."""
    if array.dtype.kind in "biu":
        return array.astype(np.int64)
    if array.dtype.kind == "c":
        return None if np.any(array.imag) else _integers(array.real)
    for scale in (2.0**k for k in range(9)):
        scaled = array.astype(np.float64) * scale
        if np.all(scaled == np.rint(scaled)) and np.all(np.abs(scaled) < 2.0**53):
            return np.asarray(scaled, dtype=np.int64)
    return None
