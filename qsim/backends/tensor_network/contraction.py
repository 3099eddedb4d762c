"""Networks contracted along good paths: searched once for each structure, priced beforehand, sliced to fit.

The path is what cotengra finds.  A greedy one is taken when following it costs less than searching for better; else
as many others are tried and improved as are worth it (`tries`).  Networks of the same structure (a sweep over
parameters, records of outcomes, light cones of the same shape) share a path, in memory and, with a directory, on disk.
The number of tries comes from predicted times, never from a clock: the same network is contracted along the same path.

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

SEARCH_SECONDS = 1.2e-4
"""Seconds of one try in a search, times the number of tensors to the power 3/2 (measured from 67 to 1157 tensors)."""

LEAST_SEARCH = 2.0
MOST_SEARCH = 60.0
"""Predicted seconds that a search takes at most: as long as the greedy path would, within these two."""

HOPELESS = 1e3
"""A greedy path is rarely this much dearer than the best one: beyond it nothing is searched, sliced or hoped for."""

GREEDY_COSTS = (1.0, 0.5, 2.0)
"""Weights of a greedy choice; the first one alone is tried where only a price is asked for."""

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

    def is_hopeless(self, cost: Cost, count: int = 1) -> bool:
        """Whether not even a search is likely to bring ``count`` contractions within the time."""
        return cost.seconds * count > HOPELESS * self.longest

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
        return _fitting(*_structure(network), self.memory, self.longest, self.directory, searches, self.thorough)


def _structure(network: Network) -> tuple[Any, Any, Sizes]:
    """Indices by cotengra's symbols, numbered as they are met: equal for networks that differ in entries only."""
    from cotengra import get_symbol

    met = dict.fromkeys(index for indices in (*network.inputs, network.output) for index in indices)
    symbols = {index: get_symbol(number) for number, index in enumerate(met)}
    inputs = tuple(tuple(symbols[index] for index in indices) for indices in network.inputs)
    sizes = tuple((symbol, network.sizes[index]) for index, symbol in symbols.items())
    return inputs, tuple(symbols[index] for index in network.output), sizes


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


def tries(tensors: int, seconds: float, searches: int, *, thorough: bool = False, forced: bool = False) -> int:
    """How many paths to try before following one that is predicted to take some seconds.

    Args:
        tensors: of the network.
        seconds: predicted of the greedy path.
        searches: most tries.
        thorough: search for up to a minute in any case.
        forced: search even where that takes longer than the path, which does not fit.
    """
    each = SEARCH_SECONDS * tensors**1.5
    if not thorough and not forced and seconds <= min(each * searches, LEAST_SEARCH):
        return 0
    budget = MOST_SEARCH if thorough else min(max(seconds, LEAST_SEARCH), MOST_SEARCH)
    return min(searches, int(budget / each))


@lru_cache(maxsize=2048)
def _fitting(
    inputs: Any,
    output: Any,
    sizes: Sizes,
    memory: float,
    longest: float,
    directory: str | None,
    searches: int,
    thorough: bool,
) -> Any:
    """The path that is followed: greedy or searched, sliced if need be and if it is not too dear without."""
    tree = _greedy(inputs, output, sizes, GREEDY_COSTS[0])
    if searches and price(tree).seconds <= HOPELESS * longest:
        trees = [_greedy(inputs, output, sizes, weight) for weight in GREEDY_COSTS]
        tree = min(trees, key=lambda each: float(each.contraction_cost()))
        cost = price(tree)
        count = tries(len(inputs), cost.seconds, searches, thorough=thorough, forced=cost.bytes > memory)
        if count:
            found = _searched(inputs, output, sizes, directory, count)
            tree = min(tree, found, key=lambda each: float(price(each).seconds))
    target = 2.0 ** int(log2(memory / BYTES))
    sliced = tree
    while target >= 1 and price(sliced).seconds <= longest and price(sliced).bytes > memory:
        sliced = tree.slice(target_size=target, seed=0)
        target /= 2
    return sliced


@lru_cache(maxsize=2048)
def _greedy(inputs: Any, output: Any, sizes: Sizes, weight: float) -> Any:
    """A greedy path, the same one every time."""
    from cotengra import ContractionTree
    from cotengra.pathfinders.path_basic import optimize_greedy

    size_of = dict(sizes)
    path = optimize_greedy(inputs, output, size_of, costmod=weight, use_ssa=True)
    return ContractionTree.from_path(inputs, output, size_of, ssa_path=path)


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
