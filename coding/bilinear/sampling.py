"""Failures by drawing them: schemes with too many nodes to count, and any mixture of failure probabilities.

>>> from coding.bilinear import catalog
>>> nest = (catalog.strassen() + catalog.winograd()) * catalog.strassen()            # 98 nodes
>>> sampler = FailureSampler(nest, 0.05)
>>> sampler.failures(20_000, np.random.default_rng(1)) / 20_000
0.04975

Only failures cost time: the gaps between them are drawn, not each node of each set.  Up to 24 nodes, every set that has
once been judged is remembered, so that millions of sets a second are drawn; beyond, each is judged by itself.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coding.bilinear.loss_verdicts import LossJudge
from coding.bilinear.patterns import MOST_NODES, decodable_sets
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

AT_ONCE = 2_000_000
"""Expected failures that are drawn at once."""

UNKNOWN, HARMLESS, FATAL = 0, 1, 2


class FailureSampler:
    """Draws sets of failed nodes and says how often the product is lost.

    Args:
        scheme: any scheme.
        probability: with which each node fails, or one number a node; nodes fail independently.
        decoder: "rank" for the optimal linear decoder, "peeling" for the +-1 relations of the paper.

    Raises:
        CodingError: probabilities outside [0, 1] or not one a node; an unknown decoder, or peeling where
            `patterns.decodable_sets` refuses it.
    """

    def __init__(
        self, scheme: BilinearScheme, probability: ArrayLike, *, decoder: Literal["rank", "peeling"] = "rank"
    ) -> None:
        failing = np.asarray(probability, dtype=np.float64)
        if failing.shape not in ((), (scheme.nodes,)) or not ((failing >= 0) & (failing <= 1)).all():
            raise CodingError(
                "not probabilities",
                where="probability",
                expected=f"a number in [0, 1], or {scheme.nodes} of them",
                got=repr(probability),
            )
        self._failing = np.broadcast_to(failing, (scheme.nodes,))
        self._table: NDArray[np.uint8] | None = None
        if decoder != "rank":
            received = decodable_sets(scheme, decoder)
            self._table = np.where(received[::-1], HARMLESS, FATAL).astype(np.uint8)  # lost = all that is not received
        elif scheme.nodes <= MOST_NODES:
            self._table = np.zeros(1 << scheme.nodes, dtype=np.uint8)
        self._judge = LossJudge(scheme)

    def failures(self, draws: int, rng: np.random.Generator) -> int:
        """Number of undecodable sets among `draws` independent ones."""
        share = float(self._failing.max()) * len(self._failing)
        piece = min(draws, max(1, int(AT_ONCE / max(share, 1e-3))))
        return sum(self._fatal(min(piece, draws - at), rng) for at in range(0, draws, piece)) if draws else 0

    def _fatal(self, draws: int, rng: np.random.Generator) -> int:
        """The same for so many sets as fit in memory."""
        sets, nodes = self._losses(draws, rng)
        if self._table is None:
            starts = np.searchsorted(sets, np.arange(draws + 1))
            return int(self._judge.fatal(starts, nodes).sum())
        lost = np.bincount(sets, weights=np.ldexp(1.0, nodes), minlength=draws).astype(np.int64)
        verdicts = self._table[lost]
        if (verdicts == UNKNOWN).any():
            self._learn(np.unique(lost[verdicts == UNKNOWN]))
            verdicts = self._table[lost]
        return int(np.count_nonzero(verdicts == FATAL))

    def _losses(self, draws: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which node is lost in which set: both in order of sets, by the geometric gaps between failures."""
        count = len(self._failing)
        most = float(self._failing.max())
        places = _bernoulli_places(draws * count, most, rng)
        sets, nodes = np.divmod(places, count)
        if (self._failing < most).any():
            kept = rng.random(len(nodes)) * most < self._failing[nodes]
            sets, nodes = sets[kept], nodes[kept]
        return sets, nodes

    def _learn(self, masks: NDArray[np.int64]) -> None:
        """Judge sets of lost nodes, bit i for node i, and remember."""
        if self._table is None:
            return
        bits = masks[:, None] >> np.arange(len(self._failing)) & 1
        sets, nodes = np.nonzero(bits)
        fatal = self._judge.fatal(np.searchsorted(sets, np.arange(len(masks) + 1)), nodes)
        self._table[masks] = np.where(fatal, FATAL, HARMLESS)


def _bernoulli_places(trials: int, probability: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """The successes, in order, of so many independent trials."""
    found: list[NDArray[np.int64]] = []
    last = -1
    while probability > 0 and last < trials - 1:
        expected = (trials - 1 - last) * probability
        gaps = rng.geometric(probability, size=int(expected + 5 * np.sqrt(expected)) + 16)
        places = last + np.cumsum(np.minimum(gaps, trials + 1))
        found.append(places[places < trials])
        last = int(places[-1])
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
