"""Wrong answers found by the code itself, without Freivalds' check: the received products must fit together.

Every linear relation among the received u_i (x) v_i is a relation among the products P_i.  A set of nodes is
*consistent* when all relations among its products hold.  If all answers are consistent, no lie is visible.  Otherwise
the smallest sets whose removal leaves a consistent rest are the suspects: if there is one such set, and not more nodes
lied than it has, it holds the liars; if there are several, one must wait for more answers.

A scheme can locate t liars among all its nodes if, and only if, no 2t missing answers make it undecodable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.execution.assembly import signed
from coding.bilinear.scheme import BilinearScheme
from coding.bilinear.span import IntegerSpan

Array = NDArray[Any]

DEPENDENT = 1e-9
"""Singular values below this share of the largest one count as zero."""

RELATION_ROUNDING = 64
"""Rounding of a relation's own sum, in units of the last place of its terms."""

MOST_SETS = 5_000
"""Sets of suspects tried of one size; beyond, location is given up and more answers are awaited."""


class ParityChecks:
    """The relations among a scheme's products, asked about those that were received.

    Args:
        scheme: the scheme.
        tolerance: (..., r) by how much rounding may move the projected product of a node.
        exact: whether projections are integers, known modulo 2^64; relations then hold without rounding.
    """

    def __init__(self, scheme: BilinearScheme, tolerance: Callable[[int], Array], *, exact: bool) -> None:
        self._scheme, self._tolerance, self._exact = scheme, tolerance, exact
        self._relations: dict[tuple[int, ...], Array] = {}

    def suspects(self, projected: Mapping[int, Array]) -> list[tuple[int, ...]] | None:
        """The smallest sets of nodes without which all others are consistent.

        Args:
            projected: of each received node, its product times a few random columns; finite.

        Returns:
            [()] when all are consistent; a single set names the liars; several leave it open; None when too many sets
            would have to be tried.
        """
        nodes = tuple(sorted(projected))
        for size in range(len(nodes)):
            if comb(len(nodes), size) > MOST_SETS:
                return None
            found = [
                removed
                for removed in combinations(nodes, size)
                if self._consistent({node: projected[node] for node in nodes if node not in removed})
            ]
            if found:
                return found
        return None

    def _consistent(self, projected: Mapping[int, Array]) -> bool:
        nodes = tuple(projected)
        if nodes not in self._relations:
            find = integer_relations if self._exact else orthonormal_relations
            self._relations[nodes] = find(self._scheme.products[:, list(nodes)])
        relations = self._relations[nodes]
        if not len(relations):
            return True
        stack = np.stack([projected[node] for node in nodes])
        if self._exact:
            return not np.tensordot(relations, stack.astype(np.int64), axes=1).any()
        size = np.abs(relations)
        rounding = np.finfo(stack.dtype).eps * RELATION_ROUNDING * np.tensordot(size, np.abs(stack), axes=1)
        tolerance = np.stack([self._tolerance(node) for node in nodes])
        allowed = rounding + np.tensordot(size, tolerance, axes=1)[..., None]
        return bool((np.abs(np.tensordot(relations, stack, axes=1)) <= allowed).all())


def orthonormal_relations(columns: Array) -> Array:
    """(relations, nodes) rows h, orthonormal, with columns @ h = 0."""
    _, singular, right = np.linalg.svd(columns.astype(np.result_type(columns, np.float64)), full_matrices=True)
    rank = int((singular > DEPENDENT * singular[0]).sum())
    return np.asarray(right[rank:].conj())


def integer_relations(columns: Array) -> Array:
    """(relations, nodes) int64 rows h with columns @ h = 0, modulo 2^64; one for each node the others determine."""
    count = columns.shape[1]
    span = IntegerSpan(np.zeros((len(columns), 0), dtype=np.int64), count)
    independent = [node for node in range(count) if span.add(node, columns[:, node])]
    dependent = [node for node in range(count) if node not in independent]
    if not dependent:
        return np.zeros((0, count), dtype=np.int64)
    span = IntegerSpan(columns[:, dependent], count)
    for node in independent:
        span.add(node, columns[:, node])
    numerators, divisors = span.combination()
    relations = numerators.astype(object)
    relations[range(len(dependent)), dependent] -= divisors.astype(object)
    return np.array([[signed(int(x)) for x in row] for row in relations], dtype=np.int64)
