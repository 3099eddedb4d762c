"""The refusals of circuits and backends: what is wrong, where, what was expected, what was found, and how to mend it.

>>> print(CircuitError("not a Clifford gate", where="gate 3 (t on qubit 0)", cure='use backend="statevector"'))
gate 3 (t on qubit 0): not a Clifford gate; use backend="statevector"
"""

from __future__ import annotations


class CircuitError(ValueError):
    """A circuit, noise model, observable or option that cannot be used, or a run that cannot be had.

    Args:
        what: what is wrong, in a few words.
        where: the argument, gate or qubit at fault.
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
