"""Angles of gates as affine functions of a circuit's parameters.

Almost every angle met in practice is affine (``2*t*J + 0.1`` for numbers t, J), so all of a circuit's angles are one
matrix product.  What is not affine (``a*b``, ``sin(a)``) is turned into a JAX function of its own, and joins the
parameters as a further, derived one; so gradients flow through every expression that Qiskit can write.

    angles = Angles((a, b))
    half = angles.read(2 * a + 1.0) * 0.5            # Affine: a + 0.5
    evaluate = angles.function([half])               # (2,) -> (1,), in JAX
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qsim.errors import CircuitError

PROBES = (0.37, -1.91)


@dataclass(frozen=True, slots=True)
class Affine:
    """``constant`` plus the sum of ``terms[column] * parameter[column]``."""

    constant: float = 0.0
    terms: Mapping[int, float] = field(default_factory=dict)

    def __mul__(self, factor: float) -> Affine:
        return Affine(self.constant * factor, {column: value * factor for column, value in self.terms.items()})

    def __add__(self, other: Affine | float) -> Affine:
        if not isinstance(other, Affine):
            return Affine(self.constant + other, self.terms)
        terms = dict(self.terms)
        for column, value in other.terms.items():
            terms[column] = terms.get(column, 0.0) + value
        return Affine(self.constant + other.constant, terms)

    def __neg__(self) -> Affine:
        return self * -1.0


class Angles:
    """Reads Qiskit's parameter expressions as affine functions of given parameters.

    Attributes:
        parameters: the circuit's, in order; they are columns 0, 1, ... and derived ones follow.
    """

    def __init__(self, parameters: Sequence[Any]) -> None:
        self.parameters = tuple(parameters)
        self._columns = {parameter: column for column, parameter in enumerate(self.parameters)}
        self._derived: list[Any] = []

    def read(self, given: Any, *, where: str = "parameter") -> Affine:
        """The affine function that an angle is.

        Raises:
            CircuitError: a number that is not real, a parameter that is none of those given, or an expression that
                needs sympy where sympy is missing.
        """
        unbound = [str(parameter) for parameter in getattr(given, "parameters", ()) if parameter not in self._columns]
        if unbound:
            cure = "use circuit.assign_parameters(...)"
            raise CircuitError("unbound parameter", where=where, got=", ".join(unbound), cure=cure)
        symbols = sorted(getattr(given, "parameters", ()), key=lambda parameter: self._columns[parameter])
        if not symbols:
            return Affine(_real(given, where))
        slopes = [_slope(given, parameter) for parameter in symbols]
        known = [slope for slope in slopes if slope is not None]
        if len(known) == len(slopes):
            zero = _real(given.bind(dict.fromkeys(symbols, 0.0)), where)
            found = Affine(zero, {self._columns[p]: slope for p, slope in zip(symbols, known, strict=True)})
            if all(_agrees(given, symbols, found, self._columns, probe) for probe in PROBES):
                return found
        self._derived.append(_sympified(given, where))
        return Affine(0.0, {len(self.parameters) + len(self._derived) - 1: 1.0})

    def function(self, wanted: Sequence[Affine]) -> Callable[[Any], Any]:
        """A JAX function from (P,) parameters to the (A,) angles wanted; it keeps the dtype of its argument."""
        width = len(self.parameters) + len(self._derived)
        matrix = np.zeros((len(wanted), width))
        for row, angle in enumerate(wanted):
            for column, value in angle.terms.items():
                matrix[row, column] = value
        offset = np.array([angle.constant for angle in wanted], dtype=np.float64)
        derive = self._derive()

        def evaluate(parameters: Any) -> Any:
            import jax.numpy as jnp

            columns = parameters if derive is None else jnp.concatenate([parameters, derive(parameters)])
            return jnp.asarray(matrix, columns.dtype) @ columns + jnp.asarray(offset, columns.dtype)

        return evaluate

    def _derive(self) -> Callable[[Any], Any] | None:
        """The derived parameters as a JAX function of the circuit's."""
        if not self._derived:
            return None
        import sympy

        symbols = [sympy.Symbol(parameter.name) for parameter in self.parameters]
        functions = [sympy.lambdify(symbols, expression, modules="jax") for expression in self._derived]

        def derive(parameters: Any) -> Any:
            import jax.numpy as jnp

            values = [parameters[column] for column in range(len(symbols))]
            return jnp.stack([jnp.asarray(jnp.real(each(*values)), parameters.dtype) for each in functions])

        return derive


def _slope(expression: Any, parameter: Any) -> float | None:
    """The derivative when it is a number; None when it is an expression, or has no derivative."""
    try:
        found = expression.gradient(parameter)
    except Exception:  # noqa: BLE001 - Qiskit raises several kinds for sign() and conjugate(): not affine
        return None
    if getattr(found, "parameters", ()):
        return None
    value = complex(found)
    return value.real if value.imag == 0 else None


def _agrees(expression: Any, symbols: Sequence[Any], found: Affine, columns: Mapping[Any, int], probe: float) -> bool:
    """Whether an expression takes the affine function's value at a point: sign() has slope 0 and is not constant."""
    point = {parameter: probe * (1 + 0.1 * place) for place, parameter in enumerate(symbols)}
    value = complex(expression.bind(point))
    there = found.constant + sum(found.terms[columns[parameter]] * at for parameter, at in point.items())
    return abs(value - there) <= 1e-9 * (1 + abs(there))


def _sympified(expression: Any, where: str) -> Any:
    try:
        return expression.sympify()
    except ImportError as error:
        raise CircuitError(
            "an angle that is not affine in the parameters needs sympy",
            where=where,
            got=str(expression),
            cure="install sympy, or give the whole expression a parameter of its own",
        ) from error


def _real(given: Any, where: str) -> float:
    value = complex(given)
    if abs(value.imag) > 1e-12 or not np.isfinite(value):
        raise CircuitError("not a real angle", where=where, expected="a finite real number", got=str(given))
    return value.real
