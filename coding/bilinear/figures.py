"""Two figures of schemes: how often each fails, and what its reliability costs.

    failure_figure([strassen() + winograd(), copies(strassen(), 3), best(14)]).savefig("failure.svg")
    pareto_figure([best(nodes) for nodes in range(9, 17)]).savefig("pareto.svg")

Both return a matplotlib figure that no window or global state holds, so they work in scripts, notebooks and servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from coding.bilinear.conditioning import amplification
from coding.bilinear.reliability import reliability
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#333333")
DASHES = ("-", "--", ":", "-.")


@dataclass(frozen=True, slots=True)
class Price:
    """What a scheme costs and what it gives.

    Attributes:
        name: of the scheme.
        nodes: number of workers.
        failure: probability that the product cannot be decoded.
        additions: block additions that all encoders make together, one product being computed by each node.
        amplification: worst error amplification when as many nodes are lost as any may be, 2 at most.
    """

    name: str
    nodes: int
    failure: float
    additions: int
    amplification: float


def price(scheme: BilinearScheme, *, probability: float = 0.01) -> Price:
    """Nodes, failure probability, arithmetic and conditioning of one scheme.

    Args:
        scheme: up to 24 nodes.
        probability: with which each node fails, independently.

    Raises:
        CodingError: too many nodes to count, or no probability.
    """
    counted = reliability(scheme)
    factors = int(np.count_nonzero(scheme.u)) + int(np.count_nonzero(scheme.v))
    return Price(
        name=scheme.name,
        nodes=scheme.nodes,
        failure=float(counted.failure_probability(probability)),
        additions=factors - 2 * scheme.nodes,
        amplification=amplification(scheme, min(counted.erasures, 2)).worst,
    )


def failure_figure(schemes: Sequence[BilinearScheme], *, p: ArrayLike | None = None) -> Figure:
    """Failure probability of the product against that of a node, one exact curve a scheme, on logarithmic axes.

    Args:
        schemes: up to 24 nodes each.
        p: failure probabilities of a node, in (0, 1]; None for 1e-3 ... 0.5.

    Raises:
        CodingError: no schemes, probabilities that a logarithmic axis cannot show, too many nodes.
    """
    values = np.logspace(-3, np.log10(0.5), 61) if p is None else np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or values.size < 2 or not ((values > 0) & (values <= 1)).all():
        raise CodingError(
            "not a range of probabilities", where="p", expected="two or more numbers in (0, 1]", got=repr(p)
        )
    figure, axes = _empty(schemes)
    for number, scheme in enumerate(schemes):
        axes.plot(
            values,
            reliability(scheme).failure_probability(values),
            color=COLOURS[number % len(COLOURS)],
            linestyle=DASHES[number // len(COLOURS) % len(DASHES)],
            label=f"{scheme.name} ({scheme.nodes} nodes)",
        )
    axes.set(xscale="log", yscale="log", xlabel="failure probability of a node p")
    axes.set_ylabel("probability that the product is lost")
    axes.legend(fontsize=8, frameon=False)
    return figure


def pareto_figure(schemes: Sequence[BilinearScheme], *, probability: float = 0.01) -> Figure:
    """Failure probability against nodes; area shows encoding additions, colour the worst error amplification.

    A line joins the front: schemes that no other beats with as few or fewer nodes.

    Args:
        schemes: up to 24 nodes each.
        probability: with which each node fails, independently.

    Raises:
        CodingError: no schemes, too many nodes, or no probability.
    """
    figure, axes = _empty(schemes)
    prices = [price(scheme, probability=probability) for scheme in schemes]
    front = pareto_front(prices)
    axes.plot([p.nodes for p in front], [p.failure for p in front], color="#9ca3af", linewidth=1, zorder=1)
    marks = axes.scatter(
        [p.nodes for p in prices],
        [p.failure for p in prices],
        s=[20 + 4 * p.additions for p in prices],
        c=np.log10([p.amplification for p in prices]),
        cmap="viridis_r",
        edgecolors="#222222",
        linewidths=0.5,
        zorder=2,
    )
    for shown in prices:
        at = (shown.nodes, shown.failure)
        axes.annotate(shown.name, at, xytext=(5, 6), textcoords="offset points", fontsize=7)
    bar = figure.colorbar(marks, ax=axes)
    bar.set_label("log10 of the worst error amplification")
    axes.set(yscale="log", xlabel="nodes", ylabel=f"probability that the product is lost at p = {probability:g}")
    axes.set_title("area: additions of all encoders", fontsize=8)
    return figure


def pareto_front(prices: Sequence[Price]) -> list[Price]:
    """Those that fail less often than every other of as many or fewer nodes, by rising nodes."""
    front: list[Price] = []
    for candidate in sorted(prices, key=lambda p: (p.nodes, p.failure)):
        if not front or candidate.failure < front[-1].failure:
            front.append(candidate)
    return front


def _empty(schemes: Sequence[BilinearScheme]) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    if not schemes:
        raise CodingError("nothing to draw", where="schemes", expected="one or more")
    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(visible=True, which="major", color="#e5e7eb", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
