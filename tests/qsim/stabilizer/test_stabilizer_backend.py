"""The stabilizer backend against exact laws of small circuits, dynamic and noisy ones included.

Each chi-square test fails by chance with probability 1e-9; there are fewer than a thousand, so all of them together
fail falsely with probability below 1e-6.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import stim
from enumerated import density_matrix, exact_expectation, exact_law
from fed_back import read_feedback
from qiskit import QuantumCircuit
from qiskit.circuit.classical import expr
from qiskit.circuit.library import PauliGate
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp
from random_cliffords import random_circuit, random_gate, surprise

from qsim.backends.protocol import Backend
from qsim.backends.stabilizer import Stabilizer, to_stim
from qsim.backends.stabilizer.sampling import sample_records
from qsim.noise.channel import Channel
from qsim.program import Measure, Noise, Program, Reset, read

FALSE_ALARM = 1e-9
DEPOLARIZING = Channel.pauli({"X": 0.05, "Y": 0.05, "Z": 0.05}, name="depolarizing")
LOPSIDED = Channel.pauli({"XI": 0.1, "ZY": 0.07, "IY": 0.03}, name="lopsided")
THREE = Channel.pauli({"XIZ": 0.2, "ZYI": 0.1, "IIX": 0.05}, name="three")
DAMPING = Channel.from_kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]], name="amplitude_damping")


def counts(program: Program, shots: int, seed: int = 0) -> tuple[Counter, dict]:
    samples = Stabilizer().sample(program, shots, seed=seed)
    assert samples.bits.shape == (shots, program.num_clbits)
    assert samples.bits.dtype == np.bool_
    strings = ("".join("01"[int(bit)] for bit in reversed(row)) for row in samples.bits)
    return Counter(strings), samples.metadata


def labels(rng: np.random.Generator, qubits: int, count: int) -> list[str]:
    return ["".join(rng.choice(list("IXYZ"), size=qubits)) for _ in range(count)]


def test_it_is_a_backend():
    assert isinstance(Stabilizer(), Backend)


def test_samples_of_random_circuits_follow_their_law():
    rng = np.random.default_rng(1)
    for case in range(100):
        qubits = int(rng.integers(1, 6))
        circuit = random_circuit(rng, qubits, int(rng.integers(1, 25)), qubits)
        circuit.measure(range(qubits), [int(bit) for bit in rng.permutation(qubits)])
        seen, metadata = counts(read(circuit), 2000, seed=case)
        assert metadata["method"] == "frames"
        assert surprise(seen, exact_law(circuit)) > FALSE_ALARM, case


def test_expectations_of_random_circuits_are_exact():
    rng = np.random.default_rng(2)
    for case in range(100):
        qubits = int(rng.integers(1, 6))
        circuit = random_circuit(rng, qubits, int(rng.integers(1, 25)))
        asked = [SparsePauliOp(labels(rng, qubits, 3), rng.normal(size=3)) for _ in range(3)]
        asked.append(SparsePauliOp(-Pauli(labels(rng, qubits, 1)[0])))
        found = Stabilizer().expectation(read(circuit), asked, precision=0.0, seed=case)
        state = Operator(circuit).data[:, 0]
        due = [(state.conj() @ each.to_matrix() @ state).real for each in asked]
        np.testing.assert_allclose(found.values, due, atol=1e-9)
        assert not found.errors.any()


def random_dynamic_circuit(rng: np.random.Generator, *, paulis_only: bool) -> QuantumCircuit:
    """Gates, measurements that overwrite bits, resets, and conditions on bits and registers."""
    circuit = QuantumCircuit(3, 3)
    circuit.compose(random_circuit(rng, 3, 3), inplace=True)
    circuit.measure(range(2), range(2))
    for _ in range(int(rng.integers(4, 10))):
        kind = rng.integers(5)
        qubit, bit = int(rng.integers(3)), int(rng.integers(3))
        if kind < 2:
            circuit.compose(random_circuit(rng, 3, 3), inplace=True)
        elif kind == 2:
            circuit.measure(qubit, bit)
        elif kind == 3 and rng.integers(2):
            circuit.reset(qubit)
        else:
            simple = paulis_only or rng.integers(2)
            when = (circuit.clbits[bit], int(rng.integers(2))) if simple else (circuit.cregs[0], int(rng.integers(8)))
            with circuit.if_test(when) as otherwise:
                conditional(circuit, rng, paulis_only)
            if rng.integers(2):
                with otherwise:
                    conditional(circuit, rng, paulis_only)
    circuit.measure(range(2), range(2))
    return circuit


def conditional(circuit: QuantumCircuit, rng: np.random.Generator, paulis_only: bool) -> None:
    if paulis_only:
        circuit.append(PauliGate("".join(rng.choice(list("IXYZ"), size=3))), [0, 1, 2])
        getattr(circuit, rng.choice(["x", "y", "z"]))(int(rng.integers(3)))
        return
    gate = random_gate(rng)
    circuit.append(gate, [int(q) for q in rng.permutation(3)[: gate.num_qubits]])
    if rng.integers(3) == 0:
        circuit.measure(int(rng.integers(3)), int(rng.integers(3)))


def test_pauli_feedback_is_one_stim_circuit_with_the_exact_law():
    rng = np.random.default_rng(3)
    fed = 0
    for case in range(100):
        circuit = random_dynamic_circuit(rng, paulis_only=True)
        seen, metadata = counts(read(circuit), 1000, seed=case)
        assert metadata["method"] == "frames"
        fed += "rec[" in str(to_stim(circuit))
        assert surprise(seen, exact_law(circuit)) > FALSE_ALARM, case
    assert fed > 30


def test_other_dynamic_circuits_are_followed_by_history_with_the_exact_law():
    rng = np.random.default_rng(4)
    methods = Counter()
    for case in range(60):
        circuit = random_dynamic_circuit(rng, paulis_only=False)
        seen, metadata = counts(read(circuit), 500, seed=case)
        methods[metadata["method"]] += 1
        assert surprise(seen, exact_law(circuit)) > FALSE_ALARM, case
    assert methods["histories"] > 20


@pytest.mark.parametrize("paulis_only", [True, False])
def test_expectations_of_dynamic_circuits_average_over_outcomes_exactly(paulis_only):
    rng = np.random.default_rng(5)
    for case in range(40):
        circuit = random_dynamic_circuit(rng, paulis_only=paulis_only)
        asked = labels(rng, 3, 4)
        observables = [SparsePauliOp(label) for label in asked]
        found = Stabilizer().expectation(read(circuit), observables, precision=0.0, seed=case)
        due = [exact_expectation(circuit, label) for label in asked]
        np.testing.assert_allclose(found.values, due, atol=1e-9)


def test_sampled_expectations_stay_within_their_errors():
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(1)
    found = Stabilizer().expectation(read(circuit), [SparsePauliOp("ZI")], precision=0.02, seed=1)
    assert 0 < found.errors[0] <= 0.02
    assert abs(found.values[0] - 0.5) < 5 * found.errors[0]


def random_noisy_program(rng: np.random.Generator, *, measured: bool) -> Program:
    steps = []
    for step in read(random_circuit(rng, 3, 12)).steps:
        steps.append(step)
        channel = [DEPOLARIZING, LOPSIDED, THREE][rng.integers(3)]
        steps.append(Noise(channel, tuple(int(q) for q in rng.permutation(3)[: channel.num_qubits])))
        if measured and rng.integers(6) == 0:
            steps.append([Reset(int(rng.integers(3))), Measure(int(rng.integers(3)), 0)][rng.integers(2)])
    return Program(3, 3, tuple(steps))


def test_noisy_expectations_equal_those_of_the_density_matrix():
    rng = np.random.default_rng(6)
    for case in range(60):
        program = random_noisy_program(rng, measured=case % 2 == 0)
        asked = labels(rng, 3, 5)
        observables = [SparsePauliOp(label) for label in asked]
        found = Stabilizer().expectation(program, observables, precision=0.0, seed=0)
        state = density_matrix(program)
        due = [state.expectation_value(Pauli(label)).real for label in asked]
        np.testing.assert_allclose(found.values, due, atol=1e-9)


@pytest.mark.parametrize("readout", [(0.0, 0.0), (0.1, 0.1), (0.05, 0.2)])
def test_noisy_samples_with_readout_errors_follow_their_law(readout):
    rng = np.random.default_rng(7)
    one, zero = readout
    confusion = np.array([[1 - one, zero], [one, 1 - zero]])
    for case in range(20):
        program = random_noisy_program(rng, measured=False)
        measured = program.with_steps([*program.steps, *(Measure(q, q, readout) for q in range(3))])
        diagonal = density_matrix(program).probabilities()
        for axis in range(3):
            diagonal = np.moveaxis(np.tensordot(confusion, diagonal.reshape(2, 2, 2), (1, axis)), 0, axis).ravel()
        seen, _ = counts(measured, 2000, seed=case)
        assert surprise(seen, {f"{value:03b}": p for value, p in enumerate(diagonal)}) > FALSE_ALARM


def test_unequal_readout_error_that_is_fed_back_is_followed_by_history():
    steps = read_feedback((0.1, 0.3))
    seen, metadata = counts(steps, 20_000, seed=3)
    assert metadata["method"] == "histories"
    # outcome 0 read right: no flip, bits (0, 0); read wrong: flip, second outcome 1; outcome 1 likewise
    law = {"00": 0.5 * 0.9, "11": 0.5 * 0.1, "10": 0.5 * 0.3, "01": 0.5 * 0.7}
    assert surprise(seen, law) > FALSE_ALARM


def test_equal_readout_error_that_is_fed_back_stays_one_stim_circuit():
    seen, metadata = counts(read_feedback((0.1, 0.1)), 20_000, seed=3)
    assert metadata["method"] == "frames"
    assert surprise(seen, {"00": 0.45, "11": 0.05, "10": 0.05, "01": 0.45}) > FALSE_ALARM


def test_teleportation_by_parity_expressions_brings_the_state_across():
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.s(0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test(expr.bit_xor(circuit.clbits[1], expr.lift(False))):
        circuit.x(2)
    with circuit.if_test(expr.equal(circuit.clbits[0], True)):
        circuit.z(2)
    found = Stabilizer().expectation(read(circuit), [SparsePauliOp("YII")], precision=0.0, seed=0)
    assert found.values == pytest.approx([1.0])
    assert "rec[" in str(to_stim(circuit))


def test_loops_over_known_values_are_unrolled_and_stored_parities_are_bits():
    circuit = QuantumCircuit(1, 2)
    with circuit.for_loop(range(3)):
        circuit.x(0)
    circuit.measure(0, 0)
    circuit.store(circuit.clbits[1], expr.logic_not(circuit.clbits[0]))
    assert counts(read(circuit), 10)[0] == {"01": 10}


def test_repeat_until_success_ends_with_success():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.h(0)
        circuit.measure(0, 0)
    assert counts(read(circuit), 200)[0] == {"1": 200}


def test_bits_that_nobody_measures_are_zero_and_overwritten_bits_hold_the_last_outcome():
    circuit = QuantumCircuit(2, 3)
    circuit.x(0)
    circuit.measure(0, 1)
    circuit.measure(1, 1)
    circuit.measure(0, 2)
    assert counts(read(circuit), 5)[0] == {"100": 5}


def test_same_seed_same_bits():
    circuit = QuantumCircuit(70)
    circuit.h(range(70))
    circuit.measure_all()
    for program in (read(circuit), read_feedback((0.1, 0.3)), read_feedback((0.2, 0.2))):
        first, again, other = (Stabilizer().sample(program, 300, seed=seed).bits for seed in (5, 5, 6))
        assert (first == again).all()
        assert (first != other).any()


def test_batches_cover_all_shots(monkeypatch):
    monkeypatch.setattr("qsim.backends.stabilizer.sampling.BATCH", 256 * 3)
    circuit = stim.Circuit("H 0\nCX 0 1 0 2\nM 0 1 2")
    found = sample_records(circuit, 1000, seed=1)
    assert found.shape == (1000, 3)
    assert (found[:, 0] == found[:, 2]).all()
    assert 400 < found[:, 0].sum() < 600


def test_thousand_qubits_agree_with_themselves():
    circuit = QuantumCircuit(1000)
    circuit.h(0)
    circuit.cx(range(999), range(1, 1000))
    circuit.measure_all()
    rows = Stabilizer().sample(read(circuit), 200, seed=1).bits
    assert (rows == rows[:, :1]).all()
    assert 40 < rows[:, 0].sum() < 160
    parity = SparsePauliOp("X" * 1000)
    assert Stabilizer().expectation(
        read(circuit.remove_final_measurements(inplace=False)), [parity], precision=0.0, seed=0
    ).values == [1.0]


def test_stim_circuit_is_sampled_as_it_stands():
    circuit = stim.Circuit(
        "R 0 1\nREPEAT 3 {\n    X_ERROR(0.3) 0\n    CX 0 1\n    MR(0.1) 1\n}\nMXX 0 1\nCX rec[-2] 1\nM 1"
    )
    samples = Stabilizer().sample(read(circuit), 500, seed=9)
    assert samples.metadata["method"] == "stim circuit"
    assert (samples.bits == circuit.compile_sampler(seed=9).sample(500)).all()


def test_stim_circuit_and_its_program_have_the_same_expectations():
    circuit = stim.Circuit(
        "H 0\nCX 0 1\nDEPOLARIZE2(0.1) 0 1\nM 0\nCX rec[-1] 1\nE(0.1) X0 Z2\nELSE_CORRELATED_ERROR(0.2) Y2\nMX 2"
    )
    program = read(circuit)
    observables = [SparsePauliOp(label) for label in ("IIZ", "IZI", "IZZ", "XII", "ZII", "XZZ")]
    direct = Stabilizer().expectation(program, observables, precision=0.0, seed=0).values
    unrolled = Stabilizer().expectation(program.with_steps(program.steps), observables, precision=0.0, seed=0).values
    np.testing.assert_allclose(direct, unrolled, atol=1e-12)
    assert direct[1] == pytest.approx(1 - 16 / 15 * 0.1)


@pytest.mark.parametrize(
    ("text", "letters", "value"),
    [
        ("H 0\nHERALDED_ERASE(0.2) 0\nM 1", "X", 0.8),
        ("MPAD 1\nCX rec[-1] 0", "Z", -1.0),
        ("MPAD(0.1) 1\nCX rec[-1] 0", "Z", -0.8),
        ("HERALDED_ERASE(0.2) 1\nMPAD(0.1) 1\nCX rec[-1] 0", "Z", -0.8),
        ("X 0\nMZZ(0.1) !0 1\nCX rec[-1] 2", "ZII", 0.8),
        ("H 0\nMX(0.1) 0\nCX rec[-1] 1", "ZI", 0.8),
        ("X 0\nMPP(0.2) Z0*Z1\nCY rec[-1] 2\nCZ rec[-1] 2", "ZII", -0.6),
        ("X 0\nMR(0.1) !0\nXCZ 1 rec[-1]", "ZI", 0.8),
    ],
)
def test_instructions_only_stim_has_come_with_exact_expectations(text, letters, value):
    program = read(stim.Circuit(text))
    observable = SparsePauliOp("I" * (program.num_qubits - len(letters)) + letters)
    assert Stabilizer().expectation(program, [observable], precision=0.0, seed=0).values == pytest.approx([value])


def test_noise_in_a_program_followed_by_history_follows_its_law():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(1)
    program = read(circuit)
    noise = Noise(Channel.pauli({"XI": 0.2, "YX": 0.1}, name="noise"), (0, 1))
    whole = program.with_steps([*program.steps, noise, Measure(1, 1), Measure(0, 0)])
    seen, metadata = counts(whole, 20_000, seed=4)
    assert metadata["method"] == "histories"
    # qubit 1 is flipped with probability 0.3 when it is known (first outcome 0); qubit 0 with 0.1, never alone
    law = {"00": 0.5 * 0.7 + 0.25 * 0.0, "10": 0.5 * 0.2, "11": 0.5 * 0.1}
    for outcome, weight in {"01": 0.9, "00": 0.1}.items():
        for second in "01":
            key = second + outcome[1]
            law[key] = law.get(key, 0.0) + 0.25 * weight
    assert surprise(seen, law) > FALSE_ALARM


def test_misread_outcome_that_is_fed_back_damps_expectations():
    program = read_feedback((0.1, 0.1))
    bare = program.with_steps(program.steps[:-1])
    found = Stabilizer().expectation(bare, [SparsePauliOp("Z")], precision=0.0, seed=0)
    assert found.metadata["method"] == "Heisenberg"
    assert found.values == pytest.approx([0.8])
    unequal = read_feedback((0.1, 0.3))
    found = Stabilizer().expectation(
        unequal.with_steps(unequal.steps[:-1]), [SparsePauliOp("Z")], precision=0.0, seed=0
    )
    assert found.metadata["method"] == "histories"
    assert found.values == pytest.approx([1 - 0.1 - 0.3])
