"""Parameter expressions as affine functions, and what is not affine as JAX functions."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from qiskit.circuit import Parameter, ParameterVector

from qsim.backends.statevector.angles import Affine, Angles
from qsim.errors import CircuitError

A, B = Parameter("a"), Parameter("b")
POINT = np.array([0.3, -1.2])


def test_affine_expression_is_read_as_numbers() -> None:
    assert Angles((A, B)).read(2 * A - B / 4 + 1) == Affine(1.0, {0: 2.0, 1: -0.25})


def test_plain_number_is_a_constant() -> None:
    assert Angles(()).read(np.float64(0.5)) == Affine(0.5)


def test_vector_elements_keep_the_circuits_order() -> None:
    vector = ParameterVector("θ", 12)
    angles = Angles(tuple(vector))
    assert angles.read(vector[10]) == Affine(0.0, {10: 1.0})
    assert angles.read(vector[2] + vector[11]).terms == {2: 1.0, 11: 1.0}


@pytest.mark.parametrize(
    "expression",
    [A * B, A.sin() + B.exp() / 3, (A * 2).cos() * B + 1, (A + B) ** 2, A.arctan() - B.abs(), B.sign() * A, A / B],
    ids=str,
)
def test_other_expressions_have_qiskits_value_and_slope(expression) -> None:
    pytest.importorskip("sympy")
    angles = Angles((A, B))
    wanted = [angles.read(expression), angles.read(A) * 3.0]
    with jax.enable_x64(True):
        evaluate = angles.function(wanted)
        values, slopes = evaluate(jax.numpy.asarray(POINT)), jax.jacrev(evaluate)(jax.numpy.asarray(POINT))

    def at(point: np.ndarray) -> float:
        return complex(expression.bind(dict(zip((A, B), point, strict=True)))).real

    assert values[0] == pytest.approx(at(POINT), abs=1e-12)
    assert values[1] == pytest.approx(0.9, abs=1e-12)
    for column in range(2):
        step = np.zeros(2)
        step[column] = 1e-5
        assert slopes[0, column] == pytest.approx((at(POINT + step) - at(POINT - step)) / 2e-5, abs=1e-7)


def test_sign_is_not_taken_for_a_constant() -> None:
    pytest.importorskip("sympy")
    assert Angles((A, B)).read(A.sign()).terms == {2: 1.0}


def test_complex_angle_is_refused() -> None:
    with pytest.raises(CircuitError, match="gate 3: not a real angle"):
        Angles(()).read(0.5 + 1j, where="gate 3")
