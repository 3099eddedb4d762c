"""C from the nodes' products: weighted sums of whole blocks, in rounding or exact arithmetic.

Floating-point products are summed a slab at a time, so that each is read once from memory whatever the number of blocks
of C.  Integer products are summed modulo 2^64 with integer weights D and divided by their divisor d, which is exact:

>>> divided(np.array([6, -9]), 3), divided(np.array([2**62 * 3 % 2**64 - 2**64]), 3) == 2**62    # 3 * 2^62 has wrapped
(array([ 2, -3]), array([ True]))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.decoding import RankDecoder
from coding.bilinear.execution.arithmetic import Arithmetic
from coding.bilinear.execution.blocks import BlockGrid, block_of, empty_product, trimmed
from coding.errors import CodingError

Array = NDArray[Any]
MODULUS = 2**64
ROUNDING = 1e-14  # a weight that misses an integer by less than this share of the largest one is that integer
SLAB = 2**16  # numbers of each product in work at once: all of them together stay in the cache


def assemble(decoder: RankDecoder, products: Mapping[int, Array], *, grid: BlockGrid, arithmetic: Arithmetic) -> Array:
    """A @ B, (..., M, N), from the `products` of the decoder's received nodes.

    Args:
        decoder: in a decodable state.
        products: (..., r, t) of each received node.
        grid: the shapes.
        arithmetic: the types; decides whether weights are integers or of least norm.

    Raises:
        CodingError: integers so large that a division by two on the way could lose a bit.
    """
    whole = empty_product(grid, arithmetic.result)
    if arithmetic.exact:
        _assemble_exactly(decoder, products, whole, grid=grid, bound=arithmetic.bound)
    else:
        _assemble_rounded(decode_weights(decoder, exact=False), products, whole, grid)
    return trimmed(whole, grid)


def decode_weights(decoder: RankDecoder, *, exact: bool) -> Array:
    """(m*n, N) what each product counts for in each block of C; integers free of rounding, zero above all."""
    if exact:
        numerators, divisors = decoder.integer_weights()
        return np.asarray(numerators.astype(np.float64) / divisors.astype(np.float64)[:, None])
    weights = decoder.weights()
    nearest = np.rint(weights)
    return np.where(np.abs(weights - nearest) < ROUNDING * np.abs(weights).max(axis=1, keepdims=True), nearest, weights)


def _assemble_rounded(weights: Array, products: Mapping[int, Array], whole: Array, grid: BlockGrid) -> None:
    m, _, n = grid.shape
    *_, r, t = grid.product
    nodes = [node for node in products if weights[:, node].any()]
    stacks = [products[node].reshape(-1, r, t) for node in nodes]
    chosen = weights[:, nodes].astype(stacks[0].dtype)
    blocks = whole.reshape(-1, m, r, n, t)
    batches = max(1, SLAB // (r * t))
    height = max(1, SLAB // t)
    for first in range(0, len(blocks), batches):
        for top in range(0, r, height):
            place = slice(first, first + batches), slice(top, top + height)
            slab = np.stack([stack[place] for stack in stacks])
            sums = (chosen @ slab.reshape(len(nodes), -1)).reshape(m, n, *slab.shape[1:])
            kept = sums if whole.dtype.kind == "c" else sums.real
            blocks[place[0], :, place[1]] = kept.transpose(2, 0, 3, 1, 4)


def _assemble_exactly(
    decoder: RankDecoder, products: Mapping[int, Array], whole: Array, *, grid: BlockGrid, bound: int
) -> None:
    numerators, divisors = decoder.integer_weights()
    for c, divisor in enumerate(int(x) for x in divisors):
        if bound * (divisor & -divisor) >= 2**63:
            raise CodingError(
                "the product may not fit in int64 while it is decoded",
                where="A, B",
                expected=f"(columns of A) max|A| max|B| < 2^63 / {divisor & -divisor}",
                got=f"about 2^{bound.bit_length() - 1}",
                cure="split the matrices into high and low digits, or convert them to float64",
            )
        total = np.zeros(grid.product, dtype=np.int64)
        for node, product in products.items():
            factor = signed(int(numerators[c, node]))
            if factor:
                total += product.astype(np.int64) * factor
        block_of(whole, c, grid)[...] = divided(total, divisor)


def divided(numerators: Array, divisor: int) -> Array:
    """numerators / divisor where int64 `numerators` are known modulo 2^64 and the division leaves no remainder.

    Exact for quotients below 2^63 / (the power of two in `divisor`).
    """
    if divisor == 1:
        return numerators
    shift = (divisor & -divisor).bit_length() - 1
    inverse = pow(divisor >> shift, -1, MODULUS)
    return (numerators * signed(inverse)) >> np.int64(shift)


def signed(value: int) -> np.int64:
    """The int64 that is congruent to `value` modulo 2^64."""
    value %= MODULUS
    return np.int64(value - MODULUS if value >= MODULUS // 2 else value)
