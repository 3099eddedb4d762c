"""Drawn failures agree with exact counts, and answer for schemes too large to count."""

from __future__ import annotations

import numpy as np
import pytest
from published_schemes import ANY_8_OF_9, BOTH, STRASSEN

from coding.bilinear import codes
from coding.bilinear.combine import copies
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.loss_verdicts import LossJudge
from coding.bilinear.patterns import decodable_sets
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


@pytest.mark.parametrize("scheme", [BOTH, codes.entangled_polynomial((2, 2, 2), nodes=10, points="circle")], ids=repr)
def test_every_set_of_lost_nodes_is_judged_as_the_table_of_all_sets_says(scheme: BilinearScheme) -> None:
    """Oracle: `patterns.decodable_sets`, another elimination; all 2^N sets, of every size."""
    masks = np.arange(1 << scheme.nodes)
    sets, nodes = np.nonzero(masks[:, None] >> np.arange(scheme.nodes) & 1)
    fatal = LossJudge(scheme).fatal(np.searchsorted(sets, np.arange(len(masks) + 1)), nodes)
    np.testing.assert_array_equal(fatal, ~decodable_sets(scheme)[::-1])


def test_drawn_failures_of_the_local_decoder() -> None:
    """Oracle: its exact counts, which are larger than those of the rank decoder.  Seed fixed; false alarm 1e-6."""
    exact = reliability(BOTH, "peeling").failure_probability(0.1)
    failures = FailureSampler(BOTH, 0.1, decoder="peeling").failures(400_000, np.random.default_rng(21))
    assert accepted(failures, 400_000, exact)
    assert not accepted(failures, 400_000, reliability(BOTH).failure_probability(0.1))


def test_one_copy_of_343_products_has_a_closed_form() -> None:
    """Oracle: 1 - (1 - p)^343, of a nest of three levels.  Seed fixed; false alarm 1e-6."""
    failures = FailureSampler(STRASSEN * STRASSEN * STRASSEN, 0.002).failures(20_000, np.random.default_rng(22))
    assert accepted(failures, 20_000, 1 - (1 - 0.002) ** 343)


def test_failures_fall_on_every_node_alike_and_in_pieces_of_any_size(monkeypatch) -> None:
    """One copy with a single fragile node fails with it.  Seed fixed; false alarm 1e-6 a node."""
    monkeypatch.setattr("coding.bilinear.sampling.AT_ONCE", 1000)
    for node in range(7):
        sampler = FailureSampler(STRASSEN, np.eye(7)[node] * 0.3)
        assert accepted(sampler.failures(20_000, np.random.default_rng(node)), 20_000, 0.3)


@pytest.mark.parametrize("probability", [0.0, 1.0, 1e-300])
def test_what_never_or_always_fails(probability: float) -> None:
    expected = 500 if probability == 1 else 0
    assert FailureSampler(BOTH, probability).failures(500, np.random.default_rng(1)) == expected
    assert FailureSampler(BOTH, probability).failures(0, np.random.default_rng(1)) == 0


def test_an_unknown_decoder_is_refused() -> None:
    with pytest.raises(CodingError, match="unknown decoder"):
        FailureSampler(BOTH, 0.1, decoder="guess")


@pytest.mark.parametrize("probability", [-0.1, 1.1, [0.1] * 13, float("nan")])
def test_what_is_not_a_probability_is_refused(probability) -> None:
    with pytest.raises(CodingError, match=r"probability: not probabilities: expected a number in \[0, 1\], or 14"):
        FailureSampler(BOTH, probability)
