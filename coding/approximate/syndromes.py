"""The discrete cosine transform as a code: liars are roots of a polynomial.

On SBACC's grid of N first-kind points a polynomial of degree < k has no Chebyshev coefficients k .. N-1, so those of
the answers are syndromes s_m = Σ_i e_i T_m(z_i) of the lies e alone.  As T_N vanishes on the grid and
T_{N+q} = -T_{N-q} there, syndromes up to 2N - k come for free.  A locator Λ = Σ_j λ_j T_j with roots at the liars obeys
Σ_j λ_j (s_{m+j} + s_{m-j}) = 0, one linear equation each for m = k + deg Λ .. N - 1; every number of an answer gives
its own set.  Stragglers are errors at known places: their polynomial is a known factor of Λ.  So A liars and
S stragglers are carried when 2A + S <= N - k.

>>> from coding.approximate.codes import DCTCode
>>> code = DCTCode(inputs=3, workers=31, resolution=11)
>>> answers = code.worker_points[:, None] ** 10
>>> answers[[0, 1, 2, 3, 11, 12, 13, 20, 25, 30]] += np.arange(1.0, 11.0)[:, None]
>>> find_liars(code, range(31), answers).tolist()
[0, 1, 2, 3, 11, 12, 13, 20, 25, 30]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev as series
from numpy.typing import NDArray

from coding.approximate.answers import condense, lengths, muffled, resolution
from coding.approximate.codes import DCTCode, arrived
from coding.approximate.points import FloatArray
from coding.approximate.regression import deviations
from coding.errors import CodingError

APART = 1e3  # times the typical miss of the honest, who sit on the curve to rounding


def syndromes(code: DCTCode, workers: Sequence[int], rows: FloatArray) -> FloatArray:
    """Chebyshev sums s_m = Σ_i y_i T_m(z_i) for m = 0 .. 2N - k over the answers given (missing ones count as zero).

    Args:
        code: the code; N workers, resolution k.
        workers: index of each row.
        rows: answers (M, D).

    Returns:
        Array (2N - k + 1, D).  With all answers present and honest of degree < k, rows k .. 2N - k are zero.
    """
    angle = (2 * np.asarray(workers) + 1) * (np.pi / (2 * code.workers))
    orders = np.arange(2 * code.workers - code.dimension + 1)
    return np.asarray(np.cos(orders[:, None] * angle) @ rows)


def find_liars(
    code: DCTCode, workers: Sequence[int], answers: NDArray[Any], *, liars: int | None = None
) -> NDArray[np.int64]:
    """Positions (into ``workers``) of answers off the polynomial of degree < k that the rest lie on.

    Exact, up to rounding, when f(u(z)) is such a polynomial; for other f the remainder is noise in the syndromes and
    :func:`coding.approximate.localisation.locate` is the better judge.

    Args:
        code: the code.
        workers: index of each answer.
        answers: finite numbers (M, ...).
        liars: how many, when known; default: at most the code's capability, then those found honest are cleared.

    Returns:
        Rising positions.

    Raises:
        CodingError: more liars asked for than (M - k) / 2.

    Source: Borah and Harshan, arXiv 2507.01330 (locating by DCT syndromes); the extension of the window, the locator in
    the Chebyshev basis and the stragglers' factor are derived here.
    """
    indices = arrived(code, workers)
    erased = np.setdiff1d(np.arange(code.workers), indices)
    most = code.capability(erased.size)
    if liars is not None and not 0 <= liars <= most:
        raise CodingError(
            "beyond the code",
            where="liars",
            expected=f"0 .. {most} with {erased.size} stragglers (resolution {code.dimension}, {code.workers} workers)",
            got=repr(liars),
            cure="wait for more answers or lower the resolution",
        )
    count = most if liars is None else liars
    if count == 0:
        return np.empty(0, dtype=np.int64)
    rows = muffled(condense(answers))
    points = code.worker_points
    locator = _locator(code, indices, rows, points[erased], count)
    size = np.abs(series.chebval(points[indices], locator))
    suspects = np.argsort(size, kind="stable")[:count]
    if liars is not None:
        return np.sort(suspects)
    trusted = np.ones(indices.size, dtype=bool)
    trusted[suspects] = False
    miss = deviations(points[indices], rows, trusted, terms=min(code.dimension, int(trusted.sum()) - 1))
    floor = resolution(answers) * float(np.median(lengths(rows)))
    typical = max(float(np.median(miss[trusted])), floor)
    return np.flatnonzero(~trusted & (miss > APART * typical))


def _locator(code: DCTCode, indices: NDArray[np.int64], rows: FloatArray, erased: FloatArray, count: int) -> FloatArray:
    """Chebyshev coefficients (count + 1,) of the liars' polynomial, the stragglers' factor taken out."""
    known = _from_roots(erased)
    degree = erased.size + count
    products = np.zeros((degree + 1, count + 1))
    for order in range(count + 1):
        product = series.chebmul(known, np.eye(count + 1)[order])[: degree + 1]
        products[: product.size, order] = product
    sums = syndromes(code, indices.tolist(), rows)
    middles = np.arange(code.dimension + degree, code.workers)
    reach = np.arange(degree + 1)
    pairs = (sums[middles[:, None] + reach] + sums[middles[:, None] - reach]) / 2  # (equations, degree + 1, D)
    equations = np.einsum("mjd,jc->mdc", pairs, products).reshape(-1, count + 1)
    triangle = np.linalg.qr(equations, mode="r")
    return np.asarray(np.linalg.svd(triangle)[2][-1])


def _from_roots(roots: FloatArray) -> FloatArray:
    """Chebyshev series with the given roots, largest coefficient 1, built from both ends so that it stays tame."""
    out = np.ones(1)
    for root in roots[np.argsort(np.abs(roots), kind="stable")]:
        out = series.chebmul(out, np.array([-root, 1.0]))
        out /= np.abs(out).max()
    return np.asarray(out)
