"""The schemes of the tables: Strassen, Winograd, the paper's parities, and the partner our search found."""

from __future__ import annotations

import numpy as np

from coding.bilinear import catalog, codes
from coding.bilinear.combine import copies, extended
from coding.bilinear.scheme import BilinearScheme

STRASSEN, WINOGRAD = catalog.strassen(), catalog.winograd()
BOTH = STRASSEN + WINOGRAD
P1 = extended(BOTH, [[0], [0], [1], [0]], [[0], [1], [0], [-1]], labels=("P1",))  # A21 (B12 - B22)
P1_W2 = extended(P1, WINOGRAD.u[:, [1]], WINOGRAD.v[:, [1]])
P1_S7 = extended(P1, STRASSEN.u[:, [6]], STRASSEN.v[:, [6]])
# A22 B22, A21 B12, A12 (B11-B21), (A11+A21)(B11-B12-B21+B22), (A11+A12) B11, (A11+A12+A21)(B11-B21+B22),
# (A11+A12+A21+A22)(B21-B22)
PARTNER = BilinearScheme(
    [[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1, 1], [1, 0, 0, 0, 0, 0, 1]],
    [[0, 0, 1, 1, 1, 1, 0], [0, 1, 0, -1, 0, 0, 0], [0, 0, -1, -1, 0, -1, 1], [1, 0, 0, 1, 0, 1, -1]],
    shape=(2, 2, 2),
    name="partner",
)
# Two parities with coefficients up to 2 that make any 8 of 9 nodes decode (Wang and Duursma, arXiv 2011.15082).
ANY_8_OF_9 = extended(STRASSEN, [[1, 1], [-1, 1], [1, 1], [-1, 1]], [[2, 2], [1, 1], [-2, 2], [-1, 1]])

ALL = (
    STRASSEN,
    WINOGRAD,
    BOTH,
    P1,
    P1_W2,
    PARTNER,
    ANY_8_OF_9,
    copies(STRASSEN, 3),
    STRASSEN * WINOGRAD,
    catalog.load("2x2x3") * codes.polynomial(1, 2, nodes=3),
    catalog.load("3x4x5"),
    codes.entangled_polynomial((2, 2, 2), nodes=11),
    codes.entangled_polynomial((2, 3, 2), nodes=15, points="circle"),
    codes.entangled_polynomial((2, 2, 2), nodes=10, points="integers"),
    codes.lagrange(STRASSEN, nodes=14),
    codes.matdot(4, nodes=8, basis="chebyshev"),
)


def answers(scheme: BilinearScheme, a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """What every node of an m x k x n scheme answers to matrices whose sizes are multiples of the grid."""
    m, k, n = scheme.shape
    left = [part for row in np.vsplit(a, m) for part in np.hsplit(row, k)]
    right = [part for row in np.vsplit(b, k) for part in np.hsplit(row, n)]
    return [
        sum(c * x for c, x in zip(scheme.u[:, i], left, strict=True))
        @ sum(c * x for c, x in zip(scheme.v[:, i], right, strict=True))
        for i in range(scheme.nodes)
    ]


def matrices(scheme: BilinearScheme, seed: int, *, integers: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A and B with blocks of 2 x 3 and 3 x 2."""
    rng = np.random.default_rng(seed)
    m, k, n = scheme.shape
    sizes = (2 * m, 3 * k), (3 * k, 2 * n)
    if integers:
        return tuple(rng.integers(-9, 10, size=size) for size in sizes)
    return tuple(rng.normal(size=size) for size in sizes)


def joined(blocks: list[np.ndarray], scheme: BilinearScheme) -> np.ndarray:
    """The matrix of m x n blocks."""
    m, _, n = scheme.shape
    return np.block([[blocks[i * n + j] for j in range(n)] for i in range(m)])
