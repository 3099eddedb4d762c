"""Harmless erasures of schemes with real or complex entries, judged by singular values, all sets of one size at a time.

The criterion is that of ``erasures``: losing the nodes E is harmless if W_E + K_E X = 0 has a solution.  Here K is
orthonormal, the nodes are scaled to length one (which changes no verdict), and two thresholds stand for "zero".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-9
"""Directions of K_E with a smaller singular value are no relations, and a remainder of W_E below it (relative to the
largest weight, at least 1) is none: a set is called harmless when weights up to about 1e9 decode without it."""

Matrix = NDArray[np.float64] | NDArray[np.complex128]


def harmless_counts_numerically(products: Matrix, targets: Matrix, largest: int, most: int) -> NDArray[np.int64]:
    """Count the harmless sets of each size up to ``largest``; entry 0 is -1 when one size has more than ``most``."""
    counts = np.zeros(largest + 1, dtype=np.int64)
    scaled = products / _lengths(products)
    wanted = targets / _lengths(targets)
    nodes = scaled.shape[1]
    left, values, right = np.linalg.svd(scaled, full_matrices=True)
    rank = int(np.sum(values > TOLERANCE * values.max(initial=0.0)))
    decode = right[:rank].conj().T @ ((left[:, :rank].conj().T @ wanted) / values[:rank, None])
    if np.abs(scaled @ decode - wanted).max(initial=0.0) > TOLERANCE * np.abs(decode).max(initial=1.0):
        return counts
    relations = right[rank:].conj().T
    counts[0] = 1
    sets = np.zeros((1, 0), dtype=np.int64)
    for size in range(1, largest + 1):
        last = sets[:, -1] if size > 1 else np.array([-1])
        if sum(int(np.sum(last < node)) for node in range(nodes)) > most:
            counts[0] = -1
            return counts
        sets = np.concatenate([_extended(sets[last < node], node) for node in range(nodes)])
        sets = np.concatenate([block[_solvable(relations[block], decode[block])] for block in _blocks(sets)])
        counts[size] = len(sets)
        if len(sets) == 0:
            break
    return counts


def _lengths(columns: Matrix) -> NDArray[np.float64]:
    lengths = np.linalg.norm(columns, axis=0)
    return np.where(lengths > 0, lengths, 1.0)


def _extended(sets: NDArray[np.int64], node: int) -> NDArray[np.int64]:
    return np.concatenate([sets, np.full((len(sets), 1), node)], axis=1)


def _blocks(sets: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Pieces of at most 4096 sets, so that memory stays small."""
    return [sets[start : start + 4096] for start in range(0, max(len(sets), 1), 4096)]


def _solvable(relations: Matrix, decode: Matrix) -> NDArray[np.bool_]:
    """For each set, whether K_E X = -W_E has a solution; shapes (sets, e, c) and (sets, e, T)."""
    basis, values, _ = np.linalg.svd(relations, full_matrices=False)
    basis = basis * (values > TOLERANCE)[:, None, :]
    rest = decode - basis @ (basis.conj().swapaxes(1, 2) @ decode)
    scale = np.abs(decode).max(axis=(1, 2), initial=1.0)
    return np.asarray(np.abs(rest).max(axis=(1, 2), initial=0.0) <= TOLERANCE * scale)
