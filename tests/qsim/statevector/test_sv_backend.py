"""The state-vector backend: samples by chi-square, averages against Kraus evolution and the density matrix."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import DensityMatrix as QiskitDensityMatrix
from qiskit.quantum_info import Kraus, SparsePauliOp
from qiskit.quantum_info import Statevector as QiskitStatevector
from scipy.stats import chi2

from qsim.backends.density_matrix import DensityMatrix
from qsim.backends.protocol import Backend, BatchedBackend, Work
from qsim.backends.statevector import Statevector, backend, fusion, trajectories
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Gate, Measure, Noise, Program, read, split_measurements

FALSE_ALARM = 1e-7
"""Of each chi-square test; there are fewer than ten."""

DAMPING = Channel.from_kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]], name="damping")
PAULIS = Channel.pauli({"XI": 0.05, "YZ": 0.1, "ZZ": 0.02})


def fits(bits: np.ndarray, probabilities: np.ndarray) -> bool:
    """Pearson's chi-square with cells of small expectation joined."""
    index = bits @ (1 << np.arange(bits.shape[1]))
    expected = probabilities * len(bits)
    counts = np.bincount(index, minlength=len(expected))
    rare = expected < 10
    seen = np.append(counts[~rare], counts[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    if wanted[-1] < 1e-9:
        assert seen[-1] == 0
        seen, wanted = seen[:-1], wanted[:-1]
    statistic = np.sum((seen - wanted) ** 2 / wanted)
    return bool(chi2.sf(statistic, max(len(wanted) - 1, 1)) > FALSE_ALARM)


def noisy(circuit: QuantumCircuit) -> Program:
    """Damping after every one-qubit gate, correlated Paulis after every two-qubit gate, readout errors."""
    program = read(circuit)
    steps = []
    for step in program.steps:
        steps.append(Measure(step.qubit, step.clbit, (0.03, 0.08)) if isinstance(step, Measure) else step)
        if isinstance(step, Gate):
            steps.append(Noise(DAMPING if len(step.qubits) == 1 else PAULIS, step.qubits))
    return program.with_steps(steps)


def kraus_evolution(program: Program) -> QiskitDensityMatrix:
    """The final state by Qiskit's own channels, measurements left out."""
    state = QiskitDensityMatrix.from_int(0, 2**program.num_qubits)
    for step in split_measurements(program).before.steps:
        if isinstance(step, Gate):
            state = state.evolve(step.operation, step.qubits)
        else:
            state = state.evolve(Kraus(list(step.channel.kraus)), step.qubits)
    return state


def layered(seed: int = 0) -> QuantumCircuit:
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(3, 3)
    for _ in range(2):
        for qubit in range(3):
            circuit.u(*rng.normal(size=3), qubit)
        circuit.cx(0, 1)
        circuit.cz(2, 1)
    circuit.measure([0, 1, 2], [2, 0, 1])
    return circuit


def readout(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities of the recorded bits of `layered`, from those of the basis states."""
    confusion = np.array([[0.97, 0.08], [0.03, 0.92]])
    tensor = np.einsum("abc,ia,jb,kc->ijk", probabilities.reshape(2, 2, 2), confusion, confusion, confusion)
    return tensor.transpose(2, 0, 1).reshape(-1)  # qubit 0 -> bit 2, 1 -> 0, 2 -> 1; axes are qubits 2, 1, 0


def test_it_is_a_backend() -> None:
    assert isinstance(Statevector(), Backend)
    assert isinstance(Statevector(), BatchedBackend)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_expectations_of_random_circuits_are_qiskits(dtype: str) -> None:
    observables = [SparsePauliOp(["XYZIZ", "IIIIZ", "YIIIX"], [0.3, 1.0, -0.5]), SparsePauliOp("ZZIII")]
    for seed in range(15):
        circuit = random_circuit(5, 6, max_operands=4, seed=seed)
        found = Statevector(dtype=dtype).expectation(read(circuit), observables, precision=0, seed=0)
        wanted = [QiskitStatevector(circuit).expectation_value(each).real for each in observables]
        np.testing.assert_allclose(found.values, wanted, atol=1e-10 if dtype == "float64" else 1e-5)
        assert not found.errors.any()


def test_one_large_gate_and_gates_on_far_qubits_agree_with_qiskit() -> None:
    circuit = random_circuit(9, 4, max_operands=2, seed=3)
    wide = random_circuit(5, 3, max_operands=3, seed=4).to_gate()
    circuit.append(wide, (8, 0, 4, 2, 6))
    circuit.mcx([0, 3, 5, 8], 1)
    labels = ["XIIYIIIIZ", "ZZZZZZZZZ", "IIIIIIIIY"]
    found = Statevector().expectation(read(circuit), [SparsePauliOp(label) for label in labels], precision=0, seed=0)
    wanted = [QiskitStatevector(circuit).expectation_value(SparsePauliOp(label)).real for label in labels]
    np.testing.assert_allclose(found.values, wanted, atol=1e-10)


def test_fused_layers_are_the_circuit() -> None:
    circuit = QuantumCircuit(7)
    rng = np.random.default_rng(0)
    for layer in range(3):
        for qubit in range(layer % 2, 7):
            circuit.u(*rng.normal(size=3), qubit)
            circuit.t(qubit)
        for qubit in range(6):
            (circuit.cx, circuit.cz, circuit.swap, circuit.iswap)[qubit % 4](qubit, qubit + 1)
        circuit.ecr(0, 6)
        circuit.ry(0.3, 6)
    program = fusion.fused(read(circuit))
    [step] = program.steps
    assert len(step.operation.parts) < circuit.size() / 1.5
    observables = [SparsePauliOp("XYZIZYX"), SparsePauliOp("ZIIIIIY")]
    found = Statevector().expectation(read(circuit), observables, precision=0, seed=0)
    wanted = [QiskitStatevector(circuit).expectation_value(each).real for each in observables]
    np.testing.assert_allclose(found.values, wanted, atol=1e-12)


def test_dynamic_averages_are_sampled_to_a_precision() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.ry(1.0, 0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.h(0)
        circuit.measure(0, 0)
    circuit.ry(0.5, 0)
    found = Statevector().expectation(read(circuit), [SparsePauliOp("Z")], precision=0.02, seed=0)
    assert found.values[0] == pytest.approx(np.cos(0.5), abs=1e-12)


def test_samples_follow_the_state_and_its_bit_order() -> None:
    circuit = layered()
    bits = Statevector().sample(read(circuit), 20_000, seed=1).bits
    bare = circuit.remove_final_measurements(inplace=False)
    wanted = QiskitStatevector(bare).probabilities([1, 2, 0])  # bits 0, 1, 2 hold qubits 1, 2, 0
    assert fits(bits, wanted)
    assert not fits(bits, QiskitStatevector(bare).probabilities())


@pytest.mark.parametrize("batched", [False, True])
def test_noisy_samples_follow_kraus_evolution(batched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_batched", lambda *_: batched)
    program = noisy(layered(5))
    samples = Statevector().sample(program, 6_000, seed=2)
    assert ("trajectories" in samples.metadata) == batched
    assert fits(samples.bits, readout(kraus_evolution(program).probabilities()))


@pytest.mark.parametrize("batched", [False, True])
def test_trajectories_average_to_the_density_matrix_within_five_sigma(
    batched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "_batched", lambda *_: batched)
    monkeypatch.setattr(backend, "MOST_HISTORIES", 0)
    program = split_measurements(noisy(layered(6))).before
    observables = [SparsePauliOp("ZIX"), SparsePauliOp(["XYZ", "IIZ"], [2.0, -1.0])]
    found = Statevector().expectation(program, observables, precision=0.02, seed=4)
    exact = DensityMatrix().expectation(program, observables, precision=0, seed=0)
    assert found.errors.max() <= 0.03
    assert (np.abs(found.values - exact.values) <= 5 * found.errors).all()


@pytest.mark.parametrize("batched", [False, True])
def test_measurements_and_resets_on_the_way(batched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_batched", lambda *_: batched)
    circuit = QuantumCircuit(2, 3)
    circuit.ry(1.0, 0)
    circuit.cx(0, 1)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.h(0)
    circuit.measure(0, 1)
    circuit.measure(1, 2)  # the same as bit 0
    one = np.sin(0.5) ** 2
    wanted = np.zeros(8)
    wanted[[0b000, 0b010]] = (1 - one) / 2
    wanted[[0b101, 0b111]] = one / 2
    assert fits(Statevector().sample(read(circuit), 5_000, seed=3).bits, wanted)


def test_dynamic_circuit_corrects_by_its_outcome() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    bits = Statevector().sample(read(circuit), 1_000, seed=0).bits
    assert not bits[:, 1].any()
    assert 400 < bits[:, 0].sum() < 600


def test_few_histories_are_enumerated_exactly() -> None:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    program = read(circuit)
    program = program.with_steps([*program.steps, Noise(Channel.pauli({"Z": 0.2}), (0,)), Noise(DAMPING, (0,))])
    found = Statevector().expectation(program, [SparsePauliOp("X"), SparsePauliOp("Z")], precision=0, seed=0)
    np.testing.assert_allclose(found.values, [0.6 * 0.8, 0.36], atol=1e-12)  # Z damps to 1 - 0.64
    assert found.metadata["histories"] == 4


def test_rare_errors_leave_a_standard_error() -> None:
    program = read(QuantumCircuit(1)).with_steps([Noise(Channel.pauli({"X": 1e-7}), (0,))] * 20)
    found = Statevector().expectation(program, [SparsePauliOp("Z")], precision=0.1, seed=0)
    assert found.errors[0] >= 1e-3 or found.values[0] < 1


@pytest.mark.parametrize("batched", [False, True])
def test_same_seed_same_bits(batched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_batched", lambda *_: batched)
    monkeypatch.setattr(trajectories, "AMPLITUDES", 1000)
    program = noisy(layered())
    first, second, other = (Statevector().sample(program, 500, seed=seed).bits for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_rows_do_not_tell_their_history() -> None:
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    bits = Statevector().sample(read(circuit), 1000, seed=0).bits
    assert 400 < np.sum(bits[1:, 0] != bits[:-1, 0]) < 600


def test_batched_parameters_are_qiskits_values() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.rx(a, 0)
    circuit.crz(2 * b, 0, 1)
    circuit.rxx(b, 0, 1)
    sets = np.random.default_rng(0).normal(size=(7, 2))
    observables = [SparsePauliOp("ZY"), SparsePauliOp("IZ")]
    found = Statevector().expectations(read(circuit), observables, sets)
    wanted = [
        [QiskitStatevector(circuit.assign_parameters(row)).expectation_value(each).real for each in observables]
        for row in sets
    ]
    np.testing.assert_allclose(found, wanted, atol=1e-10)


def test_too_many_qubits_are_refused_with_the_numbers() -> None:
    program = read(QuantumCircuit(24, 1))
    small = Statevector(memory=2**20)
    forecast = small.forecast(program, Work(kind="sample", shots=1))
    assert not forecast.can
    assert forecast.why == "24 qubits take 768 MiB, more than 1 MiB"
    with pytest.raises(CircuitError, match="768 MiB"):
        small.sample(program, 1, seed=0)


def test_exact_values_of_a_noisy_program_are_left_to_the_density_matrix() -> None:
    program = split_measurements(noisy(layered())).before
    assert not Statevector().forecast(program, Work(kind="expectation", observables=1)).can
    with pytest.raises(CircuitError, match=r"10 channels.*more than 4096: use density_matrix, or give a precision"):
        Statevector().expectation(program, [SparsePauliOp("ZZZ")], precision=0, seed=0)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(CircuitError, match="expected float64 or float32, got 'float16'"):
        Statevector(dtype="float16")
    with pytest.raises(CircuitError, match="not an amount of memory"):
        Statevector(memory=0)
    with pytest.raises(CircuitError, match=r"shape \(B, 0\)"):
        Statevector().expectations(read(QuantumCircuit(1)), [SparsePauliOp("Z")], np.zeros(3))
