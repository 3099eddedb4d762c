"""The refusals of coded computing: what is wrong, where, what was expected, what was found, and how to mend it.

>>> print(CodingError("too few workers", where="workers", expected="at least 9", got="7", cure="add two"))
workers: too few workers: expected at least 9, got 7; add two
"""

from __future__ import annotations


class CodingError(ValueError):
    """Input that cannot be used, or a result that cannot be had.

    Args:
        what: what is wrong, in a few words.
        where: the argument at fault.
        expected: what would have been accepted.
        got: the offending value, already formatted.
        cure: the next thing to do.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", got: str = "", cure: str = "") -> None:
        self.what, self.where, self.expected, self.got, self.cure = what, where, expected, got, cure
        text = f"{where}: {what}" if where else what
        facts = [f"expected {expected}"] * bool(expected) + [f"got {got}"] * bool(got)
        if facts:
            text += ": " + ", ".join(facts)
        if cure:
            text += f"; {cure}"
        super().__init__(text)
