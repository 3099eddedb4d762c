"""How reliable a scheme is, exactly: undecodable sets by size, and all that follows from them.

F[e] is the number of sets of e lost nodes from which the product cannot be decoded.  When nodes fail independently with
probability p the product fails with P_f(p) = sum_e F[e] p^e (1-p)^(N-e).

>>> from coding.bilinear import catalog
>>> both = reliability(catalog.strassen() + catalog.winograd())
>>> both.counts[:5], both.distance, both.byzantine
((0, 0, 2, 40, 362), 2, 0)
>>> f"{both.failure_probability(0.01):.4g}"
'0.0002165'
>>> f"{both.expected_time():.3f} {both.mean_nodes_needed:.2f}"               # mean wait 1, no shift
'1.278 10.35'

Source: Guney and Arslan, arXiv 2210.04441 (model); counting is that of `erasures`, exact for integers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coding.bilinear.latency import LatencyLaw, ShiftedExponential
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Exact reliability of one scheme under one decoder.

    Attributes:
        counts: F[0], ..., F[N].
        decoder: "rank" or "peeling".
        scheme: the scheme; None when only the counts are known.
    """

    counts: tuple[int, ...]
    decoder: str = "rank"
    scheme: BilinearScheme | None = field(default=None, compare=False)

    @property
    def nodes(self) -> int:
        """Number of nodes N."""
        return len(self.counts) - 1

    @property
    def distance(self) -> int:
        """Size of the smallest undecodable set of lost nodes: any fewer may fail.  N + 1 does not occur (F[N] = 1)."""
        return next(lost for lost, count in enumerate(self.counts) if count)

    @property
    def erasures(self) -> int:
        """Number of nodes of which any may be lost: distance - 1."""
        return self.distance - 1

    @property
    def byzantine(self) -> int:
        """Number of wrong answers that can be put right without any other test: floor((distance - 1) / 2)."""
        return (self.distance - 1) // 2

    @property
    def signature(self) -> Floats:
        """(N,) probability that arrival 1, 2, ..., N is the one that makes the set decodable."""
        shares = [count / comb(self.nodes, lost) for lost, count in enumerate(self.counts)]
        return -np.diff(np.array(shares[::-1]))

    @property
    def mean_nodes_needed(self) -> float:
        """Expected number of arrivals until the set is decodable, in random order."""
        return float(self.signature @ np.arange(1, self.nodes + 1))

    @overload
    def failure_probability(self, p: float, *, per_node: None = None) -> float: ...
    @overload
    def failure_probability(self, p: ArrayLike, *, per_node: None = None) -> Floats: ...
    @overload
    def failure_probability(self, p: None = None, *, per_node: ArrayLike) -> float: ...

    def failure_probability(self, p: ArrayLike | None = None, *, per_node: ArrayLike | None = None) -> float | Floats:
        """Probability that the product cannot be decoded.

        Args:
            p: probability with which each node fails; an array gives an array.
            per_node: instead of `p`, one probability a node (exact by the table of all sets, at most 24 nodes).

        Raises:
            CodingError: neither or both given, numbers outside [0, 1], a wrong number of nodes.
        """
        if (p is None) == (per_node is None):
            raise CodingError("one of two arguments", where="p, per_node", expected="p or per_node, not both")
        if per_node is not None:
            return self._unequal(_probabilities(per_node, "per_node"))
        values = _probabilities(p, "p")
        lost = np.arange(self.nodes + 1)
        terms = np.array(self.counts, dtype=np.float64) * values[..., None] ** lost
        total = (terms * (1.0 - values[..., None]) ** (self.nodes - lost)).sum(axis=-1)
        return float(total) if total.ndim == 0 else total

    def completion_probability(self, time: ArrayLike, law: LatencyLaw | None = None) -> Floats:
        """Probability that the product is ready at `time` [s]; nodes finish by `law` (None: exponential, mean 1)."""
        late = (law or ShiftedExponential()).survival(time)
        return np.asarray(1.0 - np.asarray(self.failure_probability(late)))

    def expected_time(self, law: LatencyLaw | None = None) -> float:
        """Expected time [s] until a decodable set has answered, nodes independent and of one law.

        Args:
            law: of `latency`: ShiftedExponential, Measured or Continuous; None is the exponential of mean 1.
        """
        return float(self.signature @ (law or ShiftedExponential()).order_statistics(self.nodes))

    def _unequal(self, failing: Floats) -> float:
        from coding.bilinear.patterns import counts_by_losses, decodable_sets, failure_probability  # compiles

        if self.scheme is None:
            raise CodingError("the scheme is not known", where="per_node", cure="use reliability(scheme)")
        if failing.shape != (self.nodes,):
            raise CodingError("wrong number", where="per_node", expected=f"{self.nodes}", got=f"shape {failing.shape}")
        table = decodable_sets(self.scheme, self.decoder)
        if counts_by_losses(table) != self.counts:
            raise CodingError(
                "sets too ill-conditioned to decide",
                where="scheme",
                expected="points on which both decoders of floating-point schemes agree",
                got=repr(self.scheme),
                cure='take "circle" points',
            )
        return failure_probability(table, failing)


def reliability(scheme: BilinearScheme, decoder: Literal["rank", "peeling"] = "rank") -> Reliability:
    """Count the undecodable sets of every size.

    Args:
        scheme: the scheme.
        decoder: "rank" for the optimal linear decoder, "peeling" for the +-1 relations of the paper.

    Raises:
        CodingError: more sets than can be counted (see `erasures` and `patterns`), or an unknown decoder.
    """
    from coding.bilinear.erasures import undecodable_counts  # these compile; workers import this package without need
    from coding.bilinear.patterns import counts_by_losses, decodable_sets

    if decoder == "rank":
        counts = [int(count) for count in undecodable_counts(scheme.products, scheme.targets)]
    else:
        counts = list(counts_by_losses(decodable_sets(scheme, decoder)))
    return Reliability(counts=tuple(counts), decoder=decoder, scheme=scheme)


def _probabilities(value: ArrayLike | None, where: str) -> Floats:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CodingError("not probabilities", where=where, expected="numbers in [0, 1]", got=repr(value)) from error
    if not ((array >= 0) & (array <= 1)).all():
        raise CodingError("not probabilities", where=where, expected="numbers in [0, 1]", got=repr(value))
    return array
