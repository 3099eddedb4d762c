"""Pick the most reliable of many candidates: bound each from below, count exactly only those that may win."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.search.annealing_walk import loss, residues
from coding.bilinear.search.found import exact_counts, failure, loss_weights

SLACK = 1.0 + 1e-9
"""Rounding of a sum of a few dozen positive numbers, with room to spare."""


def best_of(
    candidates: Iterable[NDArray[np.int64]],
    targets: NDArray[np.int64],
    *,
    nodes: int,
    probability: float,
    largest: int = 4,
) -> tuple[int, tuple[int, ...], int]:
    """The place of the first best candidate, its exact counts, and the number of candidates with these counts.

    The failure probability cut off at ``largest`` losses is a lower bound of the whole, so the answer does not depend
    on ``largest``.

    Args:
        candidates: each (N, D), the vectors of its N nodes as rows.
        targets: (D, T).
        nodes: N.
        probability: the p at which candidates are compared.
        largest: where the lower bound is cut off.
    """
    weights, choices = loss_weights(nodes, largest, probability)
    wanted = residues(targets)
    stack = np.empty((len(weights), nodes, nodes + targets.shape[1]), dtype=np.uint64)
    counts: tuple[int, ...] = ()
    place, ties, lowest = -1, 0, np.inf
    for number, vectors in enumerate(candidates):
        if loss(residues(vectors), wanted, weights, choices, lowest * SLACK, stack) > lowest * SLACK:
            continue
        these = exact_counts(vectors.T, targets)
        value = failure(these, probability)
        if these == counts:
            ties += 1
        elif value < lowest:
            place, counts, ties, lowest = number, these, 1, value
    return place, counts, ties
