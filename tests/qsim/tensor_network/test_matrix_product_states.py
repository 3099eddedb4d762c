"""Matrix product states agree with statevectors, and know what they have lost."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector, partial_trace
from tensor_circuits import brickwork, mixture, random_labels

from qsim.backends.tensor_network import Chain
from qsim.backends.tensor_network.evolution import pure_chain
from qsim.backends.tensor_network.operators import Operator
from qsim.backends.tensor_network.reading import chain_amplitudes, pauli_values, sample_chain
from qsim.program import read


def evolved(circuit, **options):
    return pure_chain(read(circuit), Chain(circuit.num_qubits, **options))


def dense(chain):
    size = len(chain.tensors)
    return chain_amplitudes(chain, [format(number, f"0{size}b") for number in range(2**size)])


def fidelity(chain, circuit):
    return abs(np.vdot(Statevector(circuit).data, dense(chain))) ** 2


def conserving(num_qubits, seed, *, parity=False):
    """Gates that conserve the number of ones (or its parity only), long-range ones among them."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits)
    circuit.x(range(0, num_qubits, 2))
    for _ in range(40):
        one, other = (int(q) for q in rng.permutation(num_qubits)[:2])
        circuit.append(brickwork_gate(rng.uniform(-2, 2, 2), parity), [one, other])
        circuit.rz(rng.uniform(-2, 2), one)
    return circuit


def brickwork_gate(angles, parity):
    from qiskit.circuit.library import RXXGate, XXPlusYYGate

    return RXXGate(angles[0]) if parity else XXPlusYYGate(*angles)


@pytest.mark.parametrize("seed", range(12))
def test_a_chain_with_room_enough_is_the_statevector(seed):
    size = 2 + seed % 8
    circuit = mixture(size, seed)
    state = Statevector(circuit)
    chain = evolved(circuit)
    assert fidelity(chain, circuit) == pytest.approx(1.0, abs=1e-9)
    assert chain.fidelity == pytest.approx(1.0, abs=1e-9)
    labels = random_labels(size, 6, seed)
    truth = [state.expectation_value(SparsePauliOp(label)).real for label in labels]
    np.testing.assert_allclose(pauli_values(chain, labels), truth, atol=1e-9)
    kept = [int(q) for q in np.random.default_rng(seed).permutation(size)[:2]]
    density = chain.local_density(tuple(kept))
    others = [qubit for qubit in range(size) if qubit not in kept]
    expected = partial_trace(state, others) if others else state.to_operator()
    np.testing.assert_allclose(
        density, expected.data if kept == sorted(kept) else expected.reverse_qargs().data, atol=1e-9
    )


@pytest.mark.parametrize(("parity", "kind"), [(False, "number"), (True, "parity")])
@pytest.mark.parametrize("seed", range(4))
def test_conserved_charges_change_nothing_but_the_work(parity, kind, seed):
    circuit = conserving(8, seed, parity=parity)
    chain = evolved(circuit)
    assert chain.charges.kind == kind
    assert fidelity(chain, circuit) == pytest.approx(1.0, abs=1e-9)
    plain = Chain(8)
    plain.charges.give_up()
    plain = pure_chain(read(circuit), plain)
    assert plain.charges.kind == "nothing"
    np.testing.assert_allclose(pauli_values(chain, ["ZIIZIIIZ"]), pauli_values(plain, ["ZIIZIIIZ"]), atol=1e-9)


def test_charges_are_given_up_when_nothing_is_conserved_and_kept_true_on_the_way():
    circuit = conserving(6, 3)
    for qubit in range(6):
        circuit.rx(0.3 + qubit, qubit)
    circuit.compose(conserving(6, 4), inplace=True)
    chain = evolved(circuit)
    assert chain.charges.kind == "nothing"
    assert fidelity(chain, circuit) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("conserved", [True, False])
def test_the_estimated_fidelity_is_near_the_true_one_and_bonds_keep_to_the_limit(conserved):
    circuit = conserving(12, 7) if conserved else brickwork(12, 10, seed=7)
    seen = []
    for bond in (4, 8, 16, 32):
        chain = evolved(circuit, max_bond=bond)
        true = fidelity(chain, circuit)
        seen.append(true)
        assert max(chain.bond_dimensions()) <= bond
        assert chain.fidelity == pytest.approx(true, abs=0.12)
        product = np.prod([1 - each.discarded for each in chain.truncations])
        assert chain.fidelity == pytest.approx(product, rel=1e-9)
        assert np.linalg.norm(dense(chain)) == pytest.approx(1.0, abs=1e-9)
    assert seen == sorted(seen)


def test_the_cutoff_bounds_what_a_split_discards():
    chain = evolved(brickwork(10, 6, seed=2), cutoff=1e-3)
    assert chain.truncations
    assert max(each.discarded for each in chain.truncations) <= 1e-3
    assert 0 < 1 - chain.fidelity <= 1e-3 * len(chain.truncations)


def test_the_log_names_the_gate_and_its_bond():
    circuit = QuantumCircuit(2)
    circuit.rx(0.4, 0)
    circuit.cx(0, 1)
    chain = evolved(circuit, max_bond=1)
    [only] = chain.truncations
    assert (only.gate, only.bond, only.kept) == ("cx", 1, 1)
    assert only.discarded == pytest.approx(np.sin(0.2) ** 2, abs=1e-12)
    assert chain.fidelity == pytest.approx(np.cos(0.2) ** 2, abs=1e-12)


def test_ghz_states_need_bond_two():
    circuit = QuantumCircuit(30)
    circuit.h(0)
    for qubit in range(29):
        circuit.cx(qubit, qubit + 1)
    chain = evolved(circuit)
    assert chain.bond_dimensions() == [2] * 29
    amplitudes = chain_amplitudes(chain, ["0" * 30, "1" * 30, "01" * 15])
    np.testing.assert_allclose(amplitudes, [2**-0.5, 2**-0.5, 0], atol=1e-12)


def test_a_copy_goes_its_own_way():
    first = evolved(mixture(5, 2))
    before = dense(first)
    second = first.copy()
    second.add(Operator(np.eye(4)[[0, 3, 2, 1]] + 0j, (4, 0)))
    second.settle()
    np.testing.assert_array_equal(dense(first), before)
    assert not np.allclose(dense(second), before)


def test_a_collapse_cuts_bonds_that_lost_their_rank():
    circuit = QuantumCircuit(8)
    circuit.h(0)
    for qubit in range(7):
        circuit.cx(qubit, qubit + 1)
    chain = evolved(circuit)
    chain.collapse(np.diag([0.0, 1.0 + 0j]), (3,))
    chain.centre_on(0)
    chain.centre_on(7)
    assert chain.bond_dimensions() == [1] * 7
    assert abs(chain_amplitudes(chain, ["1" * 8])[0]) == pytest.approx(1.0, abs=1e-12)


def test_single_precision_is_right_to_its_digits():
    circuit = brickwork(10, 8, seed=5)
    label = "IIZIIXIIII"
    truth = Statevector(circuit).expectation_value(SparsePauliOp(label)).real
    chain = evolved(circuit, single=True)
    assert all(tensor.dtype == np.complex64 for tensor in chain.tensors)
    assert pauli_values(chain, [label])[0] == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_samples_follow_the_born_rule(seed):
    """Chi-square of 20 000 shots on 6 qubits; false alarms: 1e-7 each."""
    from scipy.stats import chi2

    circuit = mixture(6, seed + 20)
    chances = Statevector(circuit).probabilities()
    bits = sample_chain(evolved(circuit), 20_000, np.random.default_rng(seed))
    counts = np.bincount(bits @ (1 << np.arange(6)), minlength=64)
    assert counts[chances < 1e-12].sum() == 0
    expected = 20_000 * chances
    rare = expected < 10
    groups = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    kept = groups[1] > 1e-6
    statistic = ((groups[0] - groups[1])[kept] ** 2 / groups[1][kept]).sum()
    assert statistic <= chi2.isf(1e-7, max(kept.sum() - 1, 1))
