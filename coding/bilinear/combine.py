"""New schemes from old: unions, copies, nests, extra products, fewer products, another order.

>>> from coding.bilinear import catalog
>>> catalog.strassen() + catalog.winograd()                     # 14 nodes, more erasures than two copies
BilinearScheme('strassen+winograd', 2x2x2, 14 nodes, integer)
>>> catalog.strassen() * catalog.strassen()                     # each product by Strassen again
BilinearScheme('strassen*strassen', 4x4x4, 49 nodes, integer)
>>> parity = extended(catalog.strassen(), [[0], [0], [1], [0]], [[0], [1], [0], [-1]])      # A21 (B12 - B22)
>>> parity.labels[-1]
'P8'
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from coding.bilinear.scheme import Array, BilinearScheme, coefficients
from coding.errors import CodingError


def union(*schemes: BilinearScheme, name: str | None = None) -> BilinearScheme:
    """All nodes of all `schemes`, in order; C is read from the first as long as its nodes answer.

    Args:
        schemes: at least one, all of one shape.
        name: the names joined by "+" when None.

    Raises:
        CodingError: no scheme, or schemes of different shapes.
    """
    if not schemes:
        raise CodingError("nothing to unite", where="schemes", expected="at least one scheme")
    first = schemes[0]
    for other in schemes[1:]:
        if other.shape != first.shape:
            raise CodingError(
                "shapes differ",
                where="schemes",
                expected=f"{first.shape} as in {first!r}",
                got=f"{other.shape} in {other!r}",
            )
    rest = sum(scheme.nodes for scheme in schemes[1:])
    return BilinearScheme(
        np.hstack([scheme.u for scheme in schemes]),
        np.hstack([scheme.v for scheme in schemes]),
        np.hstack([first.w, np.zeros((first.w.shape[0], rest), dtype=first.w.dtype)]),
        shape=first.shape,
        name="+".join(scheme.name or "?" for scheme in schemes) if name is None else name,
        field="C" if any(scheme.field == "C" for scheme in schemes) else "R",
        labels=_distinct([label for scheme in schemes for label in scheme.labels]),
    )


def copies(scheme: BilinearScheme, count: int) -> BilinearScheme:
    """`count` replicas of every node: the baseline every code has to beat.

    Raises:
        CodingError: `count` below 1.
    """
    if count < 1:
        raise CodingError("too few copies", where="count", expected="at least 1", got=str(count))
    return union(*[scheme] * count, name=scheme.name if count == 1 else f"{count}x{scheme.name or '?'}")


def extended(scheme: BilinearScheme, u: ArrayLike, v: ArrayLike, *, labels: Sequence[str] = ()) -> BilinearScheme:
    """`scheme` with extra nodes, which no block of C needs while all others answer.

    Args:
        scheme: what is extended.
        u: (m*k, extra) coefficients of the new nodes.
        v: (k*n, extra) coefficients of the new nodes.
        labels: their names; P8, P9, ... (their numbers) when empty.

    Raises:
        CodingError: coefficients that do not fit the shape of the scheme.
    """
    left = coefficients(u, "u", rows=scheme.u.shape[0])
    extra = left.shape[1]
    right = coefficients(v, "v", rows=scheme.v.shape[0], columns=extra)
    added = tuple(labels) or tuple(f"P{scheme.nodes + i + 1}" for i in range(extra))
    complex_valued = np.iscomplexobj(left) or np.iscomplexobj(right)
    return BilinearScheme(
        np.hstack([scheme.u, left]),
        np.hstack([scheme.v, right]),
        np.hstack([scheme.w, np.zeros((scheme.w.shape[0], extra), dtype=scheme.w.dtype)]),
        shape=scheme.shape,
        name=f"{scheme.name}+{extra}" if scheme.name else "",
        field="C" if complex_valued else scheme.field,
        labels=_distinct([*scheme.labels, *added]),
    )


def selected(scheme: BilinearScheme, nodes: Sequence[int], *, name: str = "") -> BilinearScheme:
    """The scheme of some nodes, in the order given: a permutation, a puncturing, or copies of single nodes.

    Args:
        scheme: where the nodes come from.
        nodes: 0-based numbers; a number given twice makes two nodes.
        name: of the new scheme.

    Raises:
        CodingError: numbers out of range, or nodes whose products do not span C.
    """
    chosen = list(nodes)
    for node in chosen:
        if node not in range(scheme.nodes):
            raise CodingError("no such node", where="nodes", expected=f"0 to {scheme.nodes - 1}", got=str(node))
    permutation = sorted(chosen) == list(range(scheme.nodes))
    return BilinearScheme(
        scheme.u[:, chosen],
        scheme.v[:, chosen],
        scheme.w[:, chosen] if permutation else None,
        shape=scheme.shape,
        name=name,
        field=scheme.field,
        labels=_distinct([scheme.labels[node] for node in chosen]),
    )


def renamed(scheme: BilinearScheme, name: str, *, labels: Sequence[str] = ()) -> BilinearScheme:
    """`scheme` under another name, and other labels of its nodes if given."""
    names = tuple(labels) or scheme.labels
    return BilinearScheme(scheme.u, scheme.v, scheme.w, shape=scheme.shape, name=name, field=scheme.field, labels=names)


def nest(outer: BilinearScheme, inner: BilinearScheme) -> BilinearScheme:
    """Every product of `outer` computed by `inner`: the shapes multiply, and so do the numbers of nodes.

    Node (i, j) of the nest has number i * inner.nodes + j.
    """
    shape = (outer.shape[0] * inner.shape[0], outer.shape[1] * inner.shape[1], outer.shape[2] * inner.shape[2])
    (m, k, n), (p, q, r) = outer.shape, inner.shape
    return BilinearScheme(
        _nested_blocks(outer.u, inner.u, (m, k), (p, q)),
        _nested_blocks(outer.v, inner.v, (k, n), (q, r)),
        _nested_blocks(outer.w, inner.w, (m, n), (p, r)),
        shape=shape,
        name=f"{outer.name or '?'}*{inner.name or '?'}",
        field="C" if "C" in (outer.field, inner.field) else "R",
        labels=tuple(f"{a}.{b}" for a in outer.labels for b in inner.labels),
    )


def _nested_blocks(outer: Array, inner: Array, big: tuple[int, int], small: tuple[int, int]) -> Array:
    """Kronecker product of columns, its rows renumbered from (big, small block) to row-major of the fine grid."""
    product = np.einsum("ijs,klt->ikjlst", outer.reshape(*big, -1), inner.reshape(*small, -1))
    return np.asarray(product).reshape(big[0] * small[0] * big[1] * small[1], -1)


def _distinct(labels: list[str]) -> tuple[str, ...]:
    """Labels with a prime for every earlier use of the same one: S1, S1', S1''."""
    seen: set[str] = set()
    result = []
    for label in labels:
        candidate = label
        while candidate in seen:
            candidate += "'"
        seen.add(candidate)
        result.append(candidate)
    return tuple(result)
