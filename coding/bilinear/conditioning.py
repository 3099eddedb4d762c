"""How much a decoder amplifies rounding: what polynomial codes pay for their thresholds.

A relative error eps in every answer grows to at most eps times max_c sum_i |D_ci| |u_i| |v_i| in the blocks of C, for
decode weights D and blocks of unit norm.  That factor depends on who answered; here it is taken over all sets of
survivors of one size:

>>> from coding.bilinear import catalog, codes
>>> both = catalog.strassen() + catalog.winograd()
>>> f"{amplification(both, 0).worst:.1f} {amplification(both, 2).worst:.1f}"
'6.1 14.9'
>>> f"{amplification(codes.entangled_polynomial((2, 2, 2), nodes=14), 2).worst:.0f}"
'431'

The decoder measured is that of `decoding`: weights of least norm, each counted in units |u_i| |v_i| of its node.  Plain
least norm (`scaled=False`) loses up to a factor 150 where columns differ in size, as on integer points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

Floats = NDArray[np.float64]
Nodes = NDArray[np.int64]

IN_SPAN = 1e-9
CHUNK = 2048  # sets decomposed at a time: below 100 MB for 16 monomials and 24 nodes


@dataclass(frozen=True, slots=True)
class Amplification:
    """Amplification over the decodable sets of survivors of one size.

    Attributes:
        worst: largest factor.
        median: median factor.
        decodable: number of sets it was taken over.
        undecodable: number of sets left out because they cannot be decoded.
    """

    worst: float
    median: float
    decodable: int
    undecodable: int


def amplification(scheme: BilinearScheme, erasures: int, *, scaled: bool = True, sets: int = 200_000) -> Amplification:
    """Error amplification of the least-norm decoder over all losses of `erasures` nodes.

    Args:
        scheme: the scheme.
        erasures: number of lost nodes.
        scaled: least norm in units of each node's own magnitude, as `RankDecoder.weights`; False for plain least norm.
        sets: refuse above this number of sets.

    Raises:
        CodingError: as many losses as nodes, more than `sets` sets, or no decodable set.
    """
    if not 0 <= erasures < scheme.nodes:
        raise CodingError(
            "not a number of lost nodes", where="erasures", expected=f"0 to {scheme.nodes - 1}", got=str(erasures)
        )
    number = comb(scheme.nodes, erasures)
    if number > sets:
        raise CodingError("too many sets", where="sets", expected=f"at most {sets}", got=str(number), cure="raise sets")
    factors = np.concatenate([_factors(scheme, chunk, scaled) for chunk in _survivors(scheme.nodes, erasures)])
    decodable = factors[np.isfinite(factors)]
    if not decodable.size:
        raise CodingError("no set of survivors is decodable", where="erasures", got=str(erasures), cure="lose fewer")
    return Amplification(
        worst=float(decodable.max()),
        median=float(np.median(decodable)),
        decodable=decodable.size,
        undecodable=factors.size - decodable.size,
    )


def _survivors(nodes: int, erasures: int) -> Iterator[Nodes]:
    sets = combinations(range(nodes), nodes - erasures)
    while chunk := list(islice(sets, CHUNK)):
        yield np.array(chunk, dtype=np.int64)


def _factors(scheme: BilinearScheme, survivors: Nodes, scaled: bool) -> Floats:
    """(sets,) factors; infinite for a set that is not decodable."""
    length = np.linalg.norm(scheme.u, axis=0) * np.linalg.norm(scheme.v, axis=0)
    unit = np.where(length > 0, length, 1.0) if scaled else np.ones(scheme.nodes)
    columns = np.moveaxis((scheme.products / unit)[:, survivors], 1, 0)
    weights = np.linalg.pinv(columns, rcond=1e-14) @ scheme.targets.astype(columns.dtype)
    outside = np.abs(columns @ weights - scheme.targets).max(axis=(1, 2))
    rounding = np.abs(columns).max(axis=(1, 2)) * np.abs(weights).max(axis=(1, 2))
    factor = (np.abs(weights) * (length / unit)[survivors][:, :, None]).sum(axis=1).max(axis=1)
    return np.where(outside <= IN_SPAN * np.maximum(rounding, 1.0), factor, np.inf)
