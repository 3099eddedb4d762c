"""Polynomial codes as bilinear schemes: nodes evaluate two matrix polynomials at their own point and multiply.

The product of the polynomials is a polynomial again, and the blocks of C are among its coefficients, so any
`threshold` nodes suffice, whichever they are.

>>> code = entangled_polynomial((2, 2, 2), nodes=11)
>>> code
BilinearScheme('EP(2,2,2) chebyshev', 2x2x2, 11 nodes, real)
>>> entangled_threshold((2, 2, 2))
9
>>> matdot(2, nodes=4, points="circle").field                 # well conditioned, in complex arithmetic
'C'

Points are "chebyshev" (real), "circle" (roots of unity, complex), "integers" (those about 0; exact and badly
conditioned) or the numbers themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coding.bilinear.scheme import Array, BilinearScheme, checked_shape
from coding.errors import CodingError

Points = str | ArrayLike


def chebyshev_points(nodes: int) -> Array:
    """cos((2i + 1) pi / 2N), i = 0 ... N-1: the zeros of T_N."""
    return np.asarray(np.cos((2 * np.arange(nodes) + 1) * np.pi / (2 * nodes)))


def circle_points(nodes: int) -> Array:
    """exp(2 pi i j / N), j = 0 ... N-1: the N-th roots of unity."""
    return np.asarray(np.exp(2j * np.pi * np.arange(nodes) / nodes))


def integer_points(nodes: int) -> Array:
    """The N integers about zero: -N//2, ..., 0, ...; exact, and badly conditioned."""
    return np.arange(nodes, dtype=np.float64) - nodes // 2


def entangled_threshold(shape: tuple[int, int, int]) -> int:
    """Nodes an entangled polynomial code waits for: m k n + k - 1.

    Source: Yu, Maddah-Ali and Avestimehr, arXiv 1801.07487.
    """
    m, k, n = checked_shape(shape)
    return m * k * n + k - 1


def polynomial_threshold(m: int, n: int) -> int:
    """Nodes a polynomial code waits for: m n.  Source: Yu, Maddah-Ali and Avestimehr, arXiv 1705.10464."""
    return entangled_threshold((m, 1, n))


def matdot_threshold(k: int) -> int:
    """Nodes a MatDot code waits for: 2 k - 1.  Source: Dutta et al., arXiv 1801.10292."""
    return entangled_threshold((1, k, 1))


def lagrange_threshold(products: int) -> int:
    """Nodes that Lagrange coding of so many products waits for: 2 products - 1.

    Source: Yu et al., arXiv 1806.00939, for a function of degree 2; arXiv 1801.07487 for the bilinear rank.
    """
    if products < 1:
        raise CodingError("too few products", where="products", expected="at least 1", got=str(products))
    return 2 * products - 1


def entangled_polynomial(shape: tuple[int, int, int], *, nodes: int, points: Points = "chebyshev") -> BilinearScheme:
    """Entangled polynomial code EP(m, k, n): any m k n + k - 1 nodes decode.

    A(x) = sum A_ij x^(j + i k) and B(x) = sum B_jl x^(k - 1 - j + l k m): block C_il is the coefficient of
    x^(k - 1 + i k + l k m).

    Args:
        shape: the grid (m, k, n).
        nodes: number of workers, at least the threshold.
        points: see the module.

    Raises:
        CodingError: fewer nodes than the threshold, or points that are not that many different numbers.

    Source: Yu, Maddah-Ali and Avestimehr, arXiv 1801.07487.
    """
    m, k, n = checked_shape(shape)
    _enough(nodes, entangled_threshold(shape), f"EP({m},{k},{n})")
    x = _points(points, nodes)
    i, j, row, column = np.arange(m)[:, None], np.arange(k), np.arange(k)[:, None], np.arange(n)
    powers_a = (j + i * k).ravel()
    powers_b = (k - 1 - row + column * k * m).ravel()
    return _scheme(x ** powers_a[:, None], x ** powers_b[:, None], (m, k, n), f"EP({m},{k},{n}){_suffix(points)}")


def polynomial(m: int, n: int, *, nodes: int, points: Points = "chebyshev") -> BilinearScheme:
    """Polynomial code: A in m row blocks, B in n column blocks; any m n nodes decode.

    Raises:
        CodingError: as `entangled_polynomial`, of which it is the case k = 1.

    Source: Yu, Maddah-Ali and Avestimehr, arXiv 1705.10464.
    """
    _enough(nodes, polynomial_threshold(m, n), f"polynomial({m},{n})")
    scheme = entangled_polynomial((m, 1, n), nodes=nodes, points=points)
    return _scheme(scheme.u, scheme.v, scheme.shape, f"polynomial({m},{n}){_suffix(points)}")


def matdot(k: int, *, nodes: int, points: Points = "chebyshev", basis: str = "monomial") -> BilinearScheme:
    """MatDot code: A in k column blocks, B in k row blocks; any 2 k - 1 nodes decode.

    Args:
        k: number of blocks.
        nodes: number of workers, at least 2 k - 1.
        points: see the module.
        basis: "monomial", or "chebyshev" for OrthoMatDot, A(x) = sum A_j t_j(x), B(x) = sum B_j t_j(x) with orthonormal
            Chebyshev polynomials, which is far better conditioned on the Chebyshev points.

    Raises:
        CodingError: fewer nodes than the threshold, bad points, or an unknown basis.

    Source: Dutta et al., arXiv 1801.10292; Fahim and Cadambe, arXiv 1903.08326.
    """
    if basis not in ("monomial", "chebyshev"):
        raise CodingError("unknown basis", where="basis", expected='"monomial" or "chebyshev"', got=repr(basis))
    _enough(nodes, matdot_threshold(k), f"MatDot({k})")
    x = _points(points, nodes)
    if basis == "monomial":
        powers = np.arange(k)[:, None]
        return _scheme(x**powers, x ** (k - 1 - powers), (1, k, 1), f"MatDot({k}){_suffix(points)}")
    values = np.polynomial.chebyshev.chebvander(x, k - 1).T * np.sqrt(2.0)
    values[0] /= np.sqrt(2.0)
    return _scheme(values, values, (1, k, 1), f"OrthoMatDot({k}){_suffix(points)}")


def lagrange(base: BilinearScheme, *, nodes: int, points: Points = "chebyshev") -> BilinearScheme:
    """Lagrange coding of the R products of another scheme: any 2 R - 1 nodes decode.

    The encoded factors of product r are interpolated at r-th of R Chebyshev points (roots of unity for "circle"
    points) and evaluated at the node's point, A(x) = sum_r (u_r A) l_r(x), B(x) = sum_r (v_r B) l_r(x); C is a
    combination of A(x) B(x) at the interpolation points.  With Strassen inside, 13 nodes of 2 x 2 blocks.

    Args:
        base: the scheme whose products are coded.
        nodes: number of workers, at least 2 R - 1.
        points: where the workers stand; see the module.

    Raises:
        CodingError: fewer nodes than the threshold, or bad points.

    Source: Yu et al., arXiv 1806.00939 (LCC), arXiv 1801.07487 (threshold 2 R - 1).
    """
    _enough(nodes, lagrange_threshold(base.nodes), f"Lagrange of {base.nodes} products")
    on_circle = isinstance(points, str) and points == "circle"
    anchors = circle_points(base.nodes) if on_circle else chebyshev_points(base.nodes)
    x = _points(points, nodes)
    basis = _lagrange_basis(anchors, x)
    name = f"Lagrange({base.name or '?'}){_suffix(points)}"
    return _scheme(base.u @ basis, base.v @ basis, base.shape, name)


def _lagrange_basis(anchors: Array, x: Array) -> Array:
    """(R, N) values l_r(x_i) of the Lagrange polynomials of the anchors."""
    gaps = x[None, :, None] - anchors[None, None, :]  # one row for each r, to drop its own factor from
    gaps = np.repeat(gaps, len(anchors), axis=0)
    own = anchors[:, None] - anchors[None, :]
    index = np.arange(len(anchors))
    gaps[index, :, index], own[index, index] = 1.0, 1.0
    return np.asarray(gaps.prod(axis=2) / own.prod(axis=1)[:, None])


def _points(points: Points, nodes: int) -> Array:
    if isinstance(points, str):
        known = {"chebyshev": chebyshev_points, "circle": circle_points, "integers": integer_points}
        if points not in known:
            raise CodingError("unknown points", where="points", expected=f"one of {sorted(known)}", got=repr(points))
        return known[points](nodes)
    values = np.asarray(points)
    if values.shape != (nodes,) or values.dtype.kind not in "iufc" or not np.isfinite(values).all():
        raise CodingError(
            "not points",
            where="points",
            expected=f"{nodes} finite numbers",
            got=f"{values.dtype}, shape {values.shape}",
        )
    if len(np.unique(values)) < nodes:
        raise CodingError("points coincide", where="points", expected=f"{nodes} different numbers", got=repr(points))
    return values if values.dtype.kind == "c" else values.astype(np.float64)


def _enough(nodes: int, threshold: int, code: str) -> None:
    if nodes < threshold:
        raise CodingError(f"too few nodes for {code}", where="nodes", expected=f"at least {threshold}", got=str(nodes))


def _suffix(points: Points) -> str:
    return f" {points}" if isinstance(points, str) else ""


def _scheme(u: Array, v: Array, shape: tuple[int, int, int], name: str) -> BilinearScheme:
    complex_valued = np.iscomplexobj(u) or np.iscomplexobj(v)
    return BilinearScheme(u, v, shape=shape, name=name, field="C" if complex_valued else "R")
