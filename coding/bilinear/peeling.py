"""The local decoder of the paper: solve one +-1 relation at a time, as one peels an onion.

Unknowns are the products that did not arrive and the blocks of C.  Whenever a relation has a single unknown left it is
solved, by additions and subtractions only; when all blocks of C are known the set was decodable.  Locally decodable
sets are fewer than those of the rank decoder (S2 and W4 may not be lost together), but no number is ever divided:

>>> from coding.bilinear import catalog
>>> decoder = PeelingDecoder(catalog.strassen() + catalog.winograd())
>>> plan = decoder.plan(set(range(14)) - {2, 3})                # without S3 and S4
>>> [decoder.relations.text(step.relation) for step in plan][:2]
['W1 + W2 = C11', 'W1 + W5 + W6 - W7 = C12']
>>> decoder.plan(set(range(14)) - {1, 10}) is None              # without S2 and W4
True

Source: Guney and Arslan, arXiv 2210.04441 (local relations); the list of relations is `relations.check_relations`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from coding.bilinear.relations import CheckRelations, Relation, check_relations
from coding.bilinear.scheme import Array, BilinearScheme
from coding.errors import CodingError


@dataclass(frozen=True, slots=True)
class Step:
    """One solved relation.

    Attributes:
        relation: the relation.
        node: the lost product it gives; None when it gives a block of C.
    """

    relation: Relation
    node: int | None


class PeelingDecoder:
    """Local decoder of one integer scheme.

    Args:
        scheme: an integer scheme of at most 24 nodes.

    Raises:
        CodingError: see `relations.check_relations`.
    """

    def __init__(self, scheme: BilinearScheme) -> None:
        self.scheme = scheme
        self.relations: CheckRelations = check_relations(scheme)
        self._all = [relation for group in self.relations.to_blocks for relation in group]
        self._all += self.relations.checks
        size = scheme.nodes
        self._masks = np.array(
            [
                sum(1 << node for node in relation.support)
                | (0 if relation.block is None else 1 << (size + relation.block))
                for relation in self._all
            ],
            dtype=np.int64,
        )

    def plan(self, received: Iterable[int]) -> list[Step] | None:
        """The relations to solve, in order, or None when they do not reach every block of C.

        Args:
            received: nodes whose products are at hand.
        """
        size = self.scheme.nodes
        known = sum(1 << node for node in set(received))
        wanted = ((1 << self.scheme.targets.shape[1]) - 1) << size
        steps: list[Step] = []
        while known & wanted != wanted:
            unknown = self._masks & ~known
            ready = np.flatnonzero((unknown != 0) & (unknown & (unknown - 1) == 0))
            if not ready.size:
                return None
            for index in ready:
                bit = int(unknown[index]).bit_length() - 1
                if not known >> bit & 1:
                    known |= 1 << bit
                    steps.append(Step(relation=self._all[index], node=bit if bit < size else None))
        return _needed(steps, self.scheme.targets.shape[1])

    def decode(self, products: Mapping[int, Array]) -> list[Array]:
        """The blocks of C, row by row, from the products at hand, by additions and subtractions alone.

        Args:
            products: the answers by node.

        Raises:
            CodingError: the local relations do not reach every block from these nodes.
        """
        plan = self.plan(products)
        if plan is None:
            missing = sorted(set(range(self.scheme.nodes)) - set(products))
            raise CodingError(
                "local relations do not reach the product",
                where="products",
                expected="a locally decodable set of nodes",
                got=f"all but {missing}",
                cure="use decoding.RankDecoder, which may still succeed, or wait",
            )
        known = dict(products)
        blocks: dict[int, Array] = {}
        for step in plan:
            signs = step.relation.coefficients
            total = sum(signs[node] * known[node] for node in step.relation.support if node != step.node)
            block = step.relation.block
            if step.node is not None:
                target = 0 if block is None else blocks[block]
                known[step.node] = np.asarray(signs[step.node] * (target - total))
            elif block is not None:
                blocks[block] = np.asarray(total)
        return [blocks[block] for block in range(len(blocks))]

    def decodable_sets(self) -> NDArray[np.bool_]:
        """(2^N,) table: entry r tells whether the nodes whose bits are set in r suffice."""
        size = self.scheme.nodes
        return _peelable(self._masks, size, self.scheme.targets.shape[1])


def _needed(steps: list[Step], blocks: int) -> list[Step]:
    """The steps that some block of C depends on."""
    products = {step.node: step for step in steps if step.node is not None}
    solved = {step.relation.block: step for step in steps if step.node is None}
    keep: set[int] = set()
    stack = [solved[block] for block in range(blocks)]
    while stack:
        step = stack.pop()
        if id(step) in keep:
            continue
        keep.add(id(step))
        stack += [products[node] for node in step.relation.support if node in products and node != step.node]
        if step.node is not None and step.relation.block is not None:
            stack.append(solved[step.relation.block])
    return [step for step in steps if id(step) in keep]


@numba.njit(cache=True)
def _peelable(masks: NDArray[np.int64], nodes: int, blocks: int) -> NDArray[np.bool_]:
    """Peel every set of received nodes; a set with a decodable part is decodable."""
    table = np.zeros(1 << nodes, dtype=np.bool_)
    wanted = ((1 << blocks) - 1) << nodes
    for received in range(1 << nodes):
        inherited = False
        for node in range(nodes):
            if received >> node & 1 and table[received ^ (1 << node)]:
                inherited = True
                break
        if inherited:
            table[received] = True
            continue
        known = received
        progress = True
        while progress and known & wanted != wanted:
            progress = False
            for mask in masks:
                unknown = mask & ~known
                if unknown != 0 and unknown & (unknown - 1) == 0:
                    known |= unknown
                    progress = True
        table[received] = known & wanted == wanted
    return table
