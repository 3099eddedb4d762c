"""Exact counts of fatal erasures, against tables, a closed form, a slow twin and MDS codes.

The tables are those of the research report on coded computing, §1.4 (obtained there by a C++ and an independent Python
rank decoder).
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from coding.bilinear import catalog, combine
from coding.bilinear.erasures import MOST_SETS, proven, undecodable_counts, undecodable_counts_plain
from coding.bilinear.scheme import matmul_targets
from coding.errors import CodingError

TARGETS = matmul_targets((2, 2, 2))
S, W = catalog.strassen(), catalog.winograd()
P1 = np.kron([0, 0, 1, 0], [0, 1, 0, -1])[:, None]  # A21 (B12 - B22)


@pytest.mark.parametrize(
    ("products", "counts"),
    [
        (S.products, [0, 7, 21, 35, 35, 21, 7, 1]),
        (
            np.hstack([S.products, W.products]),
            [0, 0, 2, 40, 362, 1746, 2956, 3430, 3003, 2002, 1001, 364, 91, 14, 1],
        ),
        (
            np.hstack([S.products, W.products, P1]),
            [0, 0, 1, 24, 243, 1420, 4488, 6360, 6433, 5005, 3003, 1365, 455, 105, 15, 1],
        ),
        (
            np.hstack([S.products, W.products, P1, W.products[:, [1]]]),
            [0, 0, 0, 9, 154, 1189, 4900, 10532, 12750, 11437, 8008, 4368, 1820, 560, 120, 16, 1],
        ),
    ],
    ids=["S", "S+W", "S+W+P1", "S+W+P1+W2"],
)
def test_counts_are_those_of_the_tables(products, counts):
    assert undecodable_counts(products, TARGETS).tolist() == counts
    assert proven(products, TARGETS)


@pytest.mark.parametrize("number", [2, 3])
def test_copies_follow_their_generating_function(number):
    """A loss is harmless if it leaves one of the copies of each of the 7 products: F[e] = C(7c, e) - [x^e] (...)^7."""
    one = np.array([comb(number, j) for j in range(number)], dtype=np.int64)
    harmless = np.array([1], dtype=np.int64)
    for _ in range(7):
        harmless = np.convolve(harmless, one)
    expected = [comb(7 * number, e) - (int(harmless[e]) if e < len(harmless) else 0) for e in range(7 * number + 1)]
    assert undecodable_counts(combine.copies(S, number).products, TARGETS).tolist() == expected


def test_counts_agree_with_elimination_in_rational_numbers():
    random = np.random.default_rng(5)
    for _ in range(6):
        products = random.integers(-2, 3, (6, 8))
        products[:, 7] = products[:, 0]
        targets = products[:, :3] @ random.integers(-1, 2, (3, 2))
        assert undecodable_counts(products, targets).tolist() == undecodable_counts_plain(products, targets)


def test_a_polynomial_code_survives_exactly_the_losses_down_to_its_threshold():
    """Any 4 of 9 values of a cubic determine it, 3 never do: F[e] = 0 up to e = 5, then every set."""
    values = np.vander(np.arange(1, 10), 4, increasing=True).T
    expected = [0 if e <= 5 else comb(9, e) for e in range(10)]
    assert undecodable_counts(values, np.eye(4, dtype=int)).tolist() == expected
    points = np.cos((2 * np.arange(9) + 1) * np.pi / 18)
    assert undecodable_counts(np.vander(points, 4).T, np.eye(4)).tolist() == expected
    circle = np.exp(2j * np.pi * np.arange(9) / 9)
    assert undecodable_counts(np.vander(circle, 4).T, np.eye(4)).tolist() == expected


@pytest.mark.parametrize("factor", [np.pi, 1j * np.sqrt(2), 1 + 1j], ids=["real", "imaginary", "complex"])
def test_scaling_nodes_changes_no_count_in_floating_point(factor):
    products = np.hstack([S.products, W.products])
    scales = factor * np.linspace(1.0, 50.0, 14)
    assert np.array_equal(undecodable_counts(products * scales, TARGETS), undecodable_counts(products, TARGETS))


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
def test_a_rotation_of_the_space_changes_no_count_of_21_nodes(complex_):
    """Oracle: the exact walk in integers, over some 10^6 harmless sets; the rotated one is in floating point."""
    random = np.random.default_rng(6)
    matrix = random.normal(size=(16, 16)) + 1j * complex_ * random.normal(size=(16, 16))
    rotation = np.linalg.qr(matrix if complex_ else matrix.real)[0]
    trio = catalog.load("found_21").products
    assert np.array_equal(undecodable_counts(rotation @ trio, rotation @ TARGETS), undecodable_counts(trio, TARGETS))


def test_nearly_dependent_nodes_count_as_relations_down_to_weights_of_a_thousand_million():
    """Two unit vectors at the angle x span the plane with weights 1/x; the third is lost, or one of them."""
    for angle, fatal in ((1e-7, 0), (1e-11, 1)):
        vectors = np.array([[1.0, np.cos(angle), 0.0], [0.0, np.sin(angle), 1.0]])
        assert undecodable_counts(vectors, np.eye(2))[1] == fatal


def test_halves_and_quarters_are_counted_exactly():
    products = np.hstack([S.products, W.products])
    assert np.array_equal(undecodable_counts(products / 4, TARGETS), undecodable_counts(products, TARGETS))
    assert proven(products / 4, TARGETS)


def test_large_integers_do_not_overflow():
    """Node i of an exact polynomial code at the points 10^6 + i: entries up to 10^18."""
    points = [10**6 + i for i in range(6)]
    values = np.array([[x**power for x in points] for power in range(4)], dtype=np.int64)
    assert undecodable_counts(values, np.eye(4, dtype=int)).tolist() == [0, 0, 0, 20, 15, 6, 1]
    assert not proven(values, np.eye(4, dtype=int))


def test_whatever_contains_a_fatal_set_is_fatal():
    """So the share of fatal sets cannot fall with the number of losses (local LYM inequality)."""
    for scheme in (S + W, combine.copies(S, 2), W + W):
        counts = undecodable_counts(scheme.products, TARGETS)
        shares = [f / comb(scheme.nodes, e) for e, f in enumerate(counts)]
        assert shares == sorted(shares)


def test_truncated_counts_are_the_head_of_all():
    products = np.hstack([S.products, W.products])
    everything = undecodable_counts(products, TARGETS)
    for largest in (0, 1, 3, 14, 99):
        assert np.array_equal(undecodable_counts(products, TARGETS, largest), everything[: largest + 1])


def test_products_that_span_nothing_lose_everything():
    assert undecodable_counts(S.products[:, :6], TARGETS).tolist() == [comb(6, e) for e in range(7)]
    assert undecodable_counts(S.products[:, :6] * np.pi, TARGETS).tolist() == [comb(6, e) for e in range(7)]


def test_fatal_pairs_are_those_found_by_the_ranks_of_numpy():
    products = np.hstack([S.products, W.products]).astype(float)

    def decodable(kept):
        return np.linalg.matrix_rank(np.hstack([products[:, kept], TARGETS])) == np.linalg.matrix_rank(
            products[:, kept]
        )

    fatal = [lost for lost in combinations(range(14), 2) if not decodable([i for i in range(14) if i not in lost])]
    assert fatal == [(2, 11), (6, 8)]  # (S3, W5) and (S7, W2), research §1.3
    assert undecodable_counts(products, TARGETS, 2)[2] == len(fatal)


@pytest.mark.parametrize(
    ("products", "targets", "message"),
    [
        (np.ones(3), np.ones((1, 1)), "products: not a matrix of numbers"),
        (np.array([["a"]]), np.ones((1, 1)), "products: not a matrix of numbers"),
        (np.ones((3, 2)), np.ones((4, 1)), "targets: not in the space of the products: expected 3 rows, got 4"),
        (np.array([[np.nan]]), np.ones((1, 1)), "products: entries that are not finite"),
        (np.ones((1, 63)), np.ones((1, 1)), "at most 62, got 63; estimate by Monte Carlo: sampling.FailureSampler"),
        (
            np.tile(np.eye(20, dtype=int), 3),
            np.eye(20, dtype=int),
            "estimate by Monte Carlo: sampling.FailureSampler, or count small losses only",
        ),
    ],
)
def test_bad_input_is_refused_with_a_cure(products, targets, message, monkeypatch):
    monkeypatch.setattr("coding.bilinear.erasures.MOST_SETS", 10_000)  # instead of ten seconds' walk
    monkeypatch.setattr("coding.bilinear.erasures.MOST_SETS_NUMERICALLY", 10_000)
    assert MOST_SETS > 10_000
    with pytest.raises(CodingError, match=message.replace("(", r"\(").replace(")", r"\)")):
        undecodable_counts(products, targets)


def test_a_negative_number_of_losses_is_refused():
    with pytest.raises(CodingError, match="largest: not a number of nodes: expected 0 or more, got -1"):
        undecodable_counts(np.ones((1, 1)), np.ones((1, 1)), -1)
