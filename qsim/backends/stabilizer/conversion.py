"""``to_stim``: a Qiskit circuit (or a program) as a stim circuit.

>>> from qiskit import QuantumCircuit
>>> circuit = QuantumCircuit(2)
>>> _ = circuit.h(0), circuit.rzz(3.141592653589793 / 2, 0, 1), circuit.measure_all()
>>> print(to_stim(circuit))
H 0
SQRT_ZZ 0 1
TICK
M 0 1

Straight-line circuits are written as text in one pass over ``circuit.data`` and parsed once, about 2 µs a gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import stim

from qsim.backends.stabilizer.gates import PLAIN, Words, clifford_words
from qsim.backends.stabilizer.translation import (
    DecidesByShotError,
    Parity,
    Translation,
    not_clifford,
    translate,
)
from qsim.errors import CircuitError
from qsim.program import Program, read

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def to_stim(circuit: QuantumCircuit | Program) -> stim.Circuit:
    """A circuit in stim's language; stim's record holds its measurements in the order in which they are made.

    Barriers become TICKs, delays vanish, Pauli gates under a condition on a parity of measured bits become feedback.

    Args:
        circuit: a Qiskit circuit, or a program with Pauli noise in it.

    Raises:
        CircuitError: unbound parameters; a gate outside the Clifford group, with its position; control flow or a
            readout error that no single stim circuit has.
    """
    found = translated(circuit)
    if found.misread:
        raise CircuitError(
            "a readout error of unequal probabilities, which stim does not have",
            where="circuit",
            expected="the same probability to misread 0 and 1",
            cure='sample with qsim.run(..., backend="stabilizer"), which applies it to the bits',
        )
    return found.circuit


def translated(circuit: QuantumCircuit | Program) -> Translation:
    """The stim circuit, and how classical bits follow from its record.

    Raises:
        CircuitError: as `to_stim`, but for readout errors.
    """
    try:
        if isinstance(circuit, Program):
            return translate(circuit)
        if not hasattr(circuit, "data") or not hasattr(circuit, "cregs"):
            raise CircuitError(
                "not a circuit", where="circuit", expected="a QuantumCircuit or Program", got=type(circuit).__name__
            )
        if circuit.parameters:
            names = ", ".join(parameter.name for parameter in list(circuit.parameters)[:5])
            raise CircuitError("unbound parameters", where="circuit", got=names, cure="use assign_parameters(...)")
        return straight_line(circuit) or translate(read(circuit))
    except DecidesByShotError as reason:
        raise CircuitError(
            f"{reason}, which no single stim circuit can hold",
            where="circuit",
            expected="conditions on parities of measured bits that control Pauli gates",
            cure='sample it with qsim.run(..., backend="stabilizer"), which follows the shots one by one',
        ) from None


def straight_line(circuit: QuantumCircuit) -> Translation | None:
    """The translation of a circuit of gates, measurements, resets, barriers and delays; None when there is more in it.

    Raises:
        CircuitError: a gate outside the Clifford group, with its position.
    """
    qubit_text = {qubit: str(number) for number, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: number for number, clbit in enumerate(circuit.clbits)}
    text_of = qubit_text.__getitem__
    plain = PLAIN.get
    known: dict[tuple[Any, ...], Words | None] = {}
    bits = [Parity()] * circuit.num_clbits
    lines: list[str] = []
    measured = 0
    for position, item in enumerate(circuit.data):
        name = item.name
        if item.is_standard_gate():
            word = plain(name)
            if word is not None and not item.params:
                lines.append(f"{word} {' '.join(map(text_of, item.qubits))}")
                continue
            key = (name, *item.params)
            words = known[key] if key in known else known.setdefault(key, clifford_words(item.operation))
        elif name == "measure":
            lines.append(f"M {text_of(item.qubits[0])}")
            bits[clbits[item.clbits[0]]] = Parity(frozenset((measured,)))
            measured += 1
            continue
        elif name in ("barrier", "reset", "delay"):
            if name == "barrier":
                lines.append("TICK")
            elif name == "reset":
                lines.append(f"R {text_of(item.qubits[0])}")
            continue
        elif _is_unitary(item.operation):
            words = clifford_words(item.operation)
        else:
            return None
        on = [text_of(qubit) for qubit in item.qubits]
        if words is None:
            values = ", ".join(map(str, item.params))
            shown = f"{name}({values})" if 0 < len(values) < 40 else name
            raise not_clifford(f"{shown} on {', '.join(on)}", f"gate {position}")
        for word, places in words:
            lines.append(f"{word} {' '.join([on[place] for place in places])}")
    return Translation(stim.Circuit("\n".join(lines)), tuple(bits), {})


def _is_unitary(operation: Any) -> bool:
    from qiskit.circuit import Gate
    from qiskit.quantum_info import Clifford

    return isinstance(operation, (Gate, Clifford))
