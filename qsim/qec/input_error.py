"""How this package says no: a `CircuitError` that knows the field, what was expected, what was found and the cure.

>>> print(QecInputError("even distance", field="distance", expected="an odd number", got="4", cure="use 3 or 5"))
distance: even distance: expected an odd number, got 4; use 3 or 5
"""

from __future__ import annotations

from qsim.errors import CircuitError


class QecInputError(CircuitError):
    """An input that cannot be simulated or decoded.

    Args:
        what: what is wrong, in a few words.
        field: the parameter at fault, e.g. ``distance``; empty where there is none.
        expected: what would have been accepted.
        got: the offending value, already formatted.
        cure: the next thing to do.
    """

    def __init__(self, what: str, *, field: str = "", expected: str = "", got: str = "", cure: str = "") -> None:
        super().__init__(what, where=field, expected=expected, got=got, cure=cure)
        self.field = field
