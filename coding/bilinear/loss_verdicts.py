"""Whether given losses are fatal: one verdict a set of lost nodes, for schemes of any size.

Losing the nodes E is harmless if and only if W_E + K_E X = 0 has a solution, where W decodes from all nodes and K spans
the relations among products (see `erasures`): only the few rows of lost nodes are touched, so that one set of a nest of
343 nodes is judged in well below a millisecond.  Integer schemes are decided modulo 2^61 - 1, others by singular
values.

Set i is nodes[starts[i]:starts[i + 1]]:

>>> from coding.bilinear import catalog
>>> judge = LossJudge(catalog.strassen() + catalog.winograd())
>>> judge.fatal(np.array([0, 0, 1, 3]), np.array([0, 2, 11])).tolist()         # losing nothing; S1; S3 and W5
[False, False, True]
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from coding.bilinear.modular_walk import PRIME, ZERO, Residues, _times, relations_modulo
from coding.bilinear.scheme import BilinearScheme

Verdicts = NDArray[np.bool_]

SMALL = 1e-9
"""A singular value below this, for orthonormal K, is no relation; a remainder of W below this share of it is none."""

NUMBERS_AT_ONCE = 2_000_000


class LossJudge:
    """Decides sets of lost nodes of one scheme.

    Args:
        scheme: any scheme.
    """

    def __init__(self, scheme: BilinearScheme) -> None:
        self._system, self._wanted = np.zeros((0, 0), dtype=np.uint64), 0
        if scheme.integral:
            self._system, self._wanted = relations_modulo(scheme.products, scheme.targets)
            return
        products = np.unique(scheme.products, axis=0)
        length = np.linalg.norm(products, axis=0)
        length[length == 0] = 1.0
        _, values, right = np.linalg.svd(products / length, full_matrices=True)
        rank = int((values > SMALL * values[0]).sum())
        self._relations = right[rank:].conj().T
        self._decode = scheme.w.T * length[:, None]

    def fatal(self, starts: NDArray[np.int64], nodes: NDArray[np.int64]) -> Verdicts:
        """(sets,) whether the product is lost with the nodes of each set.

        Args:
            starts: (sets + 1,) where each set begins in `nodes`, and where the last one ends.
            nodes: the lost nodes, 0-based, set after set.
        """
        if self._wanted:
            return np.asarray(_fatal_sets(self._system, self._wanted, starts, nodes))
        verdicts = np.zeros(len(starts) - 1, dtype=np.bool_)
        sizes = np.diff(starts)
        for size in np.unique(sizes[sizes > 0]):
            chosen = np.flatnonzero(sizes == size)
            piece = max(1, NUMBERS_AT_ONCE // int(size * (self._relations.shape[1] + self._decode.shape[1])))
            for at in range(0, len(chosen), piece):
                part = chosen[at : at + piece]
                verdicts[part] = self._fatal_numerically(nodes[starts[part][:, None] + np.arange(size)])
        return verdicts

    def _fatal_numerically(self, rows: NDArray[np.int64]) -> Verdicts:
        """The verdicts of (sets, size) rows of nodes."""
        relations, decode = self._relations[rows], self._decode[rows]
        scale = np.abs(decode).max(axis=(1, 2), initial=1.0)
        if not relations.shape[2]:
            return np.asarray(np.abs(decode).max(axis=(1, 2)) > SMALL * scale)
        basis, values, _ = np.linalg.svd(relations, full_matrices=False)
        basis = basis * (values > SMALL)[:, None, :]
        rest = decode - basis @ (basis.conj().swapaxes(1, 2) @ decode)
        return np.asarray(np.abs(rest).max(axis=(1, 2)) > SMALL * scale)


@numba.njit(cache=True)
def _fatal_sets(system: Residues, wanted: int, starts: NDArray[np.int64], nodes: NDArray[np.int64]) -> Verdicts:
    """Eliminate the rows (W | K) of each set: a row that is zero in K but not in W is fatal."""
    verdicts = np.zeros(len(starts) - 1, dtype=np.bool_)
    columns = system.shape[1]
    rows = np.empty((system.shape[0], columns), dtype=np.uint64)
    for one in range(len(starts) - 1):
        size = starts[one + 1] - starts[one]
        for k in range(size):
            rows[k] = system[nodes[starts[one] + k]]
        for row in range(size):
            pivot = wanted
            while pivot < columns and rows[row, pivot] == ZERO:
                pivot += 1
            if pivot == columns:
                if np.any(rows[row, :wanted] != ZERO):
                    verdicts[one] = True
                    break
                continue
            head = rows[row, pivot]
            for other in range(row + 1, size):
                factor = rows[other, pivot]
                if factor == ZERO:
                    continue
                for k in range(columns):
                    difference = _times(head, rows[other, k]) + PRIME - _times(factor, rows[row, k])
                    rows[other, k] = difference - PRIME if difference >= PRIME else difference
    return verdicts
