"""The codes whose memory experiment stim can generate, and the sizes each of them admits.

Nothing heavy is imported: a sweep file is checked against this table without loading stim.

>>> CODES["rotated_surface"].detectors(distance=3, rounds=3)
24
>>> check_memory("rotated_surface", "Z", distance=4, rounds=4)
Traceback (most recent call last):
    ...
qsim.qec.input_error.QecInputError: distance: even distance: expected an odd number >= 3, got 4; use 3 or 5
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from qsim.qec.input_error import QecInputError


@dataclass(frozen=True, slots=True)
class Code:
    """One family of codes.

    ``tasks`` maps the memory basis to stim's generator.  ``checks_of`` gives the detectors a round adds at a distance;
    preparation and final measurement together see ``closing_rounds`` rounds' worth of them.
    """

    name: str
    tasks: Mapping[str, str]
    odd: bool
    smallest_distance: int
    fewest_rounds: int
    checks_of: Callable[[int], int]
    closing_rounds: int = 0

    def detectors(self, *, distance: int, rounds: int) -> int:
        """Number of detectors of the memory circuit."""
        return self.checks_of(distance) * (rounds + self.closing_rounds)


def _surface_tasks(kind: str) -> Mapping[str, str]:
    return MappingProxyType({basis: f"surface_code:{kind}_memory_{basis.lower()}" for basis in ("X", "Z")})


CODES: Mapping[str, Code] = MappingProxyType(
    {
        code.name: code
        for code in (
            Code("rotated_surface", _surface_tasks("rotated"), True, 3, 1, lambda d: d * d - 1),
            Code("unrotated_surface", _surface_tasks("unrotated"), True, 3, 1, lambda d: 2 * d * (d - 1)),
            Code("repetition", {"Z": "repetition_code:memory"}, False, 2, 1, lambda d: d - 1, closing_rounds=1),
            Code("color", {"Z": "color_code:memory_xyz"}, True, 3, 2, lambda d: 3 * (d * d - 1) // 8),
        )
    }
)
"""Codes by name: rotated and unrotated surface code, repetition code, triangular colour code."""


def check_memory(code: str, basis: str, *, distance: int, rounds: int) -> Code:
    """The code, once the combination is known to have a memory circuit.

    Raises:
        QecInputError: unknown code, a basis the code has no circuit for, an even or too small distance, too few rounds.
    """
    if code not in CODES:
        raise QecInputError("unknown code", field="code", expected="one of " + ", ".join(CODES), got=repr(code))
    known = CODES[code]
    if basis not in known.tasks:
        raise QecInputError(
            f"stim has no {code} memory circuit in this basis",
            field="basis",
            expected=" or ".join(known.tasks),
            got=repr(basis),
            cure='use basis = "Z", or a surface code',
        )
    wanted = f"{'an odd' if known.odd else 'a whole'} number >= {known.smallest_distance}"
    if distance < known.smallest_distance:
        cure = f"use {known.smallest_distance}"
        raise QecInputError("distance too small", field="distance", expected=wanted, got=str(distance), cure=cure)
    if known.odd and distance % 2 == 0:
        cure = f"use {distance - 1} or {distance + 1}"
        raise QecInputError("even distance", field="distance", expected=wanted, got=str(distance), cure=cure)
    if rounds < known.fewest_rounds:
        raise QecInputError(
            "too few rounds",
            field="rounds",
            expected=f"a whole number >= {known.fewest_rounds} for the {code} code",
            got=str(rounds),
            cure=f"use {known.fewest_rounds}",
        )
    return known
