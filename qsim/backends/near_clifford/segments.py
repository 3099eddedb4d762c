"""A program as stim circuits with rotations between them.

>>> from qiskit import QuantumCircuit
>>> from qsim.program import read
>>> circuit = QuantumCircuit(1, 1)
>>> _ = circuit.h(0), circuit.t(0), circuit.h(0), circuit.measure(0, 0)
>>> segments(read(circuit)).parts
(stim.Circuit('''
    H 0
'''), (stim.PauliString("+Z"), 0.7853981633974483), stim.Circuit('''
    H 0
    M 0
'''))

Pauli noise, measurements, resets and Pauli feedback stay within the stim circuits, as in
`qsim.backends.stabilizer.translation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import stim

from qsim.backends.near_clifford.rotations import Rotation, gate_parts
from qsim.backends.stabilizer.translation import DecidesByShotError, Parity, Writer, placed
from qsim.program import Gate, Program

Turn: TypeAlias = tuple[stim.PauliString, float]
"""A rotation exp(-i angle/2 P)."""


@dataclass(frozen=True, slots=True)
class Segments:
    """The parts of a program.

    Attributes:
        parts: stim circuits and rotations, in the order of time.
        bits: by classical bit the parity of records it is in the end.
        misread: by record, unequal readout errors that have to be applied to the samples.
        measured: number of measurements.
    """

    parts: tuple[stim.Circuit | Turn, ...]
    bits: tuple[Parity, ...]
    misread: dict[int, tuple[float, float]]
    measured: int

    @property
    def turns(self) -> int:
        """Number of rotations."""
        return sum(not isinstance(part, stim.Circuit) for part in self.parts)


def segments(program: Program) -> Segments:
    """The parts of a program.

    Raises:
        CircuitError: a channel that is no Pauli channel, or a gate that cannot be taken apart.
        DecidesByShotError: control flow that is no Pauli feedback.
    """
    writer = _Cutter(program.num_clbits, program.num_qubits)
    for where, step in placed(program):
        writer.step(step, where)
    writer.cut()
    return Segments(tuple(writer.parts), tuple(writer.bits), writer.misread, writer.measured)


class _Cutter(Writer):
    """Writes stim text, and cuts it at rotations."""

    def __init__(self, num_clbits: int, num_qubits: int) -> None:
        super().__init__(num_clbits)
        self.num_qubits = num_qubits
        self.parts: list[stim.Circuit | Turn] = []

    def cut(self) -> None:
        if self.lines:
            self.parts.append(stim.Circuit("\n".join(self.lines)))
            self.lines = []

    def gate(self, gate: Gate, where: str) -> None:  # noqa: ARG002 - every gate has parts
        for part in gate_parts(gate.operation):
            if isinstance(part, Rotation):
                self.cut()
                self.parts.append((pauli_on(part, gate.qubits, self.num_qubits), part.angle))
            else:
                self.words(part, gate.qubits)

    def refuse(self, gate: Gate, where: str) -> Exception:  # noqa: ARG002
        return DecidesByShotError(f"a condition on {gate}, which is no Pauli gate")


def pauli_on(part: Rotation, qubits: tuple[int, ...], size: int) -> stim.PauliString:
    """The Pauli operator of a rotation on a circuit's qubits."""
    pauli = stim.PauliString(size)
    for letter, place in zip(part.letters, part.places, strict=True):
        pauli[qubits[place]] = letter
    return pauli
