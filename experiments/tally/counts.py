"""Counts of shots, errors and discards, with any further integer counters: the tally of every counting study.

>>> (Counts(1000, 3) + Counts(2000, 5, counters={"decoded": 12})).estimate().value
0.0026666666666666666
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.tally.monoid import whole

if TYPE_CHECKING:
    from experiments.statistics.binomial import Method
    from experiments.study import JSON


@dataclass(frozen=True, slots=True, init=False)
class Counts:
    """``errors`` among ``shots``, of which ``discards`` were thrown away before it was known whether they erred.

    All fields are counts (no unit); ``counters`` holds further named counts.  Any integer type is accepted and kept as
    ``int``.  The rate is errors over kept shots, ``shots - discards``.

    Raises:
        InputError: a negative or fractional count, or errors + discards > shots.
    """

    kind: ClassVar[str] = "counts"

    shots: int
    errors: int
    discards: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)

    # Written out, because a ledger of a million lines builds two of these a line: the slots' own setters, bound below,
    # take a third of the time of the generated __init__.
    def __init__(self, shots: int, errors: int, discards: int = 0, counters: Mapping[str, int] | None = None) -> None:
        if not (type(shots) is type(errors) is type(discards) is int) or counters:
            shots = whole(shots, "Counts.shots")
            errors = whole(errors, "Counts.errors")
            discards = whole(discards, "Counts.discards")
            counters = _checked(counters or {})
        if errors < 0 or discards < 0 or errors + discards > shots:
            _refuse(shots, errors, discards)
        _set_shots(self, shots)
        _set_errors(self, errors)
        _set_discards(self, discards)
        _set_counters(self, counters or {})

    @classmethod
    def zero(cls) -> Counts:
        """No shots yet."""
        return cls(0, 0)

    @property
    def size(self) -> int:
        """Shots, discarded ones included."""
        return self.shots

    @property
    def kept(self) -> int:
        """Shots that were not discarded."""
        return self.shots - self.discards

    def merge(self, other: Counts) -> Counts:
        """Both sets of shots together; counters of the same name add up."""
        counters: Mapping[str, int] | None = None
        if self.counters or other.counters:
            counters = dict(self.counters)
            for name, count in other.counters.items():
                counters[name] = counters.get(name, 0) + count
        return Counts(self.shots + other.shots, self.errors + other.errors, self.discards + other.discards, counters)

    def __add__(self, other: Counts) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return self.merge(other)

    def __hash__(self) -> int:
        return hash((self.shots, self.errors, self.discards, frozenset(self.counters.items())))

    def to_json(self) -> JSON:
        """``[shots, errors]``, then discards and counters where there are any."""
        if self.counters:
            return [self.shots, self.errors, self.discards, dict(sorted(self.counters.items()))]
        return [self.shots, self.errors, self.discards] if self.discards else [self.shots, self.errors]

    @classmethod
    def from_json(cls, state: JSON) -> Counts:
        """The counts that `to_json` wrote.

        Raises:
            InputError: not such a list, or counts that cannot be.
        """
        try:
            return cls(*state)
        except TypeError:
            raise InputError(
                "not the state of this tally",
                where="counts.from_json",
                expected="[shots, errors], [shots, errors, discards] or [shots, errors, discards, counters]",
                got=repr(state)[:80],
                cure="read it with the version of the workbench that wrote it",
            ) from None

    def estimate(self, confidence: float = 0.95, method: Method = "likelihood_ratio") -> Estimate:
        """Errors per kept shot with its interval; value nan and interval [0, 1] before the first kept shot."""
        from experiments.statistics.binomial import interval

        low, high = interval(self.errors, self.kept, confidence=confidence, method=method)
        return Estimate(self.errors / self.kept if self.kept else math.nan, low, high, confidence)


_set_shots = Counts.__dict__["shots"].__set__
_set_errors = Counts.__dict__["errors"].__set__
_set_discards = Counts.__dict__["discards"].__set__
_set_counters = Counts.__dict__["counters"].__set__


def _checked(counters: Mapping[str, int]) -> dict[str, int]:
    if not isinstance(counters, Mapping) or not all(isinstance(name, str) for name in counters):
        raise InputError(
            "not named counts", where="Counts.counters", expected="a mapping str -> int", got=repr(counters)
        )
    return {name: whole(count, f"Counts.counters[{name!r}]") for name, count in counters.items()}


def _refuse(shots: int, errors: int, discards: int) -> None:
    for name, count in (("shots", shots), ("errors", errors), ("discards", discards)):
        whole(count, f"Counts.{name}")
    raise InputError(
        "more errors and discards than shots",
        where="Counts",
        expected=f"errors + discards <= shots = {shots}",
        got=f"errors = {errors}, discards = {discards}",
        cure="count a discarded shot as a discard only, and each shot as at most one error",
    )
