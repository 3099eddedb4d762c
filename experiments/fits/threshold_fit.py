"""What a threshold fit found: p_c with its interval, how well the curve fits, and the curve itself.

`experiments.fits.threshold.fit_threshold` makes these; a plot asks `ThresholdFit.curve`, a report prints ``str(fit)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.fits.finite_size_scaling import FiniteSizeScaling
from experiments.fits.observations import FloatArray
from experiments.statistics.estimate import Estimate

REFUTED_BELOW = 1e-3
"""A curve is refuted when the data would speak so much against it, were it true, less often than this."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the curves of two neighbouring distances cross: ``p`` with its statistical standard error."""

    small: float
    large: float
    p: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class PlainScaling:
    """A fit without a correction that was refuted: its p_c, deviance and degrees of freedom.

    ``chance``: how often a correction would improve the fit as much as it does if there were no drift.
    """

    p_c: float
    deviance: float
    dof: int
    chance: float


@dataclass(frozen=True, slots=True)
class ThresholdFit:
    """A fitted threshold.  ``p_c``, ``low``, ``high``, ``standard_error`` and ``window`` are in the units of ``x``.

    ``low`` and ``high`` are the ends of the profile-likelihood interval, widened by √overdispersion; where ``spread``
    is given they enclose as well the interval of every corrected curve in it, and so hold p_c whichever of these curves
    is the true one.  ``low`` is 0 and ``high`` infinite where that side is open.  ``overdispersion`` is max(1,
    deviance/dof).  ``standard_error`` knows this fit's curve only: `statistical_error` = standard_error/√overdispersion
    is what more shots shrink.  ``coefficients`` are c_0, c_1, ... and ``correction`` is (D, μ).  ``points_used`` are
    indices into the arrays that were fitted, ``window`` the smallest and largest x among them.  ``refuted`` is plain
    scaling where this fit's correction had to replace it, or ought to have.  ``spread`` holds (μ, p_c) for the same
    points fitted with corrections of other exponents, p_c None where such a curve cannot be fitted: the interval is
    then open, for nothing bounds the drift.
    """

    p_c: float
    low: float
    high: float
    confidence: float
    standard_error: float
    nu: float
    coefficients: tuple[float, ...]
    correction: tuple[float, float] | None
    deviance: float
    dof: int
    lack_of_fit_p: float
    overdispersion: float
    points_used: tuple[int, ...]
    window: tuple[float, float]
    crossings: tuple[Crossing, ...]
    refuted: PlainScaling | None = None
    spread: tuple[tuple[float, float | None], ...] = ()

    @property
    def systematic(self) -> tuple[float, float] | None:
        """Lowest and highest p_c over the exponents of ``spread``; None without them, or when one cannot be fitted."""
        found = [p_c for _, p_c in self.spread if p_c is not None]
        return (min(found), max(found)) if found and len(found) == len(self.spread) else None

    @property
    def statistical_error(self) -> float:
        """Standard error of p_c if the model is true."""
        return self.standard_error / float(np.sqrt(self.overdispersion))

    @property
    def estimate(self) -> Estimate:
        """p_c with its interval."""
        return Estimate(self.p_c, self.low, self.high, self.confidence)

    @property
    def model(self) -> str:
        """The fitted formula."""
        terms = "".join(f" + c{k} x^{k}" if k > 1 else " + c1 x" for k in range(1, len(self.coefficients)))
        shift = f" + D d^-{self.correction[1]:g}" if self.correction else ""
        return f"P = (1 - exp(-2 exp(eta)))/2, eta = c0{terms}{shift}, x = log(p/p_c) d^(1/nu)"

    @property
    def parameters(self) -> FloatArray:
        """The parameter vector of `FiniteSizeScaling`: (log p_c, 1/ν, c_0, ...[, D])."""
        shift = (self.correction[0],) if self.correction else ()
        return np.array([np.log(self.p_c), 1.0 / self.nu, *self.coefficients, *shift])

    def scaling(self, p: ArrayLike, distance: ArrayLike) -> FiniteSizeScaling:
        """The model's curve, with this fit's form, at points ``p`` and ``distance`` (broadcast to one axis)."""
        strengths = np.asarray(p, dtype=np.float64)
        p_values, distances = np.broadcast_arrays(strengths, np.asarray(distance, dtype=np.float64))
        exponent = self.correction[1] if self.correction else None
        return FiniteSizeScaling(p_values.ravel(), distances.ravel(), len(self.coefficients) - 1, exponent)

    def curve(self, p: ArrayLike, distance: ArrayLike) -> FloatArray:
        """Fitted error rates at ``p`` (any shape) for ``distance``; trust them inside ``window`` only."""
        shape = np.broadcast_shapes(np.shape(p), np.shape(distance))
        return self.scaling(p, distance)(self.parameters)[0].reshape(shape)

    def __str__(self) -> str:
        shape = f", correction d^-{self.correction[1]:g}" if self.correction else ""
        text = (
            f"p_c = {self.estimate}, nu = {self.nu:.3g}{shape}; "
            f"{len(self.points_used)} points, deviance {self.deviance:.1f} on {self.dof} degrees of freedom "
            f"(p = {self.lack_of_fit_p:.2g})"
        )
        if self.overdispersion > 1:
            text += f", errors widened {np.sqrt(self.overdispersion):.2f} times"
        if r := self.refuted:
            text += f"; plain scaling refuted (p = {r.chance:.2g}): deviance {r.deviance:.1f} on {r.dof}"
            text += "" if self.correction else ", yet no correction can be fitted"
        if self.lack_of_fit_p < REFUTED_BELOW and not (self.refuted and self.correction is None):
            text += "; this curve does not fit" + (" either" if self.refuted else "")
        return text + self._spread_text() + self._crossings_text()

    def _spread_text(self) -> str:
        if not self.spread:
            return ""
        exponents = [exponent for exponent, _ in self.spread]
        if self.systematic is None:
            lost = ", ".join(f"d^-{exponent:g}" for exponent, p_c in self.spread if p_c is None)
            return f"; no fit with {lost}, so the interval is open"
        low, high = self.systematic
        return f"; d^-{exponents[0]:g} to d^-{exponents[-1]:g} put p_c between {low:.3g} and {high:.3g}"

    def _crossings_text(self) -> str:
        if not self.crossings or (self.refuted is None and self.lack_of_fit_p >= REFUTED_BELOW):
            return ""
        moves = ", ".join(f"{c.p:.3g} (d = {c.small:g}, {c.large:g})" for c in self.crossings)
        cure = "" if self.correction else ": leave out small distances or add a correction"
        return f"; crossings {moves}{cure}"
