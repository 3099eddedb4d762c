"""The one seam between the runner and everything it runs: a `Study` makes a `Sampler`, a `Sampler` makes `Tally`s.

A study is an object with four members.  The runner finds it through the entry-point group ``qsim.studies`` (or as
``"package.module:object"``) and needs nothing else of it:

    class Coin(StudyDefaults):
        name, version = "example.coin", 1

        class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
            p: float

        def prepare(self, params):
            return CoinSampler(params.p)              # .sample(size, seed) -> Counts

`StudyDefaults` lists the optional members with the values the runner assumes; a study overrides what it knows better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

    from experiments.statistics.estimate import Estimate

JSON: TypeAlias = Any
"""What ``json`` can hold: None, bool, int, float, str, lists and string-keyed dicts of these."""


@runtime_checkable
class Tally(Protocol):
    """A mergeable sufficient statistic: a commutative monoid with a JSON form.

    ``kind`` names the type in the ledger; ``size`` is the number of units (shots, replicas, runs) it summarises.
    """

    kind: ClassVar[str]

    @property
    def size(self) -> int: ...

    def merge(self, other: Self) -> Self: ...

    def to_json(self) -> JSON: ...

    @classmethod
    def from_json(cls, state: JSON) -> Self: ...

    def estimate(self, confidence: float = 0.95) -> Estimate: ...


class Sampler(Protocol):
    """One task, prepared: ``sample`` is pure — the same size and seed give the same bits."""

    def sample(self, size: int, seed: np.random.SeedSequence) -> Tally: ...


@runtime_checkable
class Study(Protocol):
    """What can be swept.  ``version`` is part of every task id: bump it when the meaning of results changes."""

    name: str
    version: int
    Params: type

    def prepare(self, params: Any) -> Sampler: ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sizes of a task's batches: ``first``, then each ``growth`` times the last (rounded down), at most ``largest``.

    A growth of 1.25 keeps the shots past the end of a stop rule below a quarter of those before it.
    """

    first: int = 256
    growth: float = 1.25
    largest: int = 65_536

    def size(self, batch: int) -> int:
        """Units in batch ``batch`` (0, 1, 2, ...)."""
        sizes = _growing_sizes(self.first, self.growth, self.largest)
        return sizes[min(batch, len(sizes) - 1)]


@lru_cache(maxsize=256)
def _growing_sizes(first: int, growth: float, largest: int) -> list[int]:
    """Sizes up to the one that repeats; by repeated multiplication, which every platform rounds alike."""
    sizes, exact = [min(first, largest)], float(first)
    while growth > 1 and sizes[-1] < largest:
        exact *= growth
        sizes.append(int(min(exact, largest)))
    return sizes


@dataclass(frozen=True, slots=True)
class Axes:
    """Which parameters are the natural axes of a study's results: ``x`` along the plot, ``curve`` one line each.

    ``x_label`` and ``value_label`` carry units; ``log_x`` and ``log_value`` ask for logarithmic axes.
    """

    x: str | None = None
    curve: str | None = None
    x_label: str = ""
    value_label: str = "value"
    log_x: bool = False
    log_value: bool = False


class StudyDefaults:
    """Optional members of a study, with what the runner assumes when a study says nothing."""

    preload: ClassVar[Sequence[str]] = ()
    """Modules that worker processes import once, before the first task."""
    threads: ClassVar[int] = 1
    """BLAS/OpenMP threads a worker may use."""
    axes: ClassVar[Axes] = Axes()
    counting: ClassVar[bool] = False
    """True when the study tallies `Counts`, so that ``max_errors`` means something."""

    def schedule(self, params: Any) -> Schedule:  # noqa: ARG002
        """Batch sizes of a task; aim at 0.2 to 2 s a batch once grown."""
        return Schedule()

    def cost(self, params: Any) -> float:  # noqa: ARG002
        """Core seconds per unit on a typical machine: a fixed formula, never a measurement."""
        return 1e-5

    def resolve(self, params: dict[str, JSON], directory: Path) -> dict[str, JSON]:  # noqa: ARG002
        """Replace references in raw parameters (a file's path) by content, so that content is what is hashed."""
        return params

    def examples(self) -> list[dict[str, JSON]]:
        """Small parameter sets on which the laws of a study are tested."""
        return []

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Parameter sets that must be refused, each with a word the message must contain."""
        return []
