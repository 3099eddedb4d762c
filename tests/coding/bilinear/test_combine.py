"""Unions, nests, extensions and selections are schemes; labels stay different."""

from __future__ import annotations

import numpy as np
import pytest
from published_schemes import BOTH, STRASSEN, WINOGRAD, answers, joined, matrices

from coding.bilinear import catalog, codes
from coding.bilinear.combine import copies, extended, nest, renamed, selected, union
from coding.errors import CodingError


def test_a_nest_of_three_kinds_multiplies_real_matrices() -> None:
    """Oracle: numpy.  Grids 2x2x3, 1x2x1 and 2x1x1 give 4x4x3; row-major renumbering of blocks is what can go wrong."""
    scheme = catalog.load("2x2x3") * codes.matdot(2, nodes=3) * codes.polynomial(2, 1, nodes=2)
    assert (scheme.shape, scheme.nodes) == ((4, 4, 3), 66)
    a, b = matrices(scheme, seed=2)
    found = joined([sum(c * p for c, p in zip(row, answers(scheme, a, b), strict=True)) for row in scheme.w], scheme)
    assert np.allclose(found, a @ b, rtol=0, atol=1e-9)


def test_nesting_is_associative() -> None:
    one, other = nest(nest(STRASSEN, WINOGRAD), STRASSEN), nest(STRASSEN, nest(WINOGRAD, STRASSEN))
    assert one == other


def test_labels_of_copies_differ() -> None:
    assert copies(STRASSEN, 3).labels[::7] == ("S1", "S1'", "S1''")
    assert (STRASSEN * WINOGRAD).labels[8] == "S2.W2"
    assert extended(BOTH, WINOGRAD.u[:, [1]], WINOGRAD.v[:, [1]], labels=("W2",)).labels[-1] == "W2'"


def test_a_permutation_keeps_the_weights_and_a_selection_finds_its_own() -> None:
    order = [3, 1, 0, 6, 5, 4, 2]
    turned = selected(STRASSEN, order)
    assert np.array_equal(turned.w, STRASSEN.w[:, order])
    assert turned.labels == tuple(f"S{i + 1}" for i in order)
    assert selected(BOTH, range(7, 14)) == WINOGRAD


def test_renaming_changes_nothing_else() -> None:
    other = renamed(STRASSEN, "S", labels=tuple("abcdefg"))
    assert other == STRASSEN
    assert (other.name, other.labels[2]) == ("S", "c")
    assert renamed(STRASSEN, "S").labels == STRASSEN.labels


def test_a_union_with_a_complex_scheme_is_complex() -> None:
    mixed = union(STRASSEN, codes.entangled_polynomial((2, 2, 2), nodes=9, points="circle"), name="mixed")
    assert (mixed.field, mixed.name, mixed.nodes) == ("C", "mixed", 16)


def test_operators_refuse_what_is_not_a_scheme() -> None:
    with pytest.raises(TypeError):
        STRASSEN + 1
    with pytest.raises(TypeError):
        STRASSEN * 2


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: STRASSEN + catalog.load("3x3x3"), r"schemes: shapes differ: expected \(2, 2, 2\)"),
        (union, r"schemes: nothing to unite"),
        (lambda: copies(STRASSEN, 0), r"count: too few copies: expected at least 1, got 0"),
        (lambda: selected(STRASSEN, [7]), r"nodes: no such node: expected 0 to 6, got 7"),
        (lambda: selected(STRASSEN, [0, 1, 2]), r"do not span the 2x2x2 matrix product"),
        (lambda: extended(STRASSEN, [[1], [0]], [[1], [0], [0], [0]]), r"u: wrong shape"),
        (lambda: extended(STRASSEN, np.ones((4, 2)), np.ones((4, 1))), r"v: wrong shape"),
    ],
)
def test_impossible_combinations_are_refused(build, text: str) -> None:
    with pytest.raises(CodingError, match=text):
        build()
