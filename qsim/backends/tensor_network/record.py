"""Figures of a run on matrix product states, gathered over its histories: bond dimensions, fidelity, truncations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qsim.backends.tensor_network.chain import Chain, Truncation


@dataclass(slots=True)
class Record:
    """Figures of a run, gathered over its histories.

    Attributes:
        histories: how many states were evolved to the end.
        largest_bond: largest bond dimension met.
        fidelity: mean over shots of the product of kept weights.
        worst_fidelity: the smallest one.
        truncations: splits of the first history that discarded more than 1e-16, in order.
    """

    histories: int = 0
    largest_bond: int = 1
    worst_fidelity: float = 1.0
    truncations: list[Truncation] = field(default_factory=list)
    _weight: float = 0.0
    _sum: float = 0.0

    @property
    def fidelity(self) -> float:
        return self._sum / self._weight if self._weight else 1.0

    def add(self, weight: float, chain: Chain) -> None:
        """Take in a history that has ended."""
        chain.settle()
        if not self.histories:
            self.truncations = chain.truncations
        self.histories += 1
        self.largest_bond = max(self.largest_bond, chain.largest_bond)
        self.worst_fidelity = min(self.worst_fidelity, chain.fidelity)
        self._weight += weight
        self._sum += weight * chain.fidelity

    def figures(self) -> dict[str, Any]:
        """For metadata."""
        return {
            "histories": self.histories,
            "largest_bond": self.largest_bond,
            "fidelity": self.fidelity,
            "worst_fidelity": self.worst_fidelity,
            "truncations": [(each.gate, each.bond, each.kept, each.discarded) for each in self.truncations],
        }
