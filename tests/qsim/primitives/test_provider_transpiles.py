"""Backends as Qiskit's `BackendV2`: what is transpiled for them runs on them, and says what the circuit says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit.library import (
    CPhaseGate,
    DCXGate,
    ECRGate,
    PermutationGate,
    RXXGate,
    RZGate,
    RZZGate,
    UGate,
    UnitaryGate,
    efficient_su2,
)
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import BackendV2, JobError, JobStatus, JobV1
from qiskit.quantum_info import Clifford, Operator, Statevector, random_clifford, random_unitary
from qiskit.transpiler import generate_preset_pass_manager
from qiskit.transpiler.exceptions import TranspilerError

import qsim
from qsim.backends import names
from qsim.provider import QsimBackend, QsimProvider
from qsim.provider.job import QsimJob

BACKENDS = ["auto", "stabilizer", "near_clifford", "statevector", "density_matrix", "tensor_network"]
LEVELS = [0, 1, 2, 3]


def clifford_in_disguise(*, seed: int, tableaus: bool = True) -> QuantumCircuit:
    """Clifford gates as angles, matrices, tableaus, and gates outside any Clifford basis by name."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(4)
    for _ in range(12):
        a, b, c = (int(qubit) for qubit in rng.permutation(4)[:3])
        first, second, third = (int(turn) * np.pi / 2 for turn in rng.integers(-3, 4, 3))
        tableau = int(rng.integers(99))
        made = [
            (UGate(first, second, third), [a]),
            (RZGate(first), [a]),
            (RZZGate(first), [a, b]),
            (CPhaseGate(np.pi), [a, b]),
            (ECRGate(), [a, b]),
            (DCXGate(), [a, b]),
            (RXXGate(np.pi / 2), [a, b]),
            (PermutationGate([2, 0, 1]), [a, b, c]),
            (random_clifford(3, seed=tableau).to_instruction(), [a, b, c]),
            (UnitaryGate(Operator(random_clifford(2, seed=tableau))), [a, b]),
        ]
        circuit.append(*made[int(rng.integers(len(made)))])
    if tableaus:
        circuit.append(random_clifford(3, seed=seed), [3, 0, 2])
    return circuit


def dynamic() -> QuantumCircuit:
    """A loop until 0, a switch, and a sub-circuit that measures; bit 1 ends as 1, bit 0 as 0."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.while_loop((0, 1)):
        circuit.rx(np.pi / 2, 0)
        circuit.measure(0, 0)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0):
            circuit.ry(np.pi, 1)
        with case(case.DEFAULT):
            circuit.id(1)
    measuring = QuantumCircuit(1, 1, name="measuring")
    measuring.rz(np.pi / 2, 0)
    measuring.measure(0, 0)
    circuit.append(measuring.to_instruction(), [1], [1])
    return circuit


def test_provider_lists_auto_and_every_backend() -> None:
    provider = QsimProvider()
    assert [backend.name for backend in provider.backends()] == ["auto", *names()]
    assert [backend.name for backend in provider.backends("stabilizer")] == ["stabilizer"]
    assert isinstance(provider.get_backend("statevector"), BackendV2)
    assert provider.get_backend().name == "auto"
    assert provider.get_backend("tensor_network", max_bond=7).simulator.max_bond == 7
    with pytest.raises(qsim.CircuitError, match="no such backend"):
        provider.get_backend("abacus")
    with pytest.raises(qsim.CircuitError, match="no such option"):
        provider.get_backend("statevector", wings=2)


@pytest.mark.parametrize("name", BACKENDS)
def test_targets_are_all_to_all_of_any_size_with_control_flow(name: str) -> None:
    backend = QsimBackend(name)
    assert backend.target.num_qubits is None
    assert backend.coupling_map is None
    assert {"measure", "reset", "delay", "if_else", "while_loop", "for_loop", "switch_case"} <= set(
        backend.target.operation_names
    )
    assert ("rz" in backend.target.operation_names) == (name != "stabilizer")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(6))
def test_any_clifford_circuit_becomes_named_clifford_gates_of_the_same_operator(seed: int, level: int) -> None:
    circuit = clifford_in_disguise(seed=seed)
    backend = QsimBackend("stabilizer")
    made = transpile(circuit, backend, optimization_level=level, seed_transpiler=1)
    assert set(made.count_ops()) <= set(backend.target.operation_names)
    assert Clifford.from_operator(Operator.from_circuit(made)) == Clifford.from_operator(Operator(circuit))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", BACKENDS)
def test_transpiled_circuits_run_and_give_what_the_circuit_gives(name: str, level: int) -> None:
    """The deterministic circuit U† X U, as 300 shots of one outcome."""
    inner = clifford_in_disguise(seed=3, tableaus=False)
    circuit = QuantumCircuit(4, 4)
    circuit.compose(inner, inplace=True)
    circuit.barrier()
    circuit.compose(inner.inverse(), inplace=True)
    circuit.x([0, 2])
    circuit.measure(range(4), [0, 1, 3, 2])
    backend = QsimBackend(name)
    made = transpile(circuit, backend, optimization_level=level, seed_transpiler=1)
    assert backend.run(made, shots=300).result().get_counts() == {"1001": 300}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", BACKENDS)
def test_dynamic_circuits_are_transpiled_and_run(name: str, level: int) -> None:
    backend = QsimBackend(name)
    made = transpile(dynamic(), backend, optimization_level=level, seed_transpiler=1)
    assert backend.run(made, shots=40, seed_simulator=2).result().get_counts() == {"10": 40}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["statevector", "tensor_network"])
def test_non_clifford_circuits_keep_their_state(name: str, level: int) -> None:
    circuit = efficient_su2(3, reps=1)
    circuit = circuit.assign_parameters(np.linspace(0.1, 2.0, circuit.num_parameters))
    circuit.unitary(random_unitary(8, seed=5), range(3))
    made = transpile(circuit, QsimBackend(name), optimization_level=level, seed_transpiler=1)
    assert Statevector(made).equiv(Statevector(circuit))


def test_pass_managers_are_generated_for_a_backend() -> None:
    manager = generate_preset_pass_manager(optimization_level=1, backend=QsimBackend("statevector"))
    assert manager.run(dynamic()).num_qubits == 2


def test_what_is_no_clifford_gate_is_refused_by_name() -> None:
    circuit = QuantumCircuit(2)
    circuit.rzz(0.3, 0, 1)
    with pytest.raises(TranspilerError, match=r"rzz\(0.3\) is not a Clifford gate"):
        transpile(circuit, QsimBackend("stabilizer"), optimization_level=0)


def test_results_have_counts_memory_and_metadata() -> None:
    circuit = QuantumCircuit(
        QuantumRegister(2), ClassicalRegister(1, "a"), ClassicalRegister(2, "b"), metadata={"k": 1}
    )
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    backend = QsimBackend("stabilizer")
    result = backend.run([circuit, circuit], shots=4, memory=True, seed_simulator=3).result()
    assert result.success
    assert result.get_counts(0) == {"01 0": 4}
    assert result.get_memory(1) == ["01 0"] * 4
    assert result.data(0)["counts"] == {"0x2": 4}
    assert result.results[0].metadata["backend"] == "stabilizer"
    assert result.results[0].metadata["why"]
    assert result.results[0].header["metadata"] == {"k": 1}
    assert result.results[0].seed != result.results[1].seed
    assert "memory" not in backend.run(circuit, shots=4).result().data(0)


def test_registers_that_share_bits_are_counted_as_one_string() -> None:
    circuit = QuantumCircuit(1)
    circuit.add_register(ClassicalRegister(2, "a"))
    circuit.add_register(ClassicalRegister(name="b", bits=list(circuit.clbits)))
    circuit.x(0)
    circuit.measure(0, 1)
    assert QsimBackend("stabilizer").run(circuit, shots=3).result().get_counts() == {"10": 3}


def test_wide_results_keep_every_bit() -> None:
    circuit = QuantumCircuit(200, 200)
    circuit.x([0, 64, 199])
    circuit.measure(range(200), range(200))
    (word,) = QsimBackend("stabilizer").run(circuit, shots=2).result().data(0)["counts"]
    assert int(word, 16) == 1 + 2**64 + 2**199


def test_same_seed_same_memory() -> None:
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    circuit.measure_all()
    backend = QsimBackend("statevector")
    first, second, other = (
        backend.run(circuit, memory=True, seed_simulator=seed).result().get_memory() for seed in (1, 1, 2)
    )
    assert first == second != other


def test_noise_of_a_backend_is_in_its_results() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    noise = qsim.noise.NoiseModel().readout(1.0, 0.0)
    assert QsimProvider().get_backend("auto", noise=noise).run(circuit, shots=5).result().get_counts() == {"1": 5}


def test_qiskits_own_primitives_work_on_a_backend() -> None:
    """Parities of a Bell pair: exact but for the shots of YY, XX and ZZ, which never differ."""
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    backend = QsimBackend("stabilizer")
    evs = BackendEstimatorV2(backend=backend).run([(bell, ["ZZ", "XX", "YY"])]).result()[0].data.evs
    np.testing.assert_array_equal(evs, [1, 1, -1])
    bell.measure_all()
    sampler = BackendSamplerV2(backend=backend, options={"seed_simulator": 4})
    assert set(sampler.run([bell], shots=50).result()[0].data.meas.get_counts()) == {"00", "11"}


@pytest.mark.parametrize(
    ("options", "word"),
    [({"shots": 0}, "shots"), ({"shots": 1.5}, "shots"), ({"seed_simulator": -1}, "seed"), ({"turbo": True}, "turbo")],
)
def test_bad_run_options_are_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(qsim.CircuitError, match=word):
        QsimBackend("stabilizer").run(dynamic(), **options)


def test_no_circuits_are_refused() -> None:
    for nothing in ([], ["h 0"]):
        with pytest.raises(qsim.CircuitError, match="no circuits"):
            QsimBackend("stabilizer").run(nothing)


def test_jobs_have_qiskits_interface() -> None:
    backend = QsimBackend("stabilizer")
    job = backend.run(dynamic())
    assert isinstance(job, JobV1)
    assert job.backend() is backend
    assert job.result().job_id == job.job_id()
    assert job.status() == JobStatus.DONE
    assert not job.cancel()
    with pytest.raises(JobError, match="before"):
        job.submit()


def test_a_failed_job_raises_what_was_wrong() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.t(0)
    circuit.measure(0, 0)
    job = QsimBackend("stabilizer").run(circuit)
    with pytest.raises(qsim.CircuitError, match="t on 0"):
        job.result()
    assert job.status() == JobStatus.ERROR


def test_a_job_that_was_not_submitted_has_no_result() -> None:
    job = QsimJob(QsimBackend("stabilizer"), lambda name: name)
    assert job.status() == JobStatus.INITIALIZING
    with pytest.raises(JobError, match="not submitted"):
        job.result()
