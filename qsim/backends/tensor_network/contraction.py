"""Networks contracted along good paths: searched once for each structure, priced beforehand, sliced to fit.

The path is what cotengra finds.  A greedy one is taken when following it costs less than searching for better; else
several are searched and improved.  Networks of the same structure (a sweep over parameters, records of outcomes) share
a path, in memory and, with a directory, on disk.

    contraction = Contraction(memory=2**30)
    cost = contraction.cost(network)        # log2 of the largest tensor, log10 of operations, bytes, seconds
    array = contraction(network)            # sliced where the memory asks for it, or refused with these figures

Source: Gray and Kourtis, Quantum 5, 410 (2021) (hyper-optimised paths, slicing).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log2, log10
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsim.backends.tensor_network.layers import Network
from qsim.errors import CircuitError

Sizes: TypeAlias = tuple[tuple[str, int], ...]

BYTES = 16
"""Of an entry, complex128."""
RATE = 4e8
"""Complex multiply-adds per second of one core, as `benchmarks/tensor_network.py` measures."""

OVERHEAD = 4e-5
"""Seconds spent on a pairwise contraction however small."""

SEARCH_SECONDS = 1e-3
"""Seconds of a search for each tensor and path tried."""

HOPELESS = 1e6
"""A greedy path is rarely this much dearer than the best one."""

GREEDY_COSTS = (0.5, 1.0, 2.0)
SEARCHES = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What following a path costs.

    Attributes:
        width: log2 of the number of entries of the largest tensor.
        log10_flop: log10 of the number of complex multiply-adds, slices included.
        bytes: most memory held at once.
        slices: number of parts computed one after the other.
        seconds: predicted on one core.
    """

    width: float
    log10_flop: float
    bytes: float
    slices: int
    seconds: float

    def figures(self) -> dict[str, float]:
        """For forecasts and metadata."""
        return {
            "width": round(self.width, 2),
            "log10_flop": round(self.log10_flop, 2),
            "bytes": self.bytes,
            "slices": self.slices,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Contraction:
    """Contracts networks within limits.

    Attributes:
        memory: bytes that intermediate tensors may take.
        longest: predicted seconds beyond which a contraction is refused.
        directory: where paths are kept between processes; None for this process only.
        searches: paths tried where the greedy one costs more than the trying.
        thorough: whether others are tried in any case.
    """

    memory: float = 2.0**32
    longest: float = 3600.0
    directory: str | None = None
    searches: int = SEARCHES
    thorough: bool = False

    def cost(self, network: Network, *, search: bool = True) -> Cost:
        """The price of a network; without ``search`` that of a greedy path, an upper estimate found quickly."""
        return price(self._tree(network, search=search))

    def fits(self, cost: Cost, count: int = 1) -> bool:
        """Whether ``count`` contractions of a price are within the limits."""
        return cost.seconds * count <= self.longest and cost.bytes <= self.memory

    def worth_searching(self, network: Network, cost: Cost) -> bool:
        """Whether a search takes less than ``longest`` and may bring a price that is too high within it."""
        effort = SEARCH_SECONDS * len(network.inputs) * self.searches
        return effort < self.longest and cost.seconds < HOPELESS * self.longest

    def check(self, network: Network, *, search: bool = True) -> Cost:
        """Its price.

        Raises:
            CircuitError: dearer than ``longest``, or too large for ``memory`` however it is sliced.
        """
        cost = self.cost(network, search=search)
        if self.fits(cost):
            return cost
        raise CircuitError(
            "too large to contract",
            where="tensor network",
            expected=f"at most {self.memory:.3g} bytes and {self.longest:.3g} s",
            got=f"width {cost.width:.1f}, 10^{cost.log10_flop:.1f} operations, {cost.slices} slices, "
            f"{cost.bytes:.3g} bytes, {cost.seconds:.3g} s",
            cure='use method="mps", or allow more memory or time',
        )

    def __call__(self, network: Network) -> NDArray[Any]:
        """The result, its axes in the order of the network's output.

        Raises:
            CircuitError: as `check`.
        """
        self.check(network)
        tree = self._tree(network, search=True)
        return np.asarray(tree.contract(network.arrays))

    def _tree(self, network: Network, *, search: bool) -> Any:
        searches = self.searches if search else 0
        return _fitting(*_structure(network), self.memory, self.directory, searches, self.thorough)


def _structure(network: Network) -> tuple[Any, Any, Sizes]:
    """Indices by cotengra's symbols: equal for networks that differ in the tensors' entries only."""
    from cotengra import get_symbol

    inputs = tuple(tuple(map(get_symbol, indices)) for indices in network.inputs)
    sizes = tuple((get_symbol(index), size) for index, size in sorted(network.sizes.items()))
    return inputs, tuple(map(get_symbol, network.output)), sizes


def price(tree: Any) -> Cost:
    """The figures of a cotengra tree."""
    operations = max(float(tree.contraction_cost()), 1.0)
    slices = int(tree.multiplicity)
    return Cost(
        width=float(tree.contraction_width()),
        log10_flop=log10(operations),
        bytes=BYTES * float(tree.peak_size()),
        slices=slices,
        seconds=operations / RATE + OVERHEAD * slices * len(tree.inputs),
    )


@lru_cache(maxsize=2048)
def _fitting(
    inputs: Any,
    output: Any,
    sizes: Sizes,
    memory: float,
    directory: str | None,
    searches: int,
    thorough: bool,
) -> Any:
    """The path that is followed: greedy or searched, sliced if need be."""
    tree = _greedy(inputs, output, sizes)
    effort = SEARCH_SECONDS * len(inputs) * searches
    if searches and (thorough or price(tree).seconds > effort or price(tree).bytes > memory):
        tree = _searched(inputs, output, sizes, directory, searches)
    target = 2.0 ** int(log2(memory / BYTES))
    sliced = tree
    while target >= 1 and price(sliced).bytes > memory:
        sliced = tree.slice(target_size=target, seed=0)
        target /= 2
    return sliced


@lru_cache(maxsize=2048)
def _greedy(inputs: Any, output: Any, sizes: Sizes) -> Any:
    """The best of a few greedy paths; the same ones every time."""
    from cotengra import ContractionTree
    from cotengra.pathfinders.path_basic import optimize_greedy

    size_of = dict(sizes)
    trees = []
    for weight in GREEDY_COSTS:
        path = optimize_greedy(inputs, output, size_of, costmod=weight, use_ssa=True)
        trees.append(ContractionTree.from_path(inputs, output, size_of, ssa_path=path))
    return min(trees, key=lambda tree: float(tree.contraction_cost()))


@lru_cache(maxsize=2048)
def _searched(inputs: Any, output: Any, sizes: Sizes, directory: str | None, searches: int) -> Any:
    return _optimizer(directory, searches).search(inputs, output, dict(sizes))


@lru_cache(maxsize=16)
def _optimizer(directory: str | None, searches: int) -> Any:
    from importlib.util import find_spec

    from cotengra import ReusableHyperOptimizer

    methods = ["greedy", "kahypar" if find_spec("kahypar") else "labels"]
    return ReusableHyperOptimizer(
        directory=directory,
        methods=methods,
        max_repeats=searches,
        parallel=False,
        optlib="random",
        seed=0,
        reconf_opts={},
        minimize="combo",
    )
