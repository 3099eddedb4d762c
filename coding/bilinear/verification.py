"""Which answers at hand are wrong, asked of products that came from anywhere: a file, a cluster, another program.

`CodedMatmul` judges answers as they arrive; the two functions here judge a finished heap of them.

`locate` uses nothing but the code: products satisfy the same linear relations as the vectors u_i (x) v_i, and the
smallest sets of nodes without which all relations hold are the explanations.

>>> from coding.bilinear import catalog
>>> from coding.bilinear.combine import copies
>>> scheme = copies(catalog.strassen(), 3)                              # distance 3: one liar can be located
>>> blocks = np.arange(4.0).reshape(4, 1, 1)                            # A = B = [[0, 1], [2, 3]]
>>> answers = {i: np.tensordot(scheme.u[:, i], blocks, 1) * np.tensordot(scheme.v[:, i], blocks, 1) for i in range(21)}
>>> answers[4] = answers[4] + 1.0
>>> locate(scheme, answers, rng=np.random.default_rng(0))
Verdict(wrong=(4,), suspected=(4,), trusted_suffices=True)

`check` needs A and B as well, finds any number of wrong answers, each by itself (Freivalds), and leaves the code's
strength for nodes that did not answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coding.bilinear.decoding import RankDecoder
from coding.bilinear.execution.arithmetic import Arithmetic
from coding.bilinear.execution.blocks import BlockGrid, cut
from coding.bilinear.execution.freivalds import Freivalds
from coding.bilinear.execution.parity import ParityChecks
from coding.bilinear.scheme import Array, BilinearScheme
from coding.errors import CodingError

COLUMNS = 20
"""Random signs that products are multiplied by: a wrong entry stays hidden with probability 2^-20."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the relations of a code say about a set of answers.

    Attributes:
        wrong: nodes that every smallest explanation blames.
        suspected: nodes that some smallest explanation blames.
        trusted_suffices: whether the nodes not suspected decode.  If no more than `Reliability.byzantine` nodes of the
            received sub-scheme lied, any explanation decodes to the right product.
    """

    wrong: tuple[int, ...]
    suspected: tuple[int, ...]
    trusted_suffices: bool


def locate(
    scheme: BilinearScheme, products: Mapping[int, Array], *, rng: np.random.Generator, rounding: float | None = None
) -> Verdict:
    """Find the fewest wrong answers that explain all violated relations.

    Args:
        scheme: whose nodes answered.
        products: the answers by node, arrays of one shape.
        rng: draws the columns on which answers are compared.
        rounding: honest error of an answer relative to its norm; None for 0 for integers, and 1000 units in the last
            place otherwise (enough for inner dimensions up to some ten thousands).

    Raises:
        CodingError: unknown nodes, answers of different shapes, or so many suspects that they cannot be told apart.
    """
    answers = _answers(scheme, products)
    kind = np.result_type(*answers.values())
    exact = kind.kind in "iu"
    if rounding is None:
        rounding = 0.0 if exact else 1000 * float(np.finfo(kind).eps)
    finite = {node: answer for node, answer in answers.items() if np.isfinite(answer).all()}
    width = next(iter(answers.values())).shape[-1]
    signs = (2 * rng.integers(0, 2, size=(width, COLUMNS)) - 1).astype(kind)
    norms = {node: np.linalg.norm(answer.astype(complex), axis=-1) for node, answer in finite.items()}
    checks = ParityChecks(scheme, lambda node: rounding * norms[node], exact=exact and scheme.integral)
    explanations = checks.suspects({node: answer @ signs for node, answer in finite.items()})
    if explanations is None:
        raise CodingError(
            "too many wrong answers to locate",
            where="products",
            expected="a few liars",
            got=f"{len(finite)} answers that no small set explains",
            cure="use check(scheme, a, b, products), which judges each answer by itself",
        )
    broken = set(answers) - set(finite)
    suspected = broken.union(*explanations)
    wrong = broken | set.intersection(*(set(nodes) for nodes in explanations))
    decoder = RankDecoder(scheme)
    enough = any(decoder.add(node) for node in sorted(set(answers) - suspected))
    return Verdict(wrong=tuple(sorted(wrong)), suspected=tuple(sorted(suspected)), trusted_suffices=enough)


def check(
    scheme: BilinearScheme, a: Array, b: Array, products: Mapping[int, Array], *, rng: np.random.Generator
) -> tuple[int, ...]:
    """The nodes whose answers are not their products of A and B, each found with probability 1 - 2^-20 or more.

    Args:
        scheme: whose nodes answered.
        a: (rows, inner) matrix.
        b: (inner, columns) matrix.
        products: the answers by node, of the padded block size.
        rng: draws the test columns; whoever may lie must not know it.

    Raises:
        CodingError: matrices that do not fit, NaN in them, unknown nodes, answers of other shapes.

    Source: Freivalds, Information Processing 77, 839 (1977).
    """
    answers = _answers(scheme, products)
    grid = BlockGrid.of(a.shape, b.shape, shape=scheme.shape)
    if (shape := next(iter(answers.values())).shape) != grid.product:
        raise CodingError("wrong block size", where="products", expected=f"shape {grid.product}", got=f"shape {shape}")
    arithmetic = Arithmetic.of(a, b, scheme)
    m, k, n = scheme.shape
    left = cut(a, (m, k), np.empty(grid.left, dtype=arithmetic.stored))
    right = cut(b, (k, n), np.empty(grid.right, dtype=arithmetic.stored))
    u, v = (side.astype(arithmetic.stored) for side in (scheme.u, scheme.v))
    test = Freivalds(left, right, u=u, v=v, arithmetic=arithmetic, rng=rng)
    return tuple(node for node, answer in answers.items() if not test.passes(node, answer))


def _answers(scheme: BilinearScheme, products: Mapping[int, Array]) -> dict[int, Array]:
    answers = {node: np.atleast_2d(np.asarray(products[node])) for node in sorted(products)}
    strangers = [node for node in answers if node not in range(scheme.nodes)]
    shapes = {answer.shape for answer in answers.values()}
    if strangers or len(shapes) != 1:
        raise CodingError(
            "not the answers of this scheme",
            where="products",
            expected=f"arrays of one shape from nodes 0 to {scheme.nodes - 1}",
            got=f"unknown nodes {strangers}" if strangers else f"shapes {sorted(shapes)}",
        )
    return answers
