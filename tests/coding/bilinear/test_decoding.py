"""The rank decoder: right at the first decodable set, for every order of arrival, with weights that decode."""

from __future__ import annotations

import numpy as np
import pytest
from published_schemes import ALL, ANY_8_OF_9, BOTH, P1_W2, STRASSEN, answers, joined, matrices

from coding.bilinear import codes
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.scheme import BilinearScheme
from coding.bilinear.span import IntegerSpan, RealSpan
from coding.errors import CodingError


def decodable_by_rank(scheme: BilinearScheme, nodes: list[int]) -> bool:
    """Oracle: ranks with and without the targets, by numpy's singular values of scaled columns."""
    columns = scheme.products[:, nodes] / np.linalg.norm(scheme.products[:, nodes], axis=0)
    both = np.hstack([columns, scheme.targets])
    return np.linalg.matrix_rank(columns, tol=1e-8) == np.linalg.matrix_rank(both, tol=1e-8)


@pytest.mark.parametrize("scheme", ALL, ids=repr)
def test_decoder_stops_at_the_first_decodable_set(scheme: BilinearScheme) -> None:
    rng = np.random.default_rng(5)
    for _ in range(3 if scheme.nodes > 30 else 12):
        order = [int(node) for node in rng.permutation(scheme.nodes)]
        decoder = RankDecoder(scheme)
        done = next(count for count, node in enumerate(order, 1) if decoder.add(node))
        assert decodable_by_rank(scheme, order[:done])
        assert not decodable_by_rank(scheme, order[: done - 1])
        assert decoder.received == tuple(order[:done])


@pytest.mark.parametrize("scheme", ALL, ids=repr)
def test_weights_decode_from_the_nodes_received(scheme: BilinearScheme) -> None:
    """Oracle: numpy's A @ B.  Rounding grows with the weights."""
    order = [int(node) for node in np.random.default_rng(6).permutation(scheme.nodes)]
    decoder = RankDecoder(scheme)
    while not decoder.add(order.pop()):
        pass
    weights = decoder.weights()
    assert not weights[:, order].any()
    a, b = matrices(scheme, seed=7)
    products = np.array(answers(scheme, a, b))
    size = 1 + (np.abs(weights) * np.linalg.norm(products, axis=(1, 2))).sum()
    assert np.abs(joined(list(np.tensordot(weights, products, axes=1)), scheme) - a @ b).max() < 1e-11 * size


@pytest.mark.parametrize("scheme", [scheme for scheme in ALL if scheme.integral], ids=repr)
def test_integer_weights_give_integer_products_exactly(scheme: BilinearScheme) -> None:
    """Oracle: numpy's integer A @ B; every bit must agree, through divisors such as 3 and 4."""
    rng = np.random.default_rng(8)
    a, b = matrices(scheme, seed=9, integers=True)
    products = np.array(answers(scheme, a, b)).astype(object)
    for _ in range(4):
        order = [int(node) for node in rng.permutation(scheme.nodes)]
        decoder = RankDecoder(scheme)
        while not decoder.add(order.pop()):
            pass
        numerators, divisors = decoder.integer_weights()
        sums = np.tensordot(numerators.astype(object), products, axes=1)
        assert not numerators[:, order].any()
        assert (divisors > 0).all()
        assert not (sums % divisors[:, None, None]).any()
        assert np.array_equal(joined(list(sums // divisors[:, None, None]), scheme), a @ b)


def test_least_norm_is_least() -> None:
    """Oracle: any other weights that decode have a larger norm: the difference is orthogonal to the weights."""
    decoder = RankDecoder(BOTH)
    for node in range(1, 14):
        decoder.add(node)
    weights = decoder.weights()[:, 1:]
    length = np.linalg.norm(BOTH.products, axis=0)[1:]
    _, values, right = np.linalg.svd(BOTH.products[:, 1:] / length)
    relations = right[(values > 1e-9).sum() :]
    assert len(relations) == 3
    assert np.abs((weights * length) @ relations.T).max() < 1e-12


def test_undecodable_pairs_of_both_are_those_of_the_research() -> None:
    """Research 1.3: (S3, W5) and (S7, W2), no others."""
    fatal = []
    for i in range(14):
        for j in range(i):
            decoder = RankDecoder(BOTH)
            for node in set(range(14)) - {i, j}:
                decoder.add(node)
            if not decoder.decodable:
                fatal.append((BOTH.labels[j], BOTH.labels[i]))
    assert sorted(fatal) == [("S3", "W5"), ("S7", "W2")]


def test_a_discarded_node_is_forgotten() -> None:
    """Oracle: a decoder that never saw the node."""
    rng = np.random.default_rng(10)
    for _ in range(30):
        decoder, order = RankDecoder(P1_W2), [int(node) for node in rng.permutation(16)]
        for node in order[:13]:
            decoder.add(node)
        expected = RankDecoder(P1_W2)
        for node in order[1:13]:
            expected.add(node)
        assert decoder.discard(order[0]) == expected.decodable == decoder.decodable
        assert decoder.received == expected.received
        assert [decoder.add(node) for node in order[13:]] == [expected.add(node) for node in order[13:]]


def test_a_fork_goes_its_own_way() -> None:
    decoder = RankDecoder(STRASSEN)
    for node in range(6):
        decoder.add(node)
    twin = decoder.fork()
    assert twin.add(6)
    assert not decoder.decodable
    assert decoder.received == tuple(range(6))


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda d: d.add(9), r"node: no such node: expected 0 to 8, got 9"),
        (lambda d: d.add(-1), r"node: no such node"),
        (lambda d: d.add(0), r"node: node answered twice: got 0"),
        (lambda d: d.discard(3), r"node: node has not answered: expected one of \(0,\), got 3"),
        (lambda d: d.weights(), r"received nodes do not determine the product: .* got 1 of 9 nodes"),
        (lambda d: d.integer_weights(), r"received nodes do not determine the product"),
    ],
)
def test_wrong_use_is_refused(act, text: str) -> None:
    decoder = RankDecoder(ANY_8_OF_9)
    decoder.add(0)
    with pytest.raises(CodingError, match=text):
        act(decoder)


def test_real_schemes_have_no_integer_weights() -> None:
    decoder = RankDecoder(codes.matdot(2, nodes=3))
    for node in range(3):
        decoder.add(node)
    with pytest.raises(CodingError, match=r"no integer weights: expected integer u and v.*; weights\(\)"):
        decoder.integer_weights()


def test_integer_span_survives_numbers_beyond_64_bits() -> None:
    """Oracle: the Vandermonde system of 0, 7, ..., 119 solved by Lagrange's formula at x = 1, in Python integers."""
    points = [7 * i for i in range(18)]
    vectors = np.array([[x**power for x in points] for power in range(18)], dtype=object)
    small = vectors[:14, :14].astype(np.int64) if 91**13 < 2**63 else vectors[:9, :9].astype(np.int64)
    size = len(small)
    span = IntegerSpan(np.ones((size, 1), dtype=np.int64), size)
    for node in range(size):
        assert span.add(node, small[:, node])
        assert span.complete == (node == size - 1)
    numerators, divisors = span.combination()
    assert sum(int(n) * x**3 for n, x in zip(numerators[0], points, strict=False)) == int(divisors[0])
    first = 1.0
    for x in points[1:size]:
        first *= (1 - x) / (0 - x)
    assert np.isclose(int(numerators[0][0]) / int(divisors[0]), first, rtol=1e-12)


def test_a_vector_that_is_new_only_by_rounding_is_not_new() -> None:
    """A third of two vectors' sum is in their span; 1e-14 of a direction must not decode the target along it."""
    target = np.array([[0.0], [0.0], [1.0]])
    span = RealSpan(target, 3)
    assert span.add(0, np.array([1.0, 0.0, 0.0]))
    assert span.add(1, np.array([1.0, 1.0, 0.0]))
    assert not span.add(2, np.array([2.0, 1.0, 1e-14]) / 3)
    assert not span.complete
    assert span.add(2, np.array([2.0, 1.0, 1e-6]))
    assert span.complete
