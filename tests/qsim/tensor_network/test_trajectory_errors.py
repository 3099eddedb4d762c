"""Stated errors of trajectory averages are those that repeated runs show, and never nothing."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.tensor_network import TensorNetwork
from qsim.backends.tensor_network.errorbars import standard_errors
from qsim.dynamics import heisenberg_chain, trotter
from qsim.noise import depolarizing
from qsim.program import read

ONE = np.array([1.0])


def test_the_stated_error_is_the_spread_of_repeated_runs_within_a_fifth():
    """100 trajectories, 40 seeds, 5 values, all pooled; the truth by contraction.  The seeds are fixed."""
    program = depolarizing(0.01).apply(read(trotter(heisenberg_chain(4), time=0.8, steps=3, start="neel")))
    observables = [SparsePauliOp(label) for label in ("IIIZ", "IIZI", "IZII", "ZIII", "IZZI")]
    truth = TensorNetwork(method="exact").expectation(program, observables, precision=0.0, seed=0).values
    runs = [
        TensorNetwork(method="mps", trajectories=100).expectation(program, observables, precision=0.0, seed=seed)
        for seed in range(40)
    ]
    off = np.array([run.values - truth for run in runs])
    stated = np.array([run.errors for run in runs])
    assert 0.8 < np.sqrt(np.mean(stated**2) / np.mean(off**2)) < 1.2
    assert np.max(np.abs(off) / stated) < 5


def test_where_all_agree_one_imagined_trajectory_is_off_by_the_bound():
    assert standard_errors(np.full((100, 1), 0.3), ONE)[0] == pytest.approx(0.01)
    assert standard_errors(np.full((100, 1), 0.3), 2 * ONE)[0] == pytest.approx(0.02)
    assert standard_errors(np.full((1, 1), 0.3), ONE)[0] == 1.0


def test_the_imagined_trajectory_fades_with_those_that_did_differ():
    values = np.full((100, 1), 1.0)
    seen = []
    for met in (1, 3, 9, 30):
        values[:met] = 0.9
        plain = np.sqrt(values.var(ddof=1) / 100)
        seen.append(standard_errors(values, ONE)[0] / plain)
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > 4
    assert seen[-1] < 1.1


def test_rounding_is_no_difference():
    values = 1.0 + 1e-13 * np.random.default_rng(0).normal(size=(200, 1))
    assert standard_errors(values, ONE)[0] == pytest.approx(1 / 200)


@pytest.mark.parametrize("chance", [0.002, 0.01, 0.1])
def test_the_mean_square_of_the_stated_error_is_not_below_the_true_one(chance):
    """Of rare flips of +1 into -1, in 100 trajectories 4000 times; 4 p (1 - p) / 100 is the closed form."""
    flips = np.random.default_rng(7).random((100, 4000)) < chance
    stated = standard_errors(1.0 - 2.0 * flips, np.ones(4000))
    assert 0.97 < np.mean(stated**2) / (4 * chance * (1 - chance) / 100) < (2.5 if chance < 0.01 else 1.3)
