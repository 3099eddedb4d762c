"""Schemes compute the product they claim, and what is not a matrix product cannot be made."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from published_schemes import ALL, ANY_8_OF_9, BOTH, STRASSEN, WINOGRAD, answers, joined, matrices

from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError


@pytest.mark.parametrize("scheme", ALL, ids=repr)
def test_weighted_products_are_the_matrix_product(scheme: BilinearScheme) -> None:
    """Oracle: numpy's A @ B.  Rounding is scaled by the weights, as polynomial codes have large ones."""
    a, b = matrices(scheme, seed=1)
    found = joined([sum(c * p for c, p in zip(row, answers(scheme, a, b), strict=True)) for row in scheme.w], scheme)
    assert np.abs(found - a @ b).max() < 1e-11 * (1 + np.abs(scheme.w).max())


@pytest.mark.parametrize("scheme", ALL, ids=repr)
def test_a_node_is_the_vector_of_its_monomials(scheme: BilinearScheme) -> None:
    """Oracle: the definition, u_i (x) v_i and sum_j A_ij B_jk, written out with loops."""
    m, k, n = scheme.shape
    products, targets = scheme.products, scheme.targets
    assert np.array_equal(products, np.array([np.kron(u, v) for u, v in zip(scheme.u.T, scheme.v.T, strict=True)]).T)
    for c in range(m * n):
        ones = {(c // n * k + j) * k * n + j * n + c % n for j in range(k)}
        assert set(np.flatnonzero(targets[:, c])) == ones
    assert targets.sum() == m * k * n


@pytest.mark.parametrize("scheme", ALL, ids=repr)
def test_schemes_survive_pickling(scheme: BilinearScheme) -> None:
    twin = pickle.loads(pickle.dumps(scheme))
    assert twin == scheme
    assert hash(twin) == hash(scheme)
    assert (twin.name, twin.labels) == (scheme.name, scheme.labels)


def test_encoding_additions_are_those_of_the_research() -> None:
    """Research 1.2: Strassen 10, Winograd 14, together 24."""
    assert [scheme.encoding_additions for scheme in (STRASSEN, WINOGRAD, BOTH)] == [10, 14, 24]


def test_weights_left_out_are_found() -> None:
    assert np.array_equal(BilinearScheme(STRASSEN.u, STRASSEN.v, shape=(2, 2, 2)).w, STRASSEN.w)
    assert BilinearScheme(ANY_8_OF_9.u[:, 1:], ANY_8_OF_9.v[:, 1:], shape=(2, 2, 2)).nodes == 8


def test_any_wrong_coefficient_of_strassen_is_refused() -> None:
    for which in "uvw":
        for row in range(4):
            for node in range(7):
                factors = {name: np.array(getattr(STRASSEN, name)) for name in "uvw"}
                factors[which][row, node] += 1
                with pytest.raises(CodingError, match=r"not a 2x2x2 matrix product"):
                    BilinearScheme(**factors, shape=(2, 2, 2))


def test_integer_identities_are_checked_beyond_the_precision_of_floats() -> None:
    """a a - a (a - 1) = a with a = 2^30 + 1: a a has 61 bits, and float64 would get a - 1."""
    a = 2**30 + 1
    u, v = [[1, a, a]], [[1, a, a - 1]]
    assert BilinearScheme(u, v, [[1 - a, 1, -1]], shape=(1, 1, 1)).integral
    with pytest.raises(CodingError, match="error of 1"):
        BilinearScheme(u, v, [[2 - a, 1, -1]], shape=(1, 1, 1))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"u": np.ones((3, 7))}, r"u: wrong shape: expected an array of shape \(4, nodes\), got shape \(3, 7\)"),
        ({"v": np.ones((4, 6))}, r"v: wrong shape: expected an array of shape \(4, 7\)"),
        ({"w": STRASSEN.w[:, :6]}, r"w: wrong shape"),
        ({"u": STRASSEN.u * np.nan}, r"u: coefficients that are not finite"),
        ({"u": [["x"] * 7] * 4}, r"u: not an array of numbers"),
        ({"u": STRASSEN.u * 1j, "w": STRASSEN.w * -1j}, r'u: complex coefficients: expected real ones; pass field="C"'),
        ({"shape": (2, 2)}, r"shape: not a grid of blocks"),
        ({"shape": (2, 0, 2)}, r"shape: not a grid of blocks"),
        ({"shape": (2, 2.5, 2)}, r"shape: not a grid of blocks"),
        ({"field": "F2"}, r'field: unknown field: expected "R" or "C"'),
        ({"labels": ("S1",) * 7}, r"labels: labels do not name the nodes"),
        ({"w": STRASSEN.w[[0, 2, 1, 3]]}, r"give C transposed"),
        ({"u": STRASSEN.u[:, :6], "v": STRASSEN.v[:, :6], "w": None}, r"do not span the 2x2x2 matrix product"),
    ],
)
def test_what_is_not_a_scheme_is_refused_with_place_and_cure(changes: dict, text: str) -> None:
    arguments = {"u": STRASSEN.u, "v": STRASSEN.v, "w": STRASSEN.w, "shape": (2, 2, 2)} | changes
    with pytest.raises(CodingError, match=text):
        BilinearScheme(**arguments)


def test_complex_strassen_is_a_scheme_over_the_complex_numbers() -> None:
    scheme = BilinearScheme(STRASSEN.u * 1j, STRASSEN.v, STRASSEN.w * -1j, shape=(2, 2, 2), field="C")
    assert repr(scheme) == "BilinearScheme(2x2x2, 7 nodes, complex)"


def test_a_scheme_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        STRASSEN.u[0, 0] = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        STRASSEN.name = "other"  # type: ignore[misc]
