"""Liars found by the code's own relations, and how many missing answers a scheme survives."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from coding.bilinear import catalog, codes
from coding.bilinear.combine import copies
from coding.bilinear.execution.parity import ParityChecks, integer_relations, orthonormal_relations
from coding.bilinear.execution.reach import survives, threshold

UNION = catalog.strassen() + catalog.winograd()
CIRCLE = codes.entangled_polynomial((2, 2, 2), nodes=14, points="circle")


def products_of(scheme, seed=1, integers=False):
    """Of random blocks, with one column."""
    rng = np.random.default_rng(seed)
    draw = (lambda size: rng.integers(-9, 9, size)) if integers else (lambda size: rng.normal(size=size))
    a, b = draw((4, 6, 5)), draw((4, 5, 1))
    return {i: np.tensordot(scheme.u[:, i], a, 1) @ np.tensordot(scheme.v[:, i], b, 1) for i in range(scheme.nodes)}


def checks_of(scheme, exact=False):
    return ParityChecks(scheme, lambda node: np.full(6, 1e-12), exact=exact)


def test_the_union_of_strassen_and_winograd_has_four_independent_relations():
    """Research, section 1.3: rank 10 of 14."""
    for find in (integer_relations, orthonormal_relations):
        relations = find(UNION.products)
        assert relations.shape == (4, 14)
        assert np.linalg.matrix_rank(relations.astype(float)) == 4
        assert np.abs(UNION.products @ relations.T).max() < 1e-12
    assert orthonormal_relations(CIRCLE.products).shape == (5, 14)
    assert np.abs(CIRCLE.products @ orthonormal_relations(CIRCLE.products).T).max() < 1e-12
    assert len(integer_relations(catalog.strassen().products)) == 0


def test_zero_checks_of_the_research_file_hold():
    """S1 + S4 - S5 + S7 = W1 + W2 is a combination of the relations found."""
    check = np.array([1, 0, 0, 1, -1, 0, 1, -1, -1, 0, 0, 0, 0, 0])
    relations = np.vstack([orthonormal_relations(UNION.products), check])
    assert np.linalg.matrix_rank(relations) == 4


@pytest.mark.parametrize("count", [0, 1, 2])
def test_up_to_two_liars_of_an_entangled_polynomial_code_are_named(count):
    """Any 9 of 14: two liars leave 12, of which two more may be doubted."""
    checks = checks_of(CIRCLE)
    for liars in list(combinations(range(14), count))[::5]:
        products = products_of(CIRCLE)
        for liar in liars:
            products[liar] = -products[liar]
        assert checks.suspects(products) == [liars]


def test_two_copies_see_a_lie_but_not_the_liar():
    scheme = copies(catalog.strassen(), 2)
    products = products_of(scheme)
    products[3] = products[3] + 1
    assert checks_of(scheme).suspects(products) == [(3,), (10,)]


def test_integer_relations_see_a_lie_of_one_unit_and_of_half_the_modulus():
    for lie in (1, -(2**63)):
        products = products_of(UNION, integers=True)
        checks = checks_of(UNION, exact=True)
        assert checks.suspects(products) == [()]
        products[0] = products[0] + np.int64(lie)
        assert (0,) in checks.suspects(products)
        assert () not in checks.suspects(products)


def test_rounding_is_no_lie():
    for scale in (1e-12, 1.0, 1e12):
        products = {node: scale * product for node, product in products_of(UNION).items()}
        checks = ParityChecks(UNION, lambda node, scale=scale: np.full(6, 1e-13 * scale), exact=False)
        assert checks.suspects(products) == [()]


@pytest.mark.parametrize(
    ("scheme", "reach"),
    [
        (catalog.strassen(), 0),
        (UNION, 1),
        (copies(catalog.strassen(), 2), 1),
        (copies(catalog.strassen(), 3), 2),
        (CIRCLE, 5),
        (codes.entangled_polynomial((2, 2, 2), nodes=11), 2),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_schemes_survive_what_the_tables_say(scheme, reach):
    """First nonzero F[e] of research section 1.4, and thresholds of section 1.6: EP(2,2,2) needs 9."""
    assert survives(scheme, range(scheme.nodes), failures=reach)
    assert survives(scheme, range(scheme.nodes), failures=reach + 1) is False
    assert threshold(scheme) == f"any {scheme.nodes - reach} of {scheme.nodes} right answers"


def test_the_only_two_fatal_pairs_are_those_of_the_paper():
    """(S3, W5) and (S7, W2), research section 1.3."""
    fatal = [pair for pair in combinations(range(14), 2) if not survives(UNION, set(range(14)) - set(pair), failures=0)]
    assert fatal == [(2, 11), (6, 8)]


def test_what_would_take_too_long_is_not_answered():
    scheme = codes.entangled_polynomial((2, 2, 2), nodes=40)
    assert survives(scheme, range(40), failures=20) is None
    assert threshold(scheme) == "at most 3 of 40 answers wrong or missing, or more of them by luck"
