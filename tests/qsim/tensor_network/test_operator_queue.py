"""Waiting operators keep the order that matters and lose the one that does not."""

import numpy as np

from qsim.backends.tensor_network.operators import Operator
from qsim.backends.tensor_network.queue import Queue

ANY = np.eye(4) + 0j


def taken(queue, size, centre):
    sites, found = list(range(size)), []
    while (operator := queue.take(sites, centre)) is not None:
        found.append(operator.qubits)
        centre = max(operator.qubits)
    return found


def test_the_nearest_operator_that_may_act_is_taken():
    queue = Queue()
    for pair in [(0, 1), (2, 3), (4, 5), (1, 2), (3, 4)]:
        queue.add(Operator(ANY, pair))
    assert taken(queue, 6, 5) == [(4, 5), (2, 3), (3, 4), (0, 1), (1, 2)]


def test_operators_that_share_a_qubit_keep_their_order():
    rng = np.random.default_rng(0)
    queue, added = Queue(), []
    for _ in range(200):
        pair = tuple(int(q) for q in rng.permutation(10)[:2])
        queue.add(Operator(ANY, pair))
        if not added or not any(set(pair) == set(last) for last in _last(added, pair)):
            added.append(pair)
    found = taken(queue, 10, 0)
    assert sorted(found) == sorted(added)
    for qubit in range(10):
        assert [p for p in found if qubit in p] == [p for p in added if qubit in p]


def _last(added, pair):
    """The pair that stands last on both qubits, if one does."""
    last = [next((each for each in reversed(added) if qubit in each), None) for qubit in pair]
    return [last[0]] if last[0] is not None and last[0] == last[1] else []


def test_operators_on_the_same_qubits_become_one():
    queue = Queue()
    for name in ("rxx", "ryy", "rzz"):
        queue.add(Operator(ANY * 2, (0, 1), name))
    queue.add(Operator(np.eye(2) * 3 + 0j, (1,), "z"))
    only = queue.take([0, 1], 0)
    assert only.name == "rxx+ryy+rzz+z"
    np.testing.assert_array_equal(only.matrix, 24 * ANY)
    assert queue.take([0, 1], 0) is None
