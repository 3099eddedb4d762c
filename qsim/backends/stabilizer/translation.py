"""A program as one stim circuit, with the place of every classical bit in stim's record of measurements.

>>> from qiskit import QuantumCircuit
>>> from qsim.program import read
>>> circuit = QuantumCircuit(2, 1)
>>> _ = circuit.h(0), circuit.measure(0, 0)
>>> with circuit.if_test((circuit.clbits[0], 1)):
...     _ = circuit.x(1)
>>> print(translate(read(circuit)).circuit)
H 0
M 0
CX rec[-1] 1

A condition on a parity of measured bits that decides between Pauli gates becomes stim's feedback, which is sampled as
fast as anything else.  Whatever decides more than that cannot be one stim circuit, and raises `DecidesByShotError`.

Source: C. Gidney, Quantum 5, 497 (2021) (feedback within Pauli frames).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import stim
from numpy.typing import NDArray

from qsim.backends.stabilizer.channels import channel_text
from qsim.backends.stabilizer.gates import Words, clifford_words, pauli_letters
from qsim.classical import Apply, Bit, Condition, Constant, Expression, Word, parity
from qsim.errors import CircuitError
from qsim.program import (
    Barrier,
    Branch,
    Delay,
    Gate,
    Leave,
    Measure,
    Noise,
    Program,
    Reset,
    Step,
    Store,
    Unrolled,
    flat,
)


class DecidesByShotError(Exception):
    """A program that looks at single shots; the text says what it decides on."""


@dataclass(frozen=True, slots=True)
class Parity:
    """A classical bit as the sum modulo 2 of entries of the record, and a constant."""

    records: frozenset[int] = frozenset()
    constant: int = 0

    def __add__(self, other: Parity) -> Parity:
        return Parity(self.records ^ other.records, self.constant ^ other.constant)


@dataclass(frozen=True, slots=True)
class Translation:
    """A stim circuit and how classical bits follow from its record.

    Attributes:
        circuit: in stim's language.
        bits: by classical bit the parity of records it is in the end.
        misread: by record, the probabilities to be read as 1 for outcome 0 and as 0 for outcome 1, where these differ
            and have to be applied to the samples.
    """

    circuit: stim.Circuit
    bits: tuple[Parity, ...]
    misread: dict[int, tuple[float, float]]

    def classical_bits(self, records: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(shots, clbits) from (shots, records)."""
        single = [
            next(iter(bit.records), -1) if len(bit.records) == 1 and not bit.constant else -1 for bit in self.bits
        ]
        if single == list(range(records.shape[1])):
            return records
        found = np.zeros((len(records), len(self.bits)), dtype=np.bool_)
        columns = np.array([place for place, record in enumerate(single) if record >= 0], dtype=np.intp)
        found[:, columns] = records[:, np.array(single, dtype=np.intp)[columns]]
        for place, bit in enumerate(self.bits):
            if single[place] < 0 and (bit.records or bit.constant):
                found[:, place] = np.bitwise_xor.reduce(records[:, sorted(bit.records)], axis=1) ^ bool(bit.constant)
        return found


def translate(program: Program) -> Translation:
    """The stim circuit of a program.

    Raises:
        CircuitError: a gate outside the Clifford group or a channel that is no Pauli channel, with its position.
        DecidesByShotError: control flow that is no Pauli feedback.
    """
    writer = Writer(program.num_clbits)
    for where, step in placed(program):
        writer.step(step, where)
    return Translation(stim.Circuit("\n".join(writer.lines)), tuple(writer.bits), writer.misread)


def placed(program: Program) -> Iterator[tuple[str, Step]]:
    """The steps with their positions in words; noise is not counted, so that positions are the circuit's."""
    position = 0
    for step in program.steps:
        yield f"gate {position}" if isinstance(step, Gate) else f"instruction {position}", step
        position += not isinstance(step, Noise)


class Writer:
    """Writes lines of stim text; knows what every classical bit is."""

    def __init__(self, num_clbits: int) -> None:
        self.lines: list[str] = []
        self.measured = 0
        self.bits = [Parity()] * num_clbits
        self.misread: dict[int, tuple[float, float]] = {}

    def step(self, step: Step, where: str) -> None:
        if isinstance(step, Gate):
            self.gate(step, where)
        elif isinstance(step, Measure):
            self.measure(step)
        elif isinstance(step, Reset):
            self.lines.append(f"R {step.qubit}")
        elif isinstance(step, Noise):
            self.lines.extend(channel_text(step, where))
        elif isinstance(step, Barrier):
            self.lines.append("TICK")
        elif isinstance(step, Branch):
            self.branch(step, where)
        elif isinstance(step, Store):
            self.store(step)
        elif isinstance(step, Unrolled):
            if any(isinstance(inner, Leave) for inner in flat([step])):
                raise DecidesByShotError("a loop that may be left early")
            for body in step.bodies:
                for inner in body:
                    self.step(inner, f"{where}, in for_loop")
        elif not isinstance(step, Delay):
            raise DecidesByShotError("a while loop")

    def gate(self, gate: Gate, where: str) -> None:
        self.words(gate_words(gate, where), gate.qubits)

    def refuse(self, gate: Gate, where: str) -> Exception:
        """What is raised for a gate in a branch that is not Clifford."""
        return not_clifford(str(gate), where)

    def words(self, words: Words, qubits: Sequence[int]) -> None:
        for name, places in words:
            self.lines.append(f"{name} {' '.join(str(qubits[place]) for place in places)}")

    def measure(self, step: Measure) -> None:
        one, zero = step.readout
        if one == zero:
            self.lines.append(f"M({one!r}) {step.qubit}" if one else f"M {step.qubit}")
        else:
            self.lines.append(f"M {step.qubit}")
            self.misread[self.measured] = step.readout
        self.bits[step.clbit] = Parity(frozenset((self.measured,)))
        self.measured += 1

    def parity(self, expression: Expression, reason: str) -> Parity:
        """An expression as a parity of the record.

        Raises:
            DecidesByShotError: it is none, or a bit in it is misread with unequal probabilities.
        """
        found = self.sum(expression)
        if found is None:
            raise DecidesByShotError(f"{reason} that is no parity of measured bits")
        if found.records & self.misread.keys():
            raise DecidesByShotError(f"{reason} on a bit that is misread with unequal probabilities")
        return found

    def sum(self, expression: Expression) -> Parity | None:
        known = parity(expression)
        if known is None:
            return self.comparison(expression)
        total = Parity(constant=known[1])
        for bit in known[0]:
            total += self.bits[bit]
        return total

    def comparison(self, expression: Expression) -> Parity | None:
        """A register compared with a number: a constant, or a parity, when all its bits but one are known."""
        if not isinstance(expression, Apply) or expression.operation != "equal":
            return None
        word, other = expression.arguments
        if not isinstance(word, Word) or not isinstance(other, Constant):
            return None
        number = other.number
        if number < 0 or number >> len(word.indices):
            return Parity()
        open_bits: list[Parity] = []
        for place, index in enumerate(word.indices):
            differs = self.bits[index] + Parity(constant=number >> place & 1)
            if differs.records:
                open_bits.append(differs)
            elif differs.constant:
                return Parity()
        if len(open_bits) > 1:
            return None
        return (open_bits[0] if open_bits else Parity()) + Parity(constant=1)

    def store(self, step: Store) -> None:
        if not isinstance(step.target, Bit):
            raise DecidesByShotError("a register or variable that is written to")
        self.bits[step.target.index] = self.parity(step.value, "a stored value")

    def branch(self, step: Branch, where: str) -> None:
        """The case that is known to hold, or Pauli gates fed back."""
        cases = list(step.cases)
        while cases:
            condition, block = cases[0]
            holds = Parity(constant=1) if condition is None else self.parity(condition, "a condition")
            if holds.records:
                self.feedback(holds, block, self.rest(holds, cases[1:]), where)
                return
            if holds.constant:
                for inner in block:
                    self.step(inner, f"{where}, in a branch")
                return
            del cases[0]

    def rest(self, first: Parity, cases: Sequence[tuple[Condition | None, tuple[Step, ...]]]) -> tuple[Step, ...]:
        """What is run when the first case does not hold."""
        for condition, block in cases:
            holds = Parity(constant=1) if condition is None else self.parity(condition, "a condition")
            given = holds.constant if not holds.records else None
            if holds.records == first.records:  # given that first is 0
                given = holds.constant ^ first.constant
            if given is None:
                raise DecidesByShotError("several conditions on different bits")
            if given:
                return block
        return ()

    def feedback(self, when: Parity, block: tuple[Step, ...], other: tuple[Step, ...], where: str) -> None:
        """Pauli gates on a parity: ``other`` always, and both of them (which leaves the block) when it is 1."""
        chosen, always = self.paulis(block, where), self.paulis(other, where)
        if when.constant:
            chosen, always = always, chosen
        for letter, qubit in always:
            self.lines.append(f"{letter} {qubit}")
        for letter, qubit in [*chosen, *always]:
            for record in sorted(when.records):
                self.lines.append(f"C{letter} rec[{record - self.measured}] {qubit}")

    def paulis(self, block: tuple[Step, ...], where: str) -> list[tuple[str, int]]:
        """The letters that a block of Pauli gates puts on qubits."""
        found: list[tuple[str, int]] = []
        for step in block:
            if isinstance(step, (Barrier, Delay)):
                continue
            if not isinstance(step, Gate):
                raise DecidesByShotError("a condition on something else than gates")
            if clifford_words(step.operation) is None:
                raise self.refuse(step, f"{where}, in a branch")
            letters = pauli_letters(step.operation)
            if letters is None:
                raise DecidesByShotError(f"a condition on {step}, which is no Pauli gate")
            found.extend((letter, qubit) for letter, qubit in zip(reversed(letters), step.qubits, strict=True))
        return [(letter, qubit) for letter, qubit in found if letter != "I"]


def gate_words(gate: Gate, where: str) -> Words:
    """A gate in stim's words.

    Raises:
        CircuitError: it is not in the Clifford group.
    """
    words = clifford_words(gate.operation)
    if words is None:
        raise not_clifford(str(gate), where)
    return words


def not_clifford(gate: Any, where: str) -> CircuitError:
    """The refusal of a gate, named with its qubits and its position."""
    return CircuitError(
        "not a Clifford gate",
        where=f"{where} ({gate})",
        expected="gates of the Clifford group, angles at multiples of pi/2 within 1e-9",
        cure='use backend="near_clifford" for a few such gates, or backend="statevector"',
    )
