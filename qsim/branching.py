"""Programs that decide on outcomes, run by splitting: shots with the same history share one state.

At every random event (a measurement, a readout error, a choice among Kraus operators) the shots in hand are divided
among its outcomes, so the cost grows with the number of different histories met, not with the number of shots.  The
same walk with weights instead of shots enumerates all histories, which gives exact expectations.

    for shots, memory, state in histories(program, start, 1000, split=by_chance(rng)): ...
    for weight, memory, state in histories(program, start, 1.0, split=exactly()): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsim.classical import Memory, store
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Branch, Gate, Leave, Loop, Measure, Noise, Program, Reset, Step, Store, Unrolled

Floats = NDArray[np.float64]
Split: TypeAlias = Callable[[float, Sequence[float]], list[tuple[int, float]]]

NEGLIGIBLE = 1e-14
MOST_STEPS = 10_000_000


class State(Protocol):
    """A quantum state that one history evolves; methods change it in place."""

    def gate(self, gate: Gate) -> None:
        """Apply a gate."""

    def probability_of_one(self, qubit: int) -> float:
        """Probability that measuring ``qubit`` gives 1."""

    def project(self, qubit: int, outcome: int) -> None:
        """Collapse onto an outcome of non-zero probability, and normalise."""

    def flip(self, qubit: int) -> None:
        """Apply X."""

    def channel_probabilities(self, channel: Channel, qubits: tuple[int, ...]) -> Sequence[float]:
        """Probability of each Kraus operator of ``channel``, or of each Pauli in the order of ``channel.paulis``."""

    def choose(self, channel: Channel, qubits: tuple[int, ...], choice: int) -> None:
        """Apply the chosen operator, and normalise."""

    def copy(self) -> Self:
        """An independent copy."""


def by_chance(rng: np.random.Generator) -> Split:
    """Divides whole shots multinomially."""

    def split(shots: float, probabilities: Sequence[float]) -> list[tuple[int, float]]:
        weights = np.clip(np.asarray(probabilities, dtype=np.float64), 0.0, None)
        counts = rng.multinomial(int(shots), weights / weights.sum())
        return [(outcome, int(count)) for outcome, count in enumerate(counts) if count]

    return split


def exactly(limit: int = 100_000) -> Split:
    """Divides weights by probability, leaving out weights below 1e-14: so loops that end with probability 1 end.

    Raises:
        CircuitError: (when called) more than ``limit`` splits were made: the histories are too many to enumerate.
    """
    made = 0

    def split(weight: float, probabilities: Sequence[float]) -> list[tuple[int, float]]:
        nonlocal made
        kept = [(outcome, weight * p) for outcome, p in enumerate(probabilities) if weight * p > NEGLIGIBLE]
        made += max(len(kept) - 1, 0)
        if made > limit:
            raise CircuitError(
                "too many histories to enumerate",
                where="circuit",
                expected=f"at most {limit} different histories of outcomes and errors",
                cure="ask for a precision, so that histories are sampled",
            )
        return kept

    return split


@dataclass(frozen=True, slots=True)
class _Block:
    """What is left to do: ``steps`` from ``index`` on, then ``parent``."""

    steps: tuple[Step | _Record, ...]
    index: int
    parent: _Block | _Round | None


@dataclass(frozen=True, slots=True)
class _Round:
    """A loop under its body: what comes after a round, and after the loop."""

    loop: Loop | Unrolled
    done: int
    parent: _Block | _Round | None


@dataclass(frozen=True, slots=True)
class _Record:
    """An outcome about to be recorded, wrongly with a probability."""

    clbit: int
    outcome: int
    wrong: float


@dataclass(slots=True)
class _History:
    weight: float
    memory: Memory
    state: State
    todo: _Block | None


def histories(program: Program, start: State, weight: float, *, split: Split) -> Iterator[tuple[float, Memory, State]]:
    """All histories with their shots or weights, classical memory, and final state.

    Args:
        program: without unbound parameters.
        start: the state to begin with; it is copied.
        weight: shots, or 1.0.
        split: `by_chance` or `exactly`.

    Raises:
        CircuitError: a loop of more than ten million steps.
    """
    memory = Memory([0] * program.num_clbits)
    pending = [_History(weight, memory, start.copy(), _Block(program.steps, 0, None))]
    while pending:
        history = pending.pop()
        taken = 0
        while history.todo is not None:
            taken += 1
            if taken > MOST_STEPS:
                raise CircuitError("does not end", where="loop", expected=f"at most {MOST_STEPS} steps")
            block = history.todo
            if block.index == len(block.steps):
                history.todo = _after(block.parent, history.memory)
                continue
            history.todo = _Block(block.steps, block.index + 1, block.parent)
            _step(block.steps[block.index], history, split, pending)
        if history.weight:
            yield history.weight, history.memory, history.state


def _after(parent: _Block | _Round | None, memory: Memory) -> _Block | None:
    """Where to go on once a block has ended: behind it, or round the loop again."""
    while isinstance(parent, _Round):
        again = _Round(parent.loop, parent.done + 1, parent.parent)
        if isinstance(parent.loop, Unrolled):
            if parent.done < len(parent.loop.bodies):
                return _Block(parent.loop.bodies[parent.done], 0, again)
        elif parent.loop.condition.value(memory):
            return _Block(parent.loop.body, 0, again)
        parent = parent.parent
    return parent


def _step(step: Step | _Record, history: _History, split: Split, pending: list[_History]) -> None:
    divide = partial(_divide, history, split, pending)
    if isinstance(step, Gate):
        history.state.gate(step)
    elif isinstance(step, (Measure, Reset)):
        one = min(max(history.state.probability_of_one(step.qubit), 0.0), 1.0)
        divide((1.0 - one, one), partial(_collapse, step))
    elif isinstance(step, _Record):
        divide((1.0 - step.wrong, step.wrong), partial(_write, step))
    elif isinstance(step, Noise):
        divide(history.state.channel_probabilities(step.channel, step.qubits), partial(_apply, step))
    elif isinstance(step, Store):
        store(step.target, step.value.value(history.memory), history.memory)
    elif isinstance(step, Branch):
        chosen = next((block for when, block in step.cases if when is None or when.value(history.memory)), ())
        history.todo = _Block(chosen, 0, history.todo)
    elif isinstance(step, (Loop, Unrolled)):
        history.todo = _after(_Round(step, 0, history.todo), history.memory)
    elif isinstance(step, Leave):
        _leave(history, again=step.again)


def _divide(
    history: _History,
    split: Split,
    pending: list[_History],
    chances: Sequence[float],
    act: Callable[[_History, int], None],
) -> None:
    """Divide a history among outcomes; it goes on with the last itself, copies wait for the others.

    A history of which nothing is left ends there, with weight 0.
    """
    kept = split(history.weight, chances)
    if not kept:
        history.weight, history.todo = 0.0, None
        return
    *others, (last, weight) = kept
    for outcome, share in others:
        other = _History(share, history.memory.copy(), history.state.copy(), history.todo)
        act(other, outcome)
        pending.append(other)
    history.weight = weight
    act(history, last)


def _collapse(step: Measure | Reset, history: _History, outcome: int) -> None:
    history.state.project(step.qubit, outcome)
    if isinstance(step, Measure):
        record = _Record(step.clbit, outcome, step.readout[outcome])
        if record.wrong:
            history.todo = _Block((record,), 0, history.todo)
        else:
            history.memory.bits[step.clbit] = outcome
    elif outcome:
        history.state.flip(step.qubit)


def _write(record: _Record, history: _History, wrong: int) -> None:
    history.memory.bits[record.clbit] = record.outcome ^ wrong


def _apply(noise: Noise, history: _History, choice: int) -> None:
    history.state.choose(noise.channel, noise.qubits, choice)


def _leave(history: _History, *, again: bool) -> None:
    """Unwind to the innermost loop, and behind it or round it."""
    frame: _Block | _Round | None = history.todo
    while isinstance(frame, _Block):
        frame = frame.parent
    if frame is None:
        raise CircuitError("outside a loop", where="continue_loop" if again else "break_loop")
    history.todo = _after(frame if again else frame.parent, history.memory)
