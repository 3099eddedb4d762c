"""Values at several noise strengths extrapolated to none, with standard errors.

>>> found = extrapolate([1, 2, 3], [0.8, 0.64, 0.512], [0.01, 0.01, 0.01], method="exponential")
>>> round(found.value, 12)
1.0

Three ways: ``linear`` (least squares by a straight line), ``exponential`` (by b exp(-c x), noise that decays towards
the maximally mixed state's value 0), ``richardson`` (the polynomial through all points).  The error bar is what the
values' own errors give; that the law is another than assumed is not in it, so compare methods.

Source: Temme, Bravyi and Gambetta, arXiv:1612.02058 (Richardson); Giurgica-Tiron et al., arXiv:2005.10921, section IV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsim.errors import CircuitError

Floats = NDArray[np.float64]
Method: TypeAlias = Literal["linear", "exponential", "richardson"]
METHODS = ("linear", "exponential", "richardson")


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """A value at zero noise.

    Attributes:
        value: it.
        error: standard error from those of the values.
        method: how it was found.
    """

    value: float
    error: float
    method: str

    def __str__(self) -> str:
        return f"{self.value:.5g} ± {self.error:.2g} ({self.method})"


def extrapolate(scales: Sequence[float], values: ArrayLike, errors: ArrayLike, *, method: Method) -> Extrapolation:
    """The value at scale 0.

    Args:
        scales: (S,) noise strengths, different.
        values, errors: (S,) values and their standard errors; all errors 0 for exact values, which weigh equally.
        method: "linear", "exponential" or "richardson".

    Raises:
        CircuitError: too few scales, equal ones, shapes that differ, or values that no exponential fits.
    """
    x, y, s = (np.asarray(each, dtype=np.float64) for each in (scales, values, errors))
    if method not in METHODS:
        raise CircuitError("no such method", where="method", expected=", ".join(METHODS), got=repr(method))
    if x.ndim != 1 or not x.shape == y.shape == s.shape or len(np.unique(x)) != len(x) or len(x) < 2:
        expected, got = "two or more different scales, a value and an error each", f"{scales}, {y.shape}, {s.shape}"
        raise CircuitError("not a series to extrapolate", where="scales", expected=expected, got=got)
    if not (np.isfinite(y).all() and (s >= 0).all() and ((s > 0).all() or (s == 0).all())):
        expected = "finite values; errors all above 0, or all 0"
        raise CircuitError("not values with errors", where="errors", expected=expected, got=repr(s.tolist()))
    if method == "exponential":
        return _exponential(x, y, s)
    weights = _line_weights(x, s) if method == "linear" else _lagrange_weights(x)
    return Extrapolation(float(weights @ y), float(np.sqrt(weights**2 @ s**2)), method)


def _line_weights(x: Floats, s: Floats) -> Floats:
    """Weights of the values in the intercept of a weighted line."""
    w = 1 / s**2 if s.any() else np.ones_like(x)
    design = np.stack([np.ones_like(x), x], axis=1)
    normal = design.T @ (w[:, None] * design)
    return np.asarray(np.linalg.solve(normal, design.T * w)[0])


def _lagrange_weights(x: Floats) -> Floats:
    """Weights of the values in the interpolating polynomial at 0."""
    return np.array([np.prod([other / (other - each) for other in x if other != each]) for each in x])


def _exponential(x: Floats, y: Floats, s: Floats) -> Extrapolation:
    """Least squares by b exp(-c x), begun at the line through the logarithms."""
    from scipy.optimize import least_squares

    sign = float(np.sign(y[np.argmax(np.abs(y))]))
    usable = sign * y > 0
    if sign == 0 or usable.sum() < 2:
        cure = "use method='linear', or more shots"
        got = repr(y.tolist())
        raise CircuitError("no exponential fits", where="values", expected="one sign", got=got, cure=cure)
    slope, height = np.polyfit(x[usable], np.log(sign * y[usable]), 1)
    scale = s if s.any() else np.ones_like(s)

    def miss(b_c: Floats) -> Floats:
        return np.asarray((b_c[0] * np.exp(-b_c[1] * x) - y) / scale)

    fit = least_squares(miss, [sign * np.exp(height), -slope], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac)
    error = float(np.sqrt(covariance[0, 0])) if s.any() else 0.0
    return Extrapolation(float(fit.x[0]), error, "exponential")
