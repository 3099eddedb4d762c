"""Noise models: which channel goes where, against density matrices evolved by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import stim
from kraus_evolution import channel_on, final_state, wide
from qiskit import QuantumCircuit
from qiskit.circuit.library import CXGate, HGate
from qiskit.quantum_info import Operator

from qsim.errors import CircuitError
from qsim.noise import (
    NoiseModel,
    amplitude_damping,
    bit_flip,
    correlated_pauli,
    depolarizing_channel,
    over_rotation,
    pauli,
    phase_damping,
    phase_flip,
    reset_error,
)
from qsim.program import Branch, Gate, Loop, Measure, Noise, Program, Step, read

P, Q = bit_flip(0.1), amplitude_damping(0.2)


def chain() -> QuantumCircuit:
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(2, 1)
    return circuit


def placed(model: NoiseModel, circuit: QuantumCircuit | stim.Circuit) -> list[str]:
    return [str(step) for step in model.apply(read(circuit)).steps]


def test_noise_acts_where_hand_made_evolution_has_it() -> None:
    two = over_rotation("ZX", 0.4)
    model = NoiseModel().after("1q", Q).after("cx", two).before("cx", phase_damping(0.3), qubits=(2, 1))
    rho = np.zeros((8, 8), dtype=complex)
    rho[0, 0] = 1

    def gate(rho: np.ndarray, matrix: np.ndarray, qubits: tuple[int, ...]) -> np.ndarray:
        u = wide(matrix, qubits, 3)
        return np.asarray(u @ rho @ u.conj().T)

    rho = channel_on(gate(rho, HGate().to_matrix(), (0,)), Q, (0,))
    rho = channel_on(gate(rho, CXGate().to_matrix(), (0, 1)), two, (0, 1))
    rho = channel_on(channel_on(rho, phase_damping(0.3), (2,)), phase_damping(0.3), (1,))
    rho = channel_on(gate(rho, CXGate().to_matrix(), (2, 1)), two, (2, 1))
    np.testing.assert_allclose(final_state(model.apply(read(chain()))), rho, atol=1e-14)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (NoiseModel().after("2q", P, qubits=(0, 1)), ["h on 0", "cx on 0, 1", "f0", "f1", "cx on 2, 1"]),
        (NoiseModel().after("2q", P, qubits=(1, 2)), ["h on 0", "cx on 0, 1", "cx on 2, 1"]),
        (NoiseModel().after("2q", P, qubits=[(1, 2), (2, 1)]), ["h on 0", "cx on 0, 1", "cx on 2, 1", "f2", "f1"]),
        (NoiseModel().after(["h", "x"], P), ["h on 0", "f0", "cx on 0, 1", "cx on 2, 1"]),
        (NoiseModel().after("gate", P, qubits=[0]), ["h on 0", "f0", "cx on 0, 1", "cx on 2, 1"]),
        (NoiseModel().before("cx", P, on=2), ["h on 0", "f2", "cx on 0, 1", "f2", "cx on 2, 1"]),
        (NoiseModel().after("1q", P, on=(1, 2)), ["h on 0", "f1", "f2", "cx on 0, 1", "cx on 2, 1"]),
        (
            NoiseModel().crosstalk("1q", P, coupling=[(0, 1), (2, 0)]),
            ["h on 0", "f1", "f2", "cx on 0, 1", "cx on 2, 1"],
        ),
        (
            NoiseModel().crosstalk("cx", P, coupling=[(0, 1), (1, 2)]),
            ["h on 0", "cx on 0, 1", "f2", "cx on 2, 1", "f0"],
        ),
        (
            NoiseModel().crosstalk("cx", correlated_pauli("ZZ", 0.1), coupling=[(0, 1), (2, 1)]),
            ["h on 0", "cx on 0, 1", "correlated_ZZ on 1, 2", "cx on 2, 1", "correlated_ZZ on 1, 0"],
        ),
    ],
)
def test_rule_names_operations_by_class_name_and_qubits(model: NoiseModel, wanted: list[str]) -> None:
    assert placed(model, chain()) == [f"bit_flip on {each[1]}" if each[0] == "f" else each for each in wanted]


def test_every_rule_that_matches_applies_in_order() -> None:
    model = NoiseModel().after("1q", P).after("h", phase_flip(0.1)) + NoiseModel().before("h", Q)
    circuit = QuantumCircuit(1)
    circuit.h(0)
    assert placed(model, circuit) == ["amplitude_damping on 0", "h on 0", "bit_flip on 0", "phase_flip on 0"]


def test_readout_errors_compose_with_each_other_and_with_the_circuits() -> None:
    model = NoiseModel().readout(0.1, 0.2).readout(0.3, qubits=1)
    measures = [step for step in model.apply(read(stim.Circuit("M(0.05) 0 1"))).steps if isinstance(step, Measure)]

    def composed(*flips: tuple[float, float]) -> tuple[float, float]:
        total = np.eye(2)
        for up, down in flips:
            total = np.array([[1 - up, down], [up, 1 - down]]) @ total
        return float(total[1, 0]), float(total[0, 1])

    assert measures[0].readout == pytest.approx(composed((0.05, 0.05), (0.1, 0.2)), abs=1e-15)
    assert measures[1].readout == pytest.approx(composed((0.05, 0.05), (0.1, 0.2), (0.3, 0.3)), abs=1e-15)


def test_resets_and_measurements_have_their_noise_inside_the_basis_change() -> None:
    model = NoiseModel().after("1q", Q).before("measure", P).after("reset", phase_flip(0.1))
    found = placed(model, stim.Circuit("RX 0\nMX 0\nS 0"))
    wanted = ["reset 0", "phase_flip on 0", "h on 0", "h on 0", "bit_flip on 0", "measure 0 -> 0", "h on 0", "s on 0"]
    assert found == [*wanted, "amplitude_damping on 0"]


def test_measurement_of_a_product_has_its_noise_on_every_qubit_outside() -> None:
    found = placed(NoiseModel().before("joint", P).readout(0.1), stim.Circuit("MZZ 0 1\nM 0"))
    assert found[:4] == ["bit_flip on 0", "bit_flip on 1", "cx on 1, 0", "measure 0 -> 0"]
    program = NoiseModel().readout(0.1).apply(read(stim.Circuit("MZZ 0 1")))
    assert [step.readout for step in program.steps if isinstance(step, Measure)] == [pytest.approx((0.1, 0.1))]


def test_feedback_of_stim_has_no_noise() -> None:
    program = NoiseModel().after("gate", P).apply(read(stim.Circuit("M 0\nCX rec[-1] 1\nX 0")))
    assert [type(step).__name__ for step in program.steps] == ["Measure", "Branch", "Gate", "Noise"]
    assert len(program.steps[1].cases[0][1]) == 1  # type: ignore[union-attr]


def test_carriers_of_heralds_have_no_noise() -> None:
    clean = read(stim.Circuit("HERALDED_ERASE(0.1) 0\nMPAD 1\nM 0"))
    model = NoiseModel().before("measure", P).after("reset", P).readout(0.1).idle(P)
    found = [step for step in model.apply(clean).steps if isinstance(step, Noise) and step.channel is P]
    assert [step.qubits for step in found] == [(0,)]
    readouts = [step.readout for step in model.apply(clean).steps if isinstance(step, Measure)]
    assert readouts == [(0.0, 0.0), (1.0, 0.0), pytest.approx((0.1, 0.1))]


def test_noise_reaches_into_control_flow() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.y(0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.measure(0, 0)
    with circuit.for_loop(range(2)):
        circuit.x(0)
        circuit.break_loop()
    steps = NoiseModel().after("x", P).readout(0.1).apply(read(circuit)).steps

    def kinds(block: tuple[Step, ...]) -> list[str]:
        return [type(step).__name__ for step in block]

    branch, loop, unrolled = steps[1:4]
    assert isinstance(branch, Branch)
    assert [kinds(block) for _, block in branch.cases] == [["Gate", "Noise"], ["Gate"]]
    assert isinstance(loop, Loop)
    assert isinstance(loop.body[0], Measure)
    assert loop.body[0].readout == pytest.approx((0.1, 0.1))
    assert kinds(unrolled.bodies[0]) == ["Gate", "Noise", "Leave"]  # type: ignore[union-attr]


def test_noise_that_nothing_shows_is_left_out_so_that_measurements_stay_final() -> None:
    from qsim.program import split_measurements

    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    circuit.h(1)
    circuit.h(1)
    circuit.measure(1, 1)
    noisy = NoiseModel().idle(P).after("measure", P).apply(read(circuit))
    assert split_measurements(noisy) is not None
    assert [str(step) for step in noisy.steps] == [*("measure 0 -> 0", "h on 1", "h on 1", "measure 1 -> 1")]
    reused = circuit.copy()
    reused.x(0)
    assert "bit_flip on 0" in placed(NoiseModel().after("measure", P), reused)


def test_same_model_on_qiskit_and_stim_circuits_gives_the_same_state() -> None:
    circuit = chain()
    twin = stim.Circuit("H 0\nCX 0 1\nCX 2 1")
    model = (
        NoiseModel().after("1q", Q).after("2q", depolarizing_channel(0.1, num_qubits=2)).before("cx", reset_error(0.1))
    )
    np.testing.assert_allclose(
        final_state(model.apply(read(circuit))), final_state(model.apply(read(twin))), atol=1e-14
    )


def test_labels_of_a_channel_follow_the_gates_operands() -> None:
    model = NoiseModel().after("cx", pauli({"IX": 1.0}))
    circuit = QuantumCircuit(2)
    circuit.cx(1, 0)
    # the rightmost letter is the gate's first operand, qubit 1
    np.testing.assert_allclose(np.diag(final_state(model.apply(read(circuit)))).real, [0, 0, 1, 0], atol=1e-15)


def with_gate(name: str) -> Callable[[], Program]:
    return lambda: NoiseModel().after(name, P).apply(read(chain()))


def apply(model: NoiseModel, circuit: QuantumCircuit | None = None) -> Callable[[], Program]:
    return lambda: model.apply(read(circuit or chain()))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (with_gate("cxx"), "no gate of this name in the circuit or in Qiskit: expected one of .*cx.*got 'cxx'"),
        (with_gate("mesure"), "expected one of .*measure"),
        (apply(NoiseModel().after("1q", P, qubits=3)), "noise on a missing qubit, 3: expected qubits 0 to 2"),
        (apply(NoiseModel().readout(0.1, qubits=[0, 7])), "noise on a missing qubit, 7"),
        (apply(NoiseModel().idle(P, qubits=4)), "noise on a missing qubit, 4"),
        (apply(NoiseModel().after("1q", P, on=5)), "noise on a missing qubit, 5"),
        (apply(NoiseModel().crosstalk("1q", P, coupling=[(0, 9)])), "noise on a missing qubit, 9"),
        (apply(NoiseModel().each_layer(P, [3])), "noise rule 0: noise on a missing qubit, 3"),
        (apply(NoiseModel(num_qubits=2)), "a circuit larger than the noise model's device: expected at most 2"),
        (
            apply(NoiseModel().after("gate", correlated_pauli("XX", 0.1))),
            r"operation 0 \(h on 0\): channel correlated_XX does not fit: expected a channel on 1 or 1 qubits, got 2",
        ),
        (lambda: NoiseModel().after("1q", correlated_pauli("XX", 0.1)), "a channel on 1 or 1 qubits, got 2 qubits"),
        (lambda: NoiseModel().after("2q", P, qubits=0), "the wrong number of qubits: expected 2 qubits"),
        (lambda: NoiseModel().after("cx", P, qubits=(0, 0)), "a qubit twice"),
        (lambda: NoiseModel().after("cx", P, qubits=(0, -1)), "not qubits"),
        (lambda: NoiseModel().after([], P), "not names of operations"),
        (lambda: NoiseModel().after("cx", 0.1), "not a channel: .*bit_flip"),  # type: ignore[arg-type]
        (lambda: NoiseModel().readout(1.1), "readout: not probabilities"),
        (lambda: NoiseModel().idle(correlated_pauli("XX", 0.1)), "too wide for one idle qubit"),
        (lambda: NoiseModel().each_round(correlated_pauli("XX", 0.1)), "too wide for one data qubit"),
        (lambda: NoiseModel().each_layer(P, [0, 1]), "a channel of another width"),
        (lambda: NoiseModel().crosstalk("1q", P, coupling=[]), "not pairs of neighbours"),
        (lambda: NoiseModel().crosstalk("1q", correlated_pauli("XXX", 0.1), coupling=[(0, 1)]), "too wide for neigh"),
        (
            lambda: NoiseModel(basis={"x": None}) + NoiseModel(basis={"y": None}),
            "models of two different devices",
        ),
    ],
)
def test_noise_that_cannot_be_put_is_refused(make: Callable[[], object], word: str) -> None:
    with pytest.raises(CircuitError, match=word):
        make()


def test_numbers_may_be_numpys() -> None:
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    model = NoiseModel().after("cx", bit_flip(np.float32(0.25)), qubits=tuple(np.arange(2)))
    assert placed(model, circuit) == ["cx on 0, 1", "bit_flip on 0", "bit_flip on 1"]


def test_gates_stay_the_circuits_own() -> None:
    noisy = NoiseModel().after("gate", P).idle(P).apply(read(chain()))
    gates = [step for step in noisy.steps if isinstance(step, Gate)]
    assert [(gate.name, gate.qubits) for gate in gates] == [("h", (0,)), ("cx", (0, 1)), ("cx", (2, 1))]
    assert Operator(gates[0].operation) == Operator(HGate())
