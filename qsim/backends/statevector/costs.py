"""What a run will cost: how many histories, and how long gate by gate.

The constants were fitted to runs on one core of a shared server and are right to a factor of about three; they serve to
choose between ways and backends, not to promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qsim.noise.channel import Channel
from qsim.program import Gate, Loop, Measure, Noise, Program, Reset, Step, flat

PER_STEP = 5e-5
PER_AMPLITUDE = 5e-9
PER_DISTANT_AMPLITUDE = 1e-8
"""Where the state has left the caches."""
CACHED = 2.0**16
PER_DRAW = 2e-7
PER_BATCH_STEP = 1e-3
PER_BATCHED_AMPLITUDE = 7e-9
DISTINCT_LIMIT = 1e15


@dataclass(frozen=True, slots=True)
class Randomness:
    """What of a program is left to chance.

    Attributes:
        steps: gates, channels, measurements and resets, blocks included once.
        histories: different histories of outcomes and errors there can be; infinite with while loops.
        quiet: probability that no channel has an error (its likeliest operator, at the maximally mixed state).
        outcomes: measurements, and resets of qubits used before.
        channels: channels.
    """

    steps: int
    histories: float
    quiet: float
    outcomes: int
    channels: int

    @classmethod
    def of(cls, program: Program) -> Randomness:
        """Count a program's random events."""
        steps = list(flat(program.steps))
        count, quiet, outcomes, channels = 1.0, 1.0, 0, 0
        used: set[int] = set()
        for step in steps:
            if isinstance(step, Noise):
                chances = likelihoods(step.channel)
                count, quiet, channels = count * len(chances), quiet * max(chances), channels + 1
            elif isinstance(step, Measure) or (isinstance(step, Reset) and (step.qubit in used or program.is_dynamic)):
                wrong = 2 if isinstance(step, Measure) and any(step.readout) else 1
                count, outcomes = count * 2 * wrong, outcomes + 1
            elif isinstance(step, Loop):
                count = float("inf")
            used.update(_on(step))
            count = min(count, DISTINCT_LIMIT) if np.isfinite(count) else count
        return cls(len(steps), count, quiet, outcomes, channels)

    def distinct(self, shots: float) -> float:
        """About how many different histories that many shots meet."""
        noisy = shots * (1.0 - self.quiet)
        return min(shots, self.histories, (1.0 + noisy) * 2.0 ** min(self.outcomes, 60))


def likelihoods(channel: Channel) -> Sequence[float]:
    """Probabilities of a channel's choices, for Kraus operators those at the maximally mixed state."""
    if channel.paulis is not None:
        return [p for p in channel.paulis.values() if p > 0]
    return [float(np.sum(np.abs(operator) ** 2)) / len(operator) for operator in channel.kraus]


def by_histories(random: Randomness, size: float, count: float) -> float:
    """Seconds for the histories of so many trajectories, on states of ``size`` amplitudes."""
    met = random.distinct(count)
    shared = 1.0 if met <= 1 else 0.8  # a history shares its beginning with others
    return met * shared * random.steps * per_step(size)


def per_step(size: float) -> float:
    """Seconds for a step on a state of ``size`` amplitudes."""
    return PER_STEP + size * (PER_AMPLITUDE if size <= CACHED else PER_DISTANT_AMPLITUDE)


def by_batches(random: Randomness, size: float, count: float, *, amplitudes: float) -> float:
    """Seconds for the same in batches of so many amplitudes."""
    rounds = max(1.0, float(np.ceil(count * size / amplitudes)))
    return random.steps * (rounds * PER_BATCH_STEP + PER_BATCHED_AMPLITUDE * size * count)


def _on(step: Step) -> tuple[int, ...]:
    if isinstance(step, (Gate, Noise)):
        return step.qubits
    return (step.qubit,) if isinstance(step, (Measure, Reset)) else ()
