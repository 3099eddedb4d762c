"""The two published encoders: points, curve, exactness at the data, and what they refuse."""

import numpy as np
import pytest
from scipy.interpolate import BarycentricInterpolator

from coding.approximate import BerrutCode, DCTCode
from coding.approximate.barycentric import floater_hormann_weights, interpolation_matrix, signs
from coding.approximate.points import first_kind, second_kind
from coding.errors import CodingError


@pytest.mark.parametrize("count", [2, 7, 40])
def test_points_are_the_published_cosines(count):
    j = np.arange(count)
    assert np.allclose(first_kind(count), np.cos((2 * j + 1) * np.pi / (2 * count)), atol=1e-15)
    assert np.allclose(second_kind(count), np.cos(j * np.pi / (count - 1)), atol=1e-15)


def test_workers_sit_at_second_kind_points_in_bacc_and_first_kind_points_in_sbacc():
    assert np.array_equal(BerrutCode(3, 9).worker_points, second_kind(9))
    assert np.array_equal(DCTCode(3, 9).worker_points, first_kind(9))
    assert np.array_equal(BerrutCode(3, 9).input_points, first_kind(3))


def test_encoder_is_the_sum_written_in_the_paper():
    rng = np.random.default_rng(0)
    code, X = BerrutCode(4, 10), rng.normal(size=(4, 2, 3))
    alpha, sign = code.input_points, (-1.0) ** np.arange(4)
    for z, task in zip(code.worker_points, code.encode(X), strict=True):
        terms = sign / (z - alpha)
        assert np.allclose(task, np.einsum("j,jab->ab", terms / terms.sum(), X), rtol=1e-12)


def test_a_worker_on_an_input_gets_that_input_exactly():
    code, X = BerrutCode(3, 5), np.random.default_rng(1).normal(size=(3, 4))
    assert code.worker_points[2] == code.input_points[1] == 0.0
    assert np.array_equal(code.encode(X)[2], X[1])


def test_complex_and_scalar_inputs_keep_their_kind_and_shape():
    assert BerrutCode(2, 5).encode(np.array([1 + 1j, 2])).dtype == np.complex128
    assert BerrutCode(2, 5).encode(np.array([1, 2], dtype=np.int8)).shape == (5,)


@pytest.mark.parametrize("degree", [0, 1, 3, 6])
def test_floater_hormann_reproduces_polynomials_of_its_degree(degree):
    z = np.sort(np.random.default_rng(degree).uniform(-1, 1, 12))[::-1]
    t = np.linspace(-0.8, 0.8, 7)
    matrix = interpolation_matrix(z, t, floater_hormann_weights(z, degree))
    for power in range(degree + 1):
        assert np.allclose(matrix @ z**power, t**power, atol=1e-10)


def test_floater_hormann_of_full_degree_is_the_lagrange_polynomial():
    z, t = first_kind(8), np.linspace(-0.9, 0.9, 5)
    matrix = interpolation_matrix(z, t, floater_hormann_weights(z, 7))
    assert np.allclose(matrix @ np.exp(z), BarycentricInterpolator(z, np.exp(z))(t), rtol=1e-11)


def test_degree_zero_is_berruts_interpolant():
    z = first_kind(9)
    assert np.allclose(floater_hormann_weights(z, 0), signs(9))


def test_a_target_beyond_all_digits_is_nan_not_nonsense():
    z = np.linspace(1, 0.999, 60)
    matrix = interpolation_matrix(z, np.array([-1.0]), floater_hormann_weights(z, 6))
    assert np.isnan(matrix).all()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: BerrutCode(0, 5), "inputs"),
        (lambda: BerrutCode(8, 7), "at least 8"),
        (lambda: BerrutCode(2, 3.5), "integer"),
        (lambda: DCTCode(2, 9, resolution=10), "resolution"),
        (lambda: BerrutCode(2, 5).encode(np.ones((3, 2))), r"shape \(2, ...\)"),
        (lambda: BerrutCode(2, 5).encode(np.array([1.0, np.nan])), "NaN"),
        (lambda: BerrutCode(2, 5).encode(np.array(["a", "b"])), "numbers"),
        (lambda: first_kind(0), "count"),
    ],
)
def test_bad_input_is_refused_with_its_cure(call, told):
    with pytest.raises(CodingError, match=told):
        call()
