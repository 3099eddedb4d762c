"""The product put together from the nodes' products, exact modulo 2^64 where numbers are integers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from coding.bilinear import catalog
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.execution.arithmetic import Arithmetic
from coding.bilinear.execution.assembly import assemble, decode_weights, divided, signed
from coding.bilinear.execution.blocks import BlockGrid, cut
from coding.bilinear.execution.node import encode
from coding.errors import CodingError

UNION = catalog.strassen() + catalog.winograd()


def products_of(a, b, scheme):
    """Grid, arithmetic and all products, computed here and now."""
    grid, arithmetic = BlockGrid.of(a.shape, b.shape, shape=scheme.shape), Arithmetic.of(a, b, scheme)
    m, k, n = scheme.shape
    left, right = (np.empty(shape, arithmetic.stored) for shape in (grid.left, grid.right))
    cut(a, (m, k), left)
    cut(b, (k, n), right)
    u, v = scheme.u.astype(arithmetic.stored), scheme.v.astype(arithmetic.stored)
    return grid, arithmetic, [encode(left, u[:, i]) @ encode(right, v[:, i]) for i in range(scheme.nodes)]


def assembled(nodes, grid, arithmetic, products, scheme=UNION):
    decoder = RankDecoder(scheme)
    for node in nodes:
        decoder.add(node)
    if not decoder.decodable:
        return None
    return assemble(decoder, {node: products[node] for node in nodes}, grid=grid, arithmetic=arithmetic)


@pytest.mark.parametrize("size", [9, 2**29])
def test_every_decodable_set_of_twelve_gives_the_exact_product(size):
    """91 sets, of which S + W cannot decode two (research, section 1.4: F[2] = 2); large entries wrap on the way."""
    rng = np.random.default_rng(1)
    a, b = rng.integers(-size, size, (5, 4)), rng.integers(-size, size, (4, 3))
    grid, arithmetic, products = products_of(a, b, UNION)
    expected = (a.astype(object) @ b.astype(object)).tolist()
    found = [assembled(nodes, grid, arithmetic, products) for nodes in combinations(range(14), 12)]
    assert sum(product is None for product in found) == 2
    assert all(product.tolist() == expected for product in found if product is not None)


def test_batches_slabs_and_blocks_find_their_places():
    """Sizes around the slab: many small matrices, and one whose rows do not divide evenly."""
    rng = np.random.default_rng(2)
    for left, right in (((700, 9, 20), (20, 11)), ((1, 900, 3), (3, 301)), ((2, 3, 40, 41), (41, 42))):
        a, b = rng.normal(size=left), rng.normal(size=right)
        grid, arithmetic, products = products_of(a, b, UNION)
        np.testing.assert_allclose(assembled(range(1, 14), grid, arithmetic, products), a @ b, rtol=0, atol=1e-12)


def test_weights_that_are_only_rounding_count_for_nothing():
    decoder = RankDecoder(UNION)
    for node in range(7):
        decoder.add(node)
    weights = decode_weights(decoder, exact=False)
    np.testing.assert_allclose(weights, UNION.w * (np.arange(14) < 7), atol=1e-14)
    assert (np.count_nonzero(weights, axis=1) == [4, 2, 2, 4]).all()
    np.testing.assert_array_equal(decode_weights(decoder, exact=True)[:, :7], catalog.strassen().w)


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 6, 12, 7])
def test_division_modulo_the_word_is_exact(divisor):
    rng = np.random.default_rng(3)
    power = divisor & -divisor
    quotients = rng.integers(-(2**63) // power, 2**63 // power, 1000, dtype=np.int64)
    wrapped = np.array([signed(int(q) * divisor) for q in quotients])
    np.testing.assert_array_equal(divided(wrapped, divisor), quotients)


def test_a_division_by_two_that_could_lose_a_bit_is_refused():
    """All of C = AB fits in int64, twice it does not; nodes are chosen so that the decoder must halve."""
    scheme = catalog.strassen()
    doubled = type(scheme)(2 * scheme.u, scheme.v, scheme.w / 2, shape=scheme.shape)
    a = b = np.full((2, 2), 3 * 2**29)
    grid, arithmetic, products = products_of(a, b, doubled)
    with pytest.raises(CodingError, match=r"2\^63 / 2"):
        assembled(range(7), grid, arithmetic, products, doubled)
    a = b = np.full((2, 2), 2**30)
    grid, arithmetic, products = products_of(a, b, doubled)
    assert assembled(range(7), grid, arithmetic, products, doubled).tolist() == [[2**61] * 2] * 2
