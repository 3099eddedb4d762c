"""Every gate as three kinds of thing: turns of one qubit, phases on parities, and fixed matrices.

A parameter can stand in two places only: in a one-qubit gate U(θ, φ, λ), or in a phase exp(i a Z_p Z_q ...), to which
all parameterised gates on several qubits are brought by fixed changes of basis (RXX is RZZ between Hadamards, a
controlled phase is three phases).  What is in neither form is opened by its definition.  Global phases are dropped:
nothing that a backend returns depends on them.

    lower(Gate(CPhaseGate(t), (0, 1)), angles)   # Phase(0b01, -t/4), Phase(0b10, -t/4), Phase(0b11, t/4)

Source: the matrices are those of Qiskit's circuit library; qubit 0 is the least significant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import library

from qsim.backends.statevector.angles import Affine, Angles
from qsim.errors import CircuitError
from qsim.program import Gate

Complex = NDArray[np.complex128]

WIDEST_MATRIX = 8
"""Fixed gates on more qubits than this are opened by their definition where they have one."""

HADAMARD: Complex = np.array([[1, 1], [1, -1]], dtype=np.complex128) / np.sqrt(2)
TO_Y: Complex = np.diag([1, 1j]) @ HADAMARD
"""Takes Z to Y as HADAMARD takes it to X."""


@dataclass(frozen=True, slots=True)
class Turn:
    """U(θ, φ, λ) of Qiskit's on one qubit."""

    qubit: int
    theta: Affine
    phi: Affine
    lam: Affine


@dataclass(frozen=True, slots=True)
class Phase:
    """exp(i angle χ(x)), χ the product of the Z eigenvalues (+1 or -1) of the qubits in the bit mask."""

    mask: int
    angle: Affine


@dataclass(frozen=True, eq=False, slots=True)
class Fixed:
    """A (2^k, 2^k) unitary without parameters on k qubits, the first the least significant."""

    matrix: Complex
    qubits: tuple[int, ...]


Part: TypeAlias = Turn | Phase | Fixed
Rule: TypeAlias = Callable[[tuple[int, ...], Sequence[Affine]], list[Part]]


def lower(gate: Gate, angles: Angles, *, position: int | None = None) -> list[Part]:
    """A gate's parts, in the order in which they act.

    Raises:
        CircuitError: unbound parameters in a gate that is neither known nor has a definition, or no matrix.
    """
    operation = gate.operation
    params = getattr(operation, "params", ())
    free = any(getattr(value, "parameters", ()) for value in params if not isinstance(value, np.ndarray))
    if not free:
        return _fixed(gate, position)
    where = _where(gate, position)
    kind = getattr(operation, "base_class", type(operation))
    if kind in RULES and _is_closed(operation):
        return RULES[kind](gate.qubits, [angles.read(value, where=where) for value in params])
    inner = _opened(gate)
    if inner is None:
        raise CircuitError(
            "a parameterised gate that is neither known nor has a definition",
            where=where,
            expected="Qiskit's standard gates, or gates defined by them",
            cure="give it a definition, or bind its parameters",
        )
    return [part for each in inner for part in lower(each, angles, position=position)]


def lower_fixed(gate: Gate) -> list[Fixed]:
    """The fixed matrices of a gate without unbound parameters.

    Raises:
        CircuitError: unbound parameters, or neither matrix nor definition.
    """
    parts = lower(gate, Angles(()))
    return [part for part in parts if isinstance(part, Fixed)]


def _is_closed(operation: Any) -> bool:
    """Whether all controls are on 1; Qiskit keeps the class of a gate whose controls are on 0."""
    controls = getattr(operation, "num_ctrl_qubits", 0)
    return not controls or int(operation.ctrl_state) == 2**controls - 1


def _fixed(gate: Gate, position: int | None) -> list[Part]:
    if len(gate.qubits) > WIDEST_MATRIX:
        inner = _opened(gate)
        if inner is not None:
            return [part for each in inner for part in _fixed(each, position)]
    operation = gate.operation
    if hasattr(operation, "to_matrix"):
        try:
            matrix = np.asarray(operation.to_matrix(), dtype=np.complex128)
        except Exception:  # noqa: BLE001 - Qiskit raises several kinds for gates that have a definition only
            matrix = np.zeros((0, 0), dtype=np.complex128)
    else:
        matrix = np.asarray(getattr(operation, "data", np.zeros((0, 0))), dtype=np.complex128)
    if matrix.shape == (2 ** len(gate.qubits),) * 2:
        return [Fixed(matrix, gate.qubits)]
    inner = _opened(gate)
    if inner is None:
        raise CircuitError(
            "a gate with neither matrix nor definition",
            where=_where(gate, position),
            expected="to_matrix() or a definition",
            cure="define it by gates, or use UnitaryGate",
        )
    return [part for each in inner for part in _fixed(each, position)]


def _where(gate: Gate, position: int | None) -> str:
    return str(gate) if position is None else f"gate {position} ({gate})"


def _opened(gate: Gate) -> list[Gate] | None:
    """The gates of a definition, on the gate's qubits; None without one."""
    operation: Any = gate.operation
    if not hasattr(operation, "definition") and hasattr(operation, "to_instruction"):
        operation = operation.to_instruction()
    definition = getattr(operation, "definition", None)
    if definition is None:
        return None
    numbers = {qubit: gate.qubits[place] for place, qubit in enumerate(definition.qubits)}
    return [
        Gate(item.operation, tuple(numbers[qubit] for qubit in item.qubits))
        for item in definition.data
        if item.operation.name not in ("barrier", "delay")
    ]


def _mask(*qubits: int) -> int:
    return sum(1 << qubit for qubit in qubits)


def _controlled_phase(qubits: tuple[int, ...], angle: Affine) -> list[Part]:
    """angle * n_a n_b, with n = (1 - Z) / 2."""
    a, b = qubits
    quarter = angle * 0.25
    return [Phase(_mask(a), -quarter), Phase(_mask(b), -quarter), Phase(_mask(a, b), quarter)]


def _controlled_rotation(basis: Complex | None) -> Rule:
    def rule(qubits: tuple[int, ...], given: Sequence[Affine]) -> list[Part]:
        control, target = qubits
        quarter = given[0] * 0.25
        middle: list[Part] = [Phase(_mask(target), -quarter), Phase(_mask(control, target), quarter)]
        return _between(middle, {} if basis is None else {target: basis})

    return rule


def _two_qubit_rotation(first: Complex | None, second: Complex | None) -> Rule:
    def rule(qubits: tuple[int, ...], given: Sequence[Affine]) -> list[Part]:
        bases = {q: basis for q, basis in zip(qubits, (first, second), strict=True) if basis is not None}
        return _between([Phase(_mask(*qubits), given[0] * -0.5)], bases)

    return rule


def _between(middle: list[Part], bases: Mapping[int, Complex]) -> list[Part]:
    """B M B^dagger for a change of basis B on single qubits."""
    before: list[Part] = [Fixed(basis.conj().T, (qubit,)) for qubit, basis in bases.items()]
    return before + middle + [Fixed(basis, (qubit,)) for qubit, basis in bases.items()]


def _turn(theta: Affine, phi: Affine, lam: Affine, qubits: tuple[int, ...]) -> list[Part]:
    return [Turn(qubits[0], theta, phi, lam)]


ZERO, QUARTER = Affine(), Affine(np.pi / 2)

RULES: Mapping[type, Rule] = {
    library.RXGate: lambda q, a: _turn(a[0], -QUARTER, QUARTER, q),
    library.RYGate: lambda q, a: _turn(a[0], ZERO, ZERO, q),
    library.RZGate: lambda q, a: [Phase(_mask(q[0]), a[0] * -0.5)],
    library.PhaseGate: lambda q, a: [Phase(_mask(q[0]), a[0] * -0.5)],
    library.U1Gate: lambda q, a: [Phase(_mask(q[0]), a[0] * -0.5)],
    library.U2Gate: lambda q, a: _turn(QUARTER, a[0], a[1], q),
    library.U3Gate: lambda q, a: _turn(a[0], a[1], a[2], q),
    library.UGate: lambda q, a: _turn(a[0], a[1], a[2], q),
    library.RGate: lambda q, a: _turn(a[0], a[1] + -np.pi / 2, -a[1] + np.pi / 2, q),
    library.CPhaseGate: lambda q, a: _controlled_phase(q, a[0]),
    library.CU1Gate: lambda q, a: _controlled_phase(q, a[0]),
    library.CRXGate: _controlled_rotation(HADAMARD),
    library.CRYGate: _controlled_rotation(TO_Y),
    library.CRZGate: _controlled_rotation(None),
    library.RXXGate: _two_qubit_rotation(HADAMARD, HADAMARD),
    library.RYYGate: _two_qubit_rotation(TO_Y, TO_Y),
    library.RZZGate: _two_qubit_rotation(None, None),
    library.RZXGate: _two_qubit_rotation(None, HADAMARD),
    library.GlobalPhaseGate: lambda q, a: [],  # noqa: ARG005 - one signature for all rules
}
