"""Any gate as Clifford gates and rotations exp(-i angle/2 P) about Pauli operators P.

>>> from qiskit.circuit.library import CPhaseGate, TGate
>>> for part in gate_parts(CPhaseGate(0.5)):
...     print(part)
Rotation(letters='Z', places=(0,), angle=0.25)
Rotation(letters='Z', places=(1,), angle=0.25)
Rotation(letters='ZZ', places=(0, 1), angle=-0.25)

Global phases are dropped.  Rotations by multiples of pi/2 are Clifford gates, so these never appear.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi
from typing import Any, TypeAlias

from qsim.backends.stabilizer.gates import LARGEST_MATRIX, TOLERANCE, Words, clifford_words
from qsim.errors import CircuitError


@dataclass(frozen=True, slots=True)
class Rotation:
    """exp(-i angle/2 P), with P given by its letters on places (first letter on the first place)."""

    letters: str
    places: tuple[int, ...]
    angle: float


Part: TypeAlias = Words | Rotation

AXES = {"rx": "X", "ry": "Y", "rz": "Z", "p": "Z", "u1": "Z", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "rzx": "ZX"}
EIGHTHS = {"t": pi / 4, "tdg": -pi / 4}

_remembered: dict[tuple[Any, ...], tuple[Part, ...]] = {}


def gate_parts(operation: Any) -> tuple[Part, ...]:
    """A bound gate as parts in the order of time.

    Raises:
        CircuitError: a gate of more than four qubits without a definition.
    """
    key = _key(operation)
    if key is None:
        return tuple(_parts(operation))
    if key not in _remembered:
        _remembered[key] = tuple(_parts(operation))
    return _remembered[key]


def _key(operation: Any) -> tuple[Any, ...] | None:
    kind = getattr(operation, "base_class", None)
    if kind is None or not kind.__module__.startswith("qiskit.circuit.library.standard_gates"):
        return None
    return (kind, operation.num_qubits, getattr(operation, "ctrl_state", None), *map(float, operation.params))


def _parts(operation: Any) -> Iterator[Part]:
    words = clifford_words(operation)
    if words is not None:
        yield words
        return
    name = operation.name if _key(operation) is not None else ""
    if name in AXES:
        yield from rotation(AXES[name], float(operation.params[0]))
    elif name in EIGHTHS:
        yield from rotation("Z", EIGHTHS[name])
    elif name in ("u", "u3"):
        theta, phi, lam = map(float, operation.params)
        yield from rotation("Z", lam)
        yield from rotation("Y", theta)
        yield from rotation("Z", phi)
    elif name in ("cp", "cu1") and operation.ctrl_state == 1:
        half = float(operation.params[0]) / 2
        yield from rotation("Z", half)
        yield from rotation("Z", half, (1,))
        yield from rotation("ZZ", -half)
    else:
        yield from _defined(operation)


def rotation(letters: str, angle: float, places: tuple[int, ...] | None = None) -> Iterator[Part]:
    """A rotation, as Clifford gates when its angle is a multiple of pi/2 (within 1e-9)."""
    on = tuple(range(len(letters))) if places is None else places
    turns = round(angle / (pi / 2))
    if abs(angle - turns * pi / 2) > TOLERANCE:
        yield Rotation(letters, on, angle)
        return
    targets = "*".join(f"{letter}{place}" for letter, place in zip(letters, on, strict=True))
    yield from _quarter_turns(targets, turns % 4)


def _quarter_turns(targets: str, turns: int) -> Iterator[Words]:
    import stim

    name = {1: "SPP", 2: "SPP", 3: "SPP_DAG"}.get(turns)
    if name is not None:
        circuit = stim.Circuit(f"{name} {targets}\n" * (2 if turns == 2 else 1)).decomposed()
        yield tuple(
            (item.name, tuple(int(target.value) for target in item.targets_copy()))
            for item in circuit
            if isinstance(item, stim.CircuitInstruction)
        )


def _defined(operation: Any) -> Iterator[Part]:
    """The parts of a gate's definition; a gate given by a small matrix is synthesised by Qiskit."""
    from qiskit.circuit.library import UnitaryGate
    from qiskit.quantum_info import Operator

    definition = getattr(operation, "definition", None)
    if definition is None and operation.num_qubits <= LARGEST_MATRIX:
        definition = UnitaryGate(Operator(operation).data).definition
    if definition is None:
        raise CircuitError(
            "a gate without definition that is too large for its matrix",
            where=f"gate {operation.name}",
            expected=f"a definition, or at most {LARGEST_MATRIX} qubits",
            got=f"{operation.num_qubits} qubits",
            cure="decompose it",
        )
    place = {qubit: number for number, qubit in enumerate(definition.qubits)}
    for item in definition.data:
        on = tuple(place[qubit] for qubit in item.qubits)
        for part in gate_parts(item.operation):
            yield moved(part, on)


def moved(part: Part, on: tuple[int, ...]) -> Part:
    """A part on other places."""
    if isinstance(part, Rotation):
        return Rotation(part.letters, tuple(on[place] for place in part.places), part.angle)
    return tuple((name, tuple(on[place] for place in places)) for name, places in part)
