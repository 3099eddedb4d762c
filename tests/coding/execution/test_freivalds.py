"""Freivalds' check: no honest answer refused, hardly a wrong one missed."""

from __future__ import annotations

import numpy as np
import pytest

from coding.bilinear import catalog, codes
from coding.bilinear.execution.arithmetic import Arithmetic
from coding.bilinear.execution.blocks import BlockGrid, cut
from coding.bilinear.execution.freivalds import ROUNDS, Freivalds
from coding.bilinear.execution.node import node_product

UNION = catalog.strassen() + catalog.winograd()


def checks_of(a, b, scheme=UNION, seed=1):
    """The checks, and a function that gives a node's honest product."""
    grid, arithmetic = BlockGrid.of(a.shape, b.shape, shape=(2, 2, 2)), Arithmetic.of(a, b, scheme)
    left = cut(a, (2, 2), np.empty(grid.left, arithmetic.stored))
    right = cut(b, (2, 2), np.empty(grid.right, arithmetic.stored))
    u, v = scheme.u.astype(arithmetic.stored), scheme.v.astype(arithmetic.stored)
    checks = Freivalds(left, right, u=u, v=v, arithmetic=arithmetic, rng=np.random.default_rng(seed))
    return checks, lambda node: node_product(left, right, u[:, node], v[:, node]).product


def hard_matrices(n):
    """Matrices whose rounding errors are far from random, or whose entries are far apart."""
    rng = np.random.default_rng(2)
    yield rng.normal(size=(n, n)), rng.normal(size=(n, n))
    yield rng.random((n, n)), 1 + 1e-6 * rng.random((n, n))
    yield np.full((n, n), 0.1), np.full((n, n), 0.3)
    yield np.linspace(0, 1, n * n).reshape(n, n), np.linspace(1, 2, n * n).reshape(n, n)
    yield rng.normal(size=(n, n)) * 10.0 ** rng.integers(-8, 8, (n, n)), rng.normal(size=(n, n))
    yield np.outer(np.eye(n)[0], np.ones(n)) * 1e3 + 0.1, np.full((n, n), 1 / 3)
    yield np.zeros((n, n)), np.ones((n, n))
    yield np.diag(rng.random(n)), np.diag(rng.random(n))
    yield 1e-20 * rng.normal(size=(n, n)), 1e-20 * rng.normal(size=(n, n))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_honest_products_pass_whatever_the_matrices(dtype):
    for a, b in hard_matrices(90):
        factor = 1 + 0.5j if np.issubdtype(dtype, np.complexfloating) else 1
        checks, honest = checks_of((factor * a).astype(dtype), (factor * b).astype(dtype))
        assert all(checks.passes(node, honest(node)) for node in range(14))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-37, 1e-20, 1e18])
def test_entries_whose_squares_leave_the_range_do_no_harm(dtype, size):
    rng = np.random.default_rng(3)
    a, b = (size * rng.normal(size=(20, 20))).astype(dtype), rng.normal(size=(20, 20)).astype(dtype)
    checks, honest = checks_of(a, b)
    assert all(checks.passes(node, honest(node)) for node in range(14))
    assert not checks.passes(3, -honest(3))


@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 1e-9), (np.float32, 1.0)])
def test_a_single_entry_that_is_wrong_beyond_rounding_is_seen(dtype, error):
    """At 100 x 100 entries of size 10; chance of a miss 14 x 2^-20 = 1.3e-5, the seed is fixed."""
    rng = np.random.default_rng(4)
    checks, honest = checks_of(rng.normal(size=(200, 200)).astype(dtype), rng.normal(size=(200, 200)).astype(dtype))
    for node in range(14):
        wrong = honest(node).copy()
        wrong[node, 99 - node] += error
        assert not checks.passes(node, wrong)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_entry_that_is_no_number_is_seen(value):
    rng = np.random.default_rng(6)
    checks, honest = checks_of(rng.normal(size=(8, 8)), rng.normal(size=(8, 8)))
    wrong = honest(0).copy()
    wrong[1, 1] = value
    assert not checks.passes(0, wrong)


@pytest.mark.parametrize("size", [100, 2**29])
@pytest.mark.parametrize("error", [1, -1, 2**40])
def test_integer_products_wrong_by_anything_are_seen(size, error):
    """By float64 (small entries) and modulo 2^64 (large ones)."""
    rng = np.random.default_rng(7)
    checks, honest = checks_of(rng.integers(-size, size, (10, 10)), rng.integers(-size, size, (10, 10)))
    for node in range(14):
        product = honest(node)
        assert checks.passes(node, product)
        wrong = product.copy()
        wrong[2, 3] += error
        assert not checks.passes(node, wrong)


def test_a_multiple_of_half_the_modulus_is_seen():
    """Random signs would miss 2^63 always; zeros and ones see it in every other column."""
    rng = np.random.default_rng(8)
    checks, honest = checks_of(rng.integers(-(2**29), 2**29, (4, 4)), rng.integers(-(2**29), 2**29, (4, 4)))
    wrong = honest(0).copy()
    wrong[0, 0] ^= np.int64(-(2**63))
    assert not checks.passes(0, wrong)


def test_one_column_misses_a_rank_one_lie_in_half_of_the_draws():
    """Two equal errors in a row cancel for half of the signs of one column: the worst case, and 2^-ROUNDS for all.

    600 checks of 20 columns: 12,000 coins; seven standard deviations are a false alarm of 3e-12.
    """
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=(4, 4)), rng.normal(size=(4, 4))
    cancelled = 0
    for seed in range(600):
        checks, honest = checks_of(a, b, seed=seed)
        wrong = honest(0).copy()
        wrong[0] += 1.0
        seen = np.abs(checks.projected(wrong) - checks.projected(honest(0)))[0] > 0.5
        assert checks.passes(0, wrong) == (not seen.any())
        cancelled += ROUNDS - int(seen.sum())
    assert abs(cancelled - 6000) < 7 * np.sqrt(12_000) / 2


def test_complex_codes_are_checked_too():
    rng = np.random.default_rng(10)
    scheme = codes.entangled_polynomial((2, 2, 2), nodes=14, points="circle")
    checks, honest = checks_of(rng.normal(size=(30, 30)), rng.normal(size=(30, 30)), scheme)
    assert all(checks.passes(node, honest(node)) for node in range(14))
    assert not checks.passes(5, honest(5) * (1 + 1e-9j))
