"""Matrices cut into blocks, padded, and put together again."""

from __future__ import annotations

import numpy as np
import pytest

from coding.bilinear.execution.blocks import BlockGrid, block_of, cut, empty_product, trimmed
from coding.errors import CodingError

SHAPES = [((4, 4), (4, 4)), ((5, 7), (7, 3)), ((1, 1), (1, 1)), ((2, 9), (9, 6)), ((3, 2, 5), (5, 4))]


@pytest.mark.parametrize("grid_shape", [(2, 2, 2), (3, 2, 4), (1, 5, 1)])
@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_sums_of_block_products_are_the_product(left, right, grid_shape):
    """The definition of block multiplication, with every block's place spelled out."""
    rng = np.random.default_rng(5)
    a, b = rng.integers(-9, 9, left), rng.integers(-9, 9, right)
    m, k, n = grid_shape
    grid = BlockGrid.of(left, right, shape=grid_shape)
    a_blocks = cut(a, (m, k), np.full(grid.left, -77))
    b_blocks = cut(b, (k, n), np.full(grid.right, -77))
    whole = empty_product(grid, np.dtype(int))
    for i in range(m):
        for j in range(n):
            total = sum(a_blocks[i * k + p] @ b_blocks[p * n + j] for p in range(k))
            assert total.shape == grid.product
            block_of(whole, i * n + j, grid)[...] = total
    np.testing.assert_array_equal(trimmed(whole, grid), a @ b)
    assert grid.whole == (a @ b).shape


def test_blocks_that_fit_are_copied_as_they_are():
    matrix = np.arange(24.0).reshape(4, 6)
    blocks = cut(matrix, (2, 3), np.empty((6, 2, 2)))
    np.testing.assert_array_equal(blocks[4], [[14, 15], [20, 21]])


def test_leading_dimensions_broadcast_as_in_numpy():
    grid = BlockGrid.of((3, 1, 4, 6), (5, 6, 2), shape=(2, 2, 2))
    assert grid.whole == np.matmul(np.ones((3, 1, 4, 6)), np.ones((5, 6, 2))).shape


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ((3, 4), (5, 3), "expected B with 4 rows.*got A \\(3, 4\\), B \\(5, 3\\)"),
        ((4,), (4, 3), "A: not a matrix.*give a vector as one row or one column"),
        ((4, 3), (), "B: not a matrix"),
        ((0, 3), (3, 2), "A: not a matrix.*none of them empty"),
        ((2, 4, 3), (3, 3, 2), "batches that do not fit"),
    ],
)
def test_shapes_that_cannot_be_multiplied_are_refused(left, right, words):
    with pytest.raises(CodingError, match=words):
        BlockGrid.of(left, right, shape=(2, 2, 2))
