"""Folding keeps the computation and multiplies the noise; extrapolations meet the laws they assume."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

import qsim
from qsim.dynamics import heisenberg_chain, trotter
from qsim.mitigation import extrapolate, folded, zero_noise
from qsim.mitigation.folding import realised_scale


def chain() -> QuantumCircuit:
    return trotter(heisenberg_chain(4, field=0.3), time=0.6, steps=3, start="neel")


@pytest.mark.parametrize("scale", [1, 1.5, 2, 3, 4.2, 7])
@pytest.mark.parametrize("fewest", [1, 2])
def test_folding_keeps_the_operator_and_reaches_the_scale(scale: float, fewest: int) -> None:
    circuit = chain()
    made = folded(circuit, scale, fewest_qubits=fewest)
    assert Operator(made) == Operator(circuit)
    count, before = (sum(item.operation.num_qubits >= fewest for item in each.data) for each in (made, circuit))
    assert count / before == pytest.approx(realised_scale(circuit, scale, fewest_qubits=fewest))
    assert abs(count / before - scale) <= 1 / before + 1e-9


def test_partial_folding_is_spread_over_the_circuit() -> None:
    circuit = QuantumCircuit(2)
    for _ in range(10):
        circuit.cx(0, 1)
        circuit.barrier()
    lengths = [
        len(run)
        for run in "".join("." if i.name == "barrier" else "c" for i in folded(circuit, 2).data).split(".")
        if run
    ]
    assert lengths == [1, 3] * 5


def test_measurements_are_kept() -> None:
    circuit = chain()
    circuit.measure_all()
    assert folded(circuit, 3).count_ops()["measure"] == 4


def test_exponential_extrapolation_undoes_global_depolarizing_noise_exactly() -> None:
    """A two-qubit circuit of CX under two-qubit depolarizing noise: each gate shrinks <ZZ> by 1 - 16 p / 15."""
    circuit = QuantumCircuit(2)
    circuit.rx(0.7, 1)
    for _ in range(6):
        circuit.cx(0, 1)
    noise = qsim.noise.depolarizing(0.03, one_qubit=0.0)
    ideal = qsim.expectation(circuit, "ZZ").values[0]
    found = zero_noise(circuit, "ZZ", noise=noise, scales=(1, 2, 3), method="exponential")
    assert found.scales == pytest.approx((1, 2, 3))
    np.testing.assert_allclose(found.measured[:, 0], ideal * (1 - 16 * 0.03 / 15) ** np.array([6, 12, 18]), atol=1e-12)
    assert found.values[0] == pytest.approx(ideal, abs=1e-10)
    assert found.errors[0] == 0.0


@pytest.mark.parametrize("method", ["linear", "exponential", "richardson"])
def test_mitigated_values_are_nearer_to_the_truth(method: str) -> None:
    noise = qsim.noise.depolarizing(2e-3, one_qubit=0.0)
    labels = ["IIIZ", "IIZI", "IZIZ"]
    ideal = qsim.expectation(chain(), labels).values
    noisy = qsim.expectation(chain(), labels, noise=noise).values
    found = zero_noise(chain(), labels, noise=noise, method=method)
    assert np.abs(found.values - ideal).max() < 0.35 * np.abs(noisy - ideal).max()


@pytest.mark.parametrize(("method", "degree"), [("linear", 1), ("richardson", 3)])
def test_polynomials_are_met_exactly(method: str, degree: int) -> None:
    x = np.array([1.0, 1.5, 2.0, 3.0])
    y = np.polynomial.Polynomial([0.7, -0.2, 0.03, 0.01][: degree + 1])(x)
    assert extrapolate(x, y, np.full(4, 0.1), method=method).value == pytest.approx(0.7, abs=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_exponentials_are_met_exactly(sign: int) -> None:
    x = np.array([1.0, 2.0, 3.0])
    found = extrapolate(x, sign * 0.8 * np.exp(-0.4 * x), np.full(3, 0.01), method="exponential")
    assert found.value == pytest.approx(sign * 0.8, abs=1e-9)


@pytest.mark.parametrize("method", ["linear", "exponential", "richardson"])
def test_standard_errors_are_those_of_repetitions(method: str) -> None:
    """2000 repetitions: the ratio of the reported to the empirical deviation has a relative error of 1/sqrt(4000);
    8 % is five of them, false alarm 5e-7.  The exponential's error is to first order, hence small errors."""
    rng = np.random.default_rng(3)
    x, errors = np.array([1.0, 2.0, 3.0]), np.array([0.002, 0.003, 0.004])
    truth = 0.9 * np.exp(-0.2 * x)
    found = [extrapolate(x, truth + errors * rng.normal(size=3), errors, method=method) for _ in range(2000)]
    ratio = np.std([each.value for each in found]) / np.mean([each.error for each in found])
    assert abs(ratio - 1) <= 0.08


def test_richardson_weights_are_the_textbooks() -> None:
    """Scales 1, 2, 3: 3 y1 - 3 y2 + y3."""
    assert extrapolate([1, 2, 3], [1, 0, 0], [1, 1, 1], method="richardson").value == pytest.approx(3)
    assert extrapolate([1, 2, 3], [0, 1, 0], [1, 1, 1], method="richardson").error == pytest.approx(19**0.5)


def test_sampled_zero_noise_has_errors_and_a_seed() -> None:
    asked = {"noise": qsim.noise.depolarizing(5e-3), "precision": 0.05, "backend": "statevector", "scales": (1, 3)}
    circuit = trotter(heisenberg_chain(6), time=0.6, steps=6, start="neel")
    first, again = (zero_noise(circuit, "IIIIIZ", method="linear", seed=5, **asked) for _ in range(2))
    assert (first.values == again.values).all()
    assert (first.errors > first.measured_errors[0]).all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (([1.0], [1.0], [0.1]), "two or more"),
        (([1.0, 1.0], [1.0, 1.0], [0.1, 0.1]), "different scales"),
        (([1.0, 2.0], [1.0, 1.0, 1.0], [0.1, 0.1]), "two or more"),
        (([1.0, 2.0], [1.0, float("nan")], [0.1, 0.1]), "finite"),
        (([1.0, 2.0], [1.0, 1.0], [0.1, 0.0]), "all above 0"),
        (([1.0, 2.0], [1.0, 1.0], [0.1, -0.1]), "errors"),
    ],
)
def test_bad_series_are_refused(arguments: tuple[list[float], ...], word: str) -> None:
    with pytest.raises(qsim.CircuitError, match=word):
        extrapolate(*arguments, method="linear")


def test_what_no_exponential_fits_is_refused() -> None:
    with pytest.raises(qsim.CircuitError, match="no exponential fits"):
        extrapolate([1, 2], [0.0, 0.0], [0.1, 0.1], method="exponential")
    with pytest.raises(qsim.CircuitError, match="no such method"):
        extrapolate([1, 2], [0.1, 0.2], [0.1, 0.1], method="magic")


def test_bad_folding_is_refused() -> None:
    with pytest.raises(qsim.CircuitError, match="scale"):
        folded(chain(), 0.5)
    with pytest.raises(qsim.CircuitError, match="nothing to fold"):
        folded(QuantumCircuit(2), 3)
    dynamic = QuantumCircuit(2, 1)
    dynamic.cx(0, 1)
    with dynamic.if_test((0, 1)):
        dynamic.x(0)
    with pytest.raises(qsim.CircuitError, match="instruction 1"):
        folded(dynamic, 3)
