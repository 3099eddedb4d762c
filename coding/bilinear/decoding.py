"""The rank decoder: the moment the answers received suffice, and the weights that turn them into the product.

A set of nodes is decodable when every block of C is a combination of their products.  The decoder takes nodes as they
arrive, one elimination step each, and says so at the first decodable set, so nobody waits for a node too many:

>>> from coding.bilinear import catalog
>>> decoder = RankDecoder(catalog.strassen() + catalog.winograd())
>>> [decoder.add(node) for node in (0, 1, 2, 3, 4, 5)]           # six products of Strassen: not enough
[False, False, False, False, False, False]
>>> decoder.add(7), decoder.decodable, decoder.received           # W1 replaces S7
(False, False, (0, 1, 2, 3, 4, 5, 7))
>>> decoder.add(8)                                                # ... together with W2
True

Integer schemes are decided exactly; real and complex ones to a relative 1e-9.  Source: Guney and Arslan,
arXiv 2210.04441, with the optimal linear decoder in place of local relations.
"""

from __future__ import annotations

import copy

import numpy as np

from coding.bilinear.scheme import Array, BilinearScheme
from coding.bilinear.span import IntegerSpan, RealSpan
from coding.errors import CodingError


class RankDecoder:
    """Incremental optimal linear decoder of one scheme.

    Args:
        scheme: the scheme whose nodes answer.
    """

    def __init__(self, scheme: BilinearScheme) -> None:
        self.scheme = scheme
        system = np.hstack([scheme.products, scheme.targets])
        if scheme.integral:  # equal rows decide alike
            system = np.unique(system[system.any(axis=1)], axis=0)
        self._vectors, self._targets = system[:, : scheme.nodes], system[:, scheme.nodes :]
        self._span: IntegerSpan | RealSpan
        self._received: dict[int, None]
        self._decodable: bool
        self._restart(())

    @property
    def received(self) -> tuple[int, ...]:
        """Nodes taken so far, in order of arrival."""
        return tuple(self._received)

    @property
    def decodable(self) -> bool:
        """Whether the received products determine every block of C."""
        return self._decodable

    def add(self, node: int) -> bool:
        """Take the answer of `node` (0-based); True as soon as the received set is decodable.

        Raises:
            CodingError: `node` is not one of the scheme, or was taken before.
        """
        if node not in range(self.scheme.nodes):
            raise CodingError("no such node", where="node", expected=f"0 to {self.scheme.nodes - 1}", got=str(node))
        if node in self._received:
            raise CodingError("node answered twice", where="node", got=str(node), cure="add each node once")
        self._received[node] = None
        if not self._decodable:  # more answers never harm
            self._span.add(node, self._vectors[:, node])
            self._decodable = self._span.complete
        return self._decodable

    def discard(self, node: int) -> bool:
        """Take back the answer of `node`, say because it is wrong; whether the rest is decodable.

        Raises:
            CodingError: `node` was not received.
        """
        if node not in self._received:
            raise CodingError("node has not answered", where="node", expected=f"one of {self.received}", got=str(node))
        self._restart(tuple(known for known in self._received if known != node))
        return self._decodable

    def fork(self) -> RankDecoder:
        """An independent decoder in the same state."""
        twin = copy.copy(self)
        twin._span = copy.deepcopy(self._span)
        twin._received = dict(self._received)
        return twin

    def weights(self) -> Array:
        """(m*n, N) weights of least norm with C_c = sum_i weights[c, i] P_i; zero for nodes not received.

        Raises:
            CodingError: the received set is not decodable.
        """
        self._require_decodable()
        received = list(self._received)
        vectors = self._vectors[:, received].astype(np.result_type(self._vectors, np.float64))
        scale = np.linalg.norm(vectors, axis=0)
        scale[scale == 0] = 1
        solution = np.linalg.lstsq(vectors / scale, self._targets.astype(vectors.dtype), rcond=None)[0]
        weights = np.zeros((self._targets.shape[1], self.scheme.nodes), dtype=vectors.dtype)
        weights[:, received] = (solution / scale[:, None]).T
        return weights

    def integer_weights(self) -> tuple[Array, Array]:
        """Integers (m*n, N) and divisors (m*n,) with divisors[c] C_c = sum_i integers[c, i] P_i, exactly.

        For products of integer matrices, where floating-point weights would round.

        Raises:
            CodingError: the received set is not decodable, or the scheme is not an integer one.
        """
        self._require_decodable()
        if not isinstance(self._span, IntegerSpan):
            raise CodingError(
                "no integer weights",
                where="scheme",
                expected="integer u and v",
                got=repr(self.scheme),
                cure="weights()",
            )
        return self._span.combination()

    def _require_decodable(self) -> None:
        if not self._decodable:
            missing = sorted(set(range(self.scheme.nodes)) - set(self._received))
            raise CodingError(
                "received nodes do not determine the product",
                where="received",
                expected="a decodable set",
                got=f"{len(self._received)} of {self.scheme.nodes} nodes, without {missing}",
                cure="wait for more nodes",
            )

    def _restart(self, nodes: tuple[int, ...]) -> None:
        kind = IntegerSpan if self.scheme.integral else RealSpan
        self._span = kind(self._targets, self.scheme.nodes)
        self._received = {}
        self._decodable = False
        for node in nodes:
            self.add(node)
