"""Numbers as people read them: ticks on an axis, and grid values with just enough digits to tell them apart.

>>> distinct([0.002, 0.0035565588200778457])
['0.002', '0.003557']
>>> log_ticks(2e-3, 2e-2)
[0.002, 0.005, 0.01, 0.02]
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.study import JSON

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def distinct(values: Sequence[JSON], digits: int = 4) -> list[str]:
    """Texts of ``values``, floats to ``digits`` significant digits or as many more as keep different values apart."""
    different = len({json.dumps(value, sort_keys=True) for value in values})
    for precision in range(digits, 17):
        texts = [text(value, precision) for value in values]
        if len(set(texts)) >= different:
            break
    return texts if values else []


def text(value: JSON, digits: int = 4) -> str:
    """One grid value: floats to ``digits`` significant digits, texts as they are, anything else as JSON."""
    match value:
        case bool() | None:
            return json.dumps(value)
        case float() if math.isfinite(value):
            return _plain(value, digits)
        case str():
            return value
        case int() | float():
            return str(value)
    return json.dumps(value, ensure_ascii=False)


def grouped(count: int) -> str:
    """A count with thousands separated: ``12,345,678``."""
    return f"{count:,}"


def duration(seconds: float) -> str:
    """Core time in the unit that suits it: ``3.1 s``, ``12 min``, ``5.2 h``."""
    for limit, unit, size in ((120.0, "s", 1.0), (7200.0, "min", 60.0), (math.inf, "h", 3600.0)):
        if seconds < limit:
            return f"{seconds / size:.3g} {unit}"
    return "unknown"


def log_ticks(low: float, high: float) -> list[float]:
    """Labelled ticks of a logarithmic axis.

    Round steps within a third of a decade, most digits within one, 1-2-5 within two, beyond them powers of ten (about
    eight of them).
    """
    decades = math.log10(high / low)
    if decades < 1 / 3:
        return _round_steps(low, high)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = max(1, math.ceil((last - first) / 8)) if decades > 2 else 1
    factors = (1, 2, 3, 4, 6, 8) if decades < 1 else (1, 2, 5) if decades <= 2 else (1,)
    ticks = [factor * 10.0**power for power in range(first, last + 1, step) for factor in factors]
    return [tick for tick in (float(f"{tick:.12g}") for tick in ticks) if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]


def _round_steps(low: float, high: float) -> list[float]:
    raw = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
    return [float(f"{k * step:.12g}") for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def tick_text(tick: float, *, powers: bool) -> str:
    """A tick's label: ``0.002``, or with ``powers`` ``2×10⁻³`` and ``10⁻⁵``."""
    if tick == 0 or not powers:
        return f"{tick:.6g}"
    mantissa, _, exponent = f"{tick:.5e}".partition("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    mantissa = f"{float(mantissa):g}"
    return power if mantissa == "1" else f"{mantissa}×{power}"


def wants_powers(low: float, high: float) -> bool:
    """True when an axis over this range reads better with powers of ten on every tick."""
    largest = max(abs(low), abs(high))
    smallest = min(abs(low), abs(high)) if low * high > 0 else largest
    return smallest < 9e-4 or largest >= 1e5


def _plain(value: float, digits: int) -> str:
    rounded = f"{value:.{digits}g}"
    mantissa, _, exponent = rounded.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else rounded
