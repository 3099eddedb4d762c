"""Failures by drawing them: schemes with too many nodes to count, and any mixture of failure probabilities.

>>> from coding.bilinear import catalog
>>> nest = (catalog.strassen() + catalog.winograd()) * catalog.strassen()            # 98 nodes
>>> sampler = FailureSampler(nest, 0.05)
>>> sampler.failures(2_000, np.random.default_rng(1)) / 2_000
0.044

Losing the nodes E is harmless if and only if W_E + K_E X = 0 has a solution, where W decodes from all nodes and K spans
the relations among products; only the few rows of lost nodes are touched.  Decided in floating point, by singular
values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

SMALL = 1e-9
"""A singular value below this, for orthonormal K, is no relation; a remainder of W below this share of it is none."""


class FailureSampler:
    """Draws sets of failed nodes and says how often the product is lost.

    Args:
        scheme: any scheme.
        probability: with which each node fails, or one number a node; nodes fail independently.

    Raises:
        CodingError: probabilities outside [0, 1] or not one a node.
    """

    def __init__(self, scheme: BilinearScheme, probability: ArrayLike) -> None:
        failing = np.asarray(probability, dtype=np.float64)
        if failing.shape not in ((), (scheme.nodes,)) or not ((failing >= 0) & (failing <= 1)).all():
            raise CodingError(
                "not probabilities",
                where="probability",
                expected=f"a number in [0, 1], or {scheme.nodes} of them",
                got=repr(probability),
            )
        self._failing = np.broadcast_to(failing, (scheme.nodes,))
        products = np.unique(scheme.products, axis=0)
        length = np.linalg.norm(products, axis=0)
        length[length == 0] = 1.0
        _, values, right = np.linalg.svd(products / length, full_matrices=True)
        rank = int((values > SMALL * values[0]).sum())
        self._relations = right[rank:].conj().T
        self._decode = scheme.w.T * length[:, None]

    def failures(self, draws: int, rng: np.random.Generator) -> int:
        """Number of undecodable sets among `draws` independent ones."""
        lost = rng.random((draws, len(self._failing))) < self._failing
        patterns, number = np.unique(lost, axis=0, return_counts=True)
        sizes = patterns.sum(axis=1)
        total = 0
        for size in range(1, len(self._failing) + 1):
            chosen = sizes == size
            if chosen.any():
                rows = np.nonzero(patterns[chosen])[1].reshape(-1, size)
                total += int(number[chosen][~self._harmless(rows)].sum())
        return total

    def _harmless(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each (size,) row of lost nodes, whether the rest decodes; in pieces that fit in memory."""
        piece = max(1, 2_000_000 // (rows.shape[1] * (self._relations.shape[1] + self._decode.shape[1])))
        return np.concatenate([self._solvable(rows[at : at + piece]) for at in range(0, len(rows), piece)])

    def _solvable(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        relations, decode = self._relations[rows], self._decode[rows]
        scale = np.abs(decode).max(axis=(1, 2), initial=1.0)
        if not relations.shape[2]:
            return np.asarray(np.abs(decode).max(axis=(1, 2)) <= SMALL * scale)
        basis, values, _ = np.linalg.svd(relations, full_matrices=False)
        basis = basis * (values > SMALL)[:, None, :]
        rest = decode - basis @ (basis.conj().swapaxes(1, 2) @ decode)
        return np.asarray(np.abs(rest).max(axis=(1, 2)) <= SMALL * scale)
