"""Polynomial codes: any `threshold` nodes decode, fewer do not (on points in general position)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from published_schemes import STRASSEN, answers, joined, matrices

from coding.bilinear import codes
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.reliability import reliability
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

GENERAL = np.array([0.9, -0.75, 0.6, -0.45, 0.33, -0.2, 0.11, -0.97, 0.71, -0.05, 0.5, -0.6, 0.2, 1.1, -1.2])
CASES = [  # scheme, threshold
    (codes.entangled_polynomial((2, 2, 2), nodes=11, points=GENERAL[:11]), 9),
    (codes.entangled_polynomial((3, 1, 2), nodes=8, points="circle"), 6),
    (codes.entangled_polynomial((1, 3, 2), nodes=10, points="circle"), 8),
    (codes.polynomial(2, 2, nodes=7), 4),
    (codes.matdot(3, nodes=7, points="circle"), 5),
    (codes.matdot(4, nodes=9, basis="chebyshev"), 7),
    (codes.lagrange(STRASSEN, nodes=14, points=GENERAL[:14]), 13),
    (codes.lagrange(BilinearScheme(np.eye(2), np.eye(2), [[1, 1]], shape=(1, 2, 1)), nodes=5, points="circle"), 3),
]


@pytest.mark.parametrize(("scheme", "threshold"), CASES, ids=lambda x: getattr(x, "name", str(x)))
def test_any_threshold_nodes_decode_and_some_fewer_do_not(scheme: BilinearScheme, threshold: int) -> None:
    counts = reliability(scheme).counts
    assert not any(counts[: scheme.nodes - threshold + 1])
    assert counts[scheme.nodes - threshold + 1] > 0


@pytest.mark.parametrize(("scheme", "threshold"), CASES, ids=lambda x: getattr(x, "name", str(x)))
def test_the_last_threshold_nodes_give_the_product(scheme: BilinearScheme, threshold: int) -> None:
    """Oracle: numpy's A @ B."""
    decoder = RankDecoder(scheme)
    for node in range(scheme.nodes - threshold, scheme.nodes):
        decoder.add(node)
    a, b = matrices(scheme, seed=3)
    blocks = np.tensordot(decoder.weights(), np.array(answers(scheme, a, b)), axes=1)
    assert np.abs(joined(list(blocks), scheme) - a @ b).max() < 1e-7


def test_thresholds_are_the_published_formulas() -> None:
    """Yu et al. 2017 and 2018, Dutta et al. 2018: mn, 2k-1, mkn+k-1, 2R-1; research 1.6: 9 and 13 for 2x2x2."""
    assert codes.entangled_threshold((2, 2, 2)) == 9
    assert codes.entangled_threshold((3, 4, 5)) == 63
    assert codes.polynomial_threshold(3, 5) == 15
    assert codes.matdot_threshold(6) == 11
    assert codes.lagrange_threshold(7) == 13


def test_coefficients_are_powers_of_the_points() -> None:
    """Yu et al.: A_ij x^(j + i k), B_jl x^(k - 1 - j + l k m), here for 2x2x2 at x = 3."""
    code = codes.entangled_polynomial((2, 2, 2), nodes=9, points=np.arange(9.0))
    assert code.u[:, 3].tolist() == [1, 3, 9, 27]
    assert code.v[:, 3].tolist() == [3, 243, 1, 81]


def test_lagrange_nodes_at_the_anchors_compute_the_products_themselves() -> None:
    anchors = codes.chebyshev_points(7)
    code = codes.lagrange(STRASSEN, nodes=13, points=np.concatenate([anchors, np.arange(2.0, 8.0)]))
    assert np.allclose(code.u[:, :7], STRASSEN.u, atol=1e-12)
    assert np.allclose(code.v[:, :7], STRASSEN.v, atol=1e-12)


def test_entangled_code_on_the_circle_loses_nothing_to_the_threshold() -> None:
    """Every 8-subset of 11 roots of unity fails, as for points in general position; symmetric real points do better."""
    circle = reliability(codes.entangled_polynomial((2, 2, 2), nodes=11, points="circle")).counts
    real = reliability(codes.entangled_polynomial((2, 2, 2), nodes=11)).counts
    assert circle[3] == len(list(combinations(range(11), 8)))
    assert 0 < real[3] < circle[3]


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: codes.entangled_polynomial((2, 2, 2), nodes=8), r"too few nodes for EP\(2,2,2\): expected at least 9"),
        (lambda: codes.matdot(3, nodes=4), r"too few nodes for MatDot\(3\): expected at least 5, got 4"),
        (lambda: codes.polynomial(2, 3, nodes=5), r"expected at least 6, got 5"),
        (lambda: codes.lagrange(STRASSEN, nodes=12), r"expected at least 13, got 12"),
        (lambda: codes.matdot(3, nodes=6, points="random"), r"points: unknown points: expected one of"),
        (lambda: codes.matdot(2, nodes=3, points=[1, 2, 2]), r"points: points coincide"),
        (lambda: codes.matdot(2, nodes=3, points=[1, 2]), r"points: not points: expected 3 finite numbers"),
        (lambda: codes.matdot(2, nodes=3, points=[1, 2, np.inf]), r"points: not points"),
        (lambda: codes.matdot(2, nodes=3, basis="legendre"), r"basis: unknown basis"),
        (lambda: codes.lagrange_threshold(0), r"products: too few products"),
        (lambda: codes.entangled_threshold((0, 1, 1)), r"shape: not a grid"),
    ],
)
def test_bad_codes_are_refused_and_the_threshold_named(build, text: str) -> None:
    with pytest.raises(CodingError, match=text):
        build()
