"""Outcomes that nobody reads, averaged: a measurement becomes dephasing, a reset becomes a channel.

What is left to branch on are the measurements whose bits a condition or an expression reads, so a program without
classical control is one evolution of one density matrix.

    averaged(program)            # Measure(0, 0) -> Noise(dephasing, (0,)) where bit 0 is not read
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from qsim.classical import Apply, Bit, Word
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Branch, Gate, Leave, Loop, Measure, Noise, Program, Reset, Step, Store, Unrolled, flat

DEPHASING = Channel.pauli({"Z": 0.5}, name="measurement")
RESETTING = Channel.from_kraus([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], name="reset")


def averaged(program: Program, *, keep_measurements: bool = False) -> Program:
    """The same program with unread outcomes averaged.

    Args:
        keep_measurements: whether measurements stay, because their bits are asked for; resets do not.
    """
    read = set(bits_read(program)) if not keep_measurements else None
    return program.with_steps(_averaged(program.steps, read))


def averaged_map(program: Program) -> tuple[Gate | Noise, ...]:
    """The gates and channels of a program without classical control.

    Raises:
        CircuitError: a program that decides on outcomes, with the first step that does.
    """
    for position, step in enumerate(program.steps):
        if isinstance(step, (Branch, Loop, Unrolled, Leave, Store)):
            raise CircuitError(
                "decides on outcomes, so it is no fixed map of states",
                where=f"step {position} ({type(step).__name__.lower()})",
                expected="gates, channels, measurements that are not read, resets",
                cure='bind its parameters and use qsim.expectation with backend="density_matrix"',
            )
    return tuple(step for step in averaged(program).steps if isinstance(step, (Gate, Noise)))


def bits_read(program: Program) -> Iterator[int]:
    """The classical bits that conditions and expressions read."""
    for step in flat(program.steps):
        if isinstance(step, Branch):
            for condition, _ in step.cases:
                yield from _bits(condition)
        elif isinstance(step, Loop):
            yield from _bits(step.condition)
        elif isinstance(step, Store):
            yield from _bits(step.value)


def _bits(expression: Any) -> Iterator[int]:
    if isinstance(expression, Bit):
        yield expression.index
    elif isinstance(expression, Word):
        yield from expression.indices
    elif isinstance(expression, Apply):
        for argument in expression.arguments:
            yield from _bits(argument)


def _averaged(steps: Sequence[Step], read: set[int] | None) -> tuple[Step, ...]:
    return tuple(_averaged_step(step, read) for step in steps)


def _averaged_step(step: Step, read: set[int] | None) -> Step:
    if isinstance(step, Reset):
        return Noise(RESETTING, (step.qubit,))
    if isinstance(step, Measure) and read is not None and step.clbit not in read:
        return Noise(DEPHASING, (step.qubit,))
    if isinstance(step, Branch):
        return Branch(tuple((condition, _averaged(block, read)) for condition, block in step.cases))
    if isinstance(step, Loop):
        return replace(step, body=_averaged(step.body, read))
    if isinstance(step, Unrolled):
        return Unrolled(tuple(_averaged(body, read) for body in step.bodies))
    return step
