"""Aer's noise models read by us: Aer's density matrices are ours, operator by operator evolved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kraus_evolution import final_state
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import RXXGate
from qiskit.circuit.random import random_circuit
from qiskit.providers.fake_provider import GenericBackendV2

from qsim.errors import CircuitError
from qsim.noise import from_aer
from qsim.program import Measure, Noise, read

BASIS = ["h", "x", "rz", "sx", "cx"]


def aers_state(circuit: QuantumCircuit, model: Any) -> Any:
    from qiskit_aer import AerSimulator

    saved = circuit.copy()
    saved.save_density_matrix()
    simulator = AerSimulator(method="density_matrix", noise_model=model)
    return np.asarray(simulator.run(saved, shots=1).result().data()["density_matrix"])


def mixed_model() -> Any:
    """Errors of every kind, general and on given qubits."""
    noise = pytest.importorskip("qiskit_aer").noise
    model = noise.NoiseModel()
    model.add_all_qubit_quantum_error(noise.depolarizing_error(0.03, 2), ["cx"])
    model.add_all_qubit_quantum_error(noise.thermal_relaxation_error(50e-6, 70e-6, 5e-6, 0.1), ["h", "sx"])
    model.add_quantum_error(noise.reset_error(0.1, 0.05), ["x"], [1])
    model.add_quantum_error(noise.pauli_error([("XZ", 0.1), ("IY", 0.05), ("II", 0.85)]), ["cx"], [0, 1])
    damped = noise.amplitude_damping_error(0.1).tensor(noise.phase_amplitude_damping_error(0.1, 0.05))
    model.add_quantum_error(damped, ["cx"], [2, 0])
    model.add_quantum_error(noise.coherent_unitary_error(RXXGate(0.2)), ["cx"], [1, 2])
    rotated = noise.phase_damping_error(0.2).compose(noise.amplitude_damping_error(0.2))
    model.add_quantum_error(rotated, ["rz"], [0])
    model.add_all_qubit_readout_error(noise.ReadoutError([[0.9, 0.1], [0.2, 0.8]]))
    model.add_readout_error(noise.ReadoutError([[0.95, 0.05], [0.02, 0.98]]), [2])
    return model


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.filterwarnings("ignore")
def test_random_circuits_end_in_aers_density_matrix(seed: int) -> None:
    model = mixed_model()
    circuit = transpile(random_circuit(3, 5, max_operands=2, seed=seed), basis_gates=BASIS, optimization_level=0)
    noisy = from_aer(model).apply(read(circuit))
    assert any(isinstance(step, Noise) for step in noisy.steps)
    np.testing.assert_allclose(final_state(noisy), aers_state(circuit, model), atol=1e-10)


@pytest.mark.filterwarnings("ignore")
def test_model_of_a_backend_gives_aers_density_matrix() -> None:
    noise = pytest.importorskip("qiskit_aer").noise
    backend = GenericBackendV2(3, seed=4)
    model = noise.NoiseModel.from_backend(backend)
    circuit = transpile(random_circuit(3, 4, max_operands=2, seed=9), backend, optimization_level=0)
    np.testing.assert_allclose(
        final_state(from_aer(model).apply(read(circuit))), aers_state(circuit, model), atol=1e-10
    )


@pytest.mark.filterwarnings("ignore")
def test_readout_errors_of_a_qubit_take_the_place_of_the_general_ones() -> None:
    model = from_aer(mixed_model())
    circuit = QuantumCircuit(3, 3)
    circuit.measure([0, 1, 2], [0, 1, 2])
    found = [step.readout for step in model.apply(read(circuit)).steps if isinstance(step, Measure)]
    assert found == [pytest.approx((0.1, 0.2)), pytest.approx((0.1, 0.2)), pytest.approx((0.05, 0.02))]


def test_error_of_a_measurement_comes_before_it_as_in_aer() -> None:
    aer = pytest.importorskip("qiskit_aer")
    model = aer.noise.NoiseModel()
    model.add_all_qubit_quantum_error(aer.noise.pauli_error([("X", 1.0)]), ["measure"])
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    assert aer.AerSimulator(noise_model=model).run(circuit, shots=10).result().get_counts() == {"1": 10}
    assert [type(step).__name__ for step in from_aer(model).apply(read(circuit)).steps] == ["Noise", "Measure"]


def test_dictionary_of_a_model_is_enough() -> None:
    instructions = [[{"name": "id", "qubits": [0]}], [{"name": "h", "qubits": [0]}, {"name": "x", "qubits": [0]}]]
    error = {"type": "qerror", "operations": ["x"], "instructions": instructions, "probabilities": [0.75, 0.25]}
    model = from_aer({"errors": [error]})
    circuit = QuantumCircuit(1)
    circuit.x(0)
    # X, and in one case of four H then X after it: |1> -> (|0> - |1>)/sqrt2 -> (-|0> + |1>)/sqrt2
    wanted = 0.75 * np.diag([0, 1]) + 0.25 * np.array([[0.5, -0.5], [-0.5, 0.5]])
    np.testing.assert_allclose(final_state(model.apply(read(circuit))), wanted, atol=1e-14)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("nothing", "not a noise model of Aer"),
        (
            {"errors": [{"type": "roerror", "operations": ["measure"], "probabilities": np.eye(4).tolist()}]},
            r"error 0 \(measure\): an error without counterpart",
        ),
        (
            {
                "errors": [
                    {
                        "type": "qerror",
                        "operations": ["x"],
                        "instructions": [[{"name": "initialize", "qubits": [0]}]],
                        "probabilities": [1.0],
                    }
                ]
            },
            r"error 0 \(x\): an instruction without counterpart.*'initialize'",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused(given: object, word: str) -> None:
    with pytest.raises(CircuitError, match=word):
        from_aer(given)
