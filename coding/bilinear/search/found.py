"""What a search hands back: a scheme, its exact counts, and how many others are as good."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.erasures import undecodable_counts
from coding.bilinear.scheme import BilinearScheme


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    Attributes:
        scheme: what was found.
        counts: F[0], ..., F[N]: how many losses of e nodes are fatal, counted exactly.
        ties: number of candidates with these counts, this one included.
    """

    scheme: BilinearScheme
    counts: tuple[int, ...]
    ties: int = 1

    def failure_probability(self, p: float) -> float:
        """Probability of a fatal loss when every node fails independently with probability ``p``."""
        return failure(self.counts, p)

    def save(self, path: str | Path, *, source: str, found_by: str, licence: str = "Apache-2.0") -> None:
        """Write the scheme with its counts as JSON that ``catalog.load`` reads; its name is that of the file.

        Args:
            path: where to; an existing file is replaced.
            source: the command that finds it again, or the paper.
            found_by: who found it.
            licence: under which it may be passed on.
        """
        data = {
            "name": Path(path).stem,
            "shape": list(self.scheme.shape),
            "labels": list(self.scheme.labels),
            "source": source,
            "licence": licence,
            "found_by": found_by,
            "u": self.scheme.u.tolist(),
            "v": self.scheme.v.tolist(),
            "counts": list(self.counts),
        }
        lines = [f"  {json.dumps(key)}: {_matrix_text(value)}" for key, value in data.items()]
        Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    def __str__(self) -> str:
        shown = " ".join(map(str, self.counts[:8]))
        return f"{self.scheme!r}: F = {shown} ..., fails with {self.failure_probability(0.01):.3g} at p = 0.01"


def _matrix_text(value: Any) -> str:
    """JSON with one line a row of a matrix."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in value) + "\n  ]"
    return json.dumps(value, ensure_ascii=False)


def failure(counts: tuple[int, ...], p: float) -> float:
    """Σ_e F[e] p^e (1-p)^(N-e)."""
    nodes = len(counts) - 1
    return float(sum(f * p**e * (1 - p) ** (nodes - e) for e, f in enumerate(counts)))


def exact_counts(products: NDArray[Any], targets: NDArray[Any]) -> tuple[int, ...]:
    """The exact counts as plain integers."""
    return tuple(int(f) for f in undecodable_counts(products, targets))


def loss_weights(nodes: int, largest: int, probability: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """p^e (1-p)^(N-e) and C(N, e) for e = 0 .. largest, the weights and choices of ``annealing_walk.loss``."""
    sizes = range(min(largest, nodes) + 1)
    weights = np.array([probability**e * (1 - probability) ** (nodes - e) for e in sizes])
    return weights, np.array([float(comb(nodes, e)) for e in sizes])
