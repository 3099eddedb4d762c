"""`SamplerV2` keeps Qiskit's contract; Qiskit's own StatevectorSampler is the oracle for shapes, names and laws."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Parameter
from qiskit.primitives import BitArray, PrimitiveJob, StatevectorSampler
from qiskit.primitives.base import BaseSamplerV2
from qiskit.providers import JobStatus

import qsim

BACKENDS = ["auto", "stabilizer", "near_clifford", "statevector", "density_matrix", "tensor_network"]


def several_registers() -> QuantumCircuit:
    """Registers of 2, 0 and 9 bits, one of them written in part, and another order than the qubits'."""
    qubits, a, z, c = (
        QuantumRegister(3),
        ClassicalRegister(2, "a"),
        ClassicalRegister(0, "z"),
        ClassicalRegister(9, "c"),
    )
    circuit = QuantumCircuit(qubits, a, z, c)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.measure([1, 0], a)
    circuit.measure(2, c[8])
    return circuit


def sweep() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 1)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("backend", BACKENDS)
def test_data_has_the_registers_shapes_and_sizes_of_qiskits_sampler(backend: str) -> None:
    ours, theirs = (
        sampler.run([several_registers()], shots=100).result()[0].data
        for sampler in (qsim.SamplerV2(backend=backend, seed=3), StatevectorSampler(seed=3))
    )
    assert list(ours) == list(theirs) == ["a", "z", "c"]
    for name in ours:
        assert isinstance(ours[name], BitArray)
        assert ours[name].shape == theirs[name].shape == ()
        assert ours[name].num_bits == theirs[name].num_bits
        assert ours[name].num_shots == 100
        assert ours[name].array.shape == theirs[name].array.shape
        assert ours[name].array.dtype == theirs[name].array.dtype
    assert ours.c.get_counts() == theirs.c.get_counts() == {"100000000": 100}
    assert set(ours.a.get_counts()) == {"00", "11"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_asymmetric_bits_have_qiskits_order(backend: str) -> None:
    circuit = QuantumCircuit(11, 11)
    circuit.x([0, 3, 9])
    circuit.measure(range(11), range(11))
    circuit.measure(0, 10)
    ours = qsim.SamplerV2(backend=backend, seed=1).run([circuit], shots=5).result()[0].data.c
    assert ours.get_counts() == {"11000001001": 5}


@pytest.mark.parametrize(
    "values", [np.zeros(2), np.zeros((3, 2)), np.zeros((2, 3, 2)), {"a": [0.0, 1.0], "b": [1.0, 2.0]}]
)
def test_parameter_sets_broadcast_as_in_qiskit(values: object) -> None:
    ours = qsim.SamplerV2(seed=3).run([(sweep(), values)], shots=10).result()[0].data
    theirs = StatevectorSampler(seed=3).run([(sweep(), values)], shots=10).result()[0].data
    assert ours.shape == theirs.shape
    assert ours.meas.shape == theirs.meas.shape


def test_each_point_of_a_sweep_has_its_own_values() -> None:
    """Angles 0 and π leave nothing to chance."""
    values = np.pi * np.array([[[0, 0], [0, 1]], [[1, 0], [1, 1]]])
    data = qsim.SamplerV2(seed=3).run([(sweep(), values)], shots=7).result()[0].data.meas
    assert [[data[i, j].get_counts() for j in range(2)] for i in range(2)] == [
        [{"00": 7}, {"10": 7}],
        [{"01": 7}, {"11": 7}],
    ]


def test_shots_of_pub_run_and_default_take_precedence_in_this_order() -> None:
    sampler = qsim.SamplerV2(default_shots=11, seed=0)
    circuit = several_registers()
    shots = [pub.data.a.num_shots for pub in sampler.run([circuit, (circuit, None, 5)], shots=7).result()]
    assert shots == [7, 5]
    assert sampler.run([circuit]).result()[0].data.a.num_shots == sampler.default_shots == 11


def test_law_is_that_of_qiskits_sampler() -> None:
    """Four outcomes at 20 000 shots, each within 5.4 standard deviations: false alarm below 1e-6."""
    values, shots = [0.7, 2.1], 20_000
    counts = qsim.SamplerV2(seed=5).run([(sweep(), values)], shots=shots).result()[0].data.meas.get_int_counts()
    one = np.sin(np.array(values) / 2) ** 2
    for outcome in range(4):
        p = np.prod([one[k] if outcome >> k & 1 else 1 - one[k] for k in range(2)])
        assert abs(counts[outcome] - shots * p) <= 5.4 * np.sqrt(shots * p * (1 - p))


def test_same_seed_same_bits_and_another_seed_others() -> None:
    values = np.full((2, 2), 0.9)
    first, second, other = (
        qsim.SamplerV2(seed=seed).run([(sweep(), values), sweep().assign_parameters([1, 1])], shots=200).result()
        for seed in (1, 1, 2)
    )
    assert all((a.data.meas.array == b.data.meas.array).all() for a, b in zip(first, second, strict=True))
    assert (first[0].data.meas.array != other[0].data.meas.array).any()
    assert (first[0].data.meas[0].array != first[0].data.meas[1].array).any()


def test_without_a_seed_runs_differ_and_tell_theirs() -> None:
    sampler = qsim.SamplerV2()
    circuit = sweep().assign_parameters([1, 1])
    first, second = (sampler.run([circuit], shots=500).result()[0] for _ in range(2))
    assert (first.data.meas.array != second.data.meas.array).any()
    again = qsim.SamplerV2(seed=first.metadata["seed"]).run([circuit], shots=500).result()[0]
    assert (again.data.meas.array == first.data.meas.array).all()


def test_metadata_say_where_why_and_how_long() -> None:
    circuit = several_registers()
    circuit.metadata = {"lab": 7}
    result = qsim.SamplerV2(backend="stabilizer", seed=1).run([circuit], shots=9).result()
    assert result.metadata == {"version": 2}
    found = result[0].metadata
    assert found["shots"] == 9
    assert found["circuit_metadata"] == {"lab": 7}
    assert found["backend"] == "stabilizer"
    assert found["why"]
    assert found["seed"] == 1
    assert found["seconds"] >= 0


def test_jobs_have_qiskits_interface() -> None:
    sampler = qsim.SamplerV2(seed=1)
    assert isinstance(sampler, BaseSamplerV2)
    job = sampler.run([several_registers()])
    assert isinstance(job, PrimitiveJob)
    assert job.result() is job.result()
    assert job.status() == JobStatus.DONE
    assert not job.cancel()
    assert job.job_id() != sampler.run([several_registers()]).job_id()


def test_dynamic_circuits_run_and_noise_goes_in() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    assert set(qsim.SamplerV2(seed=1).run([circuit]).result()[0].data.c.get_counts()) == {"00", "11"}
    noise = qsim.noise.NoiseModel().readout(0.0, 1.0)
    noisy = qsim.SamplerV2(seed=1, noise=noise).run([several_registers()]).result()[0].data
    assert noisy.c.get_counts() == {"000000000": 1024}


def test_circuits_without_registers_give_nothing_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="no classical registers"):
        job = qsim.SamplerV2().run([QuantumCircuit(1)])
    assert list(job.result()[0].data) == []


def test_loose_bits_are_left_out_with_a_warning() -> None:
    circuit = QuantumCircuit([*QuantumRegister(2), Clbit()])
    circuit.add_register(ClassicalRegister(1, "kept"))
    circuit.x([0, 1])
    circuit.measure([0, 1], [0, 1])
    with pytest.warns(UserWarning, match=r"bits \[0\] are in no register"):
        job = qsim.SamplerV2().run([circuit], shots=3)
    assert {name: array.get_counts() for name, array in job.result()[0].data.items()} == {"kept": {"1": 3}}


def test_a_bit_in_two_registers_is_in_both() -> None:
    bits = [Clbit(), Clbit()]
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(name="a", bits=bits))
    circuit.add_register(ClassicalRegister(name="b", bits=bits[::-1]))
    circuit.x(0)
    circuit.measure(0, 0)
    data = qsim.SamplerV2().run([circuit], shots=2).result()[0].data
    assert (data.a.get_counts(), data.b.get_counts()) == ({"01": 2}, {"10": 2})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"backend": "abacus"}, ["no such backend", "abacus", "stabilizer"]),
        ({"backend": "statevector", "options": {"wings": 2}}, ["no such option", "wings"]),
        ({"options": {"max_bond": 2}}, ["options need a backend"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"seed": 1.5}, ["seed", "1.5"]),
        ({"default_shots": 0}, ["default_shots", "0"]),
        ({"default_shots": True}, ["default_shots"]),
    ],
)
def test_bad_settings_are_refused(options: dict[str, object], words: list[str]) -> None:
    with pytest.raises(qsim.CircuitError) as refusal:
        qsim.SamplerV2(**options)
    assert all(word in str(refusal.value) for word in words)


def test_bad_pubs_are_refused() -> None:
    sampler = qsim.SamplerV2()
    with pytest.raises(qsim.CircuitError, match="add brackets"):
        sampler.run(several_registers())
    with pytest.raises(ValueError, match="inconsistent"):
        sampler.run([(sweep(), [1.0])])
    with pytest.raises(ValueError, match="shots"):
        sampler.run([several_registers()], shots=-1)


def test_a_refusal_of_the_backend_arrives_with_the_result() -> None:
    circuit = several_registers()
    circuit.t(0)
    job = qsim.SamplerV2(backend="stabilizer").run([circuit])
    with pytest.raises(qsim.CircuitError, match="t on 0"):
        job.result()
    assert job.status() == JobStatus.ERROR


def test_options_reach_the_backend() -> None:
    job = qsim.SamplerV2(backend="statevector", options={"memory": 64}).run([several_registers()])
    with pytest.raises(qsim.CircuitError, match="3 qubits"):
        job.result()
