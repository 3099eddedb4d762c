"""Errors that say what is wrong, where, what was expected, what was found, and how to mend it.

Every refusal of the workbench is one of these.  The command line prints the message alone and leaves with
``exit_code``; a notebook shows it as an ordinary ``ValueError``.

>>> print(InputError("not a probability", where="sweep.toml: grid.p[2]", expected="a number in [0, 1]", got="1.5"))
sweep.toml: grid.p[2]: not a probability: expected a number in [0, 1], got 1.5
"""

from __future__ import annotations

EXIT_COMPLETE = 0
EXIT_USAGE = 2
EXIT_STOPPED = 3
EXIT_FAILED_TASKS = 4


class WorkbenchError(ValueError):
    """A refusal with its place and its cure.

    Args:
        what: what is wrong, in a few words.
        where: file and field, e.g. ``sweep.toml: grid.p[2]``.
        expected: what would have been accepted.
        got: the offending value, already formatted.
        cure: the next thing to do.
    """

    exit_code = EXIT_USAGE

    def __init__(self, what: str, *, where: str = "", expected: str = "", got: str = "", cure: str = "") -> None:
        self.what, self.where, self.expected, self.got, self.cure = what, where, expected, got, cure
        text = f"{where}: {what}" if where else what
        facts = [f"expected {expected}"] * bool(expected) + [f"got {got}"] * bool(got)
        if facts:
            text += ": " + ", ".join(facts)
        if cure:
            text += f"; {cure}"
        super().__init__(text)


class InputError(WorkbenchError):
    """A sweep file, a parameter or a command-line value that cannot be used."""


class LedgerError(WorkbenchError):
    """A ledger that cannot be read, written or trusted."""


class ConflictError(LedgerError):
    """Two records claim the same batch with different content: a broken promise of reproducibility."""


class StorageError(WorkbenchError):
    """The disk refused a write (full, read-only, quota).  What was acknowledged before is safe."""

    exit_code = EXIT_STOPPED


class MissingExtraError(WorkbenchError):
    """An optional dependency is needed and not installed."""
