"""Studies that behave badly, or plainly, for the runner's tests.  Workers import them by path."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np

from experiments.errors import InputError
from experiments.study import Axes, Schedule, StudyDefaults
from experiments.tally import Counts, Moments


class Tosses:
    """A coin whose batches can take time."""

    def __init__(self, p: float, seconds: float = 0.0) -> None:
        self.p, self.seconds = p, seconds

    def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
        time.sleep(self.seconds + float(os.environ.get("TOY_PACE", "0")))  # pace: time that is no parameter
        return Counts(size, int(np.random.Generator(np.random.PCG64(seed)).binomial(size, self.p)))


class Toy(StudyDefaults):
    """A coin with a distance, so that curves and fits have axes."""

    name, version, counting = "toy", 1, True
    axes = Axes(x="p", curve="distance")
    preload = ("numpy",)

    class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        p: Annotated[float, msgspec.Meta(ge=0, le=1, description="bias")]
        distance: Annotated[int, msgspec.Meta(ge=2)] = 3
        seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0

        def __post_init__(self) -> None:
            if self.distance == 13:
                raise InputError("an unlucky distance", where="distance", expected="anything but 13", got="13")

    def schedule(self, params: Any) -> Schedule:
        return Schedule(64, 1.25, 512)

    def prepare(self, params: Any) -> Tosses:
        return Tosses(params.p, params.seconds)


class Scaling(Toy):
    """Counts that follow a finite-size scaling law with p_c = 0.01."""

    name = "scaling"

    def prepare(self, params: Any) -> Tosses:
        x = np.log(params.p / 0.01) * params.distance
        return Tosses(float(0.5 * (1 - np.exp(-2 * np.exp(-2.5 + 0.5 * x)))))

    def cost(self, params: Any) -> float:
        return 1e-6 * params.distance**3

    def schedule(self, params: Any) -> Schedule:
        return Schedule(500, 1.25, 8000)


class Numbers(Toy):
    """A study of real-valued results."""

    name, counting, axes = "numbers", False, Axes(x="p")

    def prepare(self, params: Any) -> Any:
        class Normal:
            def sample(self, size: int, seed: np.random.SeedSequence) -> Moments:
                return Moments.of(np.random.Generator(np.random.PCG64(seed)).normal(params.p, 1.0, size))

        return Normal()


class Killer(Toy):
    """Ends its own worker in one task, and raises in another."""

    name = "killer"

    def prepare(self, params: Any) -> Any:
        class Deadly:
            def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
                if params.p == 0.5:
                    os.kill(os.getpid(), signal.SIGKILL)
                if params.p == 0.25:
                    raise ZeroDivisionError("a bug of the study")
                return Counts(size, 1)

        return Deadly()


class Drifting(Toy):
    """Breaks the promise of purity: its numbers come from the process id."""

    name = "drifting"

    def prepare(self, params: Any) -> Any:
        class Impure:
            def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
                return Counts(size, os.getpid() % size)

        return Impure()


class Miscounting(Toy):
    """Tallies fewer units than it was asked for."""

    name = "miscounting"

    def prepare(self, params: Any) -> Any:
        class Short:
            def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
                return Counts(size - 1, 0)

        return Short()


class FromFile(Toy):
    """A study with a file among its parameters."""

    name = "from-file"

    class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        text: str
        p: float = 0.1

    def resolve(self, params: dict[str, Any], directory: Path) -> dict[str, Any]:
        return {**params, "text": (directory / params["text"]).read_text()}


class Bare:
    """The four members of the protocol and nothing else."""

    name, version = "bare", 1

    class Params(msgspec.Struct, frozen=True):
        p: float

    def prepare(self, params: Any) -> Tosses:
        return Tosses(params.p)


toy, scaling, numbers, killer, drifting = Toy(), Scaling(), Numbers(), Killer(), Drifting()
miscounting, from_file, bare = Miscounting(), FromFile(), Bare()
not_a_study = object()
