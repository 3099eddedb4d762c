"""A biased coin: counts drawn from a binomial law, with nothing simulated.

It measures the runner's own overhead, and gives tests of stopping and statistics a study whose truth is known:

    sampler = study.prepare(study.Params(p=0.01))
    sampler.sample(1000, np.random.SeedSequence(7))        # Counts(shots=1000, errors=...)
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from experiments.study import JSON, Axes, Schedule, StudyDefaults

if TYPE_CHECKING:
    import numpy as np

    from experiments.tally.counts import Counts


class CoinParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The coin's bias, and how much CPU time each batch burns."""

    p: Annotated[float, msgspec.Meta(ge=0, le=1, description="probability of heads, counted as an error [1]")] = 0.1
    work: Annotated[float, msgspec.Meta(ge=0, le=3600, description="CPU time burnt per batch [s]")] = 0.0


@dataclass(frozen=True, slots=True)
class CoinSampler:
    """Tosses of one coin."""

    p: float
    work: float

    def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
        """Heads among ``size`` tosses, from a binomial law; the clock decides nothing but the delay."""
        import numpy as np

        from experiments.tally.counts import Counts

        heads = int(np.random.Generator(np.random.PCG64(seed)).binomial(size, self.p))
        stop = time.process_time() + self.work
        while self.work and time.process_time() < stop:
            pass
        return Counts(shots=size, errors=heads)


class Coin(StudyDefaults):
    """Study ``coin``."""

    name, version = "coin", 1
    Params = CoinParams
    counting: ClassVar[bool] = True
    preload = ("numpy",)
    axes = Axes(x="p", x_label="probability of heads p", value_label="fraction of heads")

    def prepare(self, params: CoinParams) -> CoinSampler:
        """A sampler of the coin."""
        return CoinSampler(params.p, params.work)

    def schedule(self, params: CoinParams) -> Schedule:  # noqa: ARG002
        """Batches from 256 to 65 536 tosses."""
        return Schedule(first=256, growth=2.0, largest=65_536)

    def cost(self, params: CoinParams) -> float:
        """Core seconds per toss: the burnt time spread over a large batch, plus a few microseconds a batch."""
        return (params.work + 2e-5) / 65_536

    def examples(self) -> list[dict[str, JSON]]:
        """A fair, a biased and a certain coin."""
        return [{"p": 0.5}, {"p": 0.01}, {"p": 0}]

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Biases and times that are none."""
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"p": 1.5}, "p"),
            ({"p": "0.5"}, "p"),
            ({"work": -1.0}, "work"),
            ({"bias": 0.5}, "bias"),
        ]
        return wrong


study = Coin()
