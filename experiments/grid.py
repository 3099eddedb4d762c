"""The grid of a sweep: named columns of values and their cartesian product, in the order they are written.

>>> expand({"distance": [3, 5], "p": {"logspace": [0.001, 0.1, 3]}}, "sweep.toml")
{'distance': [3, 5], 'p': [0.001, 0.01, 0.1]}
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from experiments.errors import InputError
from experiments.study import JSON

_FORMS = "a list of values, { linspace = [first, last, count] } or { logspace = [first, last, count] }"


def expand(grid: Mapping[str, Any], source: str) -> dict[str, list[JSON]]:
    """Every column written out as a list.

    Spaced values are rounded to 12 significant digits, so that a task has the same id on every platform's ``pow``.
    """
    return {name: _column(values, f"{source}: grid.{name}") for name, values in grid.items()}


def points(columns: Mapping[str, list[JSON]]) -> Iterator[dict[str, int]]:
    """The cartesian product as indices into the columns; the last column varies fastest."""
    for indices in itertools.product(*(range(len(values)) for values in columns.values())):
        yield dict(zip(columns, indices, strict=True))


def _column(values: Any, where: str) -> list[JSON]:
    if isinstance(values, list):
        if not values:
            raise InputError(
                "an empty column makes an empty sweep", where=where, expected="at least one value", got="[]"
            )
        return values
    if isinstance(values, Mapping) and len(values) == 1:
        (form, arguments), *_ = values.items()
        if form in ("linspace", "logspace"):
            first, last, count = _three_numbers(arguments, f"{where}.{form}")
            if form == "logspace" and not (first > 0 and last > 0):
                raise InputError(
                    "a logarithmic spacing needs positive ends",
                    where=f"{where}.logspace",
                    expected="first and last > 0 (values, not exponents)",
                    got=str([first, last, count]),
                )
            return [_spaced(form, first, last, count, k) for k in range(count)]
    raise InputError("not a grid column", where=where, expected=_FORMS, got=repr(values))


def _three_numbers(arguments: Any, where: str) -> tuple[float, float, int]:
    numeric = isinstance(arguments, list) and all(
        isinstance(a, int | float) and not isinstance(a, bool) and math.isfinite(a) for a in arguments
    )
    if not numeric or len(arguments) != 3 or not isinstance(arguments[2], int) or arguments[2] < 2:
        raise InputError(
            "not a spacing",
            where=where,
            expected="[first, last, count] with two finite numbers and a whole count >= 2",
            got=repr(arguments),
        )
    return float(arguments[0]), float(arguments[1]), arguments[2]


def _spaced(form: str, first: float, last: float, count: int, k: int) -> float:
    share = k / (count - 1)
    value = first + (last - first) * share if form == "linspace" else first * (last / first) ** share
    return float(f"{value:.12g}")
