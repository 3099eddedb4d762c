"""A matrix split in two across a bond, block by block where a conserved charge makes it block diagonal.

Every index of a bond may carry a charge: the number of ones in the part of the chain to its left, counted exactly or
modulo two.  A matrix whose entries connect equal charges only is split one charge at a time, which turns one large
singular-value decomposition into several small ones.  ``None`` for the charges means that nothing is conserved.

Truncation: singular values are dropped, smallest first, while the sum of their squares stays within ``cutoff`` times
the sum over all; then all but the largest ``max_bond`` are dropped.  The *discarded weight* is the share of the sum
of squares that went.

Source: Schollwöck, Annals of Physics 326, 96 (2011), sections 4.1 (SVD, truncation) and 5 (good quantum numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Charges: TypeAlias = NDArray[np.int64]

NOTHING = 1e-30
"""Share of the sum of squares below which singular values are rounding, whatever the cutoff."""


LARGE = 48
"""Matrices from which on eigenvectors may replace a singular-value decomposition."""

RESOLVED = 1e-11
"""Smallest square kept, in parts of the largest, for which they may."""


def split_exactly(matrix: Array, rows: Charges | None, columns: Charges | None) -> tuple[Array, Array, Charges | None]:
    """An isometry times the rest (QR), with the charges of the bond between them.

    Args:
        matrix: (R, C).
        rows, columns: (R,) and (C,) charges, or None.
    """
    if rows is None or columns is None:
        left, right = np.linalg.qr(matrix)
        return left, right, None
    parts = [(r, c, *np.linalg.qr(matrix[r[:, None], c]), charge) for charge, r, c in _blocks(rows, columns)]
    size = sum(part[2].shape[1] for part in parts)
    left = np.zeros((len(rows), size), dtype=matrix.dtype)
    right = np.zeros((size, len(columns)), dtype=matrix.dtype)
    bond = np.empty(size, dtype=np.int64)
    start = 0
    for r, c, isometry, rest, charge in parts:
        stop = start + isometry.shape[1]
        left[r, start:stop] = isometry
        right[start:stop, c] = rest
        bond[start:stop] = charge
        start = stop
    return left, right, bond


def split_by_weight(
    matrix: Array, rows: Charges | None, columns: Charges | None, *, max_bond: int, cutoff: float
) -> tuple[Array, NDArray[np.float64], Array, Charges | None, float]:
    """Truncated singular-value decomposition ``left @ diag(values) @ right``, the values rescaled to unit norm.

    Args:
        matrix: (R, C), not zero.
        rows, columns: (R,) and (C,) charges, or None.
        max_bond, cutoff: as in the module's text.

    Returns:
        left (R, k), values (k,), right (k, C), charges (k,) or None, and the discarded weight.
    """
    if rows is None or columns is None:
        quick = _largest_by_eigenvectors(matrix, max_bond, cutoff)
        if quick is not None:
            return quick
        left, values, right = _svd(matrix)
        kept, lost = _kept(values, max_bond, cutoff)
        values = values[kept]
        return left[:, kept], values / np.linalg.norm(values), right[kept], None, lost
    parts = [(r, c, *_svd(matrix[r[:, None], c]), charge) for charge, r, c in _blocks(rows, columns)]
    values = np.concatenate([part[3] for part in parts])
    kept, lost = _kept(values, max_bond, cutoff)
    chosen = np.zeros(len(values), dtype=bool)
    chosen[kept] = True
    size = len(kept)
    left = np.zeros((len(rows), size), dtype=matrix.dtype)
    right = np.zeros((size, len(columns)), dtype=matrix.dtype)
    bond = np.empty(size, dtype=np.int64)
    start = seen = 0
    for r, c, u, s, v, charge in parts:
        count = int(np.count_nonzero(chosen[seen : seen + len(s)]))  # a block's values descend: the first ones are kept
        seen += len(s)
        left[r, start : start + count] = u[:, :count]
        right[start : start + count, c] = v[:count]
        bond[start : start + count] = charge
        start += count
    values = values[chosen]
    return left, values / np.linalg.norm(values), right, bond, lost


def _blocks(rows: Charges, columns: Charges) -> Iterator[tuple[int, Charges, Charges]]:
    """Charge, rows and columns of each block."""
    for charge in sorted(set(rows.tolist()) & set(columns.tolist())):
        yield charge, np.flatnonzero(rows == charge), np.flatnonzero(columns == charge)


def _svd(matrix: Array) -> tuple[Array, NDArray[np.float64], Array]:
    try:
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:  # divide and conquer may fail to converge where QR iteration does not
        from scipy.linalg import svd

        left, values, right = svd(matrix, full_matrices=False, lapack_driver="gesvd")
    return left, values.astype(np.float64, copy=False), right


def _largest_by_eigenvectors(
    matrix: Array, max_bond: int, cutoff: float
) -> tuple[Array, NDArray[np.float64], Array, None, float] | None:
    """The truncated split from the eigenvectors of matrix^dagger matrix, which takes about half the time.

    Squares lose half of the digits, so it serves only where the limit on the bond cuts in the midst of well-resolved
    values: then the error, rounding times largest over smallest value kept, is below 1e-10.  None where it does not.
    """
    size = min(matrix.shape)
    if size < LARGE or max_bond >= size or matrix.dtype != np.complex128:
        return None
    wide = matrix.shape[0] < matrix.shape[1]
    tall = matrix.conj().T if wide else matrix
    weights, vectors = np.linalg.eigh(tall.conj().T @ tall)
    weights, vectors = weights[::-1], vectors[:, ::-1]
    total = float(weights.sum())
    lost = float(weights[max_bond:].sum()) / total
    if lost < max(1e-13, cutoff) or weights[max_bond - 1] < RESOLVED * weights[0]:
        return None
    values, vectors = np.sqrt(weights[:max_bond]), vectors[:, :max_bond]
    isometry = (tall @ vectors) / values
    values /= np.linalg.norm(values)
    if wide:
        return vectors, values, isometry.conj().T, None, lost
    return isometry, values, vectors.conj().T, None, lost


def _kept(values: NDArray[np.float64], max_bond: int, cutoff: float) -> tuple[NDArray[np.int64], float]:
    """Places of the values kept, largest first, and the discarded weight."""
    order = np.argsort(-values, kind="stable")
    weights = values[order] ** 2
    behind = np.cumsum(weights[::-1])[::-1]  # weight of each value and all smaller ones
    keep = int(np.count_nonzero(behind > max(cutoff, NOTHING) * behind[0]))
    keep = max(1, min(keep, max_bond))
    lost = float(behind[keep] / behind[0]) if keep < len(values) else 0.0
    return order[:keep], lost
