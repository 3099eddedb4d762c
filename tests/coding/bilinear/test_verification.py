"""Wrong answers among finished ones are found by the code's relations, or one by one against A and B."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from published_schemes import BOTH, PARTNER, STRASSEN, answers, joined, matrices

from coding.bilinear import codes
from coding.bilinear.combine import copies
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.verification import Verdict, check, locate
from coding.errors import CodingError

EP13 = codes.entangled_polynomial((2, 2, 2), nodes=13, points="circle")  # distance 5: two liars


def given(scheme, seed: int, *, integers: bool = False) -> dict[int, np.ndarray]:
    return dict(enumerate(answers(scheme, *matrices(scheme, seed, integers=integers))))


@pytest.mark.parametrize("scheme", [BOTH, EP13, copies(STRASSEN, 3)], ids=repr)
def test_honest_answers_are_trusted(scheme) -> None:
    """Rounding of honest answers violates no relation, in float64 and in float32."""
    for seed in range(5):
        products = given(scheme, seed)
        verdict = locate(scheme, products, rng=np.random.default_rng(seed))
        assert verdict == Verdict(wrong=(), suspected=(), trusted_suffices=True)
    kind = np.complex64 if scheme.field == "C" else np.float32
    single = {node: product.astype(kind) for node, product in products.items()}
    assert locate(scheme, single, rng=np.random.default_rng(0)).suspected == ()


def test_honest_rounding_of_large_blocks_is_no_lie() -> None:
    """Blocks of 150 x 1200 in float32, where honest relations are off by thousands of units in the last place."""
    rng = np.random.default_rng(28)
    a, b = (rng.normal(size=size).astype(np.float32) for size in ((300, 2400), (2400, 8)))
    products = dict(enumerate(answers(BOTH, a, b)))
    assert locate(BOTH, products, rng=rng).suspected == ()
    products[0] = products[0] * np.float32(1.05)
    assert locate(BOTH, products, rng=rng).wrong == (0,)


def test_answers_of_reduced_precision_are_honest_when_one_says_so() -> None:
    """Answers rounded to 11 bits, as by half precision arithmetic: lies to the default, none at rounding=2^-9."""
    products = given(BOTH, seed=29)
    rough = {node: product.astype(np.float16).astype(np.float64) for node, product in products.items()}
    assert locate(BOTH, rough, rng=np.random.default_rng(5)).suspected != ()
    assert locate(BOTH, rough, rng=np.random.default_rng(5), rounding=2.0**-9).suspected == ()


@pytest.mark.parametrize("liars", list(combinations(range(13), 2))[::9])
def test_two_liars_of_an_entangled_code_are_named(liars) -> None:
    products = given(EP13, seed=21)
    for liar in liars:
        products[liar] = products[liar] + 0.01
    assert locate(EP13, products, rng=np.random.default_rng(1)) == Verdict(liars, liars, trusted_suffices=True)


def test_one_liar_within_reach_never_spoils_the_product() -> None:
    """S + S' has distance 3 (research 1.6: t = 1).  Every liar, integers: the explanation decodes to A @ B exactly."""
    scheme = STRASSEN + PARTNER
    a, b = matrices(scheme, seed=22, integers=True)
    for liar in range(14):
        products = given(scheme, seed=22, integers=True)
        products[liar] = products[liar] + np.eye(2, dtype=int)
        verdict = locate(scheme, products, rng=np.random.default_rng(liar))
        assert liar in verdict.suspected
        assert verdict.trusted_suffices
        decoder = RankDecoder(scheme)
        for node in sorted(set(range(14)) - set(verdict.suspected)):
            decoder.add(node)
        numerators, divisors = decoder.integer_weights()
        sums = np.tensordot(numerators, np.array([products[node] for node in range(14)]), axes=1)
        assert np.array_equal(joined(list(sums // divisors[:, None, None]), scheme), a @ b)


def test_an_ambiguous_lie_is_called_ambiguous() -> None:
    """Two copies: a wrong S1 is one of two, and no relation says which."""
    products = given(copies(STRASSEN, 2), seed=23)
    products[0] = products[0] * 2
    verdict = locate(copies(STRASSEN, 2), products, rng=np.random.default_rng(2))
    assert verdict == Verdict(wrong=(), suspected=(0, 7), trusted_suffices=False)


def test_nan_and_infinity_are_lies() -> None:
    products = given(copies(STRASSEN, 2), seed=24)
    products[3] = products[3] * np.nan
    products[11] = np.full_like(products[11], np.inf)
    verdict = locate(copies(STRASSEN, 2), products, rng=np.random.default_rng(3))
    assert verdict == Verdict(wrong=(3, 11), suspected=(3, 11), trusted_suffices=True)


@pytest.mark.parametrize("integers", [False, True])
def test_checking_against_the_matrices_names_any_number_of_liars(integers: bool) -> None:
    """Each is missed with probability at most 2^-20, about 1e-6; seed fixed."""
    a, b = matrices(BOTH, seed=25, integers=integers)
    products = given(BOTH, seed=25, integers=integers)
    liars = (0, 2, 5, 6, 9, 13)
    for liar in liars:
        products[liar] = products[liar].copy()
        products[liar][1, 0] += 1
    assert check(BOTH, a, b, products, rng=np.random.default_rng(4)) == liars


@pytest.mark.parametrize(
    ("products", "text"),
    [
        ({14: np.eye(2)}, r"products: not the answers of this scheme: .*got unknown nodes \[14\]"),
        ({0: np.eye(2), 1: np.eye(3)}, r"got shapes \[\(2, 2\), \(3, 3\)\]"),
        ({}, r"not the answers of this scheme"),
    ],
)
def test_answers_of_another_scheme_are_refused(products, text: str) -> None:
    with pytest.raises(CodingError, match=text):
        locate(BOTH, products, rng=np.random.default_rng(0))


def test_blocks_of_another_size_are_refused() -> None:
    a, b = matrices(BOTH, seed=26)
    with pytest.raises(CodingError, match=r"products: wrong block size: expected shape \(2, 2\), got shape \(3, 3\)"):
        check(BOTH, a, b, {0: np.eye(3)}, rng=np.random.default_rng(0))
