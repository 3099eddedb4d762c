"""Small memory experiments on which the laws of a study are tested, and experiments that must be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.study import JSON

BIT_FLIP = """\
R 0 1 2
X_ERROR(0.1) 0 1 2
M 0 1 2
DETECTOR rec[-3] rec[-2]
DETECTOR rec[-2] rec[-1]
OBSERVABLE_INCLUDE(0) rec[-1]
"""
"""Three bits, each flipped with probability 0.1: a majority vote errs with probability 3 * 0.1**2 - 2 * 0.1**3."""

CLEAN = """\
R 0 1 2
TICK
CX 0 1
TICK
CX 2 1
TICK
M 0 1 2
DETECTOR rec[-2]
OBSERVABLE_INCLUDE(0) rec[-1]
"""
"""Two data qubits and one parity check, without noise."""

EXAMPLES: Sequence[Mapping[str, JSON]] = (
    {"code": "rotated_surface", "distance": 3, "p": 0.01},
    {"code": "rotated_surface", "basis": "X", "distance": 5, "rounds": 2, "p": 0.004, "noise": "SI1000"},
    {"code": "unrotated_surface", "distance": 3, "p": 0.01, "noise": "SD6"},
    {"code": "repetition", "distance": 4, "rounds": 3, "p": 0.02, "decoder": "pymatching-correlated"},
    {"code": "color", "distance": 3, "p": 0.001, "decoder": "vacuous"},
    {"circuit": BIT_FLIP},
    {"circuit": CLEAN, "noise": "SD6", "p": 0.01},
)

_SURFACE: Mapping[str, JSON] = {"code": "rotated_surface", "distance": 3, "p": 0.01}

BAD_EXAMPLES: Sequence[tuple[Mapping[str, JSON], str]] = (
    ({}, "code"),
    ({**_SURFACE, "code": "steane"}, "code"),
    ({**_SURFACE, "basis": "Y"}, "basis"),
    ({"code": "repetition", "distance": 3, "p": 0.01, "basis": "X"}, "basis"),
    ({**_SURFACE, "distance": 4}, "even distance"),
    ({**_SURFACE, "code": "unrotated_surface", "distance": 6}, "even distance"),
    ({**_SURFACE, "distance": 1}, "distance"),
    ({**_SURFACE, "distance": "3"}, "distance"),
    ({"code": "rotated_surface", "p": 0.01}, "distance"),
    ({**_SURFACE, "rounds": 0}, "rounds"),
    ({**_SURFACE, "rounds": "depth"}, "rounds"),
    ({**_SURFACE, "code": "color", "rounds": 1, "decoder": "vacuous"}, "rounds"),
    ({**_SURFACE, "p": 1.5}, "[0, 1]"),
    ({**_SURFACE, "p": -0.1}, "[0, 1]"),
    ({**_SURFACE, "p": "0.01"}, "p"),
    ({"code": "rotated_surface", "distance": 3}, "p"),
    ({**_SURFACE, "p": 0.3, "noise": "SI1000"}, "SI1000"),
    ({**_SURFACE, "noise": "SI2000"}, "noise"),
    ({**_SURFACE, "noise": "as_written"}, "noise"),
    ({**_SURFACE, "decoder": "pymatchin"}, "pymatching"),
    ({**_SURFACE, "decoder": "no_such_package_of_anyone:Decoder"}, "no_such_package_of_anyone"),
    ({**_SURFACE, "code": "color"}, "color"),
    ({**_SURFACE, "shots": 100}, "shots"),
    ({"circuit": "H 0\nT 0\nM 0\n"}, "T is not a Clifford gate"),
    ({"circuit": "H 0\nM 0\n"}, "observable"),
    ({"circuit": "memory.stim"}, "circuit"),
    ({"circuit": BIT_FLIP, "code": "repetition"}, "code"),
    ({"circuit": BIT_FLIP, "rounds": 3}, "rounds"),
    ({"circuit": BIT_FLIP, "p": 0.1}, "noise"),
    ({"circuit": BIT_FLIP, "p": 0.1, "noise": "SD6"}, "noisy already"),
    ({"circuit": CLEAN, "noise": "SD6"}, "p"),
)
