"""How many missing answers certainly do no harm.

>>> from coding.bilinear import catalog
>>> survives(catalog.strassen() + catalog.winograd(), range(14), failures=1)     # any 13 of the 14 suffice
True
>>> survives(catalog.strassen() + catalog.winograd(), range(14), failures=2)     # S3 and W5 must not both be missing
False
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.scheme import BilinearScheme

Array = NDArray[Any]

MOST_SETS = 20_000
"""Sets of missing nodes looked at; more are not worth their time here (see `coding.bilinear.reliability`)."""

NUMBERS_AT_ONCE = 2**22
DEPENDENT = 1e-9


def survives(scheme: BilinearScheme, nodes: Iterable[int], *, failures: int) -> bool | None:
    """Whether the product can be had from `nodes` less any `failures` of them; None when there are too many to try."""
    present = sorted(nodes)
    kept = len(present) - failures
    if kept < 1:
        return False
    if comb(len(present), kept) > MOST_SETS:
        return None
    columns = scheme.products / np.maximum(np.linalg.norm(scheme.products, axis=0), 1e-300)
    subsets = np.array(list(combinations(present, kept)))
    batch = max(1, NUMBERS_AT_ONCE // (len(columns) * (kept + scheme.targets.shape[1])))
    return all(
        _decodable(columns[:, chosen].transpose(1, 0, 2), scheme.targets)
        for chosen in (subsets[i : i + batch] for i in range(0, len(subsets), batch))
    )


def threshold(scheme: BilinearScheme) -> str:
    """How many answers are needed, in words: "any 12 of 14 right answers", or the known part of that."""
    failures = 0
    while outcome := survives(scheme, range(scheme.nodes), failures=failures + 1):
        failures += 1
    if outcome is False:
        return f"any {scheme.nodes - failures} of {scheme.nodes} right answers"
    return f"at most {failures} of {scheme.nodes} answers wrong or missing, or more of them by luck"


def _decodable(stack: Array, targets: Array) -> bool:
    """Whether every matrix of the (sets, monomials, nodes) stack has all targets in the span of its columns."""
    together = np.concatenate([stack, np.broadcast_to(targets, (len(stack), *targets.shape))], axis=2)
    return bool((_ranks(stack) == _ranks(together)).all())


def _ranks(stack: Array) -> Array:
    singular = np.linalg.svd(stack, compute_uv=False)
    return np.asarray((singular > DEPENDENT * singular[:, :1]).sum(axis=1))
