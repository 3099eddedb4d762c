"""Drawn failures agree with exact counts, and answer for schemes too large to count."""

from __future__ import annotations

import numpy as np
import pytest
from published_schemes import ANY_8_OF_9, BOTH, STRASSEN

from coding.bilinear import codes
from coding.bilinear.combine import copies
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.reliability import reliability
from coding.bilinear.sampling import FailureSampler
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError


def accepted(failures: int, draws: int, exact: float) -> bool:
    """|k - np| <= 4.9 sqrt(np(1-p)): a false-alarm rate of 1e-6."""
    return abs(failures - draws * exact) <= 4.9 * np.sqrt(draws * exact * (1 - exact))


@pytest.mark.parametrize(
    "scheme", [BOTH, ANY_8_OF_9, codes.entangled_polynomial((2, 2, 2), nodes=12), STRASSEN], ids=repr
)
def test_drawn_failures_are_as_frequent_as_counted(scheme: BilinearScheme) -> None:
    """Oracle: the exact probability.  Seed fixed; false alarm 1e-6 a case."""
    draws = 20_000
    failures = FailureSampler(scheme, 0.15).failures(draws, np.random.default_rng(17))
    assert accepted(failures, draws, reliability(scheme).failure_probability(0.15))


def test_drawn_failures_of_unequal_nodes() -> None:
    """Oracle: the exact sum over all sets.  Seed fixed; false alarm 1e-6."""
    failing = np.linspace(0.02, 0.3, 14)
    failures = FailureSampler(BOTH, failing).failures(20_000, np.random.default_rng(18))
    assert accepted(failures, 20_000, reliability(BOTH).failure_probability(per_node=failing))


def test_two_copies_of_49_products_have_a_closed_form() -> None:
    """Oracle: 1 - (1 - p^2)^49.  Seed fixed; false alarm 1e-6.  98 nodes cannot be counted set by set."""
    scheme = copies(STRASSEN * STRASSEN, 2)
    failures = FailureSampler(scheme, 0.1).failures(2000, np.random.default_rng(19))
    assert accepted(failures, 2000, 1 - (1 - 0.01) ** 49)


def test_every_single_set_is_judged_as_the_rank_decoder_does() -> None:
    """A probability of 0 or 1 a node fixes the set."""
    rng = np.random.default_rng(20)
    for _ in range(200):
        lost = rng.random(14) < 0.25
        decoder = RankDecoder(BOTH)
        for node in np.flatnonzero(~lost):
            decoder.add(int(node))
        assert FailureSampler(BOTH, lost.astype(float)).failures(1, rng) == (not decoder.decodable)


@pytest.mark.parametrize("probability", [-0.1, 1.1, [0.1] * 13, float("nan")])
def test_what_is_not_a_probability_is_refused(probability) -> None:
    with pytest.raises(CodingError, match=r"probability: not probabilities: expected a number in \[0, 1\], or 14"):
        FailureSampler(BOTH, probability)
