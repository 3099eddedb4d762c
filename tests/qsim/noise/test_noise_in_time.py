"""Noise on qubits that wait: layer by layer, and by the time that passes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import stim
from kraus_evolution import channel_on, final_state
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliLindbladMap

from qsim.errors import CircuitError
from qsim.noise import NoiseModel, bit_flip, from_pauli_lindblad, phase_flip, thermal_relaxation
from qsim.program import Noise, Program, read

P, Q = bit_flip(0.1), phase_flip(0.2)
TIMES = {"1q": 1.0, "2q": 3.0, "measure": 10.0, "reset": 5.0}
T1, T2 = 40.0, 50.0


def noise_of(program: Program) -> list[tuple[int, ...]]:
    return [step.qubits for step in program.steps if isinstance(step, Noise)]


def lines(model: NoiseModel, circuit: QuantumCircuit | stim.Circuit) -> list[str]:
    return [str(step) for step in model.apply(read(circuit)).steps if not str(step).startswith("Barrier")]


def test_qubits_wait_in_layers_that_start_as_early_as_they_can() -> None:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.x(2)
    circuit.x(2)
    assert lines(NoiseModel().idle(P), circuit) == [
        *("h on 0", "x on 2", "bit_flip on 1"),
        *("cx on 0, 1", "x on 2"),
        *("x on 2", "bit_flip on 0", "bit_flip on 1"),
    ]


def test_barriers_align_the_qubits_they_name() -> None:
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.barrier(0, 1)
    circuit.x(1)
    circuit.x(2)
    assert lines(NoiseModel().idle(P), circuit) == [
        *("x on 0", "x on 2", "bit_flip on 1"),
        *("x on 1", "bit_flip on 0", "bit_flip on 2"),
    ]


def test_delays_wait_for_a_layer_and_qubits_never_used_do_not_wait() -> None:
    circuit = QuantumCircuit(3)
    circuit.delay(100, 0, unit="ns")
    circuit.x(0)
    assert noise_of(NoiseModel().idle(P).apply(read(circuit))) == [(0,)]


def test_idle_rule_may_be_limited_to_qubits() -> None:
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.x(0)
    circuit.cx(1, 2)
    assert noise_of(NoiseModel().idle(P, qubits=2).apply(read(circuit))) == [(2,)]


def test_noise_during_measurement_is_on_all_others_gates_or_not() -> None:
    circuit = QuantumCircuit(3, 1)
    circuit.measure(0, 0)
    circuit.x(1)
    circuit.barrier()
    circuit.x([0, 1, 2])
    assert lines(NoiseModel().idle(P, during="measure"), circuit)[:4] == [
        *("measure 0 -> 0", "x on 1", "bit_flip on 1", "bit_flip on 2")
    ]


def test_reset_directly_after_a_measurement_shares_its_layer() -> None:
    assert noise_of(NoiseModel().idle(P).apply(read(stim.Circuit("MR 0\nH 1\nTICK\nCX 0 1")))) == []
    apart = stim.Circuit("M 0\nH 1\nTICK\nR 0\nTICK\nCX 0 1")
    assert noise_of(NoiseModel().idle(P).apply(read(apart))) == [(1,)]


def test_gate_decided_by_a_bit_waits_for_its_measurement() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    # qubit 1 waits during the measurement, qubit 0 during the block
    assert noise_of(NoiseModel().idle(P).apply(read(circuit))) == [(1,), (0,)]


def test_rounds_start_with_the_first_gates_after_a_measurement() -> None:
    text = "R 0 1\nTICK\nCX 0 1\nTICK\nMR 1\nTICK\nCX 0 1\nTICK\nMR 1\nTICK\nM 0"
    found = lines(NoiseModel().each_round(P), stim.Circuit(text))
    assert [place for place, step in enumerate(found) if step == "bit_flip on 0"] == [2, 6]


@pytest.mark.parametrize("again", ["R 1", "M 1\nTICK\nH 1"])
def test_qubit_reset_after_use_or_used_after_measurement_is_no_data_qubit(again: str) -> None:
    clean = stim.Circuit(f"R 0\nTICK\nCX 0 1\nTICK\n{again}\nTICK\nCX 0 1\nTICK\nM 0")
    assert set(noise_of(NoiseModel().each_round(P).apply(read(clean)))) == {(0,)}


def test_layer_noise_follows_every_layer_with_such_a_gate() -> None:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.barrier()
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.barrier()
    circuit.x(2)
    assert lines(NoiseModel().each_layer(Q, [1], containing="cx"), circuit)[:4] == [
        *("h on 0", "cx on 0, 1", "x on 2", "phase_flip on 1")
    ]


def test_pauli_lindblad_map_does_to_a_layer_what_qiskit_says() -> None:
    rates = [("ZZ", (0, 1), 0.02), ("X", (1,), 0.03), ("XY", (0, 2), 0.05), ("YX", (1, 2), 0.01)]
    noise = PauliLindbladMap.from_sparse_list(rates, num_qubits=3)
    circuit = QuantumCircuit(3)
    circuit.h([0, 1, 2])
    circuit.cz(0, 1)
    model = from_pauli_lindblad(noise)
    clean = final_state(read(circuit))
    found = final_state(model.apply(read(circuit)))
    from qiskit.quantum_info import Pauli, QubitSparsePauli

    for label in ("XZI", "ZXI", "XII", "IXZ", "XXX", "YYX"):
        damping = noise.pauli_fidelity(QubitSparsePauli(label))
        matrix = Pauli(label).to_matrix()
        assert np.trace(found @ matrix) == pytest.approx(damping * np.trace(clean @ matrix), abs=1e-12)


def test_inverse_of_a_pauli_lindblad_map_is_refused() -> None:
    noise = PauliLindbladMap.from_sparse_list([("ZZ", (0, 1), 0.02)], num_qubits=2).inverse()
    with pytest.raises(CircuitError, match="generator ZZ on 0, 1: a rate that no channel has"):
        from_pauli_lindblad(noise)


def relaxing(**options: object) -> NoiseModel:
    return NoiseModel().relaxing(T1, T2, TIMES, **options)  # type: ignore[arg-type]


def test_qubits_relax_for_exactly_the_time_that_passes() -> None:
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])  # until 1
    circuit.x(0)  # until 2
    circuit.x(0)  # until 3
    circuit.delay(4.0, 1, unit="s")  # until 5
    circuit.cz(0, 1)  # from 5 to 8
    plain = QuantumCircuit(2)
    plain.h([0, 1])
    rho = final_state(read(plain))
    # X commutes with pure dephasing, not with T1: qubit 0 relaxes 1, X, 1, X, 1 + 2; qubit 1 for 4 + 1 in all
    for time in (1.0, 1.0):
        rho = channel_on(rho, thermal_relaxation(T1, T2, time), (0,))
        x = np.kron(np.eye(2), [[0, 1], [1, 0]])
        rho = x @ rho @ x
    rho = channel_on(rho, thermal_relaxation(T1, T2, 3.0), (0,))
    rho = channel_on(rho, thermal_relaxation(T1, T2, 5.0), (1,))
    cz = np.diag([1, 1, 1, -1])
    rho = cz @ rho @ cz
    for qubit in (0, 1):
        rho = channel_on(rho, thermal_relaxation(T1, T2, 3.0), (qubit,))
    np.testing.assert_allclose(final_state(relaxing().apply(read(circuit))), rho, atol=1e-14)


def test_qubits_relax_between_operations_only_when_told() -> None:
    circuit = QuantumCircuit(2)
    circuit.x([0, 1])
    circuit.delay(7.0, 0, unit="s")
    found = final_state(relaxing(in_gates=False).apply(read(circuit)))
    for qubit in (0, 1):
        population = np.trace(found @ np.kron(*[np.diag([0, 1]) if q == qubit else np.eye(2) for q in (1, 0)])).real
        assert population == pytest.approx(math.exp(-7.0 / T1), abs=1e-14)


def test_times_and_populations_may_differ_by_qubit() -> None:
    circuit = QuantumCircuit(2)
    circuit.x([0, 1])
    circuit.delay(7.0, [0, 1], unit="s")
    model = NoiseModel().relaxing({0: 5.0, 1: 9.0}, {0: 5.0, 1: 9.0}, {"x": 0.0}, excited={0: 0.0, 1: 0.25})
    found = np.diag(final_state(model.apply(read(circuit)))).real
    first, second = math.exp(-7 / 5), 0.25 + 0.75 * math.exp(-7 / 9)
    assert found == pytest.approx(np.kron([1 - second, second], [1 - first, first]), abs=1e-14)


def test_durations_go_by_operands_then_name_then_class() -> None:
    durations = {("x", (1,)): 2.0, "x": 3.0, "1q": 5.0}
    model = NoiseModel().relaxing(T1, T2, durations)
    for qubit, name, time in ((1, "x", 2.0), (0, "x", 3.0), (0, "y", 5.0)):
        circuit = QuantumCircuit(2)
        getattr(circuit, name)(qubit)
        found = np.diag(final_state(model.apply(read(circuit)))).real
        assert found[1 << qubit] == pytest.approx(math.exp(-time / T1), abs=1e-14)


def test_block_takes_as_long_as_its_longest_branch() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.x(1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.x(0)
        circuit.x(0)
    program = relaxing().apply(read(circuit))
    last = [step for step in program.steps if isinstance(step, Noise) and step.qubits == (1,)]
    state = channel_on(np.diag([0, 1.0]).astype(complex), last[-1].channel, (0,))
    assert len(last) == 1
    assert state[1, 1].real == pytest.approx(math.exp(-12.0 / T1), abs=1e-14)


def test_delays_in_units_of_dt_need_its_length() -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.delay(100, 0, unit="dt")
    model = NoiseModel().relaxing(T1, T2, {"x": 0.0}, dt=0.05)
    assert final_state(model.apply(read(circuit)))[1, 1].real == pytest.approx(math.exp(-5.0 / T1), abs=1e-14)
    with pytest.raises(CircuitError, match="delay on 0: a delay in units of dt"):
        relaxing().apply(read(circuit))


def test_gate_without_a_duration_is_refused() -> None:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    model = NoiseModel().relaxing(T1, T2, {"x": 1.0})
    with pytest.raises(CircuitError, match=r"h on 0: no duration for it: .*add 'h' to the durations"):
        model.apply(read(circuit))


def test_qubit_without_times_is_refused() -> None:
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    with pytest.raises(CircuitError, match="no t1 for qubit 1: expected qubits 0"):
        NoiseModel().relaxing({0: 1.0}, 1.0, TIMES).apply(read(circuit))


@pytest.mark.parametrize(
    ("t1", "t2", "durations", "excited", "word"),
    [
        (1.0, 2.5, TIMES, 0.0, "relaxation: t2 above 2 t1"),
        ({0: 1.0, 1: 1.0}, {0: 1.0, 1: 3.0}, TIMES, 0.0, "relaxation of qubit 1: t2 above 2 t1"),
        (0.0, 1.0, TIMES, 0.0, "not relaxation times"),
        (1.0, 1.0, {"1q": -1.0}, 0.0, "duration of '1q': not a time"),
        (1.0, 1.0, TIMES, 1.5, "not a probability"),
    ],
)
def test_times_that_cannot_be_are_refused(
    t1: object, t2: object, durations: dict[str, float], excited: float, word: str
) -> None:
    with pytest.raises(CircuitError, match=word):
        NoiseModel().relaxing(t1, t2, durations, excited=excited)  # type: ignore[arg-type]
