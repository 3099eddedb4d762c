"""Where to spend shots so that one fitted quantity becomes as sure as possible: c-optimal design.

A curve f(point; θ) is fitted to N points.  A core second at point i is worth the information J_i J_iᵀ/(v_i c_i), where
J_i = ∂f/∂θ, v_i is the variance of one shot and c_i its core seconds; the variance of the quantity θ·t is t·M⁻¹t.
The shares w_i of the budget that minimise it are found by the multiplicative rule w_i ← w_i √(g_i), normalised, where
g_i is the variance that a little more at point i takes away; at the optimum no g_i exceeds the mean.

Two points on a straight line, extrapolated to x = 2 (weights of the points: -1 and 2):

>>> line = np.array([[1.0, 0.0], [1.0, 1.0]])
>>> c_optimal_shares(line, np.ones(2), np.ones(2), np.array([1.0, 2.0])).round(4)
array([0.3333, 0.6667])

Source: S. Silvey, D. Titterington, B. Torsney, Communications in Statistics A7 (1978) 1379; that it converges: Y. Yu,
Annals of Statistics 38 (2010) 1593.
"""

from __future__ import annotations

import numpy as np

from experiments.errors import InputError
from experiments.fits.observations import FloatArray

_WHERE = "c_optimal_shares"


def c_optimal_shares(
    jacobian: FloatArray,
    unit_variance: FloatArray,
    cost: FloatArray,
    target: FloatArray,
    *,
    floor: float = 0.0,
    information: FloatArray | None = None,
    tolerance: float = 1e-3,
) -> FloatArray:
    """Shares of a cost budget, shape (N,), summing to 1, that minimise the variance of the target.

    Args:
        jacobian: ∂f/∂θ at every point, shape (N, P).
        unit_variance: variance of one shot at every point, shape (N,), above 0.
        cost: core seconds of one shot at every point, shape (N,), above 0.
        target: the combination of parameters wanted, shape (P,); or several, shape (K, P), whose variances are added.
        floor: part of the budget, in [0, 1], that is spread evenly over the points whatever the rest does.
        information: what is known already, shape (P, P), divided by the budget to be shared.
        tolerance: stop when the variance is within this fraction of the least possible one.

    Raises:
        InputError: shapes that do not match, variances or costs that are not positive, a floor outside [0, 1], or
            points that cannot determine the target.
    """
    jacobian, targets = np.asarray(jacobian, dtype=np.float64), np.atleast_2d(np.asarray(target, dtype=np.float64))
    _check(jacobian, unit_variance, cost, targets, floor, information)
    count, dimension = jacobian.shape
    known = np.zeros((dimension, dimension)) if information is None else np.asarray(information, dtype=np.float64)
    worth = jacobian / np.sqrt(unit_variance * cost)[:, None]
    scale = np.sqrt(np.diag(known) + (worth**2).mean(axis=0))
    if not (scale > 0).all():
        raise _cannot_determine()
    worth, targets, known = worth / scale, targets / scale, known / np.outer(scale, scale)
    even = np.full(count, 1.0 / count)
    base = known + floor * _information(worth, even)
    _require_estimable(base + _information(worth, even), targets)
    ridge = 1e-13 * np.eye(dimension)
    free = even
    for _ in range(5000):
        matrix = base + (1.0 - floor) * _information(worth, free) + ridge
        dual = np.linalg.solve(matrix, targets.T)
        gain = (1.0 - floor) * ((worth @ dual) ** 2).sum(axis=1) + float((dual * (base @ dual)).sum())
        mean = float(free @ gain)
        if gain.max() <= mean * (1.0 + tolerance):
            break
        free = free * np.sqrt(gain)
        free = free / free.sum()
    return np.asarray(floor * even + (1.0 - floor) * free)


def variance_per_budget(
    jacobian: FloatArray,
    unit_variance: FloatArray,
    cost: FloatArray,
    target: FloatArray,
    shares: FloatArray,
    *,
    information: FloatArray | None = None,
) -> float:
    """Variance of the target (summed over several) after one unit of budget, spent in ``shares``.

    Arguments as in `c_optimal_shares`; a budget of B units divides the variance by B.

    Raises:
        InputError: the shares cannot determine the target.
    """
    worth = jacobian / np.sqrt(unit_variance * cost)[:, None]
    matrix = _information(worth, shares) + (0.0 if information is None else information)
    scale = np.sqrt(np.diag(matrix))
    if not (scale > 0).all():
        raise _cannot_determine()
    targets = np.atleast_2d(target) / scale
    matrix = matrix / np.outer(scale, scale)
    _require_estimable(matrix, targets)
    return float((targets * (np.linalg.pinv(matrix, hermitian=True, rcond=1e-13) @ targets.T).T).sum())


def _information(worth: FloatArray, shares: FloatArray) -> FloatArray:
    return np.asarray(worth.T @ (worth * shares[:, None]))


def _require_estimable(matrix: FloatArray, targets: FloatArray) -> None:
    """Refuse targets with a part outside the range of the information matrix."""
    values, vectors = np.linalg.eigh(matrix)
    null = vectors[:, values <= 1e-13 * values.max()]
    outside = np.linalg.norm(targets @ null, axis=1)
    if (outside > 1e-6 * np.linalg.norm(targets, axis=1)).any():
        raise _cannot_determine()


def _cannot_determine() -> InputError:
    return InputError(
        "the points cannot determine the target", where=_WHERE, cure="offer more points, or more shots at other points"
    )


def _check(
    jacobian: FloatArray,
    unit_variance: FloatArray,
    cost: FloatArray,
    targets: FloatArray,
    floor: float,
    information: FloatArray | None,
) -> None:
    if jacobian.ndim != 2 or 0 in jacobian.shape:
        raise InputError("not a Jacobian", where=f"{_WHERE}.jacobian", expected="shape (N, P)", got=str(jacobian.shape))
    count, dimension = jacobian.shape
    for name, values in (("unit_variance", unit_variance), ("cost", cost)):
        if np.shape(values) != (count,):
            raise InputError(
                "one value a point is needed",
                where=f"{_WHERE}.{name}",
                expected=f"({count},)",
                got=str(np.shape(values)),
            )
        if not (np.isfinite(values).all() and (np.asarray(values) > 0).all()):
            smallest = f"a smallest value of {np.min(values):g}"
            raise InputError("not positive", where=f"{_WHERE}.{name}", expected="numbers above 0", got=smallest)
    for name, shape, expected in (
        ("target", targets.shape, (len(targets), dimension)),
        ("information", (dimension, dimension) if information is None else information.shape, (dimension, dimension)),
    ):
        if shape != expected:
            raise InputError("wrong shape", where=f"{_WHERE}.{name}", expected=str(expected), got=str(shape))
    if not 0.0 <= floor <= 1.0:
        raise InputError("not a fraction", where=f"{_WHERE}.floor", expected="a number in [0, 1]", got=f"{floor:g}")
