"""Stim circuits read as programs: the same outcomes in the same order, annotations left out.

>>> import stim
>>> program = read_stim(stim.Circuit("H 0\\nCX 0 1\\nDEPOLARIZE2(0.01) 0 1\\nMX 1\\nCZ rec[-1] 0"))
>>> print(*program.steps[:5], sep="\\n")
h on 0
cx on 0, 1
DEPOLARIZE2(0.01) on 0, 1
h on 1
measure 1 -> 0

Every measurement has a classical bit of its own, numbered as in stim's record.  Measurements in other bases, of
products and of inverted results are a measurement in the Z basis between gates marked as its parts; TICK ends a layer;
REPEAT is unrolled.  Heralded errors and MPAD need a bit that is random by itself: one more qubit carries it.

Source: the gate reference of stim (Gidney, "Stim: a fast stabilizer circuit simulator", Quantum 5, 497, 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product as product_of
from math import pi
from typing import Literal

import stim

from qsim.classical import Bit
from qsim.errors import CircuitError
from qsim.interop.stim_gates import qiskit_gate
from qsim.noise.channel import Channel
from qsim.program import Barrier, Branch, Gate, Measure, Noise, Program, Reset, Step

IGNORED = {"DETECTOR", "OBSERVABLE_INCLUDE", "QUBIT_COORDS", "SHIFT_COORDS"}
MOST_STEPS = 20_000_000

INTO_Z = {"X": ("H",), "Y": ("S_DAG", "H"), "Z": ()}
OUT_OF_Z = {"X": ("H",), "Y": ("H", "S"), "Z": ()}
TIMES = {"XY": ("Z", 1), "YZ": ("X", 1), "ZX": ("Y", 1), "YX": ("Z", 3), "ZY": ("X", 3), "XZ": ("Y", 3)}
"""Products of unequal Pauli letters: a letter, and a power of i."""


def read_stim(circuit: stim.Circuit) -> Program:
    """The program of a stim circuit.

    Raises:
        CircuitError: sweep bits, which have no values here; an ELSE_CORRELATED_ERROR apart from its chain; products of
            Paulis that are not Hermitian; or REPEAT blocks that unroll to more than 20 million operations.
    """
    _check_size(circuit)
    reader = _Reader(circuit.num_qubits)
    steps = tuple(reader.steps(circuit))
    return Program(
        num_qubits=circuit.num_qubits + reader.ancillas,
        num_clbits=circuit.num_measurements,
        steps=steps,
        registers={"rec": tuple(range(circuit.num_measurements))} if circuit.num_measurements else {},
        ancillas=reader.ancillas,
    )


class _Reader:
    """One pass over a circuit; counts the measurements, and holds an unfinished chain of correlated errors."""

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = num_qubits
        self.ancillas = 0
        self.measured = 0
        self.chain: list[tuple[float, dict[int, str]]] = []

    def steps(self, circuit: stim.Circuit) -> Iterator[Step]:
        yield from self.block(circuit)
        yield from self.end_of_chain()

    def block(self, circuit: stim.Circuit) -> Iterator[Step]:
        for item in circuit:
            if isinstance(item, stim.CircuitRepeatBlock):
                body = item.body_copy()
                for _ in range(item.repeat_count):
                    yield from self.block(body)
            elif item.name not in IGNORED:
                if item.name != "ELSE_CORRELATED_ERROR":
                    yield from self.end_of_chain()
                yield from self.instruction(item)

    def instruction(self, item: stim.CircuitInstruction) -> Iterator[Step]:
        name, kind = item.name, stim.gate_data(item.name)
        if name == "TICK":
            yield Barrier(tuple(range(self.num_qubits)))
        elif name in ("E", "ELSE_CORRELATED_ERROR"):
            self.correlated(item)
        elif name.startswith("HERALDED"):
            yield from self.heralded(item)
        elif name == "MPAD":
            yield from self.padding(item)
        elif kind.produces_measurements or kind.is_reset:
            yield from self.measurements(item)
        elif kind.is_noisy_gate:
            channel = _channel(name, tuple(item.gate_args_copy()))
            for group in item.target_groups():
                yield Noise(channel, tuple(target.value for target in group))
        elif name in ("SPP", "SPP_DAG"):
            yield from _product_rotations(item)
        else:
            yield from self.gates(item)

    def gates(self, item: stim.CircuitInstruction) -> Iterator[Step]:
        operation, order = qiskit_gate(item.name)
        for group in item.target_groups():
            if all(target.is_qubit_target for target in group):
                yield Gate(operation, tuple(group[place].value for place in order))
            else:
                yield from self.feedback(item, group)

    def feedback(self, item: stim.CircuitInstruction, group: Sequence[stim.GateTarget]) -> Iterator[Step]:
        """A Pauli gate controlled by a bit of the record."""
        if any(target.is_sweep_bit_target for target in group):
            raise CircuitError(
                "a sweep bit, which has no value here",
                where=str(item),
                expected="qubits and measurement records as controls",
                cure="write the gates that the sweep turns on into the circuit, without the control",
            )
        place = next(place for place, target in enumerate(group) if target.is_measurement_record_target)
        other = group[1 - place]
        if other.is_measurement_record_target:
            return  # a sign on a sign: no effect on the state
        # a controlled gate's Pauli on the far side: CX has Z on its first target and X on its second
        pauli = {"CX": "ZX", "CY": "ZY", "CZ": "ZZ", "XCZ": "XZ", "YCZ": "YZ"}[item.name][1 - place]
        gate = Gate(qiskit_gate(pauli)[0], (other.value,), "feedback")
        yield Branch(((Bit(self.measured + group[place].value), (gate,)),))

    def measurements(self, item: stim.CircuitInstruction) -> Iterator[Step]:
        """Measurements and resets in any basis, of single qubits and of products."""
        kind, name = stim.gate_data(item.name), item.name
        flips = tuple(item.gate_args_copy())
        readout = (flips[0], flips[0]) if flips else (0.0, 0.0)
        letters = "" if name == "MPP" else name.removeprefix("M").removeprefix("R") or "Z"
        for group in item.target_groups():
            product, sign = _product(group, letters)
            if kind.produces_measurements:
                yield from self.measured_product(product, sign, readout)
            if kind.is_reset:
                ((qubit, letter),) = product
                yield Reset(qubit)
                yield from _parts(OUT_OF_Z[letter], qubit, "closing")

    def measured_product(
        self, product: Sequence[tuple[int, str]], sign: int, readout: tuple[float, float]
    ) -> Iterator[Step]:
        """The measurement of a Pauli product: its parity is gathered on one qubit, measured, and scattered again."""
        if not product:
            yield self.constant(int(sign < 0), readout[0])
            return
        home, others = product[0][0], [qubit for qubit, _ in product[1:]]
        for qubit, letter in product:
            yield from _parts(INTO_Z[letter], qubit, "opening")
        for qubit in others:
            yield Gate(qiskit_gate("CX")[0], (qubit, home), "opening")
        yield from _parts(("X",) if sign < 0 else (), home, "opening")
        yield Measure(home, self.next_bit(), readout)
        yield from _parts(("X",) if sign < 0 else (), home, "closing")
        for qubit in others:
            yield Gate(qiskit_gate("CX")[0], (qubit, home), "closing")
        for qubit, letter in product:
            yield from _parts(OUT_OF_Z[letter], qubit, "closing")

    def heralded(self, item: stim.CircuitInstruction) -> Iterator[Step]:
        """Errors that are announced: the herald is an X on the added qubit, correlated with the error."""
        channel = _channel(item.name, tuple(item.gate_args_copy()))
        for target in item.targets_copy():
            yield Noise(channel, (target.value, self.carrier()))
            yield Measure(self.carrier(), self.next_bit())
            yield Reset(self.carrier())

    def padding(self, item: stim.CircuitInstruction) -> Iterator[Step]:
        wrong = next(iter(item.gate_args_copy()), 0.0)
        for target in item.targets_copy():
            yield self.constant(target.value, wrong)

    def constant(self, value: int, wrong: float) -> Measure:
        """A bit of known value, wrong with a probability: the added qubit is |0>, and read so."""
        one = 1.0 - wrong if value else wrong
        return Measure(self.carrier(), self.next_bit(), (one, 1.0 - one))

    def carrier(self) -> int:
        self.ancillas = 1
        return self.num_qubits

    def next_bit(self) -> int:
        self.measured += 1
        return self.measured - 1

    def correlated(self, item: stim.CircuitInstruction) -> None:
        """Begin or continue a chain of errors of which at most one happens."""
        if item.name == "ELSE_CORRELATED_ERROR" and not self.chain:
            raise CircuitError(
                "no CORRELATED_ERROR directly before it",
                where=str(item),
                expected="a chain CORRELATED_ERROR, ELSE_CORRELATED_ERROR, ... without other operations in between",
            )
        product, _ = _product([target for target in item.targets_copy() if not target.is_combiner])
        self.chain.append((item.gate_args_copy()[0], dict(product)))

    def end_of_chain(self) -> Iterator[Step]:
        """The chain as one channel on all qubits it names."""
        if not self.chain:
            return
        qubits = sorted({qubit for _, letters in self.chain for qubit in letters})
        rates: dict[str, float] = {}
        left = 1.0
        for probability, letters in self.chain:
            label = "".join(letters.get(qubit, "I") for qubit in reversed(qubits))
            rates[label] = rates.get(label, 0.0) + left * probability
            left *= 1.0 - probability
        self.chain = []
        if qubits:
            yield Noise(Channel.pauli(rates, name="CORRELATED_ERROR"), tuple(qubits))


def _product(targets: Sequence[stim.GateTarget], letters: str = "") -> tuple[list[tuple[int, str]], int]:
    """The Pauli product of targets, as letters by qubit in order of appearance, and its sign.

    Args:
        targets: Pauli targets, or qubits with their Pauli in ``letters`` (X, Y, Z, or XX, YY, ZZ for pairs).
    """
    found: dict[int, str] = {}
    power = 0
    for target in targets:
        letter = letters[0] if letters else target.pauli_type
        power += 2 * target.is_inverted_result_target
        before = found.pop(target.value, "I")
        if before == "I":
            found[target.value] = letter
        elif before != letter:
            found[target.value], turn = TIMES[before + letter]
            power += turn
    if power % 2:
        raise CircuitError(
            "an anti-Hermitian product of Paulis",
            where="*".join(f"{letters[:1] or target.pauli_type}{target.value}" for target in targets),
            expected="a product that equals its own adjoint",
        )
    return list(found.items()), 1 - power % 4


def _product_rotations(item: stim.CircuitInstruction) -> Iterator[Step]:
    """Square roots of Pauli products, as evolutions exp(-i t P) with t = ±pi/4."""
    from qiskit.circuit.library import PauliEvolutionGate
    from qiskit.quantum_info import SparsePauliOp

    for group in item.target_groups():
        product, sign = _product(group)
        if product:
            time = sign * (pi / 4 if item.name == "SPP" else -pi / 4)
            label = "".join(letter for _, letter in reversed(product))
            yield Gate(PauliEvolutionGate(SparsePauliOp(label), time=time), tuple(qubit for qubit, _ in product))


def _parts(names: Sequence[str], qubit: int, part: Literal["opening", "closing"]) -> Iterator[Gate]:
    for name in names:
        yield Gate(qiskit_gate(name)[0], (qubit,), part)


@cache
def _channel(name: str, arguments: tuple[float, ...]) -> Channel:
    """The channel of a noise instruction; for heralded ones the second qubit carries the herald."""
    shown = f"{name}({', '.join(f'{value:g}' for value in arguments)})"
    if name in ("I_ERROR", "II_ERROR"):
        return Channel.pauli({"I" * len(name.removesuffix("_ERROR")): 1.0}, name=shown)
    if name == "HERALDED_ERASE":
        return Channel.pauli({f"X{letter}": arguments[0] / 4 for letter in "IXYZ"}, name=shown)
    if name == "HERALDED_PAULI_CHANNEL_1":
        return Channel.pauli({f"X{letter}": p for letter, p in zip("IXYZ", arguments, strict=True)}, name=shown)
    if name in ("X_ERROR", "Y_ERROR", "Z_ERROR"):
        return Channel.pauli({name[0]: arguments[0]}, name=shown)
    size = 2 if name.endswith("2") else 1
    labels = ["".join(pair)[::-1] for pair in product_of("IXYZ", repeat=size)][1:]
    rates = [arguments[0] / len(labels)] * len(labels) if name.startswith("DEPOLARIZE") else list(arguments)
    return Channel.pauli(dict(zip(labels, rates, strict=True)), name=shown)


def _check_size(circuit: stim.Circuit) -> None:
    count = _operations(circuit)
    if count > MOST_STEPS:
        raise CircuitError(
            "too long to unroll",
            where="circuit",
            expected=f"at most {MOST_STEPS} operations once REPEAT blocks are unrolled",
            got=str(count),
            cure="use fewer repetitions",
        )


def _operations(circuit: stim.Circuit) -> int:
    total = 0
    for item in circuit:
        if isinstance(item, stim.CircuitRepeatBlock):
            total += item.repeat_count * _operations(item.body_copy())
        elif item.name not in IGNORED:
            total += max(1, len(item.target_groups()))
    return total
