"""Two ways to decide which answers to believe, and when enough are in.

A judge takes products as they arrive and says when the product of the matrices is known.  `CheckingJudge` has each
one pass Freivalds' check and stops at the first decodable set of right answers.  `ComparingJudge` lets the answers
check each other by the code's own relations: hardly any work, but it sees lies only with more answers than needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.decoding import RankDecoder
from coding.bilinear.execution.freivalds import Freivalds
from coding.bilinear.execution.parity import ParityChecks
from coding.bilinear.execution.reach import survives
from coding.bilinear.scheme import BilinearScheme

Array = NDArray[Any]


class Judge(Protocol):
    """Takes answers until the product is known."""

    products: dict[int, Array]
    lying: list[int]
    decoder: RankDecoder

    def receive(self, node: int, product: Any) -> bool:
        """Take one answer, whatever it is; True when `products` of the decoder's nodes give the matrix product."""


class CheckingJudge:
    """Believes what passes Freivalds' check."""

    def __init__(self, scheme: BilinearScheme, checks: Freivalds, *, acceptable: Callable[[Any], bool]) -> None:
        self.products: dict[int, Array] = {}
        self.lying: list[int] = []
        self.decoder = RankDecoder(scheme)
        self._checks, self._acceptable = checks, acceptable

    def receive(self, node: int, product: Any) -> bool:
        """Take one answer; True at the first decodable set of right ones."""
        if not (self._acceptable(product) and self._checks.passes(node, product)):
            self.lying.append(node)
            return False
        self.products[node] = product
        return self.decoder.add(node)


class ComparingJudge:
    """Believes answers that satisfy the code's relations; finds the fewest liars that explain those which do not.

    Args:
        scheme: the scheme.
        checks: projects products to a few columns and knows their rounding; its check itself is not used.
        liars: so many wrong answers are located for certain; with 0, as many as the answers received allow.
        acceptable: whether an answer is an array of the right shape and type.
    """

    def __init__(
        self, scheme: BilinearScheme, checks: Freivalds, *, liars: int, acceptable: Callable[[Any], bool]
    ) -> None:
        self.products: dict[int, Array] = {}
        self.lying: list[int] = []
        self.decoder = RankDecoder(scheme)
        self._scheme, self._checks, self._liars, self._acceptable = scheme, checks, liars, acceptable
        self._relations = ParityChecks(scheme, checks.tolerance, exact=checks.exact)
        self._projected: dict[int, Array] = {}
        self._malformed: list[int] = []

    def receive(self, node: int, product: Any) -> bool:
        """Take one answer; True when the received ones, less those that are blamed, give the product."""
        projected = self._checks.projected(product) if self._acceptable(product) else None
        if projected is None or not np.isfinite(projected).all():
            self._malformed.append(node)
            self.lying = sorted(self._malformed)
            return False
        self.products[node], self._projected[node] = product, projected
        if not self.decoder.add(node):
            return False
        blamed = self._blamed()
        if blamed is None:
            return False
        for liar in blamed:
            self.decoder.discard(liar)
            del self.products[liar]
        self.lying = sorted([*self._malformed, *blamed])
        return True

    def _blamed(self) -> tuple[int, ...] | None:
        """Nodes to leave out; None when more answers are needed to tell.

        Two explanations of what was received, with s and t liars, agree on the nodes outside both; so when any s + t
        nodes can be spared, the first explanation gives the product whichever is true.
        """
        suspects = self._relations.suspects(self._projected)
        if suspects is None:
            return None
        few = len(suspects[0])
        feared = max(0, self._liars - len(self._malformed))
        everyone = tuple(sorted(set().union(*suspects)))
        certain = self._decodable_without(everyone)
        if (certain and few > feared) or survives(self._scheme, self.products, failures=few + max(few, feared)):
            return everyone if certain else suspects[0]
        return None

    def _decodable_without(self, removed: tuple[int, ...]) -> bool:
        rest = RankDecoder(self._scheme)
        return any(rest.add(node) for node in self.products if node not in removed)
