"""Models of devices: every gate of a target errs at its calibrated rate, and waits as its T1 and T2 say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from kraus_evolution import final_state, wide
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import CXGate, Measure, RZGate, XGate
from qiskit.circuit.random import random_circuit
from qiskit.providers import QubitProperties
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Operator, SuperOp, average_gate_fidelity, process_fidelity
from qiskit.transpiler import InstructionProperties, Target

from qsim.errors import CircuitError
from qsim.noise import NoiseModel, from_device, from_target
from qsim.program import Gate, Noise, Program, read
from qsim.program import Measure as MeasureStep


def channel_of(program: Program) -> SuperOp:
    """The whole program as one map."""
    size = program.num_qubits
    total = np.eye(4**size, dtype=complex)
    for step in program.steps:
        assert isinstance(step, (Gate, Noise))
        kraus = [Operator(step.operation).data] if isinstance(step, Gate) else step.channel.kraus
        full = [wide(each, step.qubits, size) for each in kraus]
        total = sum(np.kron(each.conj(), each) for each in full) @ total
    return SuperOp(total)


def small_target(*, t2: float = 60e-6, error: float | None = 4e-3, seconds: float | None = 300e-9) -> Target:
    target = Target(num_qubits=2, dt=1e-9, qubit_properties=[QubitProperties(t1=50e-6, t2=t2)] * 2)
    target.add_instruction(XGate(), {(q,): InstructionProperties(duration=50e-9, error=1e-3) for q in (0, 1)})
    target.add_instruction(CXGate(), {(0, 1): InstructionProperties(duration=seconds, error=error)})
    target.add_instruction(
        Measure(), {(q,): InstructionProperties(duration=1e-6, error=0.02 + q / 100) for q in (0, 1)}
    )
    return target


@pytest.mark.parametrize(("error", "wanted"), [(1e-2, 1e-2), (0.05, 0.05), (1e-5, None), (None, None)])
def test_gate_of_a_target_has_its_calibrated_infidelity(error: float | None, wanted: float | None) -> None:
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    found = channel_of(from_target(small_target(error=error)).apply(read(circuit)))
    infidelity = 1 - average_gate_fidelity(found, Operator(circuit))
    if wanted is None:  # relaxation alone is worse than the calibration says, or all there is
        relaxed = NoiseModel().relaxing(50e-6, 60e-6, {"cx": 300e-9}).apply(read(circuit))
        wanted = 1 - average_gate_fidelity(channel_of(relaxed), Operator(circuit))
    assert infidelity == pytest.approx(wanted, rel=1e-9)


def test_every_gate_of_a_generic_backend_has_its_calibrated_infidelity_or_what_relaxation_does() -> None:
    target = GenericBackendV2(2, seed=11).target
    for name in ("sx", "cx"):  # as drawn, all errors are below what relaxation alone does
        for qubits, facts in target[name].items():
            properties = InstructionProperties(duration=facts.duration, error=20 * facts.error)
            target.update_instruction_properties(name, qubits, properties)
    model = from_target(target)
    checked = 0
    for name in ("sx", "x", "cx"):
        for qubits, facts in target[name].items():
            circuit = QuantumCircuit(2)
            circuit.append(target.operation_from_name(name), qubits)
            program = read(circuit)
            d = 2 ** len(qubits)
            wanted = 1 - (d + 1) / d * facts.error
            t1, t2 = ({q: getattr(target.qubit_properties[q], t) for q in (0, 1)} for t in ("t1", "t2"))
            relaxed = NoiseModel().relaxing(t1, t2, {name: facts.duration})
            limit = process_fidelity(channel_of(relaxed.apply(program)), Operator(circuit))
            found = process_fidelity(channel_of(model.apply(program)), Operator(circuit))
            assert found == pytest.approx(min(wanted, limit), abs=1e-9)
            checked += wanted < limit
    assert checked == 4


def test_measurements_of_a_target_are_recorded_wrongly_at_their_rate() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.measure([0, 1], [0, 1])
    steps = from_target(small_target()).apply(read(circuit)).steps
    assert [step.readout for step in steps if isinstance(step, MeasureStep)] == [
        *(pytest.approx((0.02, 0.02)), pytest.approx((0.03, 0.03)))
    ]


def test_qubits_of_a_target_relax_while_they_wait() -> None:
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.delay(20_000, 0, unit="dt")
    target = small_target()
    population = final_state(from_target(target).apply(read(circuit)))[1, 1].real
    # an error of 1e-3 after X, then 20 us; X's own 50 ns are in its error rate, and relax before it is made up
    assert population == pytest.approx(math.exp(-20e-6 / 50e-6) * (1 - 1e-3), abs=5e-4)


def test_model_of_a_large_device_fits_small_circuits_transpiled_to_it() -> None:
    backend = GenericBackendV2(7, seed=3)
    circuit = transpile(random_circuit(3, 3, seed=2, max_operands=2), backend, seed_transpiler=1)
    assert from_target(backend.target).apply(read(circuit)).is_noisy


def test_completely_broken_gate_mixes_completely() -> None:
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    found = final_state(from_target(small_target(error=1.0, seconds=0.0)).apply(read(circuit)))
    np.testing.assert_allclose(found, np.eye(4) / 4, atol=1e-12)


def test_target_without_times_has_gate_errors_only() -> None:
    target = Target(num_qubits=1)
    target.add_instruction(XGate(), {(0,): InstructionProperties(error=0.01)})
    circuit = QuantumCircuit(1)
    circuit.x(0)
    found = channel_of(from_target(target).apply(read(circuit)))
    assert 1 - average_gate_fidelity(found, Operator(circuit)) == pytest.approx(0.01, abs=1e-12)


@pytest.mark.parametrize("gate", ["h", "cx"])
def test_gate_that_the_target_lacks_is_refused(gate: str) -> None:
    circuit = QuantumCircuit(2)
    if gate == "h":
        circuit.h(0)
    else:
        circuit.cx(1, 0)
    with pytest.raises(CircuitError, match=r"operation 0 \(.*\): a gate that the device does not have.*transpile"):
        from_target(small_target()).apply(read(circuit))


def test_calibration_with_t2_above_2_t1_is_refused_or_clipped() -> None:
    with pytest.raises(CircuitError, match=r"target: qubit 0: t2 above 2 t1: .*clip_t2=True"):
        from_target(small_target(t2=120e-6))
    clipped = from_target(small_target(t2=120e-6), clip_t2=True).rules[-1]
    assert clipped.t2 == {0: 100e-6, 1: 100e-6}  # type: ignore[union-attr]


def test_target_of_any_size_is_refused() -> None:
    target = Target()
    target.add_instruction(RZGate(0.1), None)
    with pytest.raises(CircuitError, match="a target of any number of qubits has no calibration"):
        from_target(target)


def test_backend_in_place_of_its_target_is_refused() -> None:
    with pytest.raises(CircuitError, match=r"not a target: .*got GenericBackendV2; use backend\.target"):
        from_target(GenericBackendV2(2))


def test_target_with_control_flow_is_read() -> None:
    backend = GenericBackendV2(3, control_flow=True, seed=1)
    circuit = QuantumCircuit(2, 1)
    circuit.sx(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    assert from_target(backend.target).apply(read(circuit)).is_noisy


def test_circuit_larger_than_the_device_is_refused() -> None:
    with pytest.raises(CircuitError, match="larger than the noise model's device: expected at most 2 qubits, got 3"):
        from_target(small_target()).apply(read(QuantumCircuit(3)))


def test_device_relaxes_during_gates_errs_and_misreads() -> None:
    model = from_device(
        [40.0, 50.0], 30.0, {"1q": 2.0, "cx": 5.0, "measure": 9.0}, errors={"cx": 0.1, "1q": 0.02}, readout=(0.1, 0.2)
    )
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.cx(0, 1)
    circuit.measure(0, 0)
    steps = model.apply(read(circuit)).steps
    assert [str(step) for step in steps] == [
        *("x on 0", "depolarizing on 0", "thermal_relaxation on 0", "thermal_relaxation on 1"),
        *("cx on 0, 1", "depolarizing on 0, 1", "thermal_relaxation on 0", "measure 0 -> 0"),
        "thermal_relaxation on 1",
    ]
    assert steps[-2].readout == pytest.approx((0.1, 0.2))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"errors": {"cxx": 0.1}}, "errors: no gate of this name"),
        ({"errors": {"cx": 1.1}}, "not a probability"),
        ({"readout": 1.1}, "not probabilities"),
        ({"excited": -1.0}, "not a probability"),
    ],
)
def test_device_that_cannot_be_is_refused(options: dict[str, object], word: str) -> None:
    with pytest.raises(CircuitError, match=word):
        from_device(1.0, 1.0, {"1q": 0.1}, **options)  # type: ignore[arg-type]
