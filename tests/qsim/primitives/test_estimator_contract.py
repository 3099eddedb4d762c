"""`EstimatorV2` keeps Qiskit's contract; Qiskit's own StatevectorEstimator is the oracle for shapes and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import n_local
from qiskit.primitives import PrimitiveJob, StatevectorEstimator
from qiskit.primitives.base import BaseEstimatorV2
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

import qsim
from qsim.backends.statevector import Statevector

BACKENDS = ["auto", "near_clifford", "statevector", "density_matrix", "tensor_network"]
ENERGY = SparsePauliOp(["ZZI", "IXX", "YIY", "III"], [1.0, -0.5, 0.25, 2.0])


def ansatz() -> QuantumCircuit:
    return n_local(3, ["ry", "rz"], "cx", "linear", reps=1)


def both(pub: tuple[Any, ...], **options: Any) -> tuple[Any, Any]:
    ours = qsim.EstimatorV2(seed=1, **options).run([pub]).result()[0]
    return ours, StatevectorEstimator(seed=1).run([pub]).result()[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_values_are_those_of_qiskits_estimator(backend: str) -> None:
    angles = np.random.default_rng(3).uniform(-3, 3, (4, 12))
    ours, theirs = both((ansatz(), [[ENERGY], ["XYZ"]], angles), backend=backend)
    assert ours.data.evs.shape == theirs.data.evs.shape == (2, 4)
    np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-10)
    assert (ours.data.stds == 0).all()


@pytest.mark.parametrize(
    ("observables", "shape"),
    [
        ("ZII", ()),
        ("ZII", (5,)),
        (["ZII", "IZI"], (2,)),
        ([["ZII"], ["IZI"]], (3,)),
        ([["ZII", "IXX", "XYZ"]], (2, 1)),
        ([[["ZII"]], [["IZI"]]], (4, 3)),
        (Pauli("-XYZ"), ()),
        (SparseObservable.from_list([("0+r", 1.0), ("IZ1", -0.5)]), (2,)),
        ({"ZZI": 0.5, "XII": 1.0}, ()),
    ],
)
def test_observables_and_parameters_broadcast_as_in_qiskit(observables: Any, shape: tuple[int, ...]) -> None:
    angles = np.random.default_rng(4).uniform(-3, 3, (*shape, 12))
    ours = qsim.EstimatorV2(seed=1).run([(ansatz(), observables, angles)]).result()[0]
    if isinstance(observables, SparseObservable):  # which StatevectorEstimator takes as Pauli labels only
        observables = SparsePauliOp.from_sparse_observable(observables)
    theirs = StatevectorEstimator().run([(ansatz(), observables, angles)]).result()[0]
    assert ours.data.shape == theirs.data.shape
    assert ours.data.evs.shape == ours.data.stds.shape == theirs.data.evs.shape
    np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-10)


def test_shapes_that_do_not_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        qsim.EstimatorV2().run([(ansatz(), ["ZII", "IZI"], np.zeros((3, 12)))])


@pytest.mark.parametrize("backend", ["auto", "statevector", "density_matrix"])
def test_a_long_sweep_is_one_batch_and_right(backend: str) -> None:
    angles = np.random.default_rng(5).uniform(-3, 3, (150, 12))
    ours, theirs = both((ansatz(), ENERGY, angles), backend=backend)
    np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-9)
    assert "in one batch" in ours.metadata["why"]


def test_parameters_in_a_mapping_of_another_order_are_not_mixed_up() -> None:
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("b"), 0)
    circuit.ry(Parameter("a"), 1)
    values = {"b": np.linspace(0, 1, 120), "a": np.linspace(2, 3, 120)}
    ours, theirs = both((circuit, [["IZ"], ["ZI"]], values))
    np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-9)
    np.testing.assert_allclose(ours.data.evs[0], np.cos(values["b"]), atol=1e-9)


def test_a_sweep_of_clifford_angles_on_many_qubits_is_decided_point_by_point() -> None:
    """200 qubits: no backend runs generic angles exactly, and the stabilizer backend runs these."""
    angle = Parameter("a")
    circuit = QuantumCircuit(200)
    circuit.rx(angle, 0)
    for qubit in range(199):
        circuit.cx(qubit, qubit + 1)
        circuit.rx(angle, qubit)
    zs = "Z" + "I" * 199
    found = qsim.EstimatorV2(backend="stabilizer").run([(circuit, zs, [0.0, np.pi])]).result()[0]
    assert found.metadata["backend"] == "stabilizer"
    assert found.data.evs[0] == 1.0
    assert abs(found.data.evs[1]) == 1.0


def test_noise_goes_in_exactly() -> None:
    """<Z> after depolarizing with probability p is 1 - 4p/3."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    found = qsim.EstimatorV2(noise=qsim.noise.depolarizing(0.1, one_qubit=0.3)).run([(circuit, "Z")]).result()[0]
    assert found.data.evs == pytest.approx(-(1 - 4 * 0.3 / 3), abs=1e-12)


def test_observables_on_dynamic_circuits_average_over_outcomes() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.ry(0.8, 0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    found = qsim.EstimatorV2().run([(circuit, ["IZ", "ZI", "ZZ"])]).result()[0].data.evs
    np.testing.assert_allclose(found, [np.cos(0.8), np.cos(0.8), 1.0], atol=1e-12)


def test_a_precision_is_the_scatter_of_values_and_the_std() -> None:
    """400 normal values of deviation 0.05: mean within 5 standard errors, chi-square of 400 within [265, 560]; the
    probability of either failing is below 1e-6."""
    circuit = QuantumCircuit(1)
    circuit.ry(1.0, 0)
    found = qsim.EstimatorV2(seed=3).run([(circuit, ["Z"] * 400)], precision=0.05).result()[0]
    miss = (found.data.evs - np.cos(1.0)) / 0.05
    assert abs(miss.mean()) * 20 <= 5.0
    assert 265 <= (miss**2).sum() <= 560
    assert (found.data.stds == 0.05).all()
    assert found.metadata["target_precision"] == 0.05


def test_without_shot_noise_exact_values_stay_exact() -> None:
    circuit = QuantumCircuit(1)
    circuit.ry(1.0, 0)
    found = qsim.EstimatorV2(shot_noise=False).run([(circuit, "Z")], precision=0.05).result()[0].data
    assert found.evs == pytest.approx(np.cos(1.0), abs=1e-12)
    assert found.stds == 0.0


def test_precision_of_pub_run_and_default_take_precedence_in_this_order() -> None:
    estimator = qsim.EstimatorV2(default_precision=0.3, seed=1)
    circuit = QuantumCircuit(1)
    pubs = [(circuit, "Z"), (circuit, "Z", None, 0.1)]
    assert [pub.metadata["target_precision"] for pub in estimator.run(pubs, precision=0.2).result()] == [0.2, 0.1]
    assert (
        estimator.run([(circuit, "Z")]).result()[0].metadata["target_precision"] == estimator.default_precision == 0.3
    )


def test_same_seed_same_values() -> None:
    pub = (ansatz(), ["ZII", "XXI"], np.zeros(12), 0.1)
    first, second, other = (qsim.EstimatorV2(seed=seed).run([pub]).result()[0].data.evs for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).all()


def test_jobs_and_metadata_have_qiskits_interface() -> None:
    estimator = qsim.EstimatorV2()
    assert isinstance(estimator, BaseEstimatorV2)
    job = estimator.run([(ansatz(), "ZII", np.zeros(12))])
    assert isinstance(job, PrimitiveJob)
    result = job.result()
    assert result.metadata == {"version": 2}
    assert set(result[0].data) == {"evs", "stds"}
    assert {"target_precision", "circuit_metadata", "backend", "why", "seed", "seconds"} <= set(result[0].metadata)


@pytest.mark.parametrize("precision", [-0.1, float("nan"), float("inf")])
def test_bad_precisions_are_refused(precision: float) -> None:
    with pytest.raises(qsim.CircuitError, match="default_precision"):
        qsim.EstimatorV2(default_precision=precision)


def test_observables_of_another_size_and_non_hermitian_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="qubits"):
        qsim.EstimatorV2().run([(ansatz(), "ZZ", np.zeros(12))])
    with pytest.raises(ValueError, match="Hermitian"):
        qsim.EstimatorV2().run([(ansatz(), SparsePauliOp("ZZZ", 1j), np.zeros(12))])
    with pytest.raises(qsim.CircuitError, match="brackets"):
        qsim.EstimatorV2().run(ansatz())


def test_an_instance_is_a_backend() -> None:
    found = qsim.EstimatorV2(backend=Statevector(dtype="float32")).run([(ansatz(), "ZII", np.zeros(12))]).result()[0]
    assert found.data.evs == pytest.approx(1.0, abs=1e-5)


def test_vqe_of_qiskit_algorithms_finds_the_ground_state() -> None:
    """Oracle: the smallest eigenvalue of the two-qubit hydrogen molecule (Qiskit's own textbook example)."""
    pytest.importorskip("qiskit_algorithms")
    from qiskit_algorithms import VQE
    from qiskit_algorithms.optimizers import SLSQP

    hydrogen = SparsePauliOp(
        ["II", "IZ", "ZI", "ZZ", "XX"], [-1.052373245772859, 0.39793742, -0.39793742, -0.01128010, 0.18093119]
    )
    start = n_local(2, ["ry"], "cx", reps=1)
    found = VQE(qsim.EstimatorV2(), start, SLSQP(maxiter=60), initial_point=[0.1, 0.2, 0.3, 0.4])
    exact = float(np.linalg.eigvalsh(hydrogen.to_matrix())[0])
    assert found.compute_minimum_eigenvalue(hydrogen).eigenvalue.real == pytest.approx(exact, abs=1e-5)
