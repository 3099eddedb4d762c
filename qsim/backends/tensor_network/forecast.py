"""What a run would cost, from the program alone: bond dimensions it can reach, histories, and price of contraction.

A gate on neighbouring sites multiplies the rank across the bond between them by at most its operator Schmidt rank, and
no bond exceeds twice its neighbour: that bounds every bond dimension.  Where the bound stays within the limit, nothing
is truncated and a matrix product state is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import reverse_cuthill_mckee

from qsim.backends.tensor_network.operators import Complex, operators, schmidt_rank
from qsim.program import Barrier, Delay, Gate, Loop, Measure, Noise, Program, Reset, Step, Store, flat, touched

SPLIT_SECONDS = 3e-4
"""Of a split of small tensors; and per bond dimension cubed, without conserved charges:"""
CUBE_SECONDS = 8e-9

MOST_LOGARITHM = 60.0


@dataclass(frozen=True, slots=True)
class ChainCost:
    """What evolving a matrix product state once takes.

    Attributes:
        bond: bound of the largest bond dimension, were nothing truncated (2^60 for more); not below the true one.
        seconds: predicted for one history, bonds held to ``max_bond``.
        bytes: of its tensors.
        swaps: swaps that bring distant qubits together.
    """

    bond: float
    seconds: float
    bytes: float
    swaps: int


def site_order(program: Program) -> list[int]:
    """Qubits in the order of the sites: as numbered, or, where it shortens the gates' total reach, by Cuthill-McKee.

    Source: Cuthill and McKee, Proc. 24th Nat. Conf. ACM (1969), 157.
    """
    size = program.num_qubits
    pairs = [
        (one, other)
        for step in flat(program.steps)
        if isinstance(step, (Gate, Noise))
        for place, one in enumerate(step.qubits)
        for other in step.qubits[place + 1 :]
    ]
    given = list(range(size))
    if all(abs(one - other) == 1 for one, other in pairs):
        return given
    rows, columns = np.array(pairs).T
    graph = coo_matrix((np.ones(len(pairs)), (rows, columns)), shape=(size, size)).tocsr()
    found = [int(qubit) for qubit in reverse_cuthill_mckee((graph + graph.T).tocsr(), symmetric_mode=True)]
    return found if _reach(found, pairs) < _reach(given, pairs) else given


def chain_cost(program: Program, order: Sequence[int], max_bond: int) -> ChainCost:
    """The cost of one history; loops count once, and all cases of a branch count.

    Raises:
        CircuitError: a gate without matrix or definition.
    """
    walk = _Walk(program.num_qubits, order, max_bond)
    loops = False
    for position, step in enumerate(flat(program.steps)):
        loops |= isinstance(step, Loop)
        if isinstance(step, Gate):
            if len(step.qubits) > 1:
                for part in operators(step, position=position):
                    walk.operator(part.matrix, part.qubits)
        elif isinstance(step, Noise) and len(step.qubits) > 1 and not step.channel.is_pauli:
            for matrix in step.channel.kraus[:1]:
                walk.operator(matrix, step.qubits, rank=4.0)
        walk.seconds += 2e-5
    largest = MOST_LOGARITHM if loops or walk.uncertain(program) else min(walk.largest, MOST_LOGARITHM)
    inside = [min(rank, log2(max_bond)) for rank in walk.ranks]
    entries = sum(2.0 ** (left + right + 1) for left, right in pairwise(inside))
    return ChainCost(2.0**largest, walk.seconds, 16.0 * entries, walk.swaps)


def history_logarithm(steps: Sequence[Step]) -> float:
    """log2 of a bound of the number of histories; infinite where a loop depends on outcomes."""
    total = 0.0
    used: set[int] = set()
    for step in flat(steps):
        if isinstance(step, Loop):
            return float("inf")
        if isinstance(step, Measure):
            total += 1.0 + (1.0 if any(step.readout) else 0.0)
        elif isinstance(step, Reset):
            total += 1.0 if step.qubit in used else 0.0  # a qubit that nothing has touched is in |0>
        elif isinstance(step, Noise):
            channel = step.channel
            total += log2(len(channel.paulis) if channel.paulis is not None else len(channel.kraus))
        if not isinstance(step, (Barrier, Delay, Store)):
            used.update(touched(step))
    return total


def _reach(order: Sequence[int], pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Total and largest distance of the qubits that gates join."""
    site = {qubit: place for place, qubit in enumerate(order)}
    distances = [abs(site[one] - site[other]) for one, other in pairs]
    return sum(distances), max(distances)


class _Walk:
    """Bounds of the ranks across all cuts, as base-two logarithms, operator by operator."""

    def __init__(self, size: int, order: Sequence[int], max_bond: int) -> None:
        self.ranks = [0.0] * (size + 1)
        self.site_of = [0] * size
        for site, qubit in enumerate(order):
            self.site_of[qubit] = site
        self.qubit_at = list(order)
        self.limit = log2(max_bond)
        self.largest = 0.0
        self.seconds = 0.0
        self.swaps = 0
        self._known: dict[tuple[bytes, tuple[int, ...]], float] = {}

    def uncertain(self, program: Program) -> bool:
        """Whether qubits may be elsewhere than here, for swaps were made and control flow chooses among them."""
        return self.swaps > 0 and program.is_dynamic

    def operator(self, matrix: Complex, qubits: tuple[int, ...], rank: float | None = None) -> None:
        if len(qubits) == 1:
            return
        sites = sorted(self.site_of[qubit] for qubit in qubits)
        anchor = len(sites) // 2
        for place in range(anchor - 1, -1, -1):
            for site in range(sites[place], sites[anchor] - anchor + place):
                self._swap(site)
        for place in range(anchor + 1, len(sites)):
            for site in range(sites[place], sites[anchor] - anchor + place, -1):
                self._swap(site - 1)
        first = sites[anchor] - anchor
        for cut in range(first + 1, first + len(qubits)):
            side = tuple(place for place, qubit in enumerate(qubits) if self.site_of[qubit] < cut)
            self._grow(cut, rank if rank is not None else self._rank(matrix, side))

    def _swap(self, site: int) -> None:
        one, other = self.qubit_at[site], self.qubit_at[site + 1]
        self.qubit_at[site], self.qubit_at[site + 1] = other, one
        self.site_of[one], self.site_of[other] = site + 1, site
        self.swaps += 1
        self._grow(site + 1, 2.0)

    def _rank(self, matrix: Complex, side: tuple[int, ...]) -> float:
        key = (matrix.tobytes(), side)
        if key not in self._known:
            self._known[key] = log2(schmidt_rank(matrix, side))
        return self._known[key]

    def _grow(self, cut: int, logarithm: float) -> None:
        neighbours = min(self.ranks[cut - 1], self.ranks[cut + 1]) + 1.0
        self.ranks[cut] = min(self.ranks[cut] + logarithm, neighbours)
        self.largest = max(self.largest, self.ranks[cut])
        self.seconds += SPLIT_SECONDS + CUBE_SECONDS * 2.0 ** (3 * min(self.ranks[cut], self.limit))
