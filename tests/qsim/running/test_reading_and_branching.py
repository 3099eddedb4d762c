"""Circuits read as programs, expressions evaluated, histories split: Qiskit's classical rules and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Delay, Instruction, Parameter
from qiskit.circuit.classical import expr, types

import qsim
from qsim.backends.statevector.pure_state import Matrices, PureState
from qsim.branching import by_chance, exactly, histories
from qsim.classical import Apply, Bit, Constant, Memory, Variable, Word, parity, store
from qsim.program import Branch, Gate, Loop, Measure, Unrolled, read, split_measurements


def bits_of(circuit: QuantumCircuit, *, shots: int = 20) -> set[str]:
    return set(qsim.run(circuit, shots=shots, seed=1, backend="statevector").counts())


def with_input(value: int, width: int) -> QuantumCircuit:
    """A register ``c`` holding a value, and a register ``out`` of one bit."""
    circuit = QuantumCircuit(QuantumRegister(width + 1), ClassicalRegister(width, "c"), ClassicalRegister(1, "out"))
    for place in range(width):
        if value >> place & 1:
            circuit.x(place)
        circuit.measure(place, place)
    return circuit


@pytest.mark.parametrize("value", range(8))
@pytest.mark.parametrize(
    ("make", "truth"),
    [
        (lambda c: expr.less(c, 5), lambda v: v < 5),
        (lambda c: expr.greater_equal(expr.bit_xor(c, 6), 3), lambda v: v ^ 6 >= 3),
        (lambda c: expr.equal(expr.bit_and(c, 5), 4), lambda v: v & 5 == 4),
        (lambda c: expr.not_equal(expr.bit_not(c), 2), lambda v: (~v & 7) != 2),
        (lambda c: expr.equal(expr.shift_left(c, 1), 6), lambda v: (v << 1 & 7) == 6),
        (lambda c: expr.logic_or(expr.equal(c, 1), expr.equal(c, 7)), lambda v: v in (1, 7)),
        (lambda c: expr.equal(expr.add(c, expr.lift(5, types.Uint(3))), 1), lambda v: (v + 5) % 8 == 1),
        (lambda c: expr.index(c, 1), lambda v: bool(v >> 1 & 1)),
        (lambda c: expr.logic_not(expr.cast(c, types.Bool())), lambda v: v == 0),
    ],
)
def test_conditions_are_qiskits_expressions(make: object, truth: object, value: int) -> None:
    circuit = with_input(value, 3)
    with circuit.if_test(make(circuit.cregs[0])):
        circuit.x(3)
    circuit.measure(3, 3)
    assert bits_of(circuit, shots=2) == {f"{int(truth(value))} {value:03b}"}


@pytest.mark.parametrize("value", range(4))
def test_switch_takes_the_first_case_that_fits_or_the_default(value: int) -> None:
    circuit = with_input(value, 2)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0, 3):
            circuit.x(2)
        with case(1):
            circuit.id(2)
        with case(case.DEFAULT):
            circuit.x(2)
    circuit.measure(2, 2)
    assert bits_of(circuit, shots=2) == {f"{int(value != 1)} {value:02b}"}


def test_loops_bind_their_parameter_break_and_continue() -> None:
    """Angles k π/2 for k = 0..3 with 2 left out by continue, cut by a break at 3: 0 + 1 quarter turns and one more."""
    k = Parameter("k")
    circuit = QuantumCircuit(2, 2)
    with circuit.for_loop(range(5), k):
        circuit.rx(k * np.pi, 0)
        circuit.measure(0, 0)
        with circuit.if_test((0, 1)):
            circuit.break_loop()
        circuit.x(1)
    circuit.measure(1, 1)
    assert bits_of(circuit) == {"11"}  # k = 0 leaves 0 and flips qubit 1; k = 1 gives 1 and leaves the loop
    again = QuantumCircuit(2, 2)
    with again.for_loop(range(3)):
        again.x(0)
        again.measure(0, 0)
        with again.if_test((0, 1)):
            again.continue_loop()
        again.x(1)
    again.measure(1, 1)
    assert bits_of(again) == {"11"}


def test_repeat_until_success_ends_with_success() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((0, 1)):
        circuit.h(0)
        circuit.measure(0, 0)
    assert bits_of(circuit, shots=200) == {"0"}


def test_variables_are_stored_and_read() -> None:
    circuit = QuantumCircuit(1, 2)
    flag = circuit.add_var("flag", expr.lift(False))
    circuit.x(0)
    circuit.measure(0, 0)
    circuit.store(flag, expr.logic_not(circuit.clbits[0]))
    with circuit.if_test(expr.logic_not(flag)):
        circuit.x(0)
    circuit.measure(0, 1)
    assert bits_of(circuit) == {"01"}


def test_composites_with_measurements_are_opened_and_gates_kept() -> None:
    inner = QuantumCircuit(2, 1)
    inner.cx(0, 1)
    inner.measure(1, 0)
    circuit = QuantumCircuit(3, 3)
    circuit.append(inner.to_instruction(), [2, 0], [1])
    circuit.append(QuantumCircuit(2, name="box").to_gate(), [1, 2])
    steps = read(circuit).steps
    assert [str(step) for step in steps] == ["cx on 2, 0", "measure 0 -> 1", "box on 1, 2"]


def test_blocks_are_read_as_blocks() -> None:
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    with circuit.while_loop((0, 0)):
        circuit.measure(0, 0)
    with circuit.for_loop(range(3)):
        circuit.x(0)
    kinds = [type(step) for step in read(circuit).steps]
    assert kinds == [Branch, Loop, Unrolled]
    assert read(circuit).is_dynamic
    assert split_measurements(read(circuit)) is None


def test_final_measurements_are_told_from_others() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 1)
    circuit.x(1)
    circuit.measure(1, 0)
    split = split_measurements(read(circuit))
    assert split is not None
    assert split.measures == (Measure(0, 1), Measure(1, 0))
    assert [step.name for step in split.before.steps if isinstance(step, Gate)] == ["h", "x"]
    circuit.x(0)
    assert split_measurements(read(circuit)) is None


@pytest.mark.parametrize("change", ["bit written twice", "qubit measured twice"])
def test_bits_written_twice_are_not_final(change: str) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    circuit.measure(1 if change == "bit written twice" else 0, 0 if change == "bit written twice" else 1)
    assert split_measurements(read(circuit)) is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda c: c.append(Instruction("mystery", 1, 0, []), [0]), ["mystery", "instruction 0", "definition"]),
        (lambda c: c.append(Delay(c.add_stretch("s")), [0]), ["delay", "duration"]),
    ],
)
def test_what_has_no_meaning_is_refused(spoil: object, words: list[str]) -> None:
    circuit = QuantumCircuit(1, 1)
    spoil(circuit)
    with pytest.raises(qsim.CircuitError) as refusal:
        read(circuit)
    assert all(word in str(refusal.value) for word in words)


def test_endless_unrolling_is_refused() -> None:
    circuit = QuantumCircuit(1)
    with circuit.for_loop(range(100_001)):
        circuit.x(0)
    with pytest.raises(qsim.CircuitError, match="100001"):
        read(circuit)


def test_expressions_are_cut_to_their_width_and_divide_like_unsigned_integers() -> None:
    memory = Memory([1, 0, 1, 1])
    word = Word((0, 1, 2))
    assert word.value(memory) == 5
    assert Apply("sub", (Constant(1), word), 3).value(memory) == (1 - 5) % 8
    assert Apply("mul", (word, word), 3).value(memory) == 25 % 8
    assert Apply("div", (word, Constant(2)), 3).value(memory) == 2
    assert Apply("shift_right", (word, Constant(1)), 3).value(memory) == 2
    assert Apply("negate", (word,), 3).value(memory) == 3
    with pytest.raises(qsim.CircuitError, match="5 / 0"):
        Apply("div", (word, Constant(0)), 3).value(memory)


def test_stores_write_bits_words_and_variables() -> None:
    memory = Memory([0, 0, 0])
    store(Word((2, 0)), 0b01, memory)
    store(Variable("x", 4), 9, memory)
    store(Bit(1), 1, memory)
    assert memory.bits == [0, 1, 1]
    assert Variable("x", 4).value(memory) == 9
    with pytest.raises(qsim.CircuitError, match="variable y"):
        Variable("y", 1).value(memory)


def test_parities_are_found_where_an_expression_is_one() -> None:
    """Checked against the value on every setting of the bits."""
    a, b, c = Bit(0), Bit(1), Bit(2)
    parities = [
        Apply("bit_xor", (a, Apply("bit_not", (b,), 1)), 1),
        Apply("equal", (Apply("bit_xor", (a, c), 1), Constant(1)), 1),
        Apply("not_equal", (a, a), 1),
        Apply("logic_not", (Apply("test", (Word((2,)),), 1),), 1),
    ]
    for each in parities:
        bits, constant = parity(each)
        for value in range(8):
            memory = Memory([value >> place & 1 for place in range(3)])
            assert (sum(memory.bits[bit] for bit in bits) + constant) % 2 == each.value(memory)
    assert parity(Apply("bit_and", (a, b), 1)) is None
    assert parity(Word((0, 1))) is None
    assert parity(Apply("bit_xor", (Word((0, 1)), Constant(1)), 2)) is None


def start(qubits: int) -> PureState:
    return PureState.zero(qubits, matrices=Matrices(), dtype=np.complex128)


def coin(qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits, qubits)
    circuit.ry(2 * np.arcsin(0.6), range(qubits))
    circuit.measure(range(qubits), range(qubits))
    return circuit


def test_exact_histories_have_the_probabilities_of_their_outcomes() -> None:
    found = {
        tuple(memory.bits): weight for weight, memory, _ in histories(read(coin(2)), start(2), 1.0, split=exactly())
    }
    assert found == pytest.approx({(0, 0): 0.64**2, (0, 1): 0.64 * 0.36, (1, 0): 0.36 * 0.64, (1, 1): 0.36**2})


def test_histories_by_chance_keep_every_shot() -> None:
    """Within 5.4 standard deviations of a binomial law: false alarm 7e-8."""
    split = by_chance(np.random.default_rng(3))
    found = list(histories(read(coin(3)), start(3), 10_000, split=split))
    assert sum(shots for shots, _, _ in found) == 10_000
    assert len({tuple(memory.bits) for _, memory, _ in found}) == len(found)
    ones = sum(shots for shots, memory, _ in found if memory.bits[0])
    assert abs(ones - 3600) <= 5.4 * (10_000 * 0.36 * 0.64) ** 0.5


def test_too_many_histories_are_refused() -> None:
    with pytest.raises(qsim.CircuitError, match="at most 5 different histories"):
        list(histories(read(coin(4)), start(4), 1.0, split=exactly(5)))


def test_a_loop_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsim.branching.MOST_STEPS", 1000)
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((0, 0)):
        circuit.z(0)
    with pytest.raises(qsim.CircuitError, match="does not end"):
        list(histories(read(circuit), start(1), 1.0, split=exactly()))


def test_readout_errors_write_the_wrong_bit_and_leave_the_state() -> None:
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    circuit.measure(0, 1)
    noise = qsim.noise.NoiseModel().readout(0.25, 0.0)
    program = noise.apply(read(circuit))
    found = {tuple(memory.bits): weight for weight, memory, _ in histories(program, start(1), 1.0, split=exactly())}
    assert found == pytest.approx({(0, 0): 0.5625, (0, 1): 0.1875, (1, 0): 0.1875, (1, 1): 0.0625})


def test_loose_bits_and_shared_registers_are_numbered_by_the_circuit() -> None:
    bits = [Clbit(), Clbit()]
    circuit = QuantumCircuit(QuantumRegister(1), bits)
    circuit.add_register(ClassicalRegister(name="twice", bits=bits[::-1]))
    assert read(circuit).registers == {"twice": (1, 0)}
