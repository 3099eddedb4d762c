"""Summed products of deviations of vectors: how they are computed, merged, and written as a triangle.

>>> import numpy as np
>>> mean, m2 = products(np.array([[1.0, 2.0], [3.0, 4.0]]))
>>> m2
array([[2., 2.],
       [2., 2.]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.errors import InputError
from experiments.tally.arrays import array_from_json, array_to_json, frozen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experiments.study import JSON


def products(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean (d,) of vectors (n, d), and the sum (d, d) of the outer products of their deviations from it."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        mean = values.mean(axis=0)
        mean += (values - mean).mean(axis=0)
        deviations = values - mean
        m2 = deviations.T @ deviations
    return frozen(mean), frozen(_mirrored(m2))


def merged_products(
    n_a: int,
    mean_a: NDArray[np.float64],
    m2_a: NDArray[np.float64],
    n_b: int,
    mean_b: NDArray[np.float64],
    m2_b: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and summed products of two sets of vectors together, from those of each.

    Source: Pébay, SAND2008-6212, eq. 3.12 (Chan's formula for a covariance).
    """
    import numpy as np

    n = n_a + n_b
    with np.errstate(invalid="ignore", over="ignore"):
        delta = mean_b - mean_a
        mean = mean_a + delta * (n_b / n)
        m2 = m2_a + m2_b + np.outer(delta, delta) * (n_a * (n_b / n))
    return frozen(mean), frozen(m2)


def triangle_to_json(matrix: NDArray[np.float64]) -> JSON:
    """The rows of a symmetric matrix up to its diagonal."""
    return [array_to_json(row[: i + 1]) for i, row in enumerate(matrix)]


def triangle_from_json(state: JSON, where: str) -> NDArray[np.float64]:
    """The symmetric matrix that `triangle_to_json` wrote, read-only.

    Raises:
        InputError: not the rows of a triangle.
    """
    import numpy as np

    rows = [array_from_json(row, where) for row in state] if isinstance(state, (list, tuple)) else []
    if not rows or [len(row) for row in rows] != list(range(1, len(rows) + 1)):
        raise InputError(
            "not a triangle of numbers", where=where, expected="rows of lengths 1, 2, ..., d", got=repr(state)[:80]
        )
    matrix = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        matrix[i, : i + 1] = row
    return frozen(_mirrored(matrix))


def _mirrored(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix with its lower triangle copied above the diagonal."""
    import numpy as np

    upper = np.triu_indices(len(matrix), 1)
    matrix[upper] = matrix.T[upper]
    return matrix
