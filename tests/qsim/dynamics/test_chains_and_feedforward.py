"""Chains evolve as the exponential of their Hamiltonian; feed-forward makes the states it promises."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Pauli, Statevector
from scipy.linalg import expm

import qsim
from qsim.dynamics import ghz_by_measurement, heisenberg_chain, ising_chain, teleportation, trotter


def kron_chain(sites: int, bonds: dict[str, float], singles: dict[str, float]) -> np.ndarray:
    total = np.zeros((2**sites, 2**sites), dtype=complex)
    for site in range(sites):
        for letter, value in singles.items():
            total += value * Pauli("I" * (sites - 1 - site) + letter + "I" * site).to_matrix()
        for pair, value in bonds.items():
            if site < sites - 1:
                total += value * Pauli("I" * (sites - 2 - site) + pair + "I" * site).to_matrix()
    return total


def test_hamiltonians_are_the_sums_they_say() -> None:
    ours = heisenberg_chain(4, jx=0.5, jy=-1.0, jz=2.0, field=0.3).to_matrix()
    np.testing.assert_allclose(ours, kron_chain(4, {"XX": 0.5, "YY": -1.0, "ZZ": 2.0}, {"Z": 0.3}))
    np.testing.assert_allclose(
        ising_chain(3, coupling=0.7, field=-0.2).to_matrix(), kron_chain(3, {"ZZ": 0.7}, {"X": -0.2})
    )


@pytest.mark.parametrize(("order", "power"), [(1, 1), (2, 2)])
def test_the_trotter_error_falls_with_the_steps_power(order: int, power: int) -> None:
    chain = heisenberg_chain(4, jz=0.5, field=0.4)
    exact = expm(-1j * chain.to_matrix())
    errors = [
        np.linalg.norm(Operator(trotter(chain, time=1.0, steps=steps, order=order)).data - exact, 2)
        for steps in (16, 32)
    ]
    assert errors[0] / errors[1] == pytest.approx(2**power, rel=0.1)


def test_a_neel_state_has_ones_on_odd_sites() -> None:
    state = Statevector(trotter(heisenberg_chain(5), time=0.0, steps=1, start="neel"))
    assert state.probabilities_dict() == pytest.approx({"01010": 1.0})


def test_a_heisenberg_bond_at_a_quarter_of_pi_is_a_swap() -> None:
    swap = QuantumCircuit(2)
    swap.swap(0, 1)
    assert Operator(trotter(heisenberg_chain(2), time=np.pi / 4, steps=1)).equiv(Operator(swap))


def test_forty_sites_at_clifford_angles_agree_between_stabilizers_and_matrix_product_states() -> None:
    from qsim.backends.tensor_network import TensorNetwork

    circuit = trotter(heisenberg_chain(40), time=np.pi / 2, steps=2, start="neel")
    labels = ["I" * (39 - site) + "Z" + "I" * site for site in range(40)]
    exact = qsim.expectation(circuit, labels, backend="stabilizer").values
    found = qsim.expectation(circuit, labels, backend=TensorNetwork(method="mps", max_bond=16)).values
    np.testing.assert_allclose(found, exact, atol=1e-9)
    assert set(exact) == {1.0, -1.0}


@pytest.mark.parametrize("backend", ["stabilizer", "near_clifford", "statevector"])
def test_ghz_by_measurement_has_all_stabilizers_of_a_ghz_state(backend: str) -> None:
    circuit = ghz_by_measurement(4)
    idle = "III"
    labels = [idle + "XXXX", idle + "IIZZ", idle + "IZZI", idle + "ZZII", idle + "YYXX", idle + "IIIZ"]
    found = qsim.expectation(circuit, labels, backend=backend).values
    np.testing.assert_allclose(found, [1, 1, 1, 1, -1, 0], atol=1e-9)
    assert circuit.depth(lambda item: item.name == "cx") == 2


@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.0), (0.7, 0.3, 0.1), (2.0, -1.0, 0.4)])
def test_teleportation_delivers_the_state(angles: tuple[float, float, float]) -> None:
    secret = QuantumCircuit(1)
    secret.u(*angles, 0)
    sent = [Statevector(secret).expectation_value(Pauli(letter)).real for letter in "XYZ"]
    found = qsim.expectation(teleportation(secret), ["XII", "YII", "ZII"], backend="statevector").values
    np.testing.assert_allclose(found, sent, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: heisenberg_chain(1), "sites"),
        (lambda: heisenberg_chain(3, jx=0, jy=0, jz=0), "without terms"),
        (lambda: trotter(ising_chain(2), time=1.0, steps=0), "steps"),
        (lambda: trotter(ising_chain(2), time=1.0, steps=1, order=3), "order"),
        (lambda: trotter(ising_chain(2), time=1.0, steps=1, start="up"), "start"),
        (lambda: ghz_by_measurement(1), "size"),
        (lambda: teleportation(QuantumCircuit(2)), "prepared"),
    ],
)
def test_bad_arguments_are_refused(call: object, word: str) -> None:
    with pytest.raises(qsim.CircuitError, match=word):
        call()
