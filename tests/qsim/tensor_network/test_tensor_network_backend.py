"""The backend's options, seeds and metadata."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from tensor_circuits import brickwork, mixture, random_labels

from qsim.backends.protocol import Backend
from qsim.backends.tensor_network import TensorNetwork
from qsim.errors import CircuitError
from qsim.program import read


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"method": "dense"}, "tensor_network method: out of range: expected auto, exact or mps, got 'dense'"),
        ({"max_bond": 0}, "max_bond: out of range: expected an integer of 1 or more, got 0"),
        ({"max_bond": 2.5}, "max_bond: out of range"),
        ({"max_bond": True}, "max_bond: out of range"),
        ({"cutoff": 1.0}, r"cutoff: out of range: expected a number in \[0, 1\), got 1.0"),
        ({"cutoff": "small"}, "cutoff: out of range"),
        ({"trajectories": 0}, "trajectories: out of range"),
        ({"memory": 10}, "memory: out of range: expected 1024 bytes or more"),
        ({"longest": 0}, "longest: out of range"),
    ],
)
def test_options_out_of_range_are_refused(options, expected):
    with pytest.raises(CircuitError, match=expected):
        TensorNetwork(**options)


def test_it_is_a_backend():
    assert isinstance(TensorNetwork(), Backend)
    assert TensorNetwork().name == "tensor_network"


@pytest.mark.parametrize("method", ["exact", "mps"])
def test_the_same_seed_gives_the_same_bits(method):
    circuit = mixture(5, 3)
    circuit.measure_all()
    program = read(circuit)
    backend = TensorNetwork(method=method)
    first = backend.sample(program, 200, seed=9)
    np.testing.assert_array_equal(first.bits, backend.sample(program, 200, seed=9).bits)
    assert not np.array_equal(first.bits, backend.sample(program, 200, seed=10).bits)
    assert first.metadata["method"] == method


@pytest.mark.parametrize("method", ["exact", "mps"])
@pytest.mark.parametrize("seed", range(3))
def test_values_of_observables_equal_the_statevector(method, seed):
    circuit = mixture(6, seed)
    observables = [SparsePauliOp(random_labels(6, 3, seed), [0.5, -2.0, 1.0]), SparsePauliOp("IIIIII")]
    found = TensorNetwork(method=method).expectation(read(circuit), observables, precision=0.0, seed=0)
    state = Statevector(circuit)
    truth = [state.expectation_value(observable).real for observable in observables]
    np.testing.assert_allclose(found.values, truth, atol=1e-9)
    assert not found.errors.any()


@pytest.mark.parametrize("method", ["exact", "mps"])
def test_bits_go_where_the_circuit_puts_them(method):
    circuit = QuantumCircuit(4, 6)
    circuit.x([0, 3])
    circuit.measure([3, 1, 0], [1, 4, 2])
    bits = TensorNetwork(method=method).sample(read(circuit), 3, seed=0).bits
    np.testing.assert_array_equal(bits, [[False, True, True, False, False, False]] * 3)


def test_shots_come_in_no_order():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    for method in ("exact", "mps"):
        bits = TensorNetwork(method=method).sample(read(circuit), 2000, seed=1).bits[:, 0]
        assert 800 < (bits[1:] != bits[:-1]).sum() < 1200  # about 1000 changes; 9 standard deviations


def test_a_truncated_run_reports_what_it_lost():
    circuit = brickwork(14, 10, seed=0)
    found = TensorNetwork(method="mps", max_bond=8).expectation(
        read(circuit), [SparsePauliOp("Z" + "I" * 13)], precision=0.0, seed=0
    )
    assert found.metadata["largest_bond"] == 8
    assert 0 < found.metadata["fidelity"] < 0.9
    gate, bond, kept, discarded = max(found.metadata["truncations"], key=lambda each: each[3])
    assert (gate, kept) == ("unitary", 8)
    assert 1 <= bond <= 13
    assert 0 < discarded < 1


def test_the_state_itself_is_to_be_had():
    circuit = mixture(5, 1)
    chain = TensorNetwork().evolve(read(circuit))
    assert chain.fidelity == pytest.approx(1.0)
    assert len(chain.bond_dimensions()) == 4
    circuit.measure_all()
    with pytest.raises(CircuitError, match=r"step \d+ \(measure 0 -> 0\): not a pure state"):
        TensorNetwork().evolve(read(circuit))


def test_amplitudes_leave_final_measurements_out():
    circuit = mixture(4, 6)
    expected = Statevector(circuit).data[[3, 9]]
    circuit.measure_all()
    np.testing.assert_allclose(TensorNetwork().amplitudes(read(circuit), ["0011", "1001"]), expected, atol=1e-9)


def test_blas_keeps_to_one_thread():
    pytest.importorskip("threadpoolctl")
    from qsim.backends.tensor_network.threads import one_blas_thread

    with one_blas_thread() as threads:
        from threadpoolctl import threadpool_info

        assert threads == "1"
        assert all(pool["num_threads"] == 1 for pool in threadpool_info() if pool["user_api"] == "blas")


def test_a_run_without_threadpoolctl_says_so(monkeypatch):
    from qsim.backends.tensor_network import threads

    monkeypatch.setattr(threads, "find_spec", lambda _: None)
    with threads.one_blas_thread() as held:
        assert "threadpoolctl is not installed" in held
