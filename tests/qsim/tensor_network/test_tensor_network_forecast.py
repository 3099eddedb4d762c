"""What the backend says beforehand holds afterwards."""

from itertools import pairwise

import numpy as np
import pytest
from qiskit import QuantumCircuit
from tensor_circuits import brickwork, mixture

from qsim.backends.protocol import Work
from qsim.backends.tensor_network import Chain, TensorNetwork
from qsim.backends.tensor_network.evolution import pure_chain
from qsim.backends.tensor_network.forecast import chain_cost, history_logarithm, site_order
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
    forecast = TensorNetwork(method="exact", longest=1e-4).forecast(read(brickwork(12, 12, seed=0)), VALUE)
    assert not forecast.can
    assert "contraction too large: width" in forecast.why
    assert forecast.seconds == float("inf")


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
