"""The walk over harmless erasures in integers modulo the prime 2^61 - 1, compiled.

``relations_modulo`` turns (G, T) into rows (W | K), one for each node: G W = T and the columns of K span the null space
of G.  ``harmless_counts`` then counts, size by size, the sets E of rows for which W_E + K_E X = 0 has a solution, depth
first.  A step takes one row, eliminates its pivot from the rows still to come (by cross multiplication, which needs no
inverse) and drops the pivot's column; a row that is zero in K but not in W ends the branch.  Why this counts harmless
losses of nodes, and why it is exact, is said in ``erasures``.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Residues = NDArray[np.uint64]

PRIME = np.uint64(2**61 - 1)
LOW_31 = np.uint64(2**31 - 1)
LOW_30 = np.uint64(2**30 - 1)
B31, B30, B61, ONE, ZERO = np.uint64(31), np.uint64(30), np.uint64(61), np.uint64(1), np.uint64(0)


def relations_modulo(products: NDArray[np.int64], targets: NDArray[np.int64]) -> tuple[Residues, int]:
    """Rows (W | K) modulo 2^61 - 1 and the number of columns of W; -1 for the latter if T is not in the span of G."""
    table = np.concatenate([products % int(PRIME), targets % int(PRIME)], axis=1).astype(np.uint64)
    system, wanted = _relations(table, products.shape[1])
    return system, int(wanted)


@numba.njit(cache=True, inline="always")
def _times(a: np.uint64, b: np.uint64) -> np.uint64:
    """a b modulo 2^61 - 1, for a and b below it: products of 31-bit halves, put together with 2^61 = 1."""
    a_high, a_low, b_high, b_low = a >> B31, a & LOW_31, b >> B31, b & LOW_31
    middle = a_low * b_high + a_high * b_low
    total = ((a_high * b_high) << ONE) + (middle >> B30) + ((middle & LOW_30) << B31) + a_low * b_low
    total = (total & PRIME) + (total >> B61)
    return total - PRIME if total >= PRIME else total


@numba.njit(cache=True)
def _inverse(a: np.uint64) -> np.uint64:
    power, result, exponent = a, ONE, PRIME - np.uint64(2)  # Fermat: a^(p-2) a = 1
    while exponent > ZERO:
        if exponent & ONE:
            result = _times(result, power)
        power = _times(power, power)
        exponent >>= ONE
    return result


@numba.njit(cache=True)
def _relations(table: Residues, nodes: int) -> tuple[Residues, int]:
    """Gauss-Jordan elimination of ``table`` = (G | T), in place."""
    rows, columns = table.shape
    wanted = columns - nodes
    pivots = np.full(rows, -1, dtype=np.int64)
    free = np.full(nodes, -1, dtype=np.int64)
    rank = 0
    for column in range(nodes):
        row = rank
        while row < rows and table[row, column] == ZERO:
            row += 1
        if row == rows:
            free[column] = column - rank
            continue
        for k in range(columns):
            table[rank, k], table[row, k] = table[row, k], table[rank, k]
        scale = _inverse(table[rank, column])
        for k in range(columns):
            table[rank, k] = _times(table[rank, k], scale)
        for other in range(rows):
            factor = table[other, column]
            if other != rank and factor != ZERO:
                for k in range(columns):
                    table[other, k] = (table[other, k] + _times(PRIME - factor, table[rank, k])) % PRIME
        pivots[rank] = column
        rank += 1
    system = np.zeros((nodes, wanted + nodes - rank), dtype=np.uint64)
    for row in range(rank, rows):
        for k in range(nodes, columns):
            if table[row, k] != ZERO:
                return system, -1
    for column in range(nodes):
        if free[column] >= 0:
            system[column, wanted + free[column]] = ONE
    for row in range(rank):
        for k in range(wanted):
            system[pivots[row], k] = table[row, nodes + k]
        for column in range(nodes):
            if free[column] >= 0 and table[row, column] != ZERO:
                system[pivots[row], wanted + free[column]] = PRIME - table[row, column]
    return system, wanted


@numba.njit(cache=True)
def harmless_counts(system: Residues, wanted: int, largest: int, most: int) -> NDArray[np.int64]:
    """Count the harmless sets of each size up to ``largest``; entry 0 is -1 when there are more than ``most``."""
    nodes, columns = system.shape
    counts = np.zeros(largest + 1, dtype=np.int64)
    counts[0] = 1
    stack = np.empty((largest + 1, nodes, columns), dtype=np.uint64)  # the rows still to come, at each depth
    width = np.empty(largest + 1, dtype=np.int64)  # columns of W and those of K that no pivot has used up
    following = np.empty(largest + 1, dtype=np.int64)
    stack[0], width[0], following[0] = system, columns, 0
    depth, total = 0, 0
    while depth >= 0:
        row = following[depth]
        if row == nodes or depth == largest:
            depth -= 1
            continue
        following[depth] = row + 1
        rows, used = stack[depth], width[depth]
        pivot = wanted
        while pivot < used and rows[row, pivot] == ZERO:
            pivot += 1
        if pivot == used and np.any(rows[row, :wanted] != ZERO):
            continue
        counts[depth + 1] += 1
        total += 1
        if total > most:
            counts[0] = -1
            return counts
        if depth + 1 == largest or row + 1 == nodes:
            continue
        depth += 1
        following[depth] = row + 1
        if pivot == used:
            width[depth] = used
            stack[depth, row + 1 :, :used] = rows[row + 1 :, :used]
            continue
        width[depth] = used - 1
        head = rows[row, pivot]
        for other in range(row + 1, nodes):
            factor = rows[other, pivot]
            for k in range(used - 1):  # the last column takes the place of the pivot's
                source = used - 1 if k == pivot else k
                if factor == ZERO:
                    stack[depth, other, k] = rows[other, source]
                else:
                    difference = _times(head, rows[other, source]) + PRIME - _times(factor, rows[row, source])
                    stack[depth, other, k] = difference - PRIME if difference >= PRIME else difference
    return counts
