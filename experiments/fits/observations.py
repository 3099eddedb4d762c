"""Counts that a curve is fitted to: noise strength, distance, shots and errors of every point, checked once.

>>> Observations.checked([0.01, 0.01], [3, 5], [1000, 1000], [80, 60], where="fit").shots
array([1000., 1000.])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.errors import InputError

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Observations:
    """Points of a counting experiment: arrays of one length, shots >= 1, 0 <= errors <= shots.

    ``x`` is what varies along a curve (a noise strength, or the rounds of a shot), ``distance`` which curve it is.
    """

    x: FloatArray
    distance: FloatArray
    shots: FloatArray
    errors: FloatArray

    @classmethod
    def checked(
        cls,
        x: ArrayLike | Sequence[float],
        distance: ArrayLike | Sequence[float],
        shots: ArrayLike | Sequence[int],
        errors: ArrayLike | Sequence[int],
        *,
        where: str,
        x_name: str = "x",
    ) -> Observations:
        """Arrays from anything array-like; points without shots say nothing and are left out.

        Raises:
            InputError: unequal lengths, no points, values that are not finite or not positive, impossible counts.
        """
        named = {x_name: x, "distance": distance, "shots": shots, "errors": errors}
        arrays = {name: _vector(values, where=f"{where}.{name}") for name, values in named.items()}
        lengths = {name: len(values) for name, values in arrays.items()}
        if len(set(lengths.values())) != 1:
            raise InputError(
                "one value a point is needed in every column",
                where=where,
                expected="equal lengths",
                got=", ".join(f"{name}: {length}" for name, length in lengths.items()),
            )
        for name in (x_name, "distance"):
            _require(arrays[name] > 0, arrays[name], where=f"{where}.{name}", expected="numbers above 0")
        _require(arrays["shots"] >= 0, arrays["shots"], where=f"{where}.shots", expected="counts of at least 0")
        possible = (arrays["errors"] >= 0) & (arrays["errors"] <= arrays["shots"])
        _require(possible, arrays["errors"], where=f"{where}.errors", expected="counts between 0 and the shots")
        taken = arrays["shots"] > 0
        if not taken.any():
            raise InputError("no point has any shots", where=where, cure="run the sweep first")
        return cls(arrays[x_name], arrays["distance"], arrays["shots"], arrays["errors"]).where(taken)

    def where(self, chosen: BoolArray) -> Observations:
        """The points where ``chosen`` is true."""
        return Observations(self.x[chosen], self.distance[chosen], self.shots[chosen], self.errors[chosen])

    def __len__(self) -> int:
        return len(self.x)


def _vector(values: ArrayLike | Sequence[float], *, where: str) -> FloatArray:
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("not a list of numbers", where=where, expected="numbers", got=repr(values)[:80]) from error
    if vector.ndim != 1:
        raise InputError("not a list of numbers", where=where, expected="one axis", got=f"shape {vector.shape}")
    _require(np.isfinite(vector), vector, where=where, expected="finite numbers")
    return vector


def _require(holds: BoolArray, values: FloatArray, *, where: str, expected: str) -> None:
    if not holds.all():
        first = int(np.argmin(holds))
        raise InputError("not usable", where=f"{where}[{first}]", expected=expected, got=f"{values[first]:g}")
