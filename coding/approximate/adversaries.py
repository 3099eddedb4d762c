"""What goes wrong: lies of several characters, where liars sit, and workers that are late.

An adversary turns honest answers of the workers it owns into others.  Sizes are relative to the root mean square of
all honest answers.

>>> honest = np.ones((4, 2))
>>> SignFlips().corrupt(honest, np.linspace(1, -1, 4), np.array([2]), np.random.default_rng(0)).tolist()
[[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, 1.0]]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coding.approximate.points import FloatArray
from coding.errors import CodingError

Answers = NDArray[Any]
Indices = NDArray[np.int64]


class Adversary(Protocol):
    """What an adversary must do."""

    def corrupt(self, answers: Answers, points: FloatArray, liars: Indices, rng: np.random.Generator) -> Answers:
        """A copy of the answers (M, ...) in which those of the liars (positions) are replaced."""


@dataclass(frozen=True, slots=True)
class GaussianLies:
    """Independent normal noise of the given size on every number."""

    size: float = 1.0

    def corrupt(self, answers: Answers, points: FloatArray, liars: Indices, rng: np.random.Generator) -> Answers:
        """See :class:`Adversary`."""
        del points
        out = answers.copy()
        out[liars] += self.size * _scale(answers) * rng.normal(size=out[liars].shape)
        return out


@dataclass(frozen=True, slots=True)
class SignFlips:
    """The answer with the opposite sign: right size, right smoothness, wrong."""

    def corrupt(self, answers: Answers, points: FloatArray, liars: Indices, rng: np.random.Generator) -> Answers:
        """See :class:`Adversary`."""
        del points, rng
        out = answers.copy()
        out[liars] = -out[liars]
        return out


@dataclass(frozen=True, slots=True)
class ColludingLies:
    """Liars agree on one wrong curve: the truth plus a common polynomial of low degree."""

    degree: int = 3
    size: float = 1.0

    def corrupt(self, answers: Answers, points: FloatArray, liars: Indices, rng: np.random.Generator) -> Answers:
        """See :class:`Adversary`."""
        out = answers.copy()
        shape = (self.degree + 1, *answers.shape[1:])
        curve = np.polynomial.chebyshev.chebval(points[liars], rng.normal(size=shape))
        out[liars] += self.size * _scale(answers) * np.moveaxis(np.atleast_1d(curve), -1, 0)
        return out


@dataclass(frozen=True, slots=True)
class NotANumber:
    """A worker that returns NaN."""

    def corrupt(self, answers: Answers, points: FloatArray, liars: Indices, rng: np.random.Generator) -> Answers:
        """See :class:`Adversary`."""
        del points, rng
        out = answers.copy()
        out[liars] = np.nan
        return out


def placed(count: int, answers: int, rng: np.random.Generator, *, adjacent: bool = False) -> Indices:
    """Positions of liars among the answers: anywhere, or all in a row (hardest: they leave one wide hole).

    Raises:
        CodingError: more liars than answers.
    """
    if not 0 <= count <= answers:
        raise CodingError("too many liars", where="count", expected=f"0 .. {answers}", got=repr(count))
    if adjacent:
        start = int(rng.integers(0, answers - count + 1))
        return np.arange(start, start + count)
    return np.sort(rng.permutation(answers)[:count])


@dataclass(frozen=True, slots=True)
class ShiftedExponential:
    """Answering time: a fixed part and an exponential one, independent between workers.

    Args:
        shift: seconds nobody can beat, >= 0.
        mean: mean seconds of the random part, > 0.
    """

    shift: float = 1.0
    mean: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.shift < np.inf and 0 < self.mean < np.inf):
            raise CodingError(
                "not a latency law",
                where="ShiftedExponential",
                expected="shift >= 0 and mean > 0 seconds",
                got=f"shift={self.shift!r}, mean={self.mean!r}",
            )

    def sample(self, workers: int, rng: np.random.Generator) -> FloatArray:
        """Seconds (workers,)."""
        return np.asarray(self.shift + rng.exponential(self.mean, workers))

    def expected(self, workers: int, answers: int) -> float:
        """Mean seconds until ``answers`` of ``workers`` have come: shift + mean (H_n - H_{n-m})."""
        return self.shift + self.mean * float(np.sum(1.0 / np.arange(workers - answers + 1, workers + 1)))


def _scale(answers: Answers) -> float:
    return float(np.sqrt(np.mean(np.abs(answers) ** 2)))
