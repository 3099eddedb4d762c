"""What the tallies share: ``a + b`` is ``a.merge(b)``, and two tallies are equal when their JSON forms are.

A tally is a commutative monoid: ``zero()`` changes nothing, and the order of merging does not matter (exactly for
integers, up to rounding for floats; the runner therefore always folds in batch order).  Floats stand in the ledger as
JSON numbers, which Python and msgspec write in the shortest form that reads back to the same bits; JSON has no nan or
infinity, so these stand as the strings "nan", "inf" and "-inf".

>>> [written(x) for x in (0.1, float("-inf"))], as_float("inf")
([0.1, '-inf'], inf)
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from experiments.errors import InputError

if TYPE_CHECKING:
    from experiments.study import JSON


class Monoid:
    """Base of the tallies that hold floats: addition and equality from `merge` and `to_json`."""

    __slots__ = ()
    kind: ClassVar[str]

    def merge(self, other: Self) -> Self:
        """The tally of both data sets together."""
        raise NotImplementedError(f"{type(self).__name__} is a tally without merge")

    def to_json(self) -> JSON:
        """The state as JSON; floats read back to the same bits."""
        raise NotImplementedError(f"{type(self).__name__} is a tally without to_json")

    def __add__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        return self.merge(other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Monoid) or type(other) is not type(self):
            return NotImplemented
        return bool(self.to_json() == other.to_json())

    def __hash__(self) -> int:
        return hash((self.kind, repr(self.to_json())))


def written(x: float) -> JSON:
    """A float as it stands in the ledger: itself, or its name where JSON has no number for it."""
    return x if math.isfinite(x) else str(x)


def as_float(state: JSON) -> float:
    """The float that `written` wrote.

    Raises:
        InputError: neither a number nor "nan", "inf" or "-inf".
    """
    if type(state) is float or type(state) is int or state in ("nan", "inf", "-inf"):
        return float(state)
    raise InputError("not a number", where="tally", expected='a number, "nan", "inf" or "-inf"', got=repr(state))


def whole(value: Any, where: str) -> int:
    """A non-negative whole number as a plain int, from any integer type.

    Raises:
        InputError: not an integer, or negative.
    """
    try:
        number = int(operator.index(value))
    except TypeError:
        raise InputError("not a whole number", where=where, expected="an integer >= 0", got=repr(value)) from None
    if number < 0:
        raise InputError("negative", where=where, expected="an integer >= 0", got=repr(number))
    return number


def fields(state: JSON, count: int, kind: str) -> list[Any]:
    """The ``count`` fields of a tally's JSON form.

    Raises:
        InputError: not a list of that length.
    """
    if not isinstance(state, (list, tuple)) or len(state) != count:
        raise InputError(
            "not the state of this tally",
            where=f"{kind}.from_json",
            expected=f"a list of {count} fields",
            got=repr(state)[:80],
            cure="read it with the version of the workbench that wrote it",
        )
    return list(state)
