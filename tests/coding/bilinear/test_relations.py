"""The list of +-1 relations is complete and right, and the local decoder built on it decodes."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from published_schemes import ANY_8_OF_9, BOTH, P1, P1_W2, PARTNER, STRASSEN, answers, matrices

from coding.bilinear import catalog, codes
from coding.bilinear.combine import copies, selected
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.peeling import PeelingDecoder
from coding.bilinear.relations import check_relations
from coding.errors import CodingError

CHECKS = (
    "S1+S4-S5+S7 = W1+W2",
    "S3+S5 = W1+W5+W6-W7",
    "S2+S4 = W1-W3+W4-W7",
    "S1-S2+S3+S6 = W1+W4+W5-W7",
    "S1-S2-S5+S6 = W4-W6",
    "S2+S4-S6+S7 = W1+W2-W4+W6",
    "S1-S2-S5+S7 = W2+W3-W4+W7",
    "S2-S3+S4-S5 = -W3+W4-W5-W6",
    "S1-S2+S3+S7 = W1+W2+W3-W4+W5+W6",
    "S2-S3+S4-S5-S6+S7 = W2-W4-W5+W7",
)


def coefficients(text: str) -> tuple[int, ...]:
    """ "S1-S2 = W4" as signs of S1 - S2 - W4."""
    row = dict.fromkeys(BOTH.labels, 0)
    for side, sign in zip(text.split("="), (1, -1), strict=True):
        for word in side.replace("-", " -").replace("+", " +").split():
            row[word.lstrip("+-")] = -sign if word.startswith("-") else sign
    return tuple(row.values())


def test_relations_of_both_are_those_of_the_research() -> None:
    """Research 1.3: 10/10/12/14 minimal expressions, 10 checks, 4 of them independent, 57 expressions in all."""
    found = check_relations(BOTH)
    assert [len(group) for group in found.to_blocks] == [10, 10, 12, 14]
    assert found.all_expressions == (14, 14, 15, 14)
    assert (len(found.checks), found.all_checks, found.independent_checks) == (10, 10, 4)


def test_zero_checks_of_both_are_the_ten_of_the_research() -> None:
    assert {relation.coefficients for relation in check_relations(BOTH).checks} == set(map(coefficients, CHECKS))


@pytest.mark.parametrize("scheme", [STRASSEN, ANY_8_OF_9, selected(BOTH, range(1, 11))], ids=["7", "9", "10"])
def test_meeting_in_the_middle_finds_what_trying_all_signs_finds(scheme) -> None:
    """Oracle: all 3^N sign patterns, multiplied out; minimality by comparing all pairs of supports."""
    signs = np.array(list(product((-1, 0, 1), repeat=scheme.nodes)))
    sums = signs @ scheme.products.T
    found = check_relations(scheme)
    for block, target in enumerate([*scheme.targets.T, np.zeros(len(scheme.products))]):
        rows = [tuple(map(int, row)) for row in signs[(sums == target).all(axis=1)] if row.any()]
        supports = [frozenset(np.flatnonzero(row)) for row in rows]
        minimal = {row for row, s in zip(rows, supports, strict=True) if not any(other < s for other in supports)}
        if block < 4:
            assert {relation.coefficients for relation in found.to_blocks[block]} == minimal
            assert found.all_expressions[block] == len(rows)
        else:
            half = {row for row in minimal if next(sign for sign in row if sign) > 0}
            assert {relation.coefficients for relation in found.checks} == half


def test_relations_are_written_as_people_write_them() -> None:
    found = check_relations(STRASSEN)
    assert [found.text(group[0]) for group in found.to_blocks] == [
        "S1 + S4 - S5 + S7 = C11",
        "S3 + S5 = C12",
        "S2 + S4 = C21",
        "S1 - S2 + S3 + S6 = C22",
    ]
    negative = check_relations(catalog.winograd() + catalog.strassen())
    assert any(negative.text(relation).startswith("-") for group in negative.to_blocks for relation in group)


def test_relations_of_two_copies_pair_them() -> None:
    found = check_relations(copies(STRASSEN, 2))
    assert [found.text(check) for check in found.checks] == [f"S{i} - S{i}' = 0" for i in range(1, 8)]


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        (codes.matdot(2, nodes=4), r"no \+-1 relations: expected integer u and v"),
        (catalog.load("3x4x5"), r"too many nodes to list relations: expected at most 24, got 47"),
    ],
)
def test_schemes_without_local_relations_are_refused(scheme, text: str) -> None:
    with pytest.raises(CodingError, match=text):
        check_relations(scheme)


def test_peeling_reconstructs_integers_exactly() -> None:
    """Oracle: numpy's A @ B, for every loss of up to three nodes that the table calls decodable."""
    decoder, table = PeelingDecoder(P1), PeelingDecoder(P1).decodable_sets()
    a, b = matrices(P1, seed=11, integers=True)
    products = dict(enumerate(answers(P1, a, b)))
    expected = [block for row in np.vsplit(a @ b, 2) for block in np.hsplit(row, 2)]
    for lost in (set(s) for size in range(4) for s in combinations(range(15), size)):
        received = set(range(15)) - lost
        if table[sum(1 << node for node in received)]:
            found = decoder.decode({node: products[node] for node in received})
            assert all(np.array_equal(x, y) for x, y in zip(found, expected, strict=True))
        else:
            assert decoder.plan(received) is None


def test_a_known_block_gives_back_a_lost_product() -> None:
    """Without S3, W4, W6 and W7: C21 = S2 + S4 first, then S3 from another expression of C21.  Oracle: numpy."""
    decoder, received = PeelingDecoder(BOTH), set(range(14)) - {2, 10, 12, 13}
    plan = decoder.plan(received)
    assert plan is not None
    assert any(step.node == 2 and step.relation.block == 2 for step in plan)
    a, b = matrices(BOTH, seed=27, integers=True)
    products = answers(BOTH, a, b)
    found = decoder.decode({node: products[node] for node in received})
    assert np.array_equal(np.block([found[:2], found[2:]]), a @ b)


def test_peeling_never_decodes_what_the_rank_decoder_cannot() -> None:
    rng = np.random.default_rng(12)
    for scheme in (P1_W2, PARTNER + STRASSEN):
        table = PeelingDecoder(scheme).decodable_sets()
        for _ in range(200):
            received = [int(node) for node in np.flatnonzero(rng.random(scheme.nodes) < 0.7)]
            decoder = RankDecoder(scheme)
            for node in received:
                decoder.add(node)
            assert decoder.decodable or not table[sum(1 << node for node in received)]


def test_the_plan_has_no_idle_step() -> None:
    """Without S1 and W1: every solved product is used later, and every block is solved once."""
    decoder = PeelingDecoder(BOTH)
    plan = decoder.plan(set(range(14)) - {0, 7})
    assert plan is not None
    assert sorted(step.relation.block for step in plan if step.node is None) == [0, 1, 2, 3]
    for position, step in enumerate(plan):
        if step.node is not None:
            assert any(step.node in later.relation.support for later in plan[position + 1 :])


def test_the_fatal_pair_of_the_local_decoder_is_named() -> None:
    """Research 1.3: local peeling additionally loses (S2, W4)."""
    with pytest.raises(CodingError, match=r"got all but \[1, 10\]; use decoding.RankDecoder"):
        PeelingDecoder(BOTH).decode({node: np.zeros((1, 1)) for node in set(range(14)) - {1, 10}})
