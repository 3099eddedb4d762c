"""The rules a noise model is made of: which channel goes where.

Rules are data; `qsim.noise.placing` puts them into programs, `NoiseModel` makes and checks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal, TypeAlias

from qsim.errors import CircuitError
from qsim.noise.channel import Channel

CLASSES = frozenset({"gate", "measure", "joint", "reset", "delay"})
SIZE = re.compile(r"([1-9]\d*)q")

Names: TypeAlias = str | Iterable[str]
Operands: TypeAlias = int | tuple[int, ...] | list[int] | list[tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """A channel before or after operations.

    Attributes:
        gates: names and classes, any of which will do.
        qubits: operand tuples it is limited to; None for all.
        unless: operand tuples it passes over.
        on: qubits the channel goes on in place of the operation's own.
        coupling: pairs of neighbours; the channel then goes on the neighbours of the operation's qubits.
    """

    when: Literal["before", "after"]
    gates: frozenset[str]
    channel: Channel
    qubits: frozenset[tuple[int, ...]] | None = None
    unless: frozenset[tuple[int, ...]] = frozenset()
    on: tuple[int, ...] | None = None
    coupling: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """Wrong records: probabilities of recording 1 for outcome 0, and 0 for outcome 1."""

    flips: tuple[float, float]
    qubits: frozenset[int] | None = None
    unless: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A channel at the end of each layer.

    Attributes:
        during: None: on qubits that do nothing in the layer; else on qubits that are not in an operation of these
            names, in layers which have one.
    """

    channel: Channel
    during: frozenset[str] | None = None
    qubits: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterLayer:
    """A channel on given qubits after each layer that has an operation of these names."""

    containing: frozenset[str]
    channel: Channel
    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EachRound:
    """A channel on data qubits at the start of each round of error correction."""

    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """Thermal relaxation for the time that passes.

    Attributes:
        t1, t2: [s] by qubit, or one for all.
        durations: [s] by name, class, or (name, operands).
        excited: equilibrium population of |1>.
        dt: [s] of the unit ``dt`` of delays.
        in_gates: whether qubits relax during operations too.
    """

    t1: float | Mapping[int, float]
    t2: float | Mapping[int, float]
    durations: Mapping[str | tuple[str, tuple[int, ...]], float]
    excited: float | Mapping[int, float] = 0.0
    dt: float | None = None
    in_gates: bool = True


Rule: TypeAlias = Around | Readout | Idle | AfterLayer | EachRound | Relaxation


def as_names(given: Names, *, where: str) -> frozenset[str]:
    """Names and classes of operations as a set.

    Raises:
        CircuitError: none, or something that is no string.
    """
    names = frozenset((given,) if isinstance(given, str) else given)
    if not names or not all(isinstance(name, str) and name for name in names):
        expected = 'a gate name, "1q", "2q", "gate", "measure", "joint", "reset", "delay", or several of them'
        raise CircuitError("not names of operations", where=where, expected=expected, got=repr(given))
    return names


def as_operands(given: Operands | None, *, where: str) -> frozenset[tuple[int, ...]] | None:
    """Operand tuples: one qubit, one tuple, or a list of these.

    Raises:
        CircuitError: something that is no qubit number.
    """
    if given is None:
        return None
    many: list[Any] = list(given) if isinstance(given, (list, set, frozenset)) else [given]
    return frozenset(as_qubits(each, where=where) for each in many)


def as_qubits(given: int | Iterable[int], *, where: str) -> tuple[int, ...]:
    """Qubit numbers, each once.

    Raises:
        CircuitError: none, negative, repeated, or no integers.
    """
    found = tuple(given) if isinstance(given, Iterable) else (given,)
    if not found or any(isinstance(q, bool) or not isinstance(q, Integral) or q < 0 for q in found):
        raise CircuitError("not qubits", where=where, expected="numbers from 0 on", got=repr(given))
    qubits = tuple(map(int, found))
    if len(set(qubits)) != len(qubits):
        raise CircuitError("a qubit twice", where=where, expected="different qubits", got=repr(given))
    return qubits


def class_size(names: frozenset[str]) -> int | None:
    """The number of qubits all these classes fix, or None."""
    sizes = {_size(name) for name in names}
    return sizes.pop() if len(sizes) == 1 else None


def is_class(name: str) -> bool:
    """Whether a name is a class of operations rather than one gate."""
    return name in CLASSES or SIZE.fullmatch(name) is not None


def _size(name: str) -> int | None:
    if name in ("measure", "reset"):
        return 1
    found = SIZE.fullmatch(name)
    return int(found[1]) if found else None
