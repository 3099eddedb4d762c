"""Whole JSON documents, each kept once: optimiser traces, expensive single runs, example failures.

Merging is set union by content, so that it is idempotent and its order never matters.  Two runs with equal documents
are one document: where both must count, write what tells them apart (a seed, a replica number) into them.

>>> (Record.of({"seed": 2, "value": 0.5}) + Record.of({"seed": 1, "value": 0.25})).documents
[{'seed': 1, 'value': 0.25}, {'seed': 2, 'value': 0.5}]
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeGuard

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.tally.monoid import Monoid

if TYPE_CHECKING:
    from experiments.study import JSON


@dataclass(frozen=True, slots=True, eq=False)
class Record(Monoid):
    """A set of JSON documents as their canonical texts, sorted.  Make one with `of`.

    Raises:
        InputError: texts that are not sorted and unique.
    """

    kind: ClassVar[str] = "record"

    texts: tuple[str, ...]

    def __post_init__(self) -> None:
        if any(a >= b for a, b in zip(self.texts, self.texts[1:], strict=False)):
            raise InputError(
                "texts out of order", where="Record.texts", expected="sorted, each once", cure="use Record.of"
            )

    @classmethod
    def zero(cls) -> Record:
        """No documents yet."""
        return cls(())

    @classmethod
    def of(cls, *documents: JSON) -> Record:
        """The set of these documents: anything ``json`` can hold, numbers finite.

        Raises:
            InputError: not JSON, or nan or infinity in it.
        """
        return cls(tuple(sorted({_canonical(document) for document in documents})))

    @property
    def size(self) -> int:
        """The number of different documents."""
        return len(self.texts)

    @property
    def documents(self) -> list[JSON]:
        """The documents, in the order of their canonical texts."""
        return [json.loads(text) for text in self.texts]

    def merge(self, other: Record) -> Record:
        """The union of both sets."""
        if not self.texts or not other.texts:
            return other if not self.texts else self
        return Record(tuple(sorted({*self.texts, *other.texts})))

    def to_json(self) -> JSON:
        """The list of documents."""
        return self.documents

    @classmethod
    def from_json(cls, state: JSON) -> Record:
        """The set that `to_json` wrote.

        Raises:
            InputError: not a list of JSON documents.
        """
        if not isinstance(state, (list, tuple)):
            raise InputError("not a list of documents", where="record", expected="a list", got=repr(state)[:80])
        return cls.of(*state)

    def estimate(self, confidence: float = 0.95) -> Estimate:
        """The mean of the documents' numeric ``"value"`` fields with Student's interval.

        nan where there are no documents, or one of them has no such field: a record then has no number to show.
        """
        from experiments.statistics.mean import student_interval

        values = [document.get("value") if isinstance(document, dict) else None for document in self.documents]
        numbers = [float(value) for value in values if _is_number(value)]
        if not numbers or len(numbers) != len(values):
            return Estimate(math.nan, math.nan, math.nan, confidence)
        mean = math.fsum(numbers) / len(numbers)
        squares = math.fsum((x - mean) * (x - mean) for x in numbers)
        low, high = student_interval(len(numbers), mean, squares, confidence=confidence)
        return Estimate(mean, low, high, confidence)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _canonical(document: JSON) -> str:
    try:
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as reason:
        raise InputError(
            "not a JSON document",
            where="Record.of",
            expected="None, bool, finite numbers, str, lists and string-keyed dicts of these",
            got=f"{document!r:.80} ({reason})",
            cure="turn arrays into lists, and nan into None or a string",
        ) from reason
