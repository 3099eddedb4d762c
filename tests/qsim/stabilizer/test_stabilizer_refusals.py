"""What the stabilizer backend and `to_stim` refuse, forecast, twirl and write."""

from __future__ import annotations

import pytest
import stim
from fed_back import read_feedback
from qiskit import QuantumCircuit
from qiskit.circuit.library import CXGate, TGate, UnitaryGate
from qiskit.quantum_info import Operator, SparsePauliOp

from qsim.backends.protocol import Work
from qsim.backends.stabilizer import Stabilizer, to_stim
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Gate, Measure, Noise, Program, read

FALSE_ALARM = 1e-9
DEPOLARIZING = Channel.pauli({"X": 0.05, "Y": 0.05, "Z": 0.05}, name="depolarizing")
LOPSIDED = Channel.pauli({"XI": 0.1, "ZY": 0.07, "IY": 0.03}, name="lopsided")
THREE = Channel.pauli({"XIZ": 0.2, "ZYI": 0.1, "IIX": 0.05}, name="three")
DAMPING = Channel.from_kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]], name="amplitude_damping")


@pytest.mark.parametrize("gate", [TGate(), UnitaryGate(Operator(TGate()).data)], ids=["t", "unitary"])
def test_gate_outside_the_group_is_refused_with_name_position_and_qubit(gate):
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.append(gate, [1])
    where = rf"gate 2 \({gate.name}.* on 1\): not a Clifford gate.*near_clifford"
    with pytest.raises(CircuitError, match=where):
        to_stim(circuit)
    with pytest.raises(CircuitError, match=where):
        Stabilizer().sample(read(circuit), 10, seed=0)
    forecast = Stabilizer().forecast(read(circuit), Work(kind="sample", shots=10))
    assert not forecast.can
    assert forecast.why.startswith("gate 2")


def test_gate_outside_the_group_inside_a_branch_is_refused():
    for deciding in ("x", "h"):
        circuit = QuantumCircuit(1, 1)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            getattr(circuit, deciding)(0)
            circuit.t(0)
        with pytest.raises(CircuitError, match="not a Clifford gate"):
            Stabilizer().sample(read(circuit), 10, seed=0)


def damped(inside: bool = False) -> Program:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    if inside:
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.h(0)
    program = read(circuit)
    return program.with_steps([*program.steps, Noise(DAMPING, (0,)), Measure(0, 0)])


@pytest.mark.parametrize("inside", [False, True])
def test_channel_that_is_no_pauli_channel_is_refused_unless_twirled(inside):
    with pytest.raises(CircuitError, match=r"amplitude_damping on 0.*not a Pauli channel.*twirl=True"):
        Stabilizer().sample(damped(inside), 10, seed=0)
    samples = Stabilizer(twirl=True).sample(damped(inside), 1000, seed=0)
    assert 0 < samples.metadata["twirl_distance"] <= 1
    forecast = Stabilizer(twirl=True).forecast(damped(inside), Work(kind="sample", shots=10))
    assert forecast.can
    assert not forecast.exact


def test_twirled_damping_flips_with_the_twirls_probability():
    found = Stabilizer(twirl=True).expectation(
        damped().with_steps(damped().steps[:-1]), [SparsePauliOp("Z")], precision=0.0, seed=0
    )
    # twirling keeps the diagonal of the transfer matrix: Z -> (1 - 0.36) Z, dropping the shift
    assert found.values == pytest.approx([-0.64])


def test_control_flow_that_no_stim_circuit_holds_is_refused_by_to_stim():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(0)
    with pytest.raises(CircuitError, match="no single stim circuit can hold"):
        to_stim(circuit)


def test_unequal_readout_errors_are_refused_by_to_stim():
    with pytest.raises(CircuitError, match="unequal probabilities"):
        to_stim(Program(1, 1, (Measure(0, 0, (0.1, 0.2)),)))


def test_unbound_parameters_and_other_objects_are_refused_by_to_stim():
    from qiskit.circuit import Parameter

    circuit = QuantumCircuit(1)
    circuit.rz(Parameter("angle"), 0)
    with pytest.raises(CircuitError, match="unbound parameters"):
        to_stim(circuit)
    with pytest.raises(CircuitError, match="not a circuit"):
        to_stim("H 0")


def test_too_many_bits_are_refused_with_the_numbers():
    circuit = QuantumCircuit(100, 100)
    circuit.measure(range(100), range(100))
    small = Stabilizer(memory=1e6)
    with pytest.raises(CircuitError, match=r"100000 shots of 100 bits .* 1e\+07 bytes, more than the 1e\+06"):
        small.sample(read(circuit), 100_000, seed=0)
    assert not small.forecast(read(circuit), Work(kind="sample", shots=100_000)).can


def test_forecast_grows_with_shots_and_says_which_way_is_taken():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    few, many = (Stabilizer().forecast(read(circuit), Work(kind="sample", shots=shots)) for shots in (10, 10**6))
    assert few.can
    assert few.seconds < many.seconds
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(1)
    assert "followed shot by shot" in Stabilizer().forecast(read(circuit), Work(kind="sample", shots=1)).why
    assert "Pauli feedback" in Stabilizer().forecast(read_feedback((0.0, 0.0)), Work(kind="sample", shots=1)).why


def test_to_stim_keeps_barriers_drops_delays_and_converts_programs():
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.barrier()
    circuit.delay(100, 0, unit="ns")
    circuit.reset(1)
    circuit.append(CXGate(), [0, 1])
    circuit.measure(1, 0)
    expected = stim.Circuit("H 0\nTICK\nR 1\nCX 0 1\nM 1")
    assert to_stim(circuit) == expected
    assert to_stim(read(circuit)) == expected


def test_equal_rates_become_depolarize_and_rates_beyond_it_do_not():
    def written(channel: Channel, *qubits: int) -> str:
        return str(to_stim(Program(2, 0, (Noise(channel, qubits),))))

    assert written(DEPOLARIZING, 0).startswith("DEPOLARIZE1(0.15)")
    assert written(Channel.pauli(dict.fromkeys("XYZ", 1 / 3)), 0).startswith("PAULI_CHANNEL_1(0.333")
    assert written(Channel.pauli({"X": 0.25}), 1) == "X_ERROR(0.25) 1"
    assert written(Channel.pauli({"I": 1.0}), 1) == ""
    assert Gate(CXGate(), (0, 1)).name == "cx"
