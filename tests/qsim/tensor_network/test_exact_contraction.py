"""Exact contraction agrees with Qiskit's statevectors, and keeps to its limits."""

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.circuit.library import CXGate, HGate, SGate
from qiskit.quantum_info import SparsePauliOp, Statevector, partial_trace
from tensor_circuits import brickwork, mixture, random_labels

from qsim.backends.tensor_network import Contraction, Exact
from qsim.backends.tensor_network import contraction as paths
from qsim.backends.tensor_network.network import amplitude_network, expectation_network
from qsim.errors import CircuitError
from qsim.program import read


def exact(circuit, **options):
    return Exact(read(circuit), Contraction(**options))


@pytest.mark.parametrize("seed", range(12))
def test_amplitudes_values_and_densities_equal_the_statevector(seed):
    size = 2 + seed % 8
    circuit = mixture(size, seed)
    state = Statevector(circuit)
    found = exact(circuit)
    strings = [format(number, f"0{size}b") for number in range(min(2**size, 100))]
    np.testing.assert_allclose(found.amplitudes(strings), state.data[: len(strings)], atol=1e-9)
    for label in random_labels(size, 4, seed):
        assert found.pauli(label) == pytest.approx(state.expectation_value(SparsePauliOp(label)).real, abs=1e-9)
    kept = [int(q) for q in np.random.default_rng(seed).permutation(size)[:2]]
    others = [qubit for qubit in range(size) if qubit not in kept]
    density = partial_trace(state, others) if others else state.to_operator()
    turned = density.data if kept == sorted(kept) else density.reverse_qargs().data
    np.testing.assert_allclose(found.density(kept), turned, atol=1e-9)


def test_ghz_amplitudes_of_fifty_qubits():
    circuit = QuantumCircuit(50)
    circuit.h(0)
    for qubit in range(49):
        circuit.cx(qubit, qubit + 1)
    strings = ["0" * 50, "1" * 50, "0" * 49 + "1"]
    np.testing.assert_allclose(exact(circuit).amplitudes(strings), [2**-0.5, 2**-0.5, 0], atol=1e-12)


def test_clifford_circuits_of_forty_qubits_agree_with_stim():
    size = 40
    rng = np.random.default_rng(5)
    circuit, tableau = QuantumCircuit(size), stim.TableauSimulator()
    tableau.set_num_qubits(size)
    for _ in range(3):
        for qubit in range(size):
            circuit.append([HGate(), SGate()][rng.integers(2)], [qubit])
            getattr(tableau, circuit.data[-1].operation.name)(qubit)
        for start in (0, 1):
            for qubit in range(start, size - 1, 2):
                circuit.append(CXGate(), [qubit, qubit + 1])
                tableau.cx(qubit, qubit + 1)
    found = exact(circuit)
    stabilizers = [str(each).replace("_", "I")[::-1] for each in tableau.canonical_stabilizers()[:8]]
    for text in stabilizers:
        sign, label = (-1 if text.endswith("-") else 1), text[:-1]
        assert found.pauli(label) == pytest.approx(sign, abs=1e-9)
    weight = 0
    for qubit in range(size):  # the probability of a string is 2^-k, k random outcomes on the way to it
        weight += tableau.peek_z(qubit) == 0
        tableau.measure(qubit)
    string = "".join(str((1 - tableau.peek_z(qubit)) // 2) for qubit in reversed(range(size)))
    assert abs(found.amplitudes([string])[0]) ** 2 == pytest.approx(2.0**-weight, rel=1e-9)


def test_only_the_light_cone_is_contracted():
    wide, narrow = brickwork(60, 3, seed=2), QuantumCircuit(8)
    for item in wide.data:  # the cone of qubit 30 spans qubits 27 to 33 at most
        sites = [wide.find_bit(qubit).index - 27 for qubit in item.qubits]
        if min(sites) >= 0 and max(sites) < 8:
            narrow.append(item.operation, sites)
    label = "I" * 29 + "Z" + "I" * 30
    network = expectation_network(read(wide), label)
    assert len(network.arrays) < 40
    truth = Statevector(narrow).expectation_value(SparsePauliOp("IIIIZIII")).real
    assert exact(wide).pauli(label) == pytest.approx(truth, abs=1e-9)


def test_nothing_before_a_reset_is_contracted():
    circuit = mixture(4, 2)
    circuit.reset(range(4))
    circuit.h(0)
    assert len(expectation_network(read(circuit), "IIIX").arrays) == 3
    assert exact(circuit).pauli("IIIX") == pytest.approx(1.0)


def test_a_sliced_contraction_gives_the_same_value_within_its_memory():
    circuit = brickwork(16, 12, seed=4)
    whole = Contraction(searches=4)
    network, _ = amplitude_network(read(circuit), batch=1)
    cost = whole.cost(network)
    tight = Contraction(memory=cost.bytes * 0.7, searches=4)
    cut = tight.cost(network)
    assert cost.slices == 1
    assert cut.slices > 1
    assert cut.bytes <= 0.7 * cost.bytes
    assert cut.log10_flop > cost.log10_flop
    string = ["0110" * 4]
    expected = Exact(read(circuit), whole).amplitudes(string)
    np.testing.assert_allclose(Exact(read(circuit), tight).amplitudes(string), expected, atol=1e-12)


def test_what_no_slicing_makes_affordable_is_refused_with_the_figures():
    circuit = brickwork(16, 12, seed=4)
    with pytest.raises(CircuitError, match=r"too large to contract: expected at most .* bytes and 1e-06 s, got width"):
        exact(circuit, longest=1e-6, searches=2).amplitudes(["0" * 16])


def test_a_sweep_searches_once(monkeypatch):
    searched = []
    plain = paths._greedy.__wrapped__

    def counted(*key):
        searched.append(key)
        return plain(*key)

    monkeypatch.setattr(paths, "_greedy", paths.lru_cache(counted))
    paths._fitting.cache_clear()
    for angle in np.linspace(0.1, 1.0, 5):
        circuit = QuantumCircuit(5)
        for qubit in range(4):
            circuit.rx(angle, qubit)
            circuit.rzz(angle / 3, qubit, qubit + 1)
            circuit.ry(-angle, qubit + 1)
        value = exact(circuit).pauli("IZZXI")
        assert value == pytest.approx(Statevector(circuit).expectation_value(SparsePauliOp("IZZXI")).real, abs=1e-9)
    assert len(searched) == len(set(searched)) == len(paths.GREEDY_COSTS)


def test_paths_kept_in_a_directory_are_not_searched_again(tmp_path, monkeypatch):
    from cotengra import HyperOptimizer

    circuit = brickwork(6, 4, seed=1)
    options = {"directory": str(tmp_path), "searches": 2, "thorough": True}
    first = exact(circuit, **options).amplitudes(["010101"])
    assert any(tmp_path.rglob("*"))
    for cached in (paths._fitting, paths._searched, paths._optimizer):
        cached.cache_clear()  # as in another process
    monkeypatch.setattr(HyperOptimizer, "search", lambda *_: pytest.fail("searched again"))
    np.testing.assert_allclose(exact(circuit, **options).amplitudes(["010101"]), first, atol=1e-12)


def test_the_network_means_the_same_to_quimb():
    circuit = mixture(5, seed=8)
    network = expectation_network(read(circuit), "XZIYZ")
    found = network.to_quimb().contract(output_inds=())
    assert complex(found).real == pytest.approx(exact(circuit).pauli("XZIYZ"), abs=1e-10)


@pytest.mark.parametrize("string", ["01", "0120", "01010"])
def test_strings_that_are_no_bit_strings_are_refused(string):
    with pytest.raises(CircuitError, match="string 1: not a bit string: expected 4 characters 0 or 1"):
        exact(QuantumCircuit(4)).amplitudes(["0000", string])


def test_an_amplitude_of_a_measured_state_is_refused():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with pytest.raises(
        CircuitError, match=r"step 0: an amplitude needs a pure state: expected gates only, got measure"
    ):
        exact(circuit).amplitudes(["0"])


@pytest.mark.parametrize("qubits", [(0, 0), (0, 4), (-1,)])
def test_a_density_matrix_of_other_qubits_is_refused(qubits):
    with pytest.raises(CircuitError, match="qubits: not qubits: expected different numbers from 0 to 3"):
        exact(QuantumCircuit(4)).density(qubits)
