"""Exact reliability: the tables of the research, closed forms, and independent counts."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from published_schemes import ANY_8_OF_9, BOTH, P1, P1_S7, P1_W2, PARTNER, STRASSEN

from coding.bilinear import codes
from coding.bilinear.combine import copies
from coding.bilinear.decoding import RankDecoder
from coding.bilinear.latency import ShiftedExponential
from coding.bilinear.patterns import counts_by_losses, decodable_sets
from coding.bilinear.reliability import Reliability, reliability
from coding.errors import CodingError

RESEARCH = [  # section 1.4; F[0], F[1], ... as printed there
    (STRASSEN, "rank", "0 7 21 35 35 21 7 1"),
    (copies(STRASSEN, 2), "rank", "0 0 7 84 441 1330 2555 3304 3003 2002 1001 364 91 14 1"),
    (BOTH, "rank", "0 0 2 40 362 1746 2956 3430 3003 2002 1001 364 91 14 1"),
    (BOTH, "peeling", "0 0 3 54 431 1768 2961 3430 3003"),
    (P1, "rank", "0 0 1 24 243 1420 4488 6360 6433 5005 3003 1365 455 105 15 1"),
    (P1_W2, "rank", "0 0 0 9 154 1189 4900 10532 12750 11437 8008 4368 1820 560 120 16 1"),
    (P1_W2, "peeling", "0 0 0 12 196 1392 5203 10593 12760 11437 8008"),
    (P1_S7, "rank", "0 0 0 9 154 1187 4890 10523 12749 11437 8008"),
    (
        copies(STRASSEN, 3),
        "rank",
        "0 0 0 7 126 1071 5691 21105 57771 120428 194523 245553 242900 188181 114093 54264 20349 5985 1330 210 21 1",
    ),
    (STRASSEN + PARTNER, "rank", "0 0 0 20 298 1722 2952 3430"),  # 1.5 (a)
    (ANY_8_OF_9, "rank", "0 0"),  # 1.5 (g)
]
FAILURE = [  # section 1.4, at p = .001, .01, .05, .1, .2
    (STRASSEN, "6.979e-3 6.794e-2 3.017e-1 5.217e-1 7.903e-1"),
    (copies(STRASSEN, 2), "7.000e-6 6.998e-4 1.737e-2 6.794e-2 2.486e-1"),
    (BOTH, "2.016e-6 2.165e-4 7.277e-3 3.904e-2 2.135e-1"),
    (P1, "1.011e-6 1.113e-4 4.082e-3 2.394e-2 1.540e-1"),
    (P1_W2, "9.037e-9 9.374e-6 1.360e-3 1.255e-2 1.123e-1"),
    (copies(STRASSEN, 3), "7.000e-9 7.000e-6 8.747e-4 6.979e-3 5.467e-2"),
]


@pytest.mark.parametrize(("scheme", "decoder", "printed"), RESEARCH, ids=lambda x: getattr(x, "name", str(x)[:9]))
def test_counts_are_those_of_the_research(scheme, decoder, printed: str) -> None:
    expected = tuple(map(int, printed.split()))
    counts = reliability(scheme, decoder).counts
    assert counts[: len(expected)] == expected
    assert counts[-1] == 1
    assert len(counts) == scheme.nodes + 1


@pytest.mark.parametrize(("scheme", "printed"), FAILURE, ids=lambda x: getattr(x, "name", ""))
def test_failure_probabilities_are_those_of_the_research(scheme, printed: str) -> None:
    """To one unit of the last digit printed: 6.794e-2 there is 6.79347e-2."""
    found = reliability(scheme).failure_probability([0.001, 0.01, 0.05, 0.1, 0.2])
    for value, text in zip(found, printed.split(), strict=True):
        assert abs(value - float(text)) <= 1.001e-3 * 10.0 ** np.floor(np.log10(value))


EP = [  # section 1.6: entangled polynomial codes of threshold 9 at p = .01 and .1
    (10, 4.2e-3, None),
    (11, 1.51e-4, 0.0874),
    (12, 4.6e-6, 0.0254),
    (13, 1.19e-7, 6.4e-3),
    (14, 2.8e-9, 1.47e-3),
    (16, 1.2e-12, 6.1e-5),
]


@pytest.mark.parametrize(("nodes", "hundredth", "tenth"), EP)
def test_entangled_polynomial_codes_fail_as_in_the_research(nodes: int, hundredth: float, tenth: float | None) -> None:
    """To the two digits printed.  Any N - 9 losses are survived, and a few of N - 8: less than the binomial tail."""
    found = reliability(codes.entangled_polynomial((2, 2, 2), nodes=nodes, points="integers"))
    assert found.erasures == nodes - 9
    assert found.failure_probability(0.01) == pytest.approx(hundredth, rel=0.015)
    assert tenth is None or found.failure_probability(0.1) == pytest.approx(tenth, rel=0.01)
    for p in (0.01, 0.1):
        tail = sum(comb(nodes, e) * p**e * (1 - p) ** (nodes - e) for e in range(nodes - 8, nodes + 1))
        assert 0.97 * tail <= found.failure_probability(p) <= tail


@pytest.mark.parametrize(("nodes", "printed"), [(7, 3.4e-7), (8, 5.5e-9)])
def test_polynomial_codes_with_twice_the_work_a_node_fail_as_in_the_research(nodes: int, printed: float) -> None:
    """Section 1.6: any 4 of 7 or 8 nodes, each with two units of work.  Oracle: binomial tail."""
    value = reliability(codes.polynomial(2, 2, nodes=nodes)).failure_probability(0.01)
    assert value == pytest.approx(printed, rel=0.02)
    assert value == pytest.approx(
        sum(comb(nodes, e) * 0.01**e * 0.99 ** (nodes - e) for e in range(nodes - 3, nodes + 1))
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_copies_fail_as_the_closed_form_says(count: int) -> None:
    """Oracle: 1 - (1 - p^c)^7, and F from the generating function (sum_{j<c} C(c, j) x^j)^7 of decodable sets."""
    found = reliability(copies(STRASSEN, count))
    decodable = np.poly1d([comb(count, j) for j in range(count)][::-1]) ** 7
    coefficients = np.zeros(7 * count + 1)
    coefficients[: len(decodable.coeffs)] = decodable.coeffs[::-1]
    assert found.counts == tuple(comb(7 * count, e) - round(coefficients[e]) for e in range(7 * count + 1))
    for p in (0.0, 0.003, 0.2, 0.9, 1.0):
        assert np.isclose(found.failure_probability(p), 1 - (1 - p**count) ** 7, rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize(
    "scheme",
    [ANY_8_OF_9, codes.entangled_polynomial((2, 2, 2), nodes=10), codes.matdot(3, nodes=8, points="circle")],
    ids=repr,
)
def test_counts_agree_with_an_independent_decoder_set_by_set(scheme) -> None:
    """Oracle: the incremental decoder, run for every set."""
    expected = []
    for lost in range(scheme.nodes + 1):
        fatal = 0
        for received in combinations(range(scheme.nodes), scheme.nodes - lost):
            decoder = RankDecoder(scheme)
            fatal += not any(decoder.add(node) for node in received)
        expected.append(fatal)
    assert reliability(scheme).counts == tuple(expected)


@pytest.mark.parametrize("scheme", [P1_W2, ANY_8_OF_9, codes.entangled_polynomial((2, 2, 2), nodes=12)], ids=repr)
def test_the_table_of_sets_and_the_counts_are_two_ways_to_one_result(scheme) -> None:
    assert counts_by_losses(decodable_sets(scheme)) == reliability(scheme).counts


@pytest.mark.parametrize("decoder", ["rank", "peeling"])
def test_equal_probabilities_a_node_are_one_probability(decoder) -> None:
    found = reliability(BOTH, decoder)
    for p in (1e-4, 0.01, 0.3):
        assert np.isclose(found.failure_probability(per_node=[p] * 14), found.failure_probability(p), rtol=1e-12)


def test_unequal_probabilities_of_copies_have_a_closed_form() -> None:
    """Oracle: 1 - prod_i (1 - p_i q_i) for the two copies of product i; small terms keep their digits."""
    rng = np.random.default_rng(13)
    failing = rng.uniform(0, 1e-5, size=14)
    exact = -np.expm1(np.log1p(-failing[:7] * failing[7:]).sum())
    found = reliability(copies(STRASSEN, 2)).failure_probability(per_node=failing)
    assert np.isclose(found, exact, rtol=1e-12)


def test_unequal_probabilities_by_brute_force() -> None:
    """Oracle: the sum over all 2^9 sets, each decided by the incremental decoder."""
    failing = np.array([0.0, 0.5, 0.1, 0.9, 0.2, 0.01, 1.0, 0.3, 0.05])
    total = 0.0
    for bits in range(2**9):
        received = [node for node in range(9) if bits >> node & 1]
        decoder = RankDecoder(ANY_8_OF_9)
        if not any(decoder.add(node) for node in received):
            total += float(np.prod([1 - failing[i] if i in received else failing[i] for i in range(9)]))
    assert np.isclose(reliability(ANY_8_OF_9).failure_probability(per_node=failing), total, rtol=1e-12)


@pytest.mark.parametrize(
    ("scheme", "time", "needed", "byzantine"),
    [
        (STRASSEN, 2.593, 7.0, 0),
        (copies(STRASSEN, 2), 1.296, None, 0),
        (BOTH, 1.278, 10.35, 0),
        (STRASSEN + PARTNER, 1.230, None, 1),
        (P1_W2, 1.101, None, 1),
        (copies(STRASSEN, 3), 0.864, None, 1),
        (ANY_8_OF_9, 1.829 - 1 / 72, None, 0),
        (codes.entangled_polynomial((2, 2, 2), nodes=11, points="integers"), 1.510, None, 1),
        (codes.entangled_polynomial((2, 2, 2), nodes=14, points="circle"), 0.967, 9.0, 2),
        (codes.entangled_polynomial((2, 2, 2), nodes=16, points="integers"), 0.788, 9.0, 3),
    ],
    ids=lambda x: getattr(x, "name", str(x)),
)
def test_times_and_liars_are_those_of_the_research(scheme, time, needed, byzantine) -> None:
    """Research 1.6.  It counts EP codes as needing any 9 nodes; on some points a few sets of 8 also do, so times may be
    0.3 % less.  It counts 9-any-8 as losing all 36 pairs; 1.5 (e) and we find 35, so its time is 1/72 less.
    """
    found = reliability(scheme)
    slack = 3e-3 * time if "EP" in scheme.name else 5.1e-4
    assert abs(found.expected_time() - time) <= slack
    assert found.byzantine == byzantine
    if needed is not None:
        assert abs(found.mean_nodes_needed - needed) <= 0.0121


def test_signature_is_a_distribution_and_the_time_has_a_second_formula() -> None:
    """Oracle: research 1.6, E[T] = shift + mean sum_e F[e] / C(n, e) / e."""
    for scheme in (BOTH, P1_W2, ANY_8_OF_9):
        found = reliability(scheme)
        assert np.isclose(found.signature.sum(), 1, atol=1e-12)
        assert (found.signature >= 0).all()
        series = sum(f / comb(found.nodes, e) / e for e, f in enumerate(found.counts) if e)
        assert np.isclose(found.expected_time(ShiftedExponential(shift=3.0, mean=0.25)), 3 + 0.25 * series, rtol=1e-12)


def test_completion_by_time_is_failure_of_the_late() -> None:
    """Oracle: one copy of Strassen is ready when the last of seven is: (1 - exp(-t))^7; nothing before the shift."""
    law = ShiftedExponential(shift=1.0, mean=1.0)
    found = reliability(STRASSEN).completion_probability([0.5, 1.0, 2.0, 6.0], law)
    assert np.allclose(found, [0.0, 0.0, (1 - np.exp(-1)) ** 7, (1 - np.exp(-5)) ** 7], atol=1e-12)


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda r: r.failure_probability(1.5), r"p: not probabilities: expected numbers in \[0, 1\], got 1.5"),
        (lambda r: r.failure_probability([0.1, np.nan]), r"p: not probabilities"),
        (lambda r: r.failure_probability("often"), r"p: not probabilities"),
        (lambda r: r.failure_probability(), r"expected p or per_node"),
        (lambda r: r.failure_probability(0.1, per_node=[0.1] * 14), r"expected p or per_node, not both"),
        (lambda r: r.failure_probability(per_node=[0.1] * 13), r"per_node: wrong number: expected 14"),
        (lambda _: Reliability((0, 1)).failure_probability(per_node=[0.1]), r"the scheme is not known"),
        (lambda _: reliability(BOTH, "majority"), r'decoder: unknown decoder: expected "rank" or "peeling"'),
        (lambda _: decodable_sets(STRASSEN * STRASSEN), r"too many nodes for a table .* at most 24, got 49"),
        (lambda _: reliability(BOTH * STRASSEN), r"too many nodes to count: .*got 98; .*: sampling.FailureSampler"),
        (
            lambda _: Reliability((0,) * 28 + (1,), scheme=copies(STRASSEN, 4)).failure_probability(
                per_node=[0.1] * 28
            ),
            r"too many nodes for a table .*got 28; estimate by Monte Carlo: sampling.FailureSampler",
        ),
        (lambda _: reliability(codes.matdot(2, nodes=4), "peeling"), r"no \+-1 relations"),
    ],
)
def test_bad_questions_are_refused(act, text: str) -> None:
    with pytest.raises(CodingError, match=text):
        act(reliability(BOTH))
