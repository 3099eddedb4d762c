"""The near-Clifford backend against dense states of small circuits, and closed forms on large ones.

Each chi-square test fails by chance with probability 1e-9; there are fewer than two hundred.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import stim
from dense_oracles import FLIPS, evolved, fits, labels, noisy, random_circuit, with_final_measurements
from qiskit import QuantumCircuit
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit import library
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector, random_unitary

from qsim.backends.near_clifford import NearClifford
from qsim.backends.near_clifford.dense import ONE_QUBIT, controlled, expected, one_qubit, rotated
from qsim.backends.near_clifford.frame import FrameState
from qsim.backends.near_clifford.rotations import Rotation, gate_parts
from qsim.backends.protocol import Backend, Work
from qsim.backends.stabilizer import Stabilizer
from qsim.backends.stabilizer.gates import tableau_of
from qsim.branching import exactly, histories
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Gate, Measure, Noise, Program, read


def test_it_is_a_backend():
    assert isinstance(NearClifford(), Backend)


OTHERS = [
    *(library.TGate(), library.TdgGate(), library.CCXGate(), library.CCZGate(), library.CSXGate(), library.CHGate()),
    *(library.CPhaseGate(0.3), library.CPhaseGate(0.3, ctrl_state=0), library.CRXGate(0.4), library.RXGate(0.2)),
    *(library.UGate(0.1, 0.2, 0.3), library.RZXGate(0.3), library.XXPlusYYGate(0.2, 0.5), library.RYYGate(0.7)),
    *(
        library.CSwapGate(),
        library.RGate(0.3, 0.4),
        library.RYGate(0.4).control(2, annotated=False),
        library.CPhaseGate(np.pi / 2),
    ),
    *(library.UGate(np.pi / 2, 0.2, np.pi), library.UnitaryGate(random_unitary(4, seed=1).data)),
    library.PauliEvolutionGate(SparsePauliOp(["XXI", "ZZI", "IIZ"]), time=0.3),
]


@pytest.mark.parametrize("gate", OTHERS, ids=lambda gate: gate.name)
def test_parts_of_a_gate_make_up_the_gate(gate):
    size = 2**gate.num_qubits
    made = np.eye(size, dtype=np.complex128)
    for part in gate_parts(gate):
        if isinstance(part, Rotation):
            label = ["I"] * gate.num_qubits
            for letter, place in zip(part.letters, part.places, strict=True):
                label[gate.num_qubits - 1 - place] = letter
            pauli = Pauli("".join(label)).to_matrix()
            made = (np.cos(part.angle / 2) * np.eye(size) - 1j * np.sin(part.angle / 2) * pauli) @ made
        else:
            made = tableau_of(part, gate.num_qubits).to_unitary_matrix(endian="little") @ made
    assert abs(np.trace(made.conj().T @ Operator(gate).data)) / size == pytest.approx(1, abs=1e-6)


def test_ccz_takes_no_more_active_qubits_than_it_touches():
    circuit = QuantumCircuit(40)
    circuit.h(range(40))
    for _ in range(5):
        circuit.ccz(3, 17, 30)
    forecast = NearClifford().forecast(read(circuit), Work(kind="expectation", observables=1))
    assert forecast.details["rotations"] == 35
    assert forecast.details["active_qubits"] <= 3


def test_dense_gates_act_as_their_matrices():
    rng = np.random.default_rng(1)
    for _ in range(40):
        size = int(rng.integers(2, 5))
        phi = rng.normal(size=2**size) + 1j * rng.normal(size=2**size)
        label = labels(rng, size, 1)[0]
        pauli = Pauli(label)
        x, z = (int(sum(1 << j for j, bit in enumerate(row) if bit)) for row in (pauli.x, pauli.z))
        angle = rng.normal()
        matrix = np.cos(angle / 2) * np.eye(2**size) - 1j * np.sin(angle / 2) * pauli.to_matrix()
        np.testing.assert_allclose(rotated(phi, x, z, angle), matrix @ phi, atol=1e-12)
        assert expected(phi, x, z) == pytest.approx((phi.conj() @ pauli.to_matrix() @ phi).real)
    state = Statevector(phi / np.linalg.norm(phi))
    for name, matrix in ONE_QUBIT.items():
        np.testing.assert_allclose(one_qubit(state.data, name, 1), state.evolve(Operator(matrix), [1]).data, atol=1e-12)
    due = state.evolve(Operator(library.CXGate()), [1, 0]).data
    np.testing.assert_allclose(controlled(state.data, 1, 0), due, atol=1e-12)


def test_state_and_its_collapses_are_those_of_the_statevector():
    rng = np.random.default_rng(2)
    for _ in range(60):
        qubits = int(rng.integers(1, 6))
        circuit = random_circuit(rng, qubits, 25, 4)
        state, psi = FrameState(qubits), Statevector(circuit)
        for step in read(circuit).steps:
            state.gate(step)
        for qubit in [None, *map(int, rng.permutation(qubits)[:3])]:
            if qubit is not None:
                one = state.probability_of_one(qubit)
                assert one == pytest.approx(psi.probabilities([qubit])[1], abs=1e-9)
                outcome = int(rng.random() < one)
                before = state.copy()
                state.project(qubit, outcome)
                assert before.probability_of_one(qubit) == pytest.approx(one, abs=1e-9)
                kept = np.where(np.arange(2**qubits) >> qubit & 1 == outcome, psi.data, 0)
                psi = Statevector(kept / np.linalg.norm(kept))
            for label in labels(rng, qubits, 5):
                due = psi.expectation_value(Pauli(label)).real
                assert state.expectation(stim.PauliString(label[::-1])) == pytest.approx(due, abs=1e-9)


def test_measuring_gives_active_qubits_back():
    state = FrameState(3)
    for qubit in range(3):
        state.gate(Gate(library.RXGate(0.3), (qubit,)))
    assert len(state.frame.active) == 3
    for left, qubit in zip((2, 1, 0), range(3), strict=True):
        state.project(qubit, 1)
        assert len(state.frame.active) == left
        assert len(state.phi) == 2**left


def test_expectations_are_exact_without_noise():
    rng = np.random.default_rng(3)
    for _ in range(60):
        qubits = int(rng.integers(1, 6))
        circuit = random_circuit(rng, qubits, 20, 4)
        observables = [SparsePauliOp(labels(rng, qubits, 3), rng.normal(size=3)) for _ in range(3)]
        found = NearClifford().expectation(read(circuit), observables, precision=0.0, seed=0)
        due = [Statevector(circuit).expectation_value(each).real for each in observables]
        np.testing.assert_allclose(found.values, due, atol=1e-9)
        assert found.metadata["method"] == "frame"


@pytest.mark.parametrize("readings", [False, True])
def test_noisy_expectations_equal_those_of_the_density_matrix(readings):
    rng = np.random.default_rng(4)
    for _ in range(40):
        program = noisy(rng, random_circuit(rng, 3, 12, 4), readings=readings)
        asked = labels(rng, 3, 5)
        found = NearClifford().expectation(program, [SparsePauliOp(label) for label in asked], precision=0.0, seed=0)
        due = [evolved(program).expectation_value(Pauli(label)).real for label in asked]
        np.testing.assert_allclose(found.values, due, atol=1e-9)


def test_samples_follow_the_law_of_the_statevector():
    rng = np.random.default_rng(5)
    for case in range(60):
        qubits = int(rng.integers(1, 6))
        circuit = random_circuit(rng, qubits, 20, 4)
        samples = NearClifford().sample(with_final_measurements(read(circuit)), 3000, seed=case)
        assert samples.metadata["method"] == "frame"
        assert fits(samples.bits, Statevector(circuit).probabilities()), case


@pytest.mark.parametrize("readout", [(0.0, 0.0), (0.1, 0.1), (0.05, 0.2)])
def test_noisy_samples_follow_the_law_of_the_density_matrix(readout):
    rng = np.random.default_rng(6)
    one, zero = readout
    confusion = np.array([[1 - one, zero], [one, 1 - zero]])
    patterns = 0
    for case in range(15):
        program = noisy(rng, random_circuit(rng, 3, 12, 4))
        law = evolved(program).probabilities().reshape(2, 2, 2)
        for axis in range(3):
            law = np.moveaxis(np.tensordot(confusion, law, (1, axis)), 0, axis)
        samples = NearClifford().sample(with_final_measurements(program, readout), 3000, seed=case)
        patterns = max(patterns, samples.metadata["patterns"])
        assert fits(samples.bits, law.ravel()), case
    assert patterns > 3


def test_programs_with_measurements_in_between_and_decisions_follow_their_law():
    rng = np.random.default_rng(7)
    for case in range(20):
        circuit = QuantumCircuit(3, 3)
        circuit.compose(random_circuit(rng, 3, 8, 2), inplace=True)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
            circuit.t(1)
            circuit.h(1)
        with otherwise:
            circuit.rx(0.3, 2)
        circuit.reset(0)
        circuit.compose(random_circuit(rng, 3, 6, 2), inplace=True)
        circuit.measure([1, 2], [1, 2])
        law = np.zeros(8)
        for weight, memory, _ in histories(read(circuit), _Dense(3), 1.0, split=exactly()):
            law[memory.bits @ (1 << np.arange(3))] += weight
        samples = NearClifford().sample(read(circuit), 2000, seed=case)
        assert samples.metadata["method"] == "histories"
        assert fits(samples.bits, law), case


class _Dense:
    """A `qsim.branching.State` on qiskit.quantum_info, the oracle for decisions."""

    def __init__(self, num_qubits: int) -> None:
        self.state = Statevector(np.eye(1, 2**num_qubits)[0])

    def gate(self, gate):
        self.state = self.state.evolve(Operator(gate.operation), list(gate.qubits))

    def probability_of_one(self, qubit):
        return float(self.state.probabilities([qubit])[1])

    def project(self, qubit, outcome):
        kept = np.where(np.arange(len(self.state.data)) >> qubit & 1 == outcome, self.state.data, 0)
        self.state = Statevector(kept / np.linalg.norm(kept))

    def flip(self, qubit):
        self.state = self.state.evolve(Pauli("X"), [qubit])

    def copy(self):
        made = _Dense.__new__(_Dense)
        made.state = self.state
        return made


def test_expectations_of_decisions_on_rotations_are_enumerated():
    circuit = QuantumCircuit(2, 1)
    circuit.ry(0.8, 0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.rx(0.5, 1)
    found = NearClifford().expectation(read(circuit), [SparsePauliOp("ZI")], precision=0.0, seed=0)
    one = np.sin(0.4) ** 2
    assert found.values == pytest.approx([1 - one + one * np.cos(0.5)])


def test_pauli_feedback_on_rotated_states_is_propagated_exactly():
    circuit = QuantumCircuit(2, 1)
    circuit.ry(0.8, 0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.ry(0.3, 1)
    found = NearClifford().expectation(read(circuit), [SparsePauliOp("ZI")], precision=0.0, seed=0)
    assert found.metadata["method"] == "Pauli propagation"
    assert found.values == pytest.approx([np.cos(0.8) * np.cos(0.3)])


def test_two_hundred_qubits_with_rotations_have_closed_forms():
    circuit = QuantumCircuit(200)
    angles = np.linspace(0.1, 1.2, 12)
    for place, angle in enumerate(angles):
        circuit.rx(angle, 3 * place)
    circuit.cx(range(199), range(1, 200))
    total = SparsePauliOp.from_sparse_list([("Z", [199], 1.0)], num_qubits=200)
    found = NearClifford().expectation(read(circuit), [total], precision=0.0, seed=0)
    assert found.values == pytest.approx([np.prod(np.cos(angles))])
    bits = NearClifford().sample(with_final_measurements(read(circuit)), 20_000, seed=1).bits
    assert abs(1 - 2 * bits[:, 199].mean() - np.prod(np.cos(angles))) < 6 / np.sqrt(20_000)
    assert abs(bits[:, 0].mean() - np.sin(0.05) ** 2) < 6 * np.sqrt(0.0025 / 20_000)


def test_same_seed_same_bits():
    circuit = random_circuit(np.random.default_rng(8), 4, 20, 4)
    programs = [with_final_measurements(each) for each in (read(circuit), noisy(np.random.default_rng(9), circuit))]
    programs.append(programs[0].with_steps([Measure(0, 0), *programs[0].steps]))
    for program in programs:
        first, again, other = (NearClifford().sample(program, 300, seed=seed).bits for seed in (5, 5, 6))
        assert (first == again).all()
        assert (first != other).any()


def test_clifford_circuits_have_the_stabilizer_backends_values():
    circuit = random_circuit(np.random.default_rng(10), 6, 40, 0)
    observables = [SparsePauliOp(label) for label in labels(np.random.default_rng(11), 6, 20)]
    ours, stims = (
        b.expectation(read(circuit), observables, precision=0.0, seed=0) for b in (NearClifford(), Stabilizer())
    )
    np.testing.assert_allclose(ours.values, stims.values, atol=1e-12)


def many_rotations(qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits, qubits)
    circuit.rx(0.3, range(qubits))
    return circuit


def test_too_many_active_qubits_are_refused_with_the_numbers():
    circuit = many_rotations(23)
    circuit.measure(range(23), range(23))
    forecast = NearClifford().forecast(read(circuit), Work(kind="sample", shots=10))
    assert not forecast.can
    assert forecast.why == "23 non-Clifford rotations need more than 22 active qubits"
    with pytest.raises(CircuitError, match="23 non-Clifford rotations need more than 22"):
        NearClifford().sample(read(circuit), 10, seed=0)
    state = FrameState(23)
    *able, last = read(many_rotations(23)).steps
    for step in able:
        state.gate(step)
    with pytest.raises(CircuitError, match="at most 22 active qubits"):
        state.gate(last)


def test_too_many_pauli_terms_are_refused_with_the_numbers():
    program = read(many_rotations(6))
    program = program.with_steps([*program.steps, Noise(FLIPS, (0,))])
    few = NearClifford(max_terms=7)
    observable = SparsePauliOp("Y" * 6)
    forecast = few.forecast(program, Work(kind="expectation", observables=1))
    assert not forecast.can
    assert "up to 64 Pauli terms, more than the 7 allowed" in forecast.why
    with pytest.raises(CircuitError, match=r"at most 7 Pauli terms.*got 8"):
        few.expectation(program, [observable], precision=0.0, seed=0)
    assert NearClifford(max_terms=64).forecast(program, Work(kind="expectation", observables=1)).can


def test_channel_that_is_no_pauli_channel_is_refused():
    damping = Channel.from_kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]], name="amplitude_damping")
    program = Program(1, 1, (Noise(damping, (0,)), Measure(0, 0)))
    with pytest.raises(CircuitError, match="not a Pauli channel"):
        NearClifford().sample(program, 10, seed=0)
    assert not NearClifford().forecast(program, Work(kind="sample", shots=10)).can


def test_large_gate_without_definition_is_refused():
    with pytest.raises(CircuitError, match=r"too large for its matrix.*got 5 qubits"):
        gate_parts(QiskitGate("mystery", 5, []))


def test_too_many_bits_are_refused_with_the_numbers():
    program = with_final_measurements(read(many_rotations(3)))
    with pytest.raises(CircuitError, match="more than the 1e\\+03 allowed"):
        NearClifford(memory=1e3).sample(program, 1000, seed=0)


def test_forecast_names_the_first_rotation():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.t(0)
    circuit.rx(0.3, 1)
    circuit.measure([0, 1], [0, 1])
    forecast = NearClifford().forecast(read(circuit), Work(kind="sample", shots=10))
    assert forecast.why == "2 non-Clifford rotations, the first at gate 1 (t on 0)"
    assert forecast.exact
    assert Counter(forecast.details) == Counter({"rotations": 2, "active_qubits": 2})


def test_noise_in_a_program_followed_by_history_follows_its_law():
    """Two bits: a rotation is read with noise before it, and a flip is decided by the outcome."""
    flip, turn = 0.2, 0.9
    circuit = QuantumCircuit(1, 2)
    circuit.ry(turn, 0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.ry(turn, 0)
    program = read(circuit)
    noise = Noise(Channel.pauli({"X": flip}, name="bit flip"), (0,))
    whole = program.with_steps([program.steps[0], noise, *program.steps[1:], Measure(0, 1)])
    one = np.sin(turn / 2) ** 2
    one = one * (1 - flip) + (1 - one) * flip
    stays = np.cos(turn / 2) ** 2
    law = np.array([1 - one, one * (1 - stays), 0.0, one * stays])
    samples = NearClifford().sample(whole, 20_000, seed=4)
    assert samples.metadata["method"] == "histories"
    assert fits(samples.bits, law)


def test_correlated_coins_agree():
    """A GHZ state on 30 qubits beside a rotated one: 30 equal coins, and a bit of known probability."""
    circuit = QuantumCircuit(31)
    circuit.h(0)
    circuit.cx(range(29), range(1, 30))
    circuit.rx(0.9, 30)
    bits = NearClifford().sample(with_final_measurements(read(circuit)), 4000, seed=1).bits
    assert (bits[:, :30] == bits[:, :1]).all()
    assert abs(bits[:, 0].mean() - 0.5) < 6 * 0.5 / np.sqrt(4000)
    assert abs(bits[:, 30].mean() - np.sin(0.45) ** 2) < 6 * 0.5 / np.sqrt(4000)
