"""Density matrices against Qiskit's channels, closed forms, and Aer."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import DensityMatrix as QiskitDensityMatrix
from qiskit.quantum_info import Kraus, SparsePauliOp
from scipy.stats import binom

import qsim
from qsim.backends.density_matrix import DensityMatrix
from qsim.backends.density_matrix.jax_channels import noisy_function
from qsim.backends.protocol import Backend, BatchedBackend, Work
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Gate, Measure, Noise, Program, Reset, read

DAMPING = Channel.from_kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]], name="damping")
PAULIS = Channel.pauli({"XI": 0.05, "YZ": 0.1, "ZZ": 0.02})
OBSERVABLES = [SparsePauliOp(["XYZ", "IIZ"], [0.5, 1.0]), SparsePauliOp("ZXI"), SparsePauliOp("YIY")]


def noisy(program: Program) -> Program:
    steps = []
    for step in program.steps:
        steps.append(step)
        if isinstance(step, Gate) and len(step.qubits) <= 2:
            steps.append(Noise(DAMPING if len(step.qubits) == 1 else PAULIS, step.qubits))
    return program.with_steps(steps)


def kraus_evolution(program: Program) -> QiskitDensityMatrix:
    """Qiskit's own evolution; measurements dephase, resets reset."""
    state = QiskitDensityMatrix.from_int(0, 2**program.num_qubits)
    for step in program.steps:
        if isinstance(step, Gate):
            state = state.evolve(step.operation, step.qubits)
        elif isinstance(step, Noise):
            state = state.evolve(Kraus(list(step.channel.kraus)), step.qubits)
        elif isinstance(step, Measure):
            state = state.evolve(Kraus([np.diag([1, 0]), np.diag([0, 1])]), [step.qubit])
        elif isinstance(step, Reset):
            state = state.reset([step.qubit])
    return state


def values(program: Program, observables: list[SparsePauliOp] = OBSERVABLES, **options) -> np.ndarray:
    return DensityMatrix(**options).expectation(program, observables, precision=0, seed=0).values


def test_it_is_a_backend() -> None:
    assert isinstance(DensityMatrix(), Backend)
    assert isinstance(DensityMatrix(), BatchedBackend)


@pytest.mark.parametrize(("dtype", "error"), [("float64", 1e-10), ("float32", 1e-5)])
def test_random_noisy_circuits_agree_with_qiskits_channels(dtype: str, error: float) -> None:
    for seed in range(12):
        program = noisy(read(random_circuit(3, 6, max_operands=3, measure=False, reset=True, seed=seed)))
        state = kraus_evolution(program)
        wanted = [state.expectation_value(each).real for each in OBSERVABLES]
        np.testing.assert_allclose(values(program, dtype=dtype), wanted, atol=error)


def test_unread_measurements_on_the_way_are_averaged() -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.ry(0.4, 2)
    circuit.measure([0, 2], [0, 1])
    circuit.ch(0, 2)
    circuit.cx(1, 0)
    program = noisy(read(circuit))
    found = DensityMatrix().expectation(program, OBSERVABLES, precision=0, seed=0)
    wanted = [kraus_evolution(program).expectation_value(each).real for each in OBSERVABLES]
    np.testing.assert_allclose(found.values, wanted, atol=1e-12)
    assert found.metadata["histories"] == 1


def test_teleportation_through_a_damped_wire_is_the_damping_of_the_state() -> None:
    theta = 1.1
    circuit = QuantumCircuit(3, 2)
    circuit.ry(theta, 0)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((1, 1)):
        circuit.x(2)
    with circuit.if_test((0, 1)):
        circuit.z(2)
    program = read(circuit)
    program = program.with_steps([*program.steps, Noise(DAMPING, (2,))])
    found = values(program, [SparsePauliOp("ZII"), SparsePauliOp("XII")])
    np.testing.assert_allclose(found, [0.36 + 0.64 * np.cos(theta), 0.8 * np.sin(theta)], atol=1e-12)


def test_wrong_readout_corrects_the_wrong_way() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    program = read(circuit)
    steps = [Measure(0, 0, (0.1, 0.3)) if isinstance(step, Measure) else step for step in program.steps]
    assert values(program.with_steps(steps), [SparsePauliOp("Z")])[0] == pytest.approx(1 - 0.1 - 0.3)


def test_repeat_until_zero_ends_in_zero() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.h(0)
        circuit.measure(0, 0)
    assert values(read(circuit), [SparsePauliOp("Z")])[0] == pytest.approx(1, abs=1e-12)


def test_samples_have_readout_errors_and_bit_order() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure([0, 1], [1, 0])
    program = read(circuit)
    steps = [Measure(s.qubit, s.clbit, (0.1, 0.2)) if isinstance(s, Measure) else s for s in program.steps]
    bits = DensityMatrix().sample(program.with_steps(steps), 10_000, seed=3).bits
    assert 1e-7 < binom.cdf(bits[:, 1].sum(), 10_000, 0.8) < 1 - 1e-7
    assert 1e-7 < binom.cdf(bits[:, 0].sum(), 10_000, 0.1) < 1 - 1e-7


def test_samples_on_the_way_are_correlated_and_seeded() -> None:
    circuit = QuantumCircuit(1, 3)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.measure(0, 1)
    circuit.x(0)
    circuit.measure(0, 2)
    program = read(circuit)
    bits = DensityMatrix().sample(program, 2_000, seed=5).bits
    assert 1e-7 < binom.cdf(bits[:, 0].sum(), 2_000, 0.5) < 1 - 1e-7
    assert not bits[:, 1].any()
    assert bits[:, 2].all()
    assert np.array_equal(bits, DensityMatrix().sample(program, 2_000, seed=5).bits)


def parameterised() -> tuple[QuantumCircuit, Program]:
    angles = ParameterVector("t", 6)
    circuit = QuantumCircuit(3, 1)
    for qubit in range(3):
        circuit.rx(angles[qubit], qubit)
    circuit.cx(0, 1)
    circuit.measure(1, 0)
    circuit.rzz(angles[3], 1, 2)
    circuit.ry(angles[4] + angles[0], 2)
    circuit.reset(0)
    circuit.u(angles[5], 0.2, 0.1, 0)
    circuit.ecr(0, 2)
    circuit.rz(0.8, 2)
    circuit.rxx(angles[1], 0, 1)
    circuit.u(0.9, 0.4, angles[2], 2)
    circuit.sx(1)
    return circuit, noisy(read(circuit))


def test_batched_parameters_are_single_evolutions() -> None:
    circuit, program = parameterised()
    sets = np.random.default_rng(0).normal(size=(3, 6))
    observables = [SparsePauliOp(label) for label in ("IIY", "YII", "IYI", "XIY", "ZYX", "YYZ", "ZIZ")]
    found = DensityMatrix().expectations(program, observables, sets)
    wanted = [values(noisy(read(circuit.assign_parameters(row))), observables) for row in sets]
    assert np.sum(np.abs(wanted).max(axis=0) > 0.02) >= 4  # the Ys are seen
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_noisy_gradients_are_finite_differences() -> None:
    _, program = parameterised()
    point = np.random.default_rng(1).normal(size=6)
    with jax.enable_x64(True):
        function = jax.jit(noisy_function(program, OBSERVABLES, real=np.float64))
        gradient = jax.jit(jax.jacrev(function))(point)
        for column in range(6):
            step = 1e-4 * np.eye(6)[column]
            near = (function(point + step) - function(point - step)) / 2e-4
            np.testing.assert_allclose(gradient[:, column], near, atol=1e-6)


def test_aer_has_the_same_expectations() -> None:
    pytest.importorskip("qiskit_aer")
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, amplitude_damping_error, depolarizing_error

    circuit = QuantumCircuit(3)
    for qubit in range(3):
        circuit.ry(0.3 + qubit, qubit)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), ["cx"])
    model.add_all_qubit_quantum_error(amplitude_damping_error(0.36), ["ry"])
    labels = [first + second for first in "IXYZ" for second in "IXYZ"]
    depolarizing = Channel.pauli({label: 0.1 / 16 for label in labels if label != "II"})
    program = read(circuit)
    steps = []
    for step in program.steps:
        steps += [step, Noise(DAMPING if step.name == "ry" else depolarizing, step.qubits)]
    saved = circuit.copy()
    saved.save_density_matrix()
    state = AerSimulator(method="density_matrix", noise_model=model).run(saved).result().data()["density_matrix"]
    wanted = [QiskitDensityMatrix(state).expectation_value(each).real for each in OBSERVABLES]
    np.testing.assert_allclose(values(program.with_steps(steps)), wanted, atol=1e-9)


def test_noise_models_of_the_package_run() -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    found = qsim.expectation(circuit, "Z", noise=qsim.noise.depolarizing(0.3), backend="density_matrix")
    assert found.values[0] == pytest.approx(-(1 - 4 * 0.3 / 3))  # three Paulis of p/3 each


def test_too_many_qubits_are_refused_with_the_numbers() -> None:
    program = read(QuantumCircuit(12))
    small = DensityMatrix(memory=2**20)
    assert not small.forecast(program, Work(kind="expectation", observables=1)).can
    with pytest.raises(CircuitError, match="12 qubits take 4\\^n entries, 768 MiB, more than 1 MiB"):
        small.expectation(program, [SparsePauliOp("Z" * 12)], precision=0, seed=0)


def test_too_many_branches_are_refused_with_their_number() -> None:
    circuit = QuantumCircuit(1, 20)
    for bit in range(20):
        circuit.h(0)
        circuit.measure(0, bit)
        with circuit.if_test((bit, 1)):
            circuit.x(0)
    with pytest.raises(CircuitError, match=r"1.05e\+06 branches"):
        values(read(circuit), [SparsePauliOp("Z")])


def test_batched_dynamic_circuits_are_refused_with_the_step() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("a"), 0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    with pytest.raises(CircuitError, match=r"step 2 \(branch\): decides on outcomes"):
        DensityMatrix().expectations(read(circuit), [SparsePauliOp("Z")], np.zeros((1, 1)))
