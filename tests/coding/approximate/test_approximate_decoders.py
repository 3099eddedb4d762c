"""Decoders on the same answers: the published one reproduced, the better ones better, the automatic choice sound."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline as ScipySpline

from coding.approximate import Berrut, BerrutCode, ChebyshevLeastSquares, CubicSpline, FloaterHormann, decode
from coding.approximate.points import first_kind
from coding.approximate.selection import candidates, choose, missing
from coding.approximate.simulation import fail
from coding.errors import CodingError

FUNCTIONS = {
    "x sin x": lambda x: x * np.sin(x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "exp": np.exp,
    "relu": lambda x: np.maximum(x, 0),
}


def errors(K, N, S, f, decoder, trials=60, seed=3):
    code, rng, out = BerrutCode(K, N + 1), np.random.default_rng(seed), []
    for _ in range(trials):
        case = fail(code, f, rng.uniform(-1, 1, (K, 16)), rng, stragglers=S)
        values, _ = decode(code, case.workers, case.answers, decoder=decoder, robust=False)
        out.append(np.linalg.norm(values - case.truth) / np.linalg.norm(case.truth))
    return np.array(out)


@pytest.mark.parametrize(
    ("K", "N", "S", "name", "median"),
    [
        (8, 40, 4, "x sin x", 4.1e-2),
        (8, 40, 4, "sigmoid", 1.1e-2),
        (8, 40, 4, "relu", 4.2e-2),
        (8, 100, 10, "x sin x", 1.3e-2),
        (8, 100, 10, "sigmoid", 4.5e-3),
        (8, 100, 10, "exp", 8.9e-3),
        (8, 100, 10, "relu", 1.5e-2),
        (16, 200, 20, "x sin x", 1.2e-2),
        (16, 200, 20, "sigmoid", 3.4e-3),
    ],
)
def test_bacc_medians_are_those_of_the_report(K, N, S, name, median):
    """Research report on coded computing, section 2, column BACC (200 trials); spread of a median of 60: 25 %."""
    assert np.median(errors(K, N, S, FUNCTIONS[name], Berrut())) == pytest.approx(median, rel=0.35)


@pytest.mark.parametrize(
    ("name", "decoder", "median"),
    [
        ("x sin x", FloaterHormann(3), 8.1e-5),
        ("sigmoid", FloaterHormann(3), 3.7e-6),
        ("x sin x", CubicSpline(), 1.4e-4),
        ("relu", CubicSpline(), 4.0e-3),
        ("exp", FloaterHormann(3), 1.0e-5),
    ],
)
def test_other_decoders_have_the_medians_of_the_report(name, decoder, median):
    """Same section, K = 8, N = 100, S = 10."""
    assert np.median(errors(8, 100, 10, FUNCTIONS[name], decoder)) == pytest.approx(median, rel=0.7)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_automatic_decoder_beats_berrut_on_every_function(name):
    """By at least 2.5 times for the kink of relu and 50 times for the smooth ones, in the median."""
    auto = np.median(errors(8, 100, 10, FUNCTIONS[name], "auto", trials=12))
    told = np.median(errors(8, 100, 10, FUNCTIONS[name], Berrut(), trials=12))
    assert auto < told / (2.5 if name == "relu" else 50)


def test_spline_is_scipys_not_a_knot_spline():
    z, t = first_kind(15), np.linspace(-0.9, 0.9, 6)
    expected = ScipySpline(z[::-1], np.exp(z[::-1]), bc_type="not-a-knot")(t)
    assert np.allclose(CubicSpline().matrix(z, t) @ np.exp(z), expected, rtol=1e-12)


def test_least_squares_is_numpys_fit():
    z, t = first_kind(30), np.linspace(-1, 1, 5)
    answers = np.abs(z)
    expected = np.polynomial.chebyshev.chebval(t, np.polynomial.chebyshev.chebfit(z, answers, 9))
    assert np.allclose(ChebyshevLeastSquares(10).matrix(z, t) @ answers, expected, atol=1e-12)


def test_signs_alternate_over_survivors_not_over_workers():
    """With the original signs a missing worker leaves two equal signs side by side, hence a pole between them."""
    z = np.delete(first_kind(20), 9)
    t = np.linspace(z[9], z[8], 50)[1:-1]
    assert np.abs(Berrut().matrix(z, t)).max() < 3


def test_missing_workers_are_counted_between_neighbours_and_beyond_the_ends():
    z = first_kind(40)
    holed = np.delete(z, [0, 1, 2, 20, 21, 22, 23])
    assert missing(holed, np.array([(z[21] + z[22]) / 2, z[30] + 1e-4, z[0]])).tolist() == [4, 1, -3]


def test_error_estimate_covers_the_error_even_in_holes():
    """A hole of 8 neighbours around an input: the estimate stays above a third of the error in 30 of 30 runs."""
    code, rng = BerrutCode(8, 100), np.random.default_rng(5)
    for _ in range(30):
        start = int(rng.integers(5, 87))
        workers = np.delete(np.arange(100), np.arange(start, start + 8))
        X = rng.uniform(-1, 1, (8, 8))
        truth = np.tanh(2 * X)
        values, report = decode(code, workers, np.tanh(2 * code.encode(X))[workers], robust=False)
        assert np.linalg.norm(values - truth) / np.linalg.norm(truth) < 3 * report.error_estimate


def test_a_hole_too_wide_to_rehearse_has_no_finite_estimate():
    z = np.delete(first_kind(60), np.arange(15, 50))
    choice = choose(z, np.exp(z)[:, None], first_kind(4))
    assert np.isinf(choice.miss).any()


def test_candidates_never_need_more_answers_than_there_are():
    for answers in range(2, 40):
        assert all(d.least <= answers for d in candidates(answers))


@pytest.mark.parametrize("decoder", [FloaterHormann(5), CubicSpline(), ChebyshevLeastSquares(9)])
def test_too_few_answers_for_a_decoder_are_refused(decoder):
    with pytest.raises(CodingError, match=f"at least {decoder.least}"):
        decoder.matrix(first_kind(3), np.zeros(1))


@pytest.mark.parametrize("make", [lambda: FloaterHormann(-1), lambda: ChebyshevLeastSquares(0)])
def test_impossible_degrees_are_refused(make):
    with pytest.raises(CodingError, match="expected an integer"):
        make()
