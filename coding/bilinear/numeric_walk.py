"""Harmless erasures of schemes with real or complex entries: the walk of ``modular_walk`` in floating point, compiled.

The criterion is that of ``erasures``: losing the nodes E is harmless if W_E + K_E X = 0 has a solution.  Here K is
orthonormal and the nodes are scaled to length one, which changes no verdict.  A step takes one row of (W | K) and
subtracts its direction in K from the rows still to come, as in modified Gram-Schmidt; so the shares subtracted are
bounded, and the rows of W over the lengths of those of K are the components of the solution X of least norm.

>>> twice = np.array([[0.6, 0.8], [0.8, -0.6]])[:, [0, 0, 1]]         # node 0 and its copy, and node 1
>>> harmless_counts_numerically(twice, np.eye(2), 3, 100)             # nobody lost, or one of the two copies
array([1, 2, 0, 0])
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-9
"""A row of K with a shorter remainder is no relation, and a remainder of W below it (relative to the largest weight,
at least 1) is none: a set is called harmless when weights up to about 1e9 decode without it."""

Matrix = NDArray[np.float64] | NDArray[np.complex128]


def harmless_counts_numerically(products: Matrix, targets: Matrix, largest: int, most: int) -> NDArray[np.int64]:
    """Count the harmless sets of each size up to ``largest``; entry 0 is -1 when there are more than ``most``."""
    scaled = products / _lengths(products)
    wanted = targets / _lengths(targets)
    left, values, right = np.linalg.svd(scaled, full_matrices=True)
    rank = int(np.sum(values > TOLERANCE * values.max(initial=0.0)))
    decode = right[:rank].conj().T @ ((left[:, :rank].conj().T @ wanted) / values[:rank, None])
    if np.abs(scaled @ decode - wanted).max(initial=0.0) > TOLERANCE * np.abs(decode).max(initial=1.0):
        return np.zeros(largest + 1, dtype=np.int64)
    both = np.concatenate([decode, right[rank:].conj().T], axis=1)
    system: Matrix = both.astype(np.complex128) if np.iscomplexobj(both) else both.astype(np.float64)
    return np.asarray(_walk(system, wanted.shape[1], largest, most))


def _lengths(columns: Matrix) -> NDArray[np.float64]:
    lengths = np.linalg.norm(columns, axis=0)
    return np.where(lengths > 0, lengths, 1.0)


@numba.njit(cache=True)
def _walk(system: Matrix, wanted: int, largest: int, most: int) -> NDArray[np.int64]:
    """Depth first over the harmless sets; ``system`` is (W | K), a row a node, ``wanted`` columns of it W."""
    nodes, columns = system.shape
    counts = np.zeros(largest + 1, dtype=np.int64)
    counts[0] = 1
    stack = np.empty((largest + 1, nodes, columns), dtype=system.dtype)  # the rows still to come, at each depth
    weight = np.ones(largest + 1)  # the largest weight that decodes, at least 1
    following = np.empty(largest + 1, dtype=np.int64)
    following[0] = 0
    for row in range(nodes):
        for k in range(columns):
            stack[0, row, k] = system[row, k]
            if k < wanted:
                weight[0] = max(weight[0], abs(system[row, k]))
    depth, total = 0, 0
    while depth >= 0:
        row = following[depth]
        if row == nodes or depth == largest:
            depth -= 1
            continue
        following[depth] = row + 1
        rows = stack[depth]
        square = 0.0
        for k in range(wanted, columns):
            square += (rows[row, k] * np.conj(rows[row, k])).real
        highest = 0.0
        for k in range(wanted):
            highest = max(highest, abs(rows[row, k]))
        related = square > TOLERANCE * TOLERANCE
        if not related and highest > TOLERANCE * weight[depth]:
            continue
        counts[depth + 1] += 1
        total += 1
        if total > most:
            counts[0] = -1
            return counts
        if depth + 1 == largest or row + 1 == nodes:
            continue
        below = stack[depth + 1]
        weight[depth + 1] = max(weight[depth], highest / np.sqrt(square)) if related else weight[depth]
        for other in range(row + 1, nodes):
            share = rows[other, 0] * 0.0
            if related:
                for k in range(wanted, columns):
                    share += rows[other, k] * np.conj(rows[row, k])
                share /= square
            for k in range(columns):
                below[other, k] = rows[other, k] - share * rows[row, k]
        depth += 1
        following[depth] = row + 1
    return counts
