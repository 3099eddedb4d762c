"""What the searches find, against the exhaustive results of the research report on coded computing, §1.5."""

from __future__ import annotations

import json
import sys
from itertools import combinations, combinations_with_replacement

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from coding.bilinear import catalog, search
from coding.bilinear.combine import copies, extended
from coding.bilinear.erasures import undecodable_counts
from coding.bilinear.scheme import BilinearScheme, matmul_targets
from coding.bilinear.search.annealing_walk import loss, residues
from coding.bilinear.search.found import Found, loss_weights
from coding.bilinear.search.parities import annihilators, useful_additions
from coding.bilinear.search.pool import ProductPool, directions
from coding.bilinear.search.symmetry import Orbits, automorphisms
from coding.errors import CodingError

S, W = catalog.strassen(), catalog.winograd()
POOL = ProductPool.of((2, 2, 2))
TARGETS = matmul_targets((2, 2, 2))


@pytest.fixture(scope="module")
def ranked() -> tuple[Found, ...]:
    """Strassen with each of its relatives, best first."""
    return search.partners(S)


@pytest.fixture(scope="module")
def relatives(ranked) -> set[tuple[int, ...]]:
    """The relatives alone, as numbers in the pool."""
    return {tuple(sorted(POOL.numbers(found.scheme)[7:].tolist())) for found in ranked}


def test_there_are_1600_ternary_products_of_which_46_lie_in_the_span_of_strassen_and_winograd():
    """Research §1.3."""
    assert len(POOL) == 1600
    inside = list(useful_additions((S + W).products, POOL.vectors(), 1))
    assert len(inside) == 46
    rank = np.linalg.matrix_rank((S + W).products)
    for (number,) in inside:
        assert np.linalg.matrix_rank(np.column_stack([(S + W).products, POOL.vectors()[number]])) == rank == 10


def test_a_product_outside_the_span_changes_no_failure_probability():
    """The theorem behind the search: F of the extension is that of the scheme, with an idle node."""
    inside = {number for (number,) in useful_additions((S + W).products, POOL.vectors(), 1)}
    base = undecodable_counts((S + W).products, TARGETS)
    idle = np.convolve(base, [1, 1])
    for number in np.random.default_rng(1).choice(sorted(set(range(1600)) - inside), 30, replace=False):
        both = np.column_stack([(S + W).products, POOL.vectors()[number]])
        assert np.array_equal(undecodable_counts(both, TARGETS), idle)


def test_the_best_single_parity_is_that_of_the_exhaustive_search_over_1600_products():
    """Research §1.5 (b): 0 0 1 22 207 1188 by (A11 + A21 - A22)(B12 - B22)."""
    found = search.parities(S + W)
    assert found.counts[:6] == (0, 0, 1, 22, 207, 1188)
    assert found.failure_probability(0.01) == pytest.approx(1.092e-4, rel=5e-4)
    assert abs(found.scheme.products[:, -1]).tolist() == abs(np.kron([1, 0, 1, -1], [0, 1, 0, -1])).tolist()


def test_the_best_pair_of_parities_is_that_of_the_exhaustive_search_over_all_pairs():
    """Research §1.5 (c)."""
    found = search.parities(S + W, count=2)
    assert found.counts[:7] == (0, 0, 0, 4, 100, 1103, 6523)
    assert found.failure_probability(0.01) == pytest.approx(4.50e-6, rel=2e-3)
    assert found.failure_probability(0.1) == pytest.approx(1.007e-2, rel=2e-3)
    assert found.scheme.nodes == 16


def test_no_ternary_pair_makes_strassen_survive_any_single_loss():
    """Research §1.5 (g), with a second pass over all pairs of the directions modulo the span."""
    assert search.parities(S, count=2).counts[1] > 0


def test_pairs_of_a_small_pool_are_searched_as_thoroughly_as_by_brute_force():
    """Outer products of 1 x 1 x 2 blocks: every pair of the pool tried one by one."""
    scheme = BilinearScheme([[1, 1]], [[1, 0], [0, 1]], shape=(1, 1, 2))
    pool, targets = ProductPool.of((1, 1, 2)), matmul_targets((1, 1, 2))
    vectors = pool.vectors()
    assert len(pool) == 4
    counts = [
        tuple(undecodable_counts(np.vstack([scheme.products.T, vectors[[i, j]]]).T, targets).tolist())
        for i in range(4)
        for j in range(i, 4)
    ]
    found = search.parities(scheme, count=2)
    assert found.counts == min(counts, key=lambda these: Found(scheme, these).failure_probability(0.01))
    assert found.counts == (0, 0, 0, 4, 1)  # four nodes of which any two suffice


def test_strassen_has_640_ternary_relatives_with_34_reliabilities(ranked, relatives):
    """Research §1.5 (a): 16 of them leave no fatal pair, F3 = 20."""
    assert len(ranked) == len(relatives) == 640
    assert relatives == set(search.relatives(S))
    assert len({found.counts for found in ranked}) == 34
    assert ranked[0].counts[:6] == (0, 0, 0, 20, 298, 1722)
    assert ranked[0].ties == sum(found.counts == ranked[0].counts for found in ranked) == 16
    assert ranked[0].failure_probability(0.01) == pytest.approx(2.08e-5, rel=2e-3)
    strassen_twice = sum(found.counts[:4] == (0, 0, 7, 84) for found in ranked)
    assert strassen_twice >= 1  # Strassen is its own relative


def test_the_best_partner_profits_from_parities_as_in_the_exhaustive_search(ranked):
    """Research §1.5 (d), 15 and 16 nodes; the best single one is (A11 + A12 + A21 + A22)(B11 + B21 - B22)."""
    partner = ranked[0].scheme
    one, two = search.parities(partner), search.parities(partner, count=2)
    assert one.counts[:6] == (0, 0, 0, 10, 165, 1185)
    assert one.failure_probability(0.01) == pytest.approx(1.05e-5, rel=5e-3)
    assert two.counts[:7] == (0, 0, 0, 1, 71, 993, 6426)
    assert two.failure_probability(0.01) == pytest.approx(1.60e-6, rel=5e-3)
    assert two.failure_probability(0.1) == pytest.approx(8.11e-3, rel=1e-3)


def test_120_pairs_with_coefficients_up_to_2_make_any_8_of_9_nodes_suffice():
    """Research §1.5 (g), after Wang and Duursma, arXiv 2011.15082."""
    found = search.parities(S, count=2, coefficients=2)
    assert found.counts[:4] == (0, 0, 35, 84)
    assert found.ties == 120


def test_two_strassens_and_winograd_fail_as_in_the_research():
    """Research §1.5 (f): 2.08e-6 at p = 0.01."""
    both = copies(S, 2) + W
    assert Found(both, tuple(undecodable_counts(both.products, TARGETS))).failure_probability(0.01) == pytest.approx(
        2.08e-6, rel=2e-3
    )


def test_first_partners_of_a_trio_are_one_of_each_class_under_the_symmetries_of_strassen(relatives):
    """Oracle: connected components of the graph that joins a relative to its ternary images."""
    module = sys.modules["coding.bilinear.search.partners"]
    home, ordered = POOL.numbers(S), sorted(relatives)
    place = {seven: row for row, seven in enumerate(ordered)}
    joined = np.eye(640, dtype=bool)
    for kind, row in module._images(POOL, home):
        if set(row) == set(home.tolist()):
            images = kind.images(POOL)
            targets = [place.get(tuple(sorted(images[list(seven)].tolist())), -1) for seven in ordered]
            joined[[row for row in range(640) if targets[row] >= 0], [row for row in targets if row >= 0]] = True
    classes, label = connected_components(joined, directed=False)
    chosen = [label[place[seven]] for seven in module._representatives(S, tuple(ordered))]
    assert sorted(chosen) == list(range(classes))


def test_a_trio_is_the_best_of_all_pairs_of_relatives(monkeypatch, ranked):
    """The search goes over pairs up to the symmetries of Strassen and gives up early; the oracle does neither.

    For speed both have 24 of the 640 relatives: whole classes of equal counts, which symmetries map to themselves.
    """
    classes: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for found in ranked:
        classes.setdefault(found.counts, []).append(tuple(sorted(POOL.numbers(found.scheme)[7:].tolist())))
    few = [numbers for members in classes.values() if len(members) < 3 for numbers in members]
    few += next(iter(classes.values()))  # the best class, of 16
    assert len(few) == 24
    monkeypatch.setattr(sys.modules["coding.bilinear.search.partners"], "relatives", lambda _: tuple(sorted(few)))
    found = search.trio(S)
    vectors, lowest, exact = POOL.vectors(), np.inf, ()
    weights = 0.01 ** np.arange(6) * 0.99 ** (21 - np.arange(6))
    for first, second in combinations_with_replacement(few, 2):
        products = np.concatenate([S.products.T, vectors[[*first, *second]]]).T
        if weights @ undecodable_counts(products, TARGETS, 5) < lowest:
            counts = tuple(undecodable_counts(products, TARGETS).tolist())
            value = Found(S, counts).failure_probability(0.01)
            exact, lowest = (counts, value) if value < lowest else (exact, lowest)
    assert found.counts == exact
    assert found.scheme.nodes == 21


def test_the_shipped_trio_is_of_strassen_and_two_of_its_relatives(relatives):
    """Research §1.5 (f) has F4 = 1 and 1.26e-8, the best of 3000 random pairs; all pairs give F4 = 0."""
    trio = catalog.load("found_21")
    numbers = POOL.numbers(trio)
    assert numbers[:7].tolist() == POOL.numbers(S).tolist()
    assert all(tuple(sorted(seven.tolist())) in relatives for seven in (numbers[7:14], numbers[14:]))
    counts = undecodable_counts(trio.products, TARGETS, 5)
    assert counts.tolist() == [0, 0, 0, 0, 0, 16]
    random, ordered = np.random.default_rng(21), sorted(relatives)
    for _ in range(200):
        others = [number for place in random.integers(0, 640, 2) for number in ordered[place]]
        worse = undecodable_counts(np.concatenate([S.products.T, POOL.vectors()[others]]).T, TARGETS, 5)
        assert worse.tolist() >= counts.tolist()


def test_winograd_is_a_relative_of_strassen(relatives):
    """de Groote 1978: all algorithms with 7 products are, and Winograd's is ternary."""
    assert tuple(sorted(POOL.numbers(W).tolist())) in relatives


def test_automorphisms_change_no_count():
    random = np.random.default_rng(3)
    maps = automorphisms()
    base = POOL.numbers(S + W)
    counts = undecodable_counts((S + W).products, TARGETS)
    seen = 0
    while seen < 10:
        images = maps[int(random.integers(len(maps)))].images(POOL)[base]
        if images.min() >= 0:
            seen += 1
            assert np.array_equal(undecodable_counts(POOL.vectors()[images].T, TARGETS), counts)


def test_orbits_of_a_partial_map_are_its_cycles():
    orbits = Orbits.under(np.array([1, 2, 0, 3, 5, -1, 7, 6]))
    assert orbits.members.tolist() == [[0, 1, 2], [3, -1, -1], [6, 7, -1]]
    assert orbits.sizes.tolist() == [3, 1, 2]
    assert orbits.orbit_of.tolist() == [0, 0, 0, 1, -1, -1, 2, 2]


def test_annihilators_vanish_on_the_products_and_on_nothing_more():
    functionals = annihilators((S + W).products)
    assert functionals.shape == (16, 6)
    assert not ((S + W).products.T @ functionals).any()
    assert np.linalg.matrix_rank(functionals) == 6


@pytest.mark.parametrize("limit", [np.inf, 1e-3])
def test_the_loss_of_the_annealer_is_the_truncated_failure_probability_or_above_its_limit(limit):
    random = np.random.default_rng(9)
    for _ in range(20):
        chosen = np.concatenate([POOL.numbers(S), random.integers(0, 1600, 5)])
        weights, choices = loss_weights(12, 4, 0.03)
        stack = np.empty((5, 12, 16), dtype=np.uint64)
        vectors = POOL.vectors()[chosen]
        value = loss(residues(vectors), residues(TARGETS), weights, choices, limit, stack)
        exact = float(weights @ undecodable_counts(vectors.T, TARGETS, 4))
        assert value > limit or value == pytest.approx(exact, rel=1e-12)
        assert value <= exact * (1 + 1e-12)


def test_free_search_finds_a_code_that_survives_any_two_of_twelve_losses_and_repeats_itself():
    """Research §1.5 (e): F3 = 40 for 12 nodes; here a few seconds suffice for F1 = F2 = 0."""
    found = search.scheme(12, restarts=10, steps=20_000, seed=2)
    assert found.counts[:3] == (0, 0, 0)
    assert max(np.abs(found.scheme.u).max(), np.abs(found.scheme.v).max()) == 1
    assert found.scheme == search.scheme(12, restarts=10, steps=20_000, seed=2).scheme
    assert tuple(undecodable_counts(found.scheme.products, TARGETS).tolist()) == found.counts


@pytest.mark.parametrize("symmetry", [1, 2, 3, 4, 6])
def test_free_search_gives_the_number_of_nodes_asked_for_under_every_symmetry(symmetry):
    for nodes in (13, 16):
        found = search.scheme(nodes, symmetry=symmetry, restarts=3, steps=4_000, largest=3, seed=4)
        assert found.scheme.nodes == nodes


def test_a_saved_code_is_the_one_loaded(tmp_path):
    found = Found(extended(S, [[0], [0], [1], [0]], [[0], [1], [0], [-1]]), (0, 7, 21, 35, 35, 21, 7, 1, 0))
    found.save(tmp_path / "mine.json", source="a test", found_by="a test")
    loaded = catalog.load(tmp_path / "mine.json")
    assert loaded.u.tolist() == found.scheme.u.tolist()
    assert loaded.v.tolist() == found.scheme.v.tolist()
    assert (loaded.name, loaded.labels) == ("mine", found.scheme.labels)
    assert json.loads((tmp_path / "mine.json").read_text())["counts"] == list(found.counts)


def test_directions_are_counted_up_to_sign_and_scale():
    assert [len(directions(4, c)) for c in (1, 2)] == [40, 272]
    for first, second in combinations(directions(3, 2), 2):
        assert np.linalg.matrix_rank([first, second]) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: search.parities(S, count=3), "count: not 1 or 2 products: expected 1 or 2, got 3"),
        (lambda: search.parities(S, coefficients=0), "coefficients: no coefficients"),
        (lambda: search.parities(catalog.load("3x3x3")), "too many products to search"),
        (lambda: search.parities(S * S), "too many products to search"),
        (lambda: search.partners(catalog.load("2x2x3")), "scheme: not 2 x 2 blocks"),
        (lambda: search.trio(BilinearScheme(2 * S.u, S.v, shape=(2, 2, 2))), "scheme: not ternary"),
        (lambda: search.scheme(6), "nodes: nodes out of range: expected 7 to 24, got 6"),
        (lambda: search.scheme(14, symmetry=5), "symmetry: no such symmetry"),
        (lambda: search.scheme(14, probability=1.0), "probability: not a probability"),
        (lambda: search.scheme(14, largest=0), "largest: not a number of nodes"),
        (lambda: search.scheme(14, steps=0), "steps: nothing to do"),
        (lambda: search.scheme(14, restarts=0), "restarts: nothing to do"),
        (lambda: search.scheme(7, restarts=1, steps=5), "no restart met a matrix product"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(CodingError, match=message):
        call()
