"""The table of all sets of received nodes, decodable or not: what unequal failure probabilities need.

Counts by size suffice when all nodes fail alike.  When node i fails with its own p_i, every one of the 2^N sets has its
own weight; the table here has one entry a set, bit i of the index standing for node i.

>>> from coding.bilinear import catalog
>>> table = decodable_sets(catalog.strassen())
>>> int(table.sum()), bool(table[0b1111111])
(1, True)

Supersets of a decodable set are decodable, so the walk takes nodes in or out one by one and stops where the answer is
known for all sets below.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from coding.bilinear.decoding import RankDecoder
from coding.bilinear.peeling import PeelingDecoder
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

MOST_NODES = 24
PRIME = 2**31 - 1
"""Integer schemes are decided modulo this prime; a table of a ternary scheme of 2 x 2 blocks differs from the exact one
only if the prime divides one of its minors, all at most 2^32.  `Reliability` compares it with the exact counts."""


def decodable_sets(scheme: BilinearScheme, decoder: str = "rank") -> NDArray[np.bool_]:
    """(2^N,) table: entry r tells whether the nodes whose bits are set in r determine the product.

    Args:
        scheme: at most 24 nodes.
        decoder: "rank" for the optimal linear decoder, "peeling" for the local one.

    Raises:
        CodingError: too many nodes, an unknown decoder, or peeling of a scheme that is not an integer one.
    """
    if scheme.nodes > MOST_NODES:
        raise CodingError(
            "too many nodes for a table of all sets",
            where="scheme",
            expected=f"at most {MOST_NODES}",
            got=str(scheme.nodes),
            cure="estimate by Monte Carlo: sampling.FailureSampler",
        )
    if decoder == "peeling":
        return PeelingDecoder(scheme).decodable_sets()
    if decoder != "rank":
        raise CodingError("unknown decoder", where="decoder", expected='"rank" or "peeling"', got=repr(decoder))
    table = np.zeros(1 << scheme.nodes, dtype=np.bool_)
    if scheme.integral:
        vectors = np.ascontiguousarray(scheme.products.T % PRIME)
        wanted = np.ascontiguousarray(scheme.targets.T % PRIME)
        _fill(table, vectors, wanted)
    else:
        _fill_by_decoder(table, RankDecoder(scheme), scheme.nodes, 0)
    return table


def counts_by_losses(table: NDArray[np.bool_]) -> tuple[int, ...]:
    """F[0], ..., F[N]: undecodable sets by the number of lost nodes."""
    nodes = len(table).bit_length() - 1
    lost = nodes - np.bitwise_count(np.flatnonzero(~table)).astype(np.int64)
    return tuple(int(count) for count in np.bincount(lost, minlength=nodes + 1))


def failure_probability(table: NDArray[np.bool_], failing: NDArray[np.float64]) -> float:
    """Probability that the received set is undecodable when node i is lost with probability failing[i].

    A sum of positive terms: small probabilities keep their digits.
    """
    mass = (~table).astype(np.float64)
    for probability in failing:  # bit 0 varies fastest
        mass = mass[0::2] * probability + mass[1::2] * (1.0 - probability)
    return float(mass[0])


def _fill_by_decoder(table: NDArray[np.bool_], decoder: RankDecoder, free: int, received: int) -> None:
    """Decide nodes free-1 ... 0 with the decoder of arrivals, for real and complex schemes."""
    if decoder.decodable:
        table[received : received + (1 << free)] = True
        return
    if free == 0:
        return
    node = free - 1
    taken = decoder.fork()
    taken.add(node)
    _fill_by_decoder(table, taken, node, received | 1 << node)
    _fill_by_decoder(table, decoder, node, received)


@numba.njit(cache=True)
def _fill(table: NDArray[np.bool_], vectors: NDArray[np.int64], wanted: NDArray[np.int64]) -> None:
    """The same modulo PRIME: depth first, with the reduced targets of each depth on a stack.

    Depth d decides node nodes - 1 - d, so the sets below a decided one are neighbours in the table.
    """
    nodes, length = vectors.shape
    targets = wanted.shape[0]
    rest = np.zeros((nodes + 1, targets, length), dtype=np.int64)
    basis = np.zeros((nodes + 1, length), dtype=np.int64)
    pivots = np.zeros(nodes + 1, dtype=np.int64)
    ranks = np.zeros(nodes + 1, dtype=np.int64)
    tried = np.zeros(nodes + 1, dtype=np.int64)  # 0: nothing, 1: with the node, 2: without it too
    for target in range(targets):
        for j in range(length):
            rest[0, target, j] = wanted[target, j]
    depth, received = 0, 0
    while depth >= 0:
        free = nodes - depth
        if tried[depth] == 0:
            left = 0
            for target in range(targets):
                for j in range(length):
                    left |= rest[depth, target, j]
            if left == 0:
                for index in range(received, received + (1 << free)):
                    table[index] = True
            if left == 0 or free == 0:
                tried[depth] = 2
        if tried[depth] == 2:
            tried[depth] = 0
            depth -= 1
            continue
        bit = 1 << (free - 1)
        tried[depth] += 1
        rank = ranks[depth]
        for target in range(targets):
            for j in range(length):
                rest[depth + 1, target, j] = rest[depth, target, j]
        if tried[depth] == 1:
            received |= bit
            rank = _extend(basis, pivots, rank, vectors[free - 1], rest[depth + 1])
        else:
            received &= ~bit
        depth += 1
        ranks[depth] = rank


@numba.njit(cache=True)
def _extend(
    basis: NDArray[np.int64], pivots: NDArray[np.int64], rank: int, vector: NDArray[np.int64], rest: NDArray[np.int64]
) -> int:
    """Put `vector`, reduced, at basis[rank], clear its pivot from the targets, and return the new rank."""
    length = len(vector)
    for j in range(length):
        basis[rank, j] = vector[j]
    for k in range(rank):
        factor = PRIME - basis[rank, pivots[k]]
        for j in range(length):
            basis[rank, j] = (basis[rank, j] + factor * basis[k, j]) % PRIME
    pivot = 0
    while pivot < length and basis[rank, pivot] == 0:
        pivot += 1
    if pivot == length:
        return rank
    inverse, power, exponent = 1, basis[rank, pivot], PRIME - 2  # Fermat: a^(p-2) a = 1
    while exponent > 0:
        if exponent & 1:
            inverse = inverse * power % PRIME
        power = power * power % PRIME
        exponent >>= 1
    pivots[rank] = pivot
    for j in range(length):
        basis[rank, j] = basis[rank, j] * inverse % PRIME
    for target in range(rest.shape[0]):
        factor = PRIME - rest[target, pivot]
        for j in range(length):
            rest[target, j] = (rest[target, j] + factor * basis[rank, j]) % PRIME
    return rank + 1
