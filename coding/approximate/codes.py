"""The two published codes: a rational curve through the inputs, sampled at Chebyshev points.

Encoding draws Berrut's curve u(z) through the inputs X_0 .. X_{K-1} placed at first-kind Chebyshev points, and gives
worker i the single input u(z_i).  Any function f may follow; the workers' answers are samples of f(u(z)), and reading
that curve at the inputs' places gives f(X_j).  ``BerrutCode`` (BACC) puts workers at second-kind points; ``DCTCode``
(SBACC) puts them at first-kind points, where answers of liars can be located by a discrete cosine transform.

>>> import numpy as np
>>> code = BerrutCode(inputs=2, workers=5)
>>> code.encode(np.array([[1.0], [3.0]])).ravel().round(3).tolist()
[0.586, 1.0, 2.0, 3.0, 3.414]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coding.approximate.barycentric import interpolation_matrix, signs
from coding.approximate.points import FloatArray, first_kind, second_kind
from coding.errors import CodingError


class ApproximateCode(Protocol):
    """What a code must tell: where inputs and workers sit, how inputs become tasks, how many liars it can carry."""

    @property
    def inputs(self) -> int:
        """Number of inputs K."""

    @property
    def workers(self) -> int:
        """Number of workers."""

    @property
    def input_points(self) -> FloatArray:
        """Places (K,) of the inputs, falling."""

    @property
    def worker_points(self) -> FloatArray:
        """Places (workers,) of the workers, falling."""

    def encode(self, X: NDArray[Any]) -> NDArray[Any]:
        """Tasks (workers, ...) of inputs (K, ...)."""


@dataclass(frozen=True, slots=True)
class BerrutCode:
    """BACC: data at first-kind points, workers at second-kind points (ends included), Berrut's curve.

    Args:
        inputs: number of inputs K >= 1.
        workers: number of workers, at least 2 and at least K; the paper's N is workers - 1.

    Source: Jahani-Nezhad and Maddah-Ali, arXiv 2009.08327.
    """

    inputs: int
    workers: int

    def __post_init__(self) -> None:
        _sized(self.inputs, self.workers)

    @property
    def input_points(self) -> FloatArray:
        """α_j = cos((2j + 1)π / 2K), shape (K,)."""
        return first_kind(self.inputs)

    @property
    def worker_points(self) -> FloatArray:
        """z_i = cos(iπ / N), i = 0 .. N, shape (workers,)."""
        return second_kind(self.workers)

    def encode(self, X: NDArray[Any]) -> NDArray[Any]:
        """One task a worker: u(z_i) = Σ_j ℓ_j(z_i) X_j.

        Args:
            X: numbers (K, ...).

        Returns:
            Array (workers, ...), float64 or complex128.

        Raises:
            CodingError: X does not hold K inputs, or holds NaN or infinity.
        """
        return _encode(self, X)


@dataclass(frozen=True, slots=True)
class DCTCode:
    """SBACC: workers at first-kind points, so that answers are samples on the grid of the discrete cosine transform.

    Args:
        inputs: number of inputs K >= 1.
        workers: number of workers N >= max(2, K).
        resolution: k, the number of Chebyshev coefficients granted to f(u(z)); the other N - k are syndromes.  A larger
            k follows rougher functions and carries fewer liars.  Default: 2N / 5, at least K.

    Source: Borah and Harshan, arXiv 2507.01330.
    """

    inputs: int
    workers: int
    resolution: int | None = None

    def __post_init__(self) -> None:
        _sized(self.inputs, self.workers)
        if self.resolution is not None and not 1 <= self.resolution <= self.workers:
            raise CodingError(
                "no room", where="resolution", expected=f"1 .. {self.workers} (workers)", got=repr(self.resolution)
            )

    @property
    def dimension(self) -> int:
        """k: Chebyshev coefficients granted to the answers' curve."""
        if self.resolution is not None:
            return self.resolution
        return min(self.workers, max(self.inputs, 2 * self.workers // 5))

    @property
    def input_points(self) -> FloatArray:
        """α_j = cos((2j + 1)π / 2K), shape (K,)."""
        return first_kind(self.inputs)

    @property
    def worker_points(self) -> FloatArray:
        """z_i = cos((2i + 1)π / 2N), shape (workers,)."""
        return first_kind(self.workers)

    def capability(self, stragglers: int = 0) -> int:
        """Liars that are located for certain when f(u(z)) is a polynomial of degree < k: floor((N - k - S) / 2)."""
        return max(0, (self.workers - self.dimension - stragglers) // 2)

    def encode(self, X: NDArray[Any]) -> NDArray[Any]:
        """One task a worker, as :meth:`BerrutCode.encode`."""
        return _encode(self, X)


def arrived(code: ApproximateCode, workers: Sequence[int]) -> NDArray[np.int64]:
    """Indices of answering workers, checked: distinct, known, in the order given.

    Raises:
        CodingError: an index that is unknown or occurs twice.
    """
    indices = np.asarray(workers, dtype=np.int64).reshape(-1)
    if indices.size and not (indices.min() >= 0 and indices.max() < code.workers):
        raise CodingError(
            "no such worker",
            where="workers",
            expected=f"0 .. {code.workers - 1}",
            got=f"{indices.min()} .. {indices.max()}",
        )
    if np.unique(indices).size != indices.size:
        raise CodingError("a worker occurs twice", where="workers", cure="give each answer once")
    return indices


def _encode(code: ApproximateCode, X: NDArray[Any]) -> NDArray[Any]:
    """Berrut's curve through X, read at the workers' points."""
    data = np.asarray(X)
    if data.dtype.kind not in "biufc":
        raise CodingError("not numbers", where="X", expected="an array of numbers", got=f"dtype {data.dtype}")
    if data.ndim == 0 or data.shape[0] != code.inputs:
        raise CodingError(
            "wrong number of inputs",
            where="X",
            expected=f"shape ({code.inputs}, ...)",
            got=f"shape {data.shape}",
            cure=f"stack {code.inputs} inputs along the first axis",
        )
    if not np.isfinite(data).all():
        raise CodingError(
            "not finite", where="X", got="NaN or infinity", cure="one bad input spoils every task: mend it first"
        )
    matrix = interpolation_matrix(code.input_points, code.worker_points, signs(code.inputs))
    kind = np.complex128 if data.dtype.kind == "c" else np.float64
    return np.asarray(np.tensordot(matrix, data.astype(kind), axes=1))


def _sized(inputs: int, workers: int) -> None:
    for name, value in (("inputs", inputs), ("workers", workers)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise CodingError("not a count", where=name, expected="an integer >= 1", got=repr(value))
    if workers < max(2, inputs):
        raise CodingError(
            "too few workers",
            where="workers",
            expected=f"at least {max(2, inputs)} for {inputs} inputs",
            got=str(workers),
            cure="add workers or send fewer inputs at once",
        )
