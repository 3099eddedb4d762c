"""Answers as a table: one row a worker, however large the answers are.

Locating liars and choosing decoders needs only the distances between rows.  Those survive an orthogonal change of
columns, so answers of any size (M workers, D numbers each) are condensed to at most M real columns, once.

>>> condense(np.ones((3, 1000))).shape
(3, 3)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.approximate.points import FloatArray


def condense(answers: NDArray[Any]) -> FloatArray:
    """Rows of the same lengths and angles with at most as many columns as rows.

    Args:
        answers: finite numbers (M, ...), real or complex.

    Returns:
        Real array (M, at most M).
    """
    flat = answers.reshape(answers.shape[0], -1)
    if flat.dtype.kind == "c":
        flat = np.concatenate([flat.real, flat.imag], axis=1)
    rows = flat.astype(np.float64)
    if rows.shape[1] <= rows.shape[0]:
        return rows
    triangle = np.asarray(np.linalg.qr(rows.T, mode="r"))  # rows = triangleᵀ Qᵀ
    return np.ascontiguousarray(triangle.T)


def lengths(rows: FloatArray) -> FloatArray:
    """Euclidean length of each row, shape (M,), without overflow."""
    largest = np.abs(rows).max(axis=1, initial=0.0)
    safe = np.where(largest > 0, largest, 1.0)
    return np.asarray(safe * np.sqrt(((rows / safe[:, None]) ** 2).sum(axis=1)))


def muffled(rows: FloatArray) -> FloatArray:
    """Rows with absurd ones (over a million times the median length) turned down to that: arithmetic survives them."""
    length = lengths(rows)
    loudest = 1e6 * float(np.median(length))
    if loudest == 0.0:
        return rows
    return np.asarray(rows * np.where(length > loudest, loudest / np.maximum(length, loudest), 1.0)[:, None])


def resolution(answers: NDArray[Any]) -> float:
    """The rounding error to expect in answers of this type, relative to their size (float32: about 1e-5)."""
    kind = answers.dtype if answers.dtype.kind in "fc" else np.dtype(np.float64)
    return 64 * float(np.finfo(kind).eps)
