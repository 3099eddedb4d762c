"""Rational interpolation through scattered points, as a matrix.

A barycentric interpolant is a weighted mean of the samples, with weights w_i / (t - z_i) that are signed and sum to
one.  Berrut's choice w_i = (-1)^i needs nothing but the order of the points and has no poles on the line; Floater and
Hormann blend local polynomials of degree d and are of order d + 1.  Both are linear in the samples, so they are
returned as matrices: values at targets = matrix @ samples.

>>> import numpy as np
>>> matrix = interpolation_matrix(np.array([1.0, 0.0, -1.0]), np.array([0.5]), signs(3))
>>> matrix.round(3).tolist()
[[0.6, 0.6, -0.2]]
"""

from __future__ import annotations

import numpy as np

from coding.approximate.points import FloatArray


def signs(count: int) -> FloatArray:
    """Berrut's weights +1, -1, +1, ... for points in order.  Source: Berrut 1988."""
    return np.where(np.arange(count) % 2 == 0, 1.0, -1.0)


def floater_hormann_weights(points: FloatArray, degree: int) -> FloatArray:
    """Weights that blend all local polynomial interpolants of one degree; degree 0 is Berrut's interpolant.

    Args:
        points: array (n,), strictly monotone.
        degree: 0 .. n - 1.

    Returns:
        Array (n,), alternating in sign, largest magnitude 1.

    Source: Floater and Hormann, Numer. Math. 107 (2007) 315, equation (18).
    """
    windows = np.lib.stride_tricks.sliding_window_view(points, degree + 1)  # one local polynomial a row
    gaps = np.abs(windows[:, :, None] - windows[:, None, :])
    gaps[:, np.arange(degree + 1), np.arange(degree + 1)] = 1.0
    shares = 1.0 / np.prod(gaps, axis=2)
    weights = np.zeros(points.size)
    for place in range(degree + 1):
        weights[place : place + shares.shape[0]] += shares[:, place]
    return np.asarray(signs(points.size) * weights / weights.max())


def interpolation_matrix(points: FloatArray, targets: FloatArray, weights: FloatArray) -> FloatArray:
    """The matrix that takes samples at the points to the interpolant's values at the targets.

    Args:
        points: array (n,), distinct.
        targets: array (m,); one that equals a point gets that sample exactly.
        weights: barycentric weights (n,).

    Returns:
        Array (m, n); rows sum to one, or are NaN where a target is so far outside the points that all digits cancel.
    """
    difference = targets[:, None] - points
    hit = difference == 0.0
    terms = np.where(hit, 0.0, weights / np.where(hit, 1.0, difference))
    terms = np.where(hit.any(axis=1)[:, None], hit.astype(np.float64), terms)
    total, size = terms.sum(axis=1, keepdims=True), np.abs(terms).sum(axis=1, keepdims=True)
    lost = np.abs(total) < 1e-14 * size  # far outside the points all digits cancel
    return np.asarray(np.where(lost, np.nan, terms) / np.where(lost, 1.0, total))
