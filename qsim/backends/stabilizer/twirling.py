"""Channels replaced by their Pauli twirls, so that a stabilizer simulator can run them approximately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qsim.noise.channel import Channel
from qsim.program import Branch, Loop, Noise, Program, Step, Unrolled


@dataclass(frozen=True, slots=True)
class Twirled:
    """A program with Pauli noise only.

    Attributes:
        program: with every channel twirled.
        distance: the largest distance of a channel from its twirl, as `qsim.noise.twirl` measures it.
        channels: how many channels were not Pauli channels before.
    """

    program: Program
    distance: float
    channels: int


def twirled(program: Program) -> Twirled:
    """The program with its channels twirled; Pauli channels stay as they are."""
    from qsim.noise import twirl

    known: dict[int, tuple[Channel, float]] = {}
    used = 0

    def steps(block: Sequence[Step]) -> tuple[Step, ...]:
        return tuple(map(step, block))

    def step(each: Step) -> Step:
        nonlocal used
        if isinstance(each, Noise) and not each.channel.is_pauli:
            used += 1
            if id(each.channel) not in known:
                known[id(each.channel)] = twirl(each.channel)
            return Noise(known[id(each.channel)][0], each.qubits)
        if isinstance(each, Branch):
            return Branch(tuple((condition, steps(block)) for condition, block in each.cases))
        if isinstance(each, Loop):
            return Loop(each.condition, steps(each.body))
        if isinstance(each, Unrolled):
            return Unrolled(tuple(steps(body) for body in each.bodies))
        return each

    made = steps(program.steps)
    if not used:
        return Twirled(program, 0.0, 0)
    return Twirled(program.with_steps(made), max(distance for _, distance in known.values()), used)
