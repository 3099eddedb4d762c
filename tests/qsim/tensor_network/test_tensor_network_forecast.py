"""What the backend says beforehand holds afterwards."""

from itertools import pairwise

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from tensor_circuits import brickwork, mixture

import qsim
from qsim.backends.protocol import Work
from qsim.backends.tensor_network import Chain, TensorNetwork
from qsim.backends.tensor_network import contraction as paths
from qsim.backends.tensor_network.evolution import pure_chain
from qsim.backends.tensor_network.forecast import chain_cost, history_logarithm, site_order
from qsim.backends.tensor_network.network import expectation_network
from qsim.dynamics import heisenberg_chain, trotter
from qsim.errors import CircuitError
from qsim.program import read

SAMPLE = Work(kind="sample", shots=100)
VALUE = Work(kind="expectation", observables=1)


def chain_of(size, *, measured=True):
    circuit = QuantumCircuit(size)
    circuit.h(0)
    for qubit in range(size - 1):
        circuit.cx(qubit, qubit + 1)
    if measured:
        circuit.measure_all()
    return read(circuit)


@pytest.mark.parametrize("seed", range(10))
def test_the_bound_is_never_below_the_bond_dimension_met(seed):
    program = read(mixture(7, seed, gates=2 + seed))
    order = site_order(program)
    cost = chain_cost(program, order, 64)
    chain = pure_chain(program, Chain(7, order=order))
    assert chain.largest_bond <= cost.bond


def test_the_bound_is_tight_for_a_brickwork_and_a_ghz_state():
    program = read(brickwork(12, 4, seed=1))
    cost = chain_cost(program, range(12), 64)
    assert cost.bond == max(pure_chain(program, Chain(12)).bond_dimensions()) == 16
    assert chain_cost(chain_of(100), range(100), 64).bond == 2


def test_a_ring_and_a_shuffled_chain_are_put_in_order():
    ring = QuantumCircuit(12)
    for qubit in range(12):
        ring.cz(qubit, (qubit + 1) % 12)
    order = site_order(read(ring))
    site = {qubit: place for place, qubit in enumerate(order)}
    assert sorted(order) == list(range(12))
    assert max(abs(site[qubit] - site[(qubit + 1) % 12]) for qubit in range(12)) == 2
    shuffled = [int(q) for q in np.random.default_rng(0).permutation(12)]
    chain = QuantumCircuit(12)
    for one, other in pairwise(shuffled):
        chain.cx(one, other)
    assert site_order(read(chain)) in (shuffled, shuffled[::-1])
    assert site_order(chain_of(5)) == list(range(5))


def test_a_shallow_circuit_is_exact_and_a_deep_one_is_not():
    shallow = TensorNetwork(method="mps").forecast(read(brickwork(30, 4, seed=0)), VALUE)
    assert shallow.exact
    assert shallow.details["bond_dimension_bound"] == 16
    deep = TensorNetwork(method="mps", max_bond=32).forecast(read(brickwork(30, 30, seed=0)), VALUE)
    assert deep.can
    assert not deep.exact
    assert deep.details["fidelity"] == "known after the run"
    assert "cut to bond 32" in deep.why


def test_contraction_is_forecast_with_its_figures():
    forecast = TensorNetwork(method="exact").forecast(read(brickwork(20, 6, seed=0)), VALUE)
    assert forecast.can
    assert forecast.exact
    assert {"width", "log10_flop", "bytes", "slices", "seconds", "contractions"} <= set(forecast.details)
    assert "width" in forecast.why


def test_auto_takes_an_exact_chain_then_a_contraction_then_a_truncated_chain():
    backend = TensorNetwork(max_bond=8)
    assert backend.forecast(chain_of(60), SAMPLE).details["method"] == "mps"
    grid = QuantumCircuit(16)
    for layer in range(6):
        grid.ry(0.3 + layer, range(16))
        for qubit in range(16):
            if qubit % 4 < 3 and (qubit + layer) % 2:
                grid.cz(qubit, qubit + 1)
            if qubit < 12 and (qubit // 4 + layer) % 2:
                grid.cz(qubit, qubit + 4)
    contracted = backend.forecast(read(grid), VALUE)
    assert contracted.details["method"] == "exact"
    assert contracted.exact
    cut = TensorNetwork(max_bond=8, longest=1e-4, memory=1e6).forecast(read(grid), VALUE)
    assert cut.details["method"] == "mps"
    assert not cut.exact


def test_a_contraction_beyond_the_limits_is_refused_with_the_numbers():
    program = read(brickwork(12, 12, seed=0))
    forecast = TensorNetwork(method="exact", longest=1e-7).forecast(program, VALUE)
    assert not forecast.can
    assert "contraction too large: width" in forecast.why
    assert forecast.seconds == float("inf")


def test_what_a_search_may_save_is_not_refused_beforehand_but_in_the_run():
    program, observables = read(brickwork(12, 6, seed=0)), [SparsePauliOp("Z" + "I" * 11)] * 2
    backend = TensorNetwork(method="exact", longest=1e-5)
    forecast = backend.forecast(program, VALUE)
    assert forecast.can
    assert forecast.details["path"] == "searched in the run"
    assert "the run searches a better one, or refuses" in forecast.why
    with pytest.raises(CircuitError, match=r"contraction too large: expected at most .* got width .* searched path"):
        backend.expectation(program, observables, precision=0.0, seed=0)


def heisenberg(size=40, steps=10):
    """Three rotations on every bond of a chain in a Néel state, step by step: 1170 of them."""
    return read(trotter(heisenberg_chain(size), time=0.5, steps=steps, start="neel"))


@pytest.fixture
def counted(monkeypatch):
    """How many paths of each kind are looked for, and networks sliced."""
    from cotengra import ContractionTree

    counts = {"greedy": 0, "searched": 0, "sliced": 0, "tensors": 0}
    greedy, searched, cut = paths._greedy.__wrapped__, paths._searched.__wrapped__, ContractionTree.slice

    def count_greedy(inputs, *rest):
        counts["greedy"] += 1
        counts["tensors"] = max(counts["tensors"], len(inputs))
        return greedy(inputs, *rest)

    def count_searched(*key):
        counts["searched"] += 1
        return searched(*key)

    def count_sliced(tree, *rest, **options):
        counts["sliced"] += 1
        return cut(tree, *rest, **options)

    monkeypatch.setattr(paths, "_greedy", paths.lru_cache(count_greedy))
    monkeypatch.setattr(paths, "_searched", paths.lru_cache(count_searched))
    monkeypatch.setattr(ContractionTree, "slice", count_sliced)
    paths._fitting.cache_clear()
    yield counts
    paths._fitting.cache_clear()


def test_a_forecast_of_a_hopeless_contraction_finds_one_greedy_path_and_nothing_else(counted):
    program = heisenberg()
    forecast = TensorNetwork().forecast(program, Work(kind="expectation", observables=40))
    assert (counted["greedy"], counted["searched"], counted["sliced"]) == (1, 0, 0)
    assert counted["tensors"] <= 2 * (390 + 40) + 1  # three rotations on a bond are one tensor, as are X and |0>
    assert forecast.details["method"] == "mps"
    assert not forecast.exact
    assert "contraction would take about" in forecast.why


def test_a_run_with_many_observables_looks_for_no_more_paths_than_its_forecast(counted, monkeypatch):
    observables = [SparsePauliOp("I" * (39 - site) + "Z" + "I" * site) for site in range(40)]
    monkeypatch.setattr(TensorNetwork, "_start", lambda *_: (_ for _ in ()).throw(RuntimeError("evolves now")))
    with pytest.raises(RuntimeError, match="evolves now"):
        TensorNetwork().expectation(heisenberg(), observables, precision=0.0, seed=0)
    assert (counted["greedy"], counted["searched"], counted["sliced"]) == (1, 0, 0)


def test_light_cones_of_one_shape_share_a_path(counted):
    """Of 30 sites under two Trotter steps, the cones away from the ends come in few shapes."""
    observables = [SparsePauliOp("I" * (29 - site) + "Z" + "I" * site) for site in range(30)]
    found = TensorNetwork(method="exact").expectation(heisenberg(30, 2), observables, precision=0.0, seed=0)
    chain = TensorNetwork(method="mps").expectation(heisenberg(30, 2), observables, precision=0.0, seed=0)
    np.testing.assert_allclose(found.values, chain.values, atol=1e-9)
    assert counted["greedy"] <= len(paths.GREEDY_COSTS) * 12
    assert counted["searched"] == 0


@pytest.mark.parametrize(
    ("tensors", "seconds", "options", "expected"),
    [
        (100, 0.001, {}, 0),  # following the greedy path takes less than a search
        (100, 10.0, {}, 32),
        (700, 3.0, {}, 1),
        (700, 30.0, {}, 13),
        (700, 1e9, {}, 26),  # a minute at most
        (100, 0.001, {"thorough": True}, 32),
        (100, 0.001, {"forced": True}, 16),
        (7000, 1e9, {"thorough": True}, 0),
    ],
)
def test_a_search_is_no_longer_than_the_contraction_within_two_seconds_and_a_minute(
    tensors, seconds, options, expected
):
    found = paths.tries(tensors, seconds, 32, **options)
    assert found == expected
    assert found * paths.SEARCH_SECONDS * tensors**1.5 <= max(paths.LEAST_SEARCH, min(seconds, paths.MOST_SEARCH)) or (
        options.get("thorough")
    )


def test_a_search_makes_as_many_tries_as_it_may(monkeypatch):
    from cotengra import HyperOptimizer

    made = []
    plain = HyperOptimizer.__init__

    def counted(self, *args, **options):
        made.append(options["max_repeats"])
        plain(self, *args, **options)

    monkeypatch.setattr(HyperOptimizer, "__init__", counted)
    network = expectation_network(read(brickwork(12, 6, seed=0)), "IIIIIZIIIIII")
    allowed = paths.tries(len(network.arrays), 0.0, 3, thorough=True)
    paths.Contraction(searches=3, thorough=True).cost(network)
    assert made == [allowed] == [3]


@pytest.mark.parametrize(("rate", "method"), [(4e8, "exact"), (1e-1, "mps")])
def test_a_contraction_of_ten_minutes_gives_way_to_a_truncated_chain_that_says_so(monkeypatch, rate, method):
    """The same contraction on an imagined machine of a tenth of an operation in a second."""
    monkeypatch.setattr(paths, "RATE", rate)
    monkeypatch.setattr(paths, "LEAST_SEARCH", np.inf)
    program, label = read(brickwork(10, 8, seed=1)), "I" * 5 + "Z" + "I" * 4
    backend = TensorNetwork(max_bond=4, longest=1e9)
    forecast = backend.forecast(program, VALUE)
    assert forecast.details["method"] == method
    assert forecast.exact == (method == "exact")
    found = backend.expectation(program, [SparsePauliOp(label)], precision=0.0, seed=0)
    assert (found.metadata["method"], found.metadata["exact"]) == (method, method == "exact")
    assert ("contraction would take about" in found.metadata["choice"]) == (method == "mps")


def test_no_more_steps_are_contracted_than_paths_can_be_searched_for():
    circuit = QuantumCircuit(2)
    for _ in range(4001):
        circuit.cx(0, 1)
    forecast = TensorNetwork(method="exact").forecast(read(circuit), VALUE)
    assert not forecast.can
    assert "4001 steps" in forecast.why


def test_loops_have_no_bound():
    circuit = QuantumCircuit(2, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.measure(0, 0)
    program = read(circuit)
    assert history_logarithm(program.steps) == float("inf")
    forecast = TensorNetwork().forecast(program, SAMPLE)
    assert forecast.can
    assert not forecast.exact


def test_a_malformed_gate_is_a_refusal_and_no_exception():
    from qiskit.circuit import Gate

    circuit = QuantumCircuit(2)
    circuit.append(Gate("mystery", 2, []), [0, 1])
    forecast = TensorNetwork().forecast(read(circuit), VALUE)
    assert not forecast.can
    assert "gate 0 (mystery on 0, 1)" in forecast.why


def test_the_histories_of_noise_are_counted():
    program = chain_of(4)
    assert history_logarithm(program.steps) == 4
    assert TensorNetwork().forecast(program, SAMPLE).details["histories_at_most"] == 1
    assert TensorNetwork(method="mps").forecast(program, VALUE).can


def test_the_choice_is_told_as_it_is_made_for_the_observables_asked():
    """Z on an end site has a narrow light cone and is contracted; Z on all 40 sites has none, and evolves a state."""
    circuit = trotter(heisenberg_chain(40), time=0.5, steps=10, start="neel")
    for label, method in (("I" * 39 + "Z", "exact"), ("Z" * 40, "mps")):
        explained = qsim.explain(circuit, observables=label).forecasts["tensor_network"]
        assert (explained.details["method"], explained.exact) == (method, method == "exact")
    end = qsim.expectation(circuit, "I" * 39 + "Z", backend=TensorNetwork())
    assert end.metadata["method"] == "exact"
    assert end.metadata["why"] == f"asked for; {end.metadata['choice']}"
