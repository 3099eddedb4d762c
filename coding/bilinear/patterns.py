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
only if the prime divides one of its minors, all below 2^32.  The exact counts of `erasures` are compared with the table."""


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
            cure="estimate by Monte Carlo: sampling.decodable_share",
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
    """The same modulo PRIME: depth first, basis and reduced targets of each depth on a stack."""
    nodes, length = vectors.shape
    targets = wanted.shape[0]
    rest = np.empty((nodes + 1, targets, length), dtype=np.int64)
    basis = np.empty((nodes + 1, length), dtype=np.int64)
    pivots = np.empty(nodes + 1, dtype=np.int64)
    ranks = np.zeros(nodes + 1, dtype=np.int64)
    state = np.zeros(nodes + 1, dtype=np.int64)  # 0: try with the node, 1: try without, 2: done
    rest[0] = wanted
    depth, received = 0, 0
    row = np.empty(length, dtype=np.int64)
    while depth >= 0:
        free = nodes - depth
        if state[depth] == 0 and not rest[depth].any():
            table[received : received + (1 << free)] = True
            state[depth] = 2
        if free == 0 or state[depth] == 2:
            depth -= 1
            if depth >= 0 and state[depth] == 1:
                received &= ~(1 << (nodes - depth - 1))
            continue
        node = free - 1
        if state[depth] == 1:  # the branch with the node is done
            state[depth] = 2
            rest[depth + 1], ranks[depth + 1], state[depth + 1] = rest[depth], ranks[depth], 0
            depth += 1
            continue
        state[depth] = 1
        received |= 1 << node
        row[:] = vectors[node]
        for k in range(ranks[depth]):
            factor = row[pivots[k]]
            if factor != 0:
                for j in range(length):
                    row[j] = (row[j] + (PRIME - factor) * basis[k, j]) % PRIME
        pivot = 0
        while pivot < length and row[pivot] == 0:
            pivot += 1
        rank = ranks[depth]
        rest[depth + 1] = rest[depth]
        if pivot < length:
            scale = _inverse(row[pivot])
            for j in range(length):
                basis[rank, j] = row[j] * scale % PRIME
            pivots[rank] = pivot
            rank += 1
            for target in range(targets):
                factor = rest[depth + 1, target, pivot]
                if factor != 0:
                    for j in range(length):
                        rest[depth + 1, target, j] = (
                            rest[depth + 1, target, j] + (PRIME - factor) * basis[rank - 1, j]
                        ) % PRIME
        ranks[depth + 1], state[depth + 1] = rank, 0
        depth += 1


@numba.njit(cache=True)
def _inverse(value: int) -> int:
    power, result, exponent = value, 1, PRIME - 2
    while exponent > 0:
        if exponent & 1:
            result = result * power % PRIME
        power = power * power % PRIME
        exponent >>= 1
    return result
