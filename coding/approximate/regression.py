"""Polynomial regression that votes: whole answers count, and loud ones count less.

An ordinary fit follows the liars.  Here the fit is repeated, each answer weighted by one over its distance from the
last curve, so that the sum of distances (not of their squares) falls and a minority, however loud, is left aside.  An
answer's numbers share one weight: a liar is a liar in all of them.

>>> from coding.approximate.points import first_kind
>>> z = first_kind(30)
>>> rows = np.exp(z)[:, None]
>>> rows[[4, 5, 20]] += 100.0
>>> np.flatnonzero(distances(z, rows, terms=8) > 1.0).tolist()
[4, 5, 20]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coding.approximate.answers import lengths
from coding.approximate.decoders import chebyshev
from coding.approximate.points import FloatArray

ROUNDS = 25
UNHELD = 1e3


def distances(points: FloatArray, rows: FloatArray, *, terms: int, rounds: int = ROUNDS) -> FloatArray:
    """Distance of each answer from the curve most answers agree on, in units of the answers.

    Group-sparse regression by iteratively reweighted least squares.  Each distance is divided by sqrt(1 - leverage), as
    answers that the curve can bend to would otherwise look honest.

    Args:
        points: places (M,).
        rows: answers (M, D), finite.
        terms: Chebyshev coefficients of the curve, fewer than M.
        rounds: number of reweightings.

    Returns:
        Array (M,).

    Source: iteratively reweighted least squares for a sum of norms (Weiszfeld); grouping as in group sparsity.
    """
    basis = chebyshev(points, terms)
    weights = np.ones(points.size)
    far = np.zeros(points.size)
    for _ in range(rounds):
        root = np.sqrt(weights)[:, None]
        q, _ = np.linalg.qr(basis * root)
        scaled = rows * root
        leverage = (q * q).sum(axis=1)
        left = lengths((scaled - q @ (q.T @ scaled)) / root)
        far = left / np.sqrt(np.maximum(1.0 - leverage, 1e-6))
        floor = 1e-6 * float(np.median(far))
        if floor == 0.0:
            break  # most answers lie on the curve exactly: nothing is left to vote about
        weights = 1.0 / np.maximum(far, floor)
        weights /= weights.max()
    return far


def deviations(points: FloatArray, rows: FloatArray, trusted: NDArray[np.bool_], *, terms: int) -> FloatArray:
    """How far each answer is from the curve through the trusted others.

    Args:
        points: places (M,).
        rows: answers (M, D).
        trusted: mask (M,), more answers than terms.
        terms: Chebyshev coefficients of the curve.

    Returns:
        Array (M,): for a trusted answer the miss of the fit without it (leave-one-out, exactly, by its leverage), for
        the others the miss of the fit.
    """
    return foretold(points, rows, trusted, terms=terms)[0]


def foretold(
    points: FloatArray, rows: FloatArray, trusted: NDArray[np.bool_], *, terms: int
) -> tuple[FloatArray, FloatArray]:
    """:func:`deviations`, and how much farther than a single honest answer each may be off.

    If the answers scatter about the curve alike, with standard deviation σ, an answer is off the curve through the
    others by σ sqrt(1 + leverage): the second array (M,) holds these factors.  They are large in holes and at the ends,
    where the curve is hardly held, and end at `UNHELD`: such an answer bends the curve to itself, and its deviation
    says nothing.

    Source: Cook and Weisberg, Residuals and Influence in Regression (1982), deleted residuals.
    """
    basis = chebyshev(points, terms)
    q, r = np.linalg.qr(basis[trusted])
    values = np.linalg.solve(r.T, basis.T).T  # orthonormal polynomials at all places
    left = lengths(rows - values @ (q.T @ rows[trusted]))
    leverage = (values * values).sum(axis=1)
    free = np.maximum(1.0 - leverage, UNHELD**-2)  # 1 / free = 1 + leverage of a trusted answer on the others' curve
    deviation = np.where(trusted, left / free, left)
    return deviation, np.where(trusted, np.sqrt(1.0 / free), np.sqrt(1.0 + leverage))
