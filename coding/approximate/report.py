"""What became of a coded computation, in one record that prints itself.

>>> print(Report(workers=10, answered=9, error_estimate=2e-5, input_errors=(1e-5, 2e-5), liars=(4,), stragglers=(7,)))
9 of 10 answers; estimated error 2e-05; liars: 4; stragglers: 7
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from coding.approximate.decoders import Decoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the values came about and how far they may be trusted.

    Args:
        workers: number of workers asked.
        answered: answers that arrived and were looked at, lies included.
        error_estimate: estimated relative error of all values (Frobenius), from answers hidden and foretold; it does
            not know of lies that form a smooth curve themselves.
        input_errors: the same for each input, relative to the root mean square length of a value.
        liars: workers whose answers were set aside (NaN and odd shapes included).
        stragglers: workers that were not waited for.
        failed: worker -> what went wrong there (f raised, or the worker died).
        refused: True when the values did not pass the tests; the values are then NaN.
        reason: why they were refused, empty otherwise.
        rejected: the values that did not pass, for inspection; None when not refused.
        decoders: the decoder of each input.
    """

    workers: int
    answered: int
    error_estimate: float
    input_errors: tuple[float, ...]
    liars: tuple[int, ...] = ()
    stragglers: tuple[int, ...] = ()
    failed: Mapping[int, str] = field(default_factory=dict)
    refused: bool = False
    reason: str = ""
    rejected: NDArray[Any] | None = field(default=None, repr=False, compare=False)
    decoders: tuple[Decoder, ...] = ()

    def __str__(self) -> str:
        parts = [f"{self.answered} of {self.workers} answers", f"estimated error {self.error_estimate:.0e}"]
        for name, who in (("liars", self.liars), ("stragglers", self.stragglers), ("failed", tuple(self.failed))):
            if who:
                parts.append(f"{name}: {', '.join(map(str, who))}")
        if self.refused:
            parts.append(f"refused: {self.reason}")
        return "; ".join(parts)
