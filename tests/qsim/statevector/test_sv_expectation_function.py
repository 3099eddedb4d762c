"""expectation_fn against Qiskit's state vectors, finite differences and the parameter-shift rule."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import SparsePauliOp, Statevector, random_unitary

import qsim
from qsim.errors import CircuitError


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def ansatz(num_qubits: int, layers: int) -> QuantumCircuit:
    """Rotations and entanglers of many kinds; every parameter is used in one rotation."""
    circuit = QuantumCircuit(num_qubits, num_qubits)
    angles = iter(ParameterVector("t", layers * 3 * num_qubits))
    for layer in range(layers):
        for qubit in range(num_qubits):
            circuit.ry(next(angles), qubit)
            circuit.rz(next(angles), qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1) if layer % 2 else circuit.cz(qubit, qubit + 1)
        for qubit in range(num_qubits):
            other = (qubit + 1) % num_qubits
            (circuit.rzz, circuit.rxx, circuit.ryy, circuit.rzx)[qubit % 4](next(angles), qubit, other)
        circuit.h(0)
        circuit.append(random_gate(layer), (0, num_qubits - 1))
    return circuit


def random_gate(seed: int):
    from qiskit.circuit.library import UnitaryGate

    return UnitaryGate(random_unitary(4, seed=seed))


def observables(num_qubits: int, seed: int) -> list[SparsePauliOp]:
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(8)]
    return [SparsePauliOp(labels[:5], rng.normal(size=5)), SparsePauliOp(labels[5]), SparsePauliOp(labels[6:], [1, -2])]


def exact(circuit: QuantumCircuit, wanted: list[SparsePauliOp], point: np.ndarray) -> np.ndarray:
    state = Statevector(circuit.remove_final_measurements(inplace=False).assign_parameters(point))
    return np.array([state.expectation_value(each).real for each in wanted])


@pytest.mark.parametrize("num_qubits", [1, 3, 7, 11])
def test_values_are_those_of_qiskits_state_vector(num_qubits: int, x64: None) -> None:
    circuit = ansatz(num_qubits, 2) if num_qubits > 1 else one_qubit()
    wanted = observables(num_qubits, num_qubits)
    point = np.random.default_rng(1).normal(size=circuit.num_parameters)
    found = jax.jit(qsim.expectation_fn(circuit, wanted))(point)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, exact(circuit, wanted, point), atol=1e-10)


def one_qubit() -> QuantumCircuit:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.u(a, b, 0.3, 0)
    circuit.p(a + b, 0)
    circuit.rx(2 * a, 0)
    return circuit


def test_bound_random_circuits_agree_to_1e_10(x64: None) -> None:
    backend = qsim.backends.make("statevector")
    for seed in range(4):
        circuit = random_circuit(6, 5, max_operands=4, seed=seed)
        wanted = observables(6, seed)
        found = backend.expectations(qsim.program.read(circuit), wanted, np.zeros((1, 0)))[0]
        np.testing.assert_allclose(found, exact(circuit, wanted, np.zeros(0)), atol=1e-10)


def test_single_precision_is_good_to_1e_5() -> None:
    circuit = ansatz(6, 2)
    wanted = observables(6, 3)
    point = np.random.default_rng(1).normal(size=circuit.num_parameters)
    found = jax.jit(qsim.expectation_fn(circuit, wanted, dtype="float32"))(point)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact(circuit, wanted, point), atol=1e-5)


def test_gradients_are_finite_differences_and_parameter_shifts(x64: None) -> None:
    circuit = ansatz(4, 2)
    function = jax.jit(qsim.expectation_fn(circuit, observables(4, 2)))
    point = np.random.default_rng(2).normal(size=circuit.num_parameters)
    jacobian = jax.jit(jax.jacrev(function))(point)
    for column in range(circuit.num_parameters):
        step = np.zeros_like(point)
        step[column] = 1.0
        near = (function(point + 1e-4 * step) - function(point - 1e-4 * step)) / 2e-4
        np.testing.assert_allclose(jacobian[:, column], near, atol=1e-6)
        shift = (function(point + np.pi / 2 * step) - function(point - np.pi / 2 * step)) / 2
        np.testing.assert_allclose(jacobian[:, column], shift, atol=1e-10)


def test_one_parameter_in_several_gates_has_the_sum_of_its_slopes(x64: None) -> None:
    function = qsim.expectation_fn(one_qubit(), ["Z", "X"])
    point = np.array([0.4, 1.1])
    jacobian = jax.jit(jax.jacfwd(function))(point)
    for column in range(2):
        step = np.eye(2)[column] * 1e-5
        near = (
            exact(one_qubit(), labels("Z", "X"), point + step) - exact(one_qubit(), labels("Z", "X"), point - step)
        ) / 2e-5
        np.testing.assert_allclose(jacobian[:, column], near, atol=1e-8)


def labels(*given: str) -> list[SparsePauliOp]:
    return [SparsePauliOp(label) for label in given]


def test_hessian_and_vmap_of_gradients_are_closed_forms(x64: None) -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.ry(a, 0)
    circuit.cx(0, 1)  # <ZZ> = 1, <IZ> = cos a, and <XX> = sin a cos b after the phase
    circuit.rz(b, 1)
    function = qsim.expectation_fn(circuit, ["IZ", "XX"])
    points = np.random.default_rng(0).normal(size=(5, 2))
    gradients = jax.jit(jax.vmap(jax.jacrev(function)))(points)
    one, two = points.T
    np.testing.assert_allclose(gradients[:, 0], np.stack([-np.sin(one), 0 * one], 1), atol=1e-12)
    np.testing.assert_allclose(
        gradients[:, 1], np.stack([np.cos(one) * np.cos(two), -np.sin(one) * np.sin(two)], 1), atol=1e-12
    )
    hessian = jax.jit(jax.hessian(lambda p: function(p)[0]))(points[0])
    np.testing.assert_allclose(hessian, [[-np.cos(one[0]), 0], [0, 0]], atol=1e-12)


def test_bits_are_in_qiskits_order(x64: None) -> None:
    circuit = QuantumCircuit(3)
    circuit.x(0)
    found = qsim.expectation_fn(circuit, ["IIZ", "IZI", "ZII"])(np.zeros(0))
    np.testing.assert_allclose(found, [-1, 1, 1])


def test_parameters_by_name_or_object_are_the_same_function(x64: None) -> None:
    circuit = one_qubit()
    a, b = circuit.parameters
    function = qsim.expectation_fn(circuit, "Z")

    @jax.jit
    def all_ways(one: float, two: float):
        named = jax.value_and_grad(lambda p: function(p)[0])({"b": two, "a": one})
        return function(jnp.array([one, two]))[0], function({a: one, b: two})[0], named

    plain, by_object, (by_name, gradient) = all_ways(0.2, 0.7)
    assert plain == by_object == by_name
    assert gradient.keys() == {"a", "b"}
    with pytest.raises(CircuitError, match="missing b; unknown c"):
        function({"a": 0.1, "c": 0.2})


def test_many_parities_are_summed_without_a_table(x64: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from qsim.backends.statevector import jax_evolution, jax_observables

    circuit, wanted = ansatz(4, 1), observables(4, 1)
    point = np.random.default_rng(1).normal(size=circuit.num_parameters)
    monkeypatch.setattr(jax_evolution, "LARGEST_PATTERN", 0)
    monkeypatch.setattr(jax_observables, "LARGEST_PATTERN", 0)
    found = jax.jit(qsim.expectation_fn(circuit, wanted))(point)
    np.testing.assert_allclose(found, exact(circuit, wanted, point), atol=1e-10)


def test_double_precision_outside_64_bit_mode_is_refused() -> None:
    function = qsim.expectation_fn(one_qubit(), "Z")
    with jax.enable_x64(False), pytest.raises(CircuitError, match=r"32-bit mode.*enable_x64"):
        function(np.zeros(2))


def test_64_bit_mode_of_the_caller_is_left_alone() -> None:
    before = jax.config.jax_enable_x64
    qsim.backends.make("statevector").expectations(qsim.program.read(one_qubit()), labels("Z"), np.zeros((2, 2)))
    assert jax.config.jax_enable_x64 == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda circuit: circuit.reset(0), r"step 3 \(reset 0\): not unitary"),
        (lambda circuit: (circuit.measure(0, 0), circuit.x(0)), r"step 3 \(measurement before the end\)"),
    ],
)
def test_what_is_not_unitary_is_refused_with_its_step(change, message: str) -> None:
    circuit = one_qubit()
    circuit.add_bits(QuantumCircuit(0, 1).clbits)
    change(circuit)
    with pytest.raises(CircuitError, match=message):
        qsim.expectation_fn(circuit, "Z")


def test_wrong_inputs_are_refused(x64: None) -> None:
    with pytest.raises(CircuitError, match="not a precision"):
        qsim.expectation_fn(one_qubit(), "Z", dtype="float16")
    with pytest.raises(CircuitError, match="another size"):
        qsim.expectation_fn(one_qubit(), "ZZ")
    with pytest.raises(CircuitError, match=r"expected shape \(2,\).*jax.vmap"):
        qsim.expectation_fn(one_qubit(), "Z")(np.zeros((3, 2)))
    with pytest.raises(CircuitError, match=r"60 qubits, .*TiB"):
        qsim.expectation_fn(QuantumCircuit(60), "Z" * 60)
