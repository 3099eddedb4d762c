"""A bilinear scheme: a blocked matrix product spread over nodes, each computing one product of two sums of blocks.

Cut A into m x k blocks and B into k x n, numbered row by row.  Node i is sent the coefficients u[:, i] and v[:, i] and
computes P_i = (sum_a u[a, i] A_a) (sum_b v[b, i] B_b); block c of C = A B is sum_i w[c, i] P_i.  Strassen's seven
products, two copies of them, polynomial codes and nests of all these are the same object with other columns:

>>> trivial = BilinearScheme([[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 1]], shape=(1, 2, 1))    # A1 B1 + A2 B2
>>> trivial
BilinearScheme(1x2x1, 2 nodes, integer)
>>> trivial.products[:, 1]                          # node 2 is the vector u (x) v: only A2 B2
array([0, 0, 0, 1])

A scheme that is not a matrix product cannot be made: the tensor identity is checked on construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coding.errors import CodingError

Array = NDArray[Any]  # int64 where all entries are integers, else float64 or complex128

RELATIVE_TOLERANCE = 1e-9
"""A floating-point identity holds when its error is below this times the sum of the magnitudes of its terms."""


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class BilinearScheme:
    """Coefficients of a verified matrix multiplication scheme; one column of `u`, `v` and `w` a node.

    Args:
        u: (m*k, N) coefficients of the blocks of A.
        v: (k*n, N) coefficients of the blocks of B.
        w: (m*n, N) coefficients that give the blocks of C from the products of all nodes; None computes those of least
            norm.
        shape: the grid (m, k, n): A is cut into m x k blocks, B into k x n, C into m x n.
        name: what people call it; plots and tables show it.
        field: "R" or "C", where the coefficients live.
        labels: one short name a node ("S1"); P1, P2, ... when empty.

    Raises:
        CodingError: arrays that do not fit the shape, entries that are not finite, complex entries over "R", or
            coefficients whose products do not give A B.

    Source: the tensor identity sum_i u_i (x) v_i (x) w_i = <m, k, n>, Brent 1970.
    """

    u: Array
    v: Array
    w: Array
    shape: tuple[int, int, int]
    name: str
    field: str
    labels: tuple[str, ...]

    def __init__(
        self,
        u: ArrayLike,
        v: ArrayLike,
        w: ArrayLike | None = None,
        *,
        shape: tuple[int, int, int],
        name: str = "",
        field: str = "R",
        labels: tuple[str, ...] = (),
    ) -> None:
        m, k, n = checked_shape(shape)
        if field not in ("R", "C"):
            raise CodingError("unknown field", where="field", expected='"R" or "C"', got=repr(field))
        left = coefficients(u, "u", rows=m * k)
        right = coefficients(v, "v", rows=k * n, columns=left.shape[1])
        given = None if w is None else coefficients(w, "w", rows=m * n, columns=left.shape[1])
        for label, array in (("u", left), ("v", right), ("w", given)):
            if field == "R" and array is not None and np.iscomplexobj(array):
                raise CodingError("complex coefficients", where=label, expected="real ones", cure='pass field="C"')
        names = tuple(labels) or tuple(f"P{i + 1}" for i in range(left.shape[1]))
        if len(names) != left.shape[1] or len(set(names)) != len(names):
            raise CodingError(
                "labels do not name the nodes",
                where="labels",
                expected=f"{left.shape[1]} different names",
                got=f"{len(names)}, {len(set(names))} of them different",
            )
        out = _least_norm(left, right, (m, k, n)) if given is None else given
        _verify(left, right, out, shape=(m, k, n), given=given is not None)
        for array in (left, right, out):
            array.setflags(write=False)
        values = {"u": left, "v": right, "w": out, "shape": (m, k, n), "name": name, "field": field, "labels": names}
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def __repr__(self) -> str:
        kind = "integer" if self.integral else {"R": "real", "C": "complex"}[self.field]
        grid = "x".join(map(str, self.shape))
        return f"BilinearScheme({f'{self.name!r}, ' * bool(self.name)}{grid}, {self.nodes} nodes, {kind})"

    def __eq__(self, other: object) -> bool:
        """Whether the coefficients and the shape agree; names do not matter."""
        if not isinstance(other, BilinearScheme):
            return NotImplemented
        mine, theirs = (self.u, self.v, self.w), (other.u, other.v, other.w)
        return self.shape == other.shape and all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))

    def __hash__(self) -> int:
        return hash((self.shape, self.nodes, complex(self.u.sum()), complex(self.v.sum()), complex(self.w.sum())))

    def __add__(self, other: BilinearScheme) -> BilinearScheme:
        """The union: all nodes of both (see `combine.union`)."""
        from coding.bilinear.combine import union  # combine builds schemes, so it comes after this module

        return union(self, other) if isinstance(other, BilinearScheme) else NotImplemented

    def __mul__(self, other: BilinearScheme) -> BilinearScheme:
        """The nest: every product of `self` is computed by `other` on sub-blocks (see `combine.nest`)."""
        from coding.bilinear.combine import nest

        return nest(self, other) if isinstance(other, BilinearScheme) else NotImplemented

    @property
    def nodes(self) -> int:
        """Number of nodes N, which is the number of products."""
        return int(self.u.shape[1])

    @property
    def integral(self) -> bool:
        """Whether `u` and `v` are integers, so that spans of nodes can be decided exactly."""
        return self.u.dtype.kind == "i" and self.v.dtype.kind == "i"

    @property
    def products(self) -> Array:
        """(m*k*k*n, N) matrix whose column i is u_i (x) v_i: node i as a vector of monomials A_a B_b."""
        return np.asarray(self.u[:, None, :] * self.v[None, :, :]).reshape(-1, self.nodes)

    @property
    def targets(self) -> Array:
        """(m*k*k*n, m*n) matrix whose column c is block c of C as a vector of monomials A_a B_b; zeros and ones."""
        return matmul_targets(self.shape)

    @property
    def encoding_additions(self) -> int:
        """Block additions to encode A and B without reuse of common sums: Strassen 10, Winograd 14."""
        used = np.count_nonzero(self.u, axis=0) + np.count_nonzero(self.v, axis=0)
        return int(np.maximum(used - 2, 0).sum())


def matmul_targets(shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """(m*k*k*n, m*n) matrix of the blocks of C over the monomials A_a B_b, row-major throughout."""
    m, k, n = shape
    tensor = np.zeros((m, k, k, n, m, n), dtype=np.int64)
    i, j, column = np.ogrid[:m, :k, :n]
    tensor[i, j, j, column, i, column] = 1
    return tensor.reshape(m * k * k * n, m * n)


def checked_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The grid as three plain integers, or a CodingError."""
    try:
        m, k, n = (int(size) for size in shape if int(size) == size)
    except (TypeError, ValueError):
        m = 0
        k = n = m
    if min(m, k, n) < 1:
        raise CodingError("not a grid of blocks", where="shape", expected="(m, k, n) of integers >= 1", got=repr(shape))
    return m, k, n


def coefficients(value: ArrayLike, where: str, *, rows: int, columns: int | None = None) -> Array:
    """A private (rows, columns) copy of `value`: int64 where all entries are integers, else float64 or complex128."""
    wanted = f"an array of shape ({rows}, {'nodes' if columns is None else columns})"
    try:
        array = np.array(value)
        numbers = array.astype(np.complex128)
    except (TypeError, ValueError, OverflowError) as error:
        raise CodingError("not an array of numbers", where=where, expected=wanted, got=type(value).__name__) from error
    if array.ndim != 2 or array.shape[0] != rows or columns not in (None, array.shape[1]) or array.shape[1] == 0:
        raise CodingError("wrong shape", where=where, expected=wanted, got=f"shape {array.shape}")
    if not np.isfinite(numbers).all():
        raise CodingError("coefficients that are not finite", where=where, cure="remove NaN and infinity")
    if numbers.imag.any():
        return numbers
    real = np.ascontiguousarray(numbers.real)
    if (real == np.rint(real)).all() and np.abs(real).max() < 2**53:
        return real.astype(np.int64)
    return real


def _least_norm(u: Array, v: Array, shape: tuple[int, int, int]) -> Array:
    """The decoding weights of least norm, each in units of its node's magnitude; integers where they come out so."""
    products = (u[:, None, :] * v[None, :, :]).reshape(-1, u.shape[1]).astype(complex)
    length = np.linalg.norm(products, axis=0)
    length[length == 0] = 1.0
    solution: Array = (np.linalg.lstsq(products / length, matmul_targets(shape), rcond=None)[0] / length[:, None]).T
    if not (np.iscomplexobj(u) or np.iscomplexobj(v)):
        solution = np.ascontiguousarray(solution.real)
        rounded: Array = np.rint(solution).astype(np.int64)
        if np.abs(solution - rounded).max() < RELATIVE_TOLERANCE:
            return rounded
    return solution


def _verify(u: Array, v: Array, w: Array, *, shape: tuple[int, int, int], given: bool) -> None:
    """Refuse coefficients whose weighted products are not A B, and say which block is wrong.

    Integers are checked without rounding: their sums stay below 2^53, where float64 is exact, or are done in Python's.
    """
    m, k, n = shape
    magnitude = float(u.shape[1]) * float(np.prod([np.abs(x).max() for x in (u, v, w)], dtype=float))
    integral = all(x.dtype.kind == "i" for x in (u, v, w))
    exact = object if integral and magnitude >= 2**53 else np.result_type(u, v, w, np.float64)
    u, v, w = (x.astype(exact) for x in (u, v, w))
    expected = matmul_targets(shape).reshape(m * k, k * n, m * n)
    for a in range(m * k):  # one block of A at a time keeps <11, 12, 12> below a megabyte
        error = np.abs((v * u[a]) @ w.T - expected[a])
        allowed = 0.0 if integral else RELATIVE_TOLERANCE * (1 + (np.abs(v) * np.abs(u[a])) @ np.abs(w).T)
        wrong = np.argwhere(error > allowed)
        if wrong.size:
            b, c = (int(x) for x in wrong[0])
            grid = "x".join(map(str, shape))
            if not given:
                raise CodingError(
                    f"the products do not span the {grid} matrix product",
                    where="u, v",
                    expected=f"every block of C in the span of the {u.shape[1]} products",
                    got=f"C[{c // n},{c % n}] outside it",
                    cure="add nodes, or check the order of rows (row-major blocks)",
                )
            raise CodingError(
                f"not a {grid} matrix product",
                where="w",
                expected=f"coefficient {int(expected[a, b, c])} of A[{a // k},{a % k}] B[{b // n},{b % n}] "
                f"in C[{c // n},{c % n}]",
                got=f"an error of {float(error[b, c]):.3g}",
                cure="blocks are numbered row by row, in C too; published files often give C transposed",
            )
