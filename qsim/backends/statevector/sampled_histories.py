"""Bits and averages from histories: what state vectors and density matrices have in common.

A program whose measurements all stand at its end is run without them, and every history's shots are drawn from its
final state at once; one that measures on the way divides its shots there (`qsim.branching`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.protocol import Estimates, Samples
from qsim.branching import State, by_chance, exactly, histories
from qsim.program import Measure, Program, split_measurements

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

PILOT = 1000
"""Trajectories run first, to learn how many a precision takes."""


class Readable(State, Protocol):
    """A state that can be sampled and evaluated at the end."""

    def basis_probabilities(self) -> Floats:
        """(2^n,) probabilities of the basis states."""

    def values(self, observables: list[SparsePauliOp]) -> Floats:
        """(O,) expectation values."""

    def copy(self) -> Self:
        """An independent copy."""


def sample_histories(program: Program, start: Readable, shots: int, *, rng: np.random.Generator) -> Samples:
    """Bits of shots; the metadata tells how many different histories were met."""
    split = split_measurements(program)
    body, measures = (program, ()) if split is None else (split.before, split.measures)
    rows, met = [], 0
    for count, memory, state in histories(body, start, shots, split=by_chance(rng)):
        bits = np.repeat(np.array([memory.bits], dtype=bool).reshape(1, -1), int(count), axis=0)
        if measures:
            assert isinstance(state, type(start))
            outcomes = draw(state.basis_probabilities(), int(count), rng=rng)
            write_bits(bits, outcomes, measures, rng=rng)
        rows.append(bits)
        met += 1
    found = np.concatenate(rows)
    return Samples(found[rng.permutation(shots)], {"histories": met})


def draw(probabilities: Floats, shots: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """(shots,) basis states drawn from probabilities, which need not be normalised."""
    heights = np.cumsum(probabilities)
    found = np.searchsorted(heights, rng.random(shots) * heights[-1], side="right")
    last = int(np.flatnonzero(probabilities)[-1])  # rounding must not reach states of probability 0
    drawn: NDArray[np.int64] = np.minimum(found, last).astype(np.int64)
    return drawn


def write_bits(
    bits: Bits, outcomes: NDArray[np.int64], measures: Sequence[Measure], *, rng: np.random.Generator
) -> None:
    """Final outcomes put into their classical bits, with readout errors."""
    for measure in measures:
        bit = (outcomes >> measure.qubit & 1).astype(bool)
        if any(measure.readout):
            bit ^= rng.random(len(bit)) < np.where(bit, measure.readout[1], measure.readout[0])
        bits[:, measure.clbit] = bit


def exact_average(program: Program, start: Readable, observables: Sequence[SparsePauliOp], *, limit: int) -> Estimates:
    """Expectation values averaged over all histories, each with its weight.

    Raises:
        CircuitError: more than ``limit`` histories.
    """
    many, met = list(observables), 0
    total: Floats = np.zeros(len(many))
    for weight, _, state in histories(program, start, 1.0, split=exactly(limit)):
        assert isinstance(state, type(start))
        total += weight * state.values(many)
        met += 1
    return Estimates(total, np.zeros(len(many)), {"histories": met})


def sampled_average(
    values: Callable[[int], tuple[Floats, Floats]], observables: Sequence[SparsePauliOp], *, precision: float
) -> Estimates:
    """Expectation values from as many trajectories as a standard error takes.

    A first thousand tells the variance; errors that none of N trajectories had (they may have a rate of up to some
    1 / N) are allowed for by a standard error of at least range / N.

    Args:
        values: gives for a number of trajectories (O, H) values and the (H,) trajectories that had each.
        observables: for their range, the sum of the moduli of their coefficients.
        precision: standard error wanted [units of the observables].
    """
    ranges = np.array([np.abs(each.coeffs).sum() for each in observables])
    found, weights = values(PILOT)
    mean = found @ weights / PILOT
    variance = ((found - mean[:, None]) ** 2) @ weights / (PILOT - 1)
    needed = int(np.ceil(max(np.max(variance / precision**2), np.max(ranges / precision), PILOT)))
    if needed > PILOT:
        more, more_weights = values(needed - PILOT)
        found, weights = np.concatenate([found, more], axis=1), np.concatenate([weights, more_weights])
        mean = found @ weights / needed
        variance = ((found - mean[:, None]) ** 2) @ weights / (needed - 1)
    errors = np.maximum(np.sqrt(variance / needed), ranges / needed)
    return Estimates(mean, errors, {"trajectories": needed, "histories": len(weights)})


def values_by_histories(
    program: Program, start: Readable, observables: Sequence[SparsePauliOp], *, rng: np.random.Generator
) -> Callable[[int], tuple[Floats, Floats]]:
    """What `sampled_average` asks for, from shared histories."""

    def values(count: int) -> tuple[Floats, Floats]:
        columns: list[Any] = []
        weights: list[float] = []
        for shots, _, state in histories(program, start, count, split=by_chance(rng)):
            assert isinstance(state, type(start))
            columns.append(state.values(list(observables)))
            weights.append(shots)
        return np.array(columns).T, np.array(weights, dtype=np.float64)

    return values
