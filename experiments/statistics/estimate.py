"""An estimate: a value, the interval around it, and how it prints.

The digits follow the error: the parenthesis is the half width of the interval in units of the last digit shown.

>>> str(Estimate(1.23e-5, 1.15e-5, 1.31e-5, 0.95))
'1.23(8)e-5 [95 %: 1.15e-5, 1.31e-5]'
>>> str(Estimate(0.0, 0.0, 2.9e-4))
'0 [95 %: 0, 2.90e-4]'
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from experiments.errors import InputError

_LOPSIDED = 2.0
"""Ratio of the interval's arms above which one number in parentheses would mislead."""
_FIXED_POINT = range(-3, 6)
"""Decimal exponents of values that are written without a power of ten."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the interval that holds it at ``confidence``.

    ``value``, ``low`` and ``high`` carry the unit of the quantity; each is nan where nothing is known, and ``low`` or
    ``high`` may be infinite.  The value need not be the interval's centre.

    Raises:
        InputError: ``confidence`` outside (0, 1), or ``low`` above ``high``.
    """

    value: float
    low: float
    high: float
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not 0.0 < self.confidence < 1.0:
            raise InputError(
                "not a confidence",
                where="Estimate.confidence",
                expected="a number strictly between 0 and 1",
                got=repr(self.confidence),
                cure="write 0.95 for 95 %",
            )
        if self.low > self.high:
            raise InputError(
                "the interval is upside down",
                where="Estimate.low",
                expected=f"low <= high = {self.high!r}",
                got=repr(self.low),
                cure="swap the two ends",
            )

    @property
    def half_width(self) -> float:
        """Half of high - low; nan where an end is unknown."""
        return (self.high - self.low) / 2

    @property
    def relative_error(self) -> float:
        """Half width over the size of the value; inf at value 0, nan where the value or an end is unknown."""
        width = self.half_width
        if math.isnan(width) or math.isnan(self.value):
            return math.nan
        if self.value == 0.0 or math.isinf(width):
            return math.inf
        return width / abs(self.value)

    def __str__(self) -> str:
        number, power, interval = self._parts()
        return number + (f"e{power}" if power else "") + " " + interval

    def _repr_html_(self) -> str:
        number, power, interval = self._parts()
        ten = f"&times;10<sup>{power.replace('-', '&minus;')}</sup>" if power else ""
        return f'<span class="estimate">{number}{ten} <small>{interval}</small></span>'

    def _parts(self) -> tuple[str, str, str]:
        """The value's mantissa with its error, its power of ten ("" for none), and the bracketed interval."""
        error, fixed = self.half_width, _decimal_exponent(self.value) in _FIXED_POINT
        if self._is_even() and error < 10 * abs(self.value):
            place, units = _last_place(error)
            place = max(place, _decimal_exponent(self.value) - 16)
            fixed = fixed and place <= 0
            mantissa, power = _written(self.value, place, fixed)
            mantissa += f"({units})"
            ends = [_with_power(*_written(end, place, fixed)) for end in (self.low, self.high)]
        else:
            mantissa, power = _significant(self.value, fixed)
            ends = [_with_power(*_significant(end, fixed)) for end in (self.low, self.high)]
        known = "unknown" if ends == ["unknown", "unknown"] else ", ".join(ends)
        return mantissa, power, f"[{100 * self.confidence:.10g} %: {known}]"

    def _is_even(self) -> bool:
        """Whether both arms are finite, positive and of about the same length, so that one error tells both."""
        above, below = self.high - self.value, self.value - self.low
        if not (math.isfinite(above) and math.isfinite(below)) or self.value == 0.0:
            return False
        return min(above, below) > 0.0 and max(above, below) <= _LOPSIDED * min(above, below)


def _decimal_exponent(x: float) -> int:
    """The power of ten of a number's leading digit; 0 for 0, inf and nan."""
    if x == 0.0 or not math.isfinite(x):
        return 0
    return int(f"{x:e}".partition("e")[2])


def _last_place(error: float) -> tuple[int, int]:
    """The power of ten of the last digit worth showing, and the error in units of it.

    One digit of the error is shown, two where the first is a 1: rounding then moves the error by less than 20 %.
    """
    mantissa, _, exponent = f"{error:.0e}".partition("e")
    if mantissa != "1":
        return int(exponent), int(mantissa)
    mantissa, _, exponent = f"{error:.1e}".partition("e")
    return int(exponent) - 1, int(mantissa.replace(".", ""))


def _written(x: float, place: int, fixed: bool) -> tuple[str, str]:
    """A finite number to the digit of weight 10**place: mantissa and power of ten ("" for none)."""
    from decimal import ROUND_HALF_EVEN, Context, Decimal

    if x == 0.0:
        return "0", ""
    exact = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-5000, Emax=5000)
    rounded = exact.multiply(Decimal(x), exact.power(Decimal(10), -place)).to_integral_value()
    if rounded == 0:
        return _significant(x, fixed)
    if fixed:
        return f"{exact.scaleb(rounded, place):.{-place}f}", ""
    exponent = rounded.adjusted()
    return f"{exact.scaleb(rounded, -exponent):.{exponent}f}", str(exponent + place)


def _significant(x: float, fixed: bool) -> tuple[str, str]:
    """A number to three significant digits, whatever its size: mantissa and power of ten ("" for none)."""
    if math.isnan(x):
        return "unknown", ""
    if math.isinf(x) or x == 0.0:
        return f"{x:.0f}", ""
    if fixed and _decimal_exponent(x) in _FIXED_POINT:
        return (f"{x:#.3g}".rstrip(".") if abs(x) < 1000 else f"{x:.0f}"), ""
    mantissa, _, exponent = f"{x:.2e}".partition("e")
    return mantissa, str(int(exponent))


def _with_power(mantissa: str, power: str) -> str:
    return f"{mantissa}e{power}" if power and power != "0" else mantissa
