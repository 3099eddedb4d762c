"""Noise put into programs: around operations, into records, on qubits that wait.

The program is first cut into operations (`qsim.noise.operations`).  Rules about layers then decide on what follows each
layer, rules about time on what precedes each operation, and the rest surround their operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.noise.checks import check
from qsim.noise.layers import Layers
from qsim.noise.operations import Operation, is_feedback, operations
from qsim.noise.rules import AfterLayer, Around, EachRound, Idle, Readout, Relaxation, Rule
from qsim.noise.schedule import layers as schedule_in_layers
from qsim.noise.waiting import Waiting
from qsim.program import (
    Barrier,
    Branch,
    Delay,
    Gate,
    Loop,
    Measure,
    Noise,
    Program,
    Step,
    Unrolled,
    touched,
)

if TYPE_CHECKING:
    from qsim.noise.model import NoiseModel


def put(model: NoiseModel, program: Program) -> Program:
    """The program with a model's noise; see `qsim.noise.NoiseModel.apply`."""
    check(model, program)
    acting = tuple(rule for rule in model.rules if not _is_void(rule))
    placing = _Placing(model, acting, program.num_qubits - program.ancillas)
    steps = placing.top(program.steps)
    return program.with_steps(steps if program.is_dynamic else tuple(_seen(steps)))


@dataclass(frozen=True)
class _Placing:
    """One model put into one program.

    Attributes:
        rules: those of the model that do something.
        physical: qubits from this number on carry bits only and have no noise.
        known: noise by when, names and operands; misread: readout errors by operands; twins: channels with twirls.
    """

    model: NoiseModel
    rules: tuple[Rule, ...]
    physical: int
    known: dict[tuple[str, frozenset[str], tuple[int, ...]], list[Noise]] = field(default_factory=dict)
    misread: dict[tuple[int, ...], list[tuple[float, float]]] = field(default_factory=dict)
    twins: dict[int, tuple[Channel, Channel]] = field(default_factory=dict)

    def top(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The steps of a whole program: noise in layers and in time, and around operations."""
        found = list(operations(steps))
        clocks = [rule for rule in self.model.rules if isinstance(rule, Relaxation)]
        waiting = [Waiting(rule, found, self.physical) for rule in clocks]
        blocks: list[list[Step]] = []
        for place, operation in enumerate(found):
            ahead = [noise for each in waiting for noise in each.before(place)]
            blocks.append([*map(self.twirled, ahead), *self.around(operation, f"operation {place}")])
        layered = [rule for rule in self.rules if isinstance(rule, (Idle, AfterLayer, EachRound))]
        ending = [self.twirled(noise) for each in waiting for noise in each.at_end()]
        if not layered:
            return (*(step for block in blocks for step in block), *ending)
        return (*self.by_layers(found, blocks, layered), *ending)

    def by_layers(
        self, found: list[Operation], blocks: list[list[Step]], rules: Sequence[Idle | AfterLayer | EachRound]
    ) -> Iterator[Step]:
        """Operations layer by layer, with the noise that opens and closes each."""
        starts = schedule_in_layers(found, physical=self.physical).starts
        layers = Layers(found, starts, self.physical)
        members: list[list[Step]] = [[] for _ in range(layers.count + 1)]
        for start, block in zip(starts, blocks, strict=True):
            members[min(int(start), layers.count)].extend(block)
        for number in range(layers.count):
            yield from map(self.twirled, layers.opening(number, rules))
            yield from members[number]
            yield from map(self.twirled, layers.closing(number, rules))
        yield from members[layers.count]

    def inside(self, steps: Sequence[Step], where: str) -> tuple[Step, ...]:
        """The steps of a block of control flow, where nothing waits."""
        return tuple(step for each in operations(steps) for step in self.around(each, f"{where}, inside"))

    def around(self, operation: Operation, where: str) -> list[Step]:
        """One operation with the noise of the rules that name it."""
        core = operation.core
        if isinstance(core, Branch):
            if is_feedback(core):
                return [core]
            return [Branch(tuple((condition, self.inside(block, where)) for condition, block in core.cases))]
        if isinstance(core, Loop):
            return [Loop(core.condition, self.inside(core.body, where))]
        if isinstance(core, Unrolled):
            return [Unrolled(tuple(self.inside(body, where) for body in core.bodies))]
        if not operation.names or operation.qubits[0] >= self.physical:
            return list(operation.steps)
        before, after = self.channels(operation, where, "before"), self.channels(operation, where, "after")
        steps = [self.read_wrongly(step, operation) if step is core else step for step in operation.steps]
        if "joint" in operation.names:
            return [*before, *steps, *after]
        place = next(place for place, step in enumerate(operation.steps) if step is core)
        return [*steps[:place], *before, steps[place], *after, *steps[place + 1 :]]

    def channels(self, operation: Operation, where: str, when: str) -> list[Noise]:
        """The noise of all rules that name an operation; worked out once for each name and place."""
        key = (when, operation.names, operation.qubits)
        if key not in self.known:
            self.known[key] = [
                self.twirled(noise)
                for rule in self.rules
                if isinstance(rule, Around) and rule.when == when and _matches(rule, operation)
                for noise in self.noise(rule, operation, where)
            ]
        return self.known[key]

    def noise(self, rule: Around, operation: Operation, where: str) -> Iterator[Noise]:
        channel = rule.channel
        if rule.coupling is not None:
            yield from self.crosstalk(rule, operation)
            return
        qubits = operation.qubits if rule.on is None else rule.on
        if channel.num_qubits == len(qubits):
            yield Noise(channel, qubits)
        elif channel.num_qubits == 1:
            yield from (Noise(channel, (qubit,)) for qubit in qubits)
        else:
            raise CircuitError(
                f"channel {channel.name} does not fit",
                where=f"{where} ({operation.core})",
                expected=f"a channel on 1 or {len(qubits)} qubits",
                got=f"{channel.num_qubits} qubits",
            )

    def crosstalk(self, rule: Around, operation: Operation) -> Iterator[Noise]:
        own = operation.qubits
        pairs: list[tuple[int, int]] = []
        for a, b in rule.coupling or ():
            pairs += [(mine, other) for mine, other in ((a, b), (b, a)) if mine in own and other not in own]
        pairs = [pair for pair in dict.fromkeys(pairs) if pair[1] < self.physical]
        if rule.channel.num_qubits == 2:
            yield from (Noise(rule.channel, pair) for pair in pairs)
        else:
            yield from (Noise(rule.channel, (other,)) for other in dict.fromkeys(other for _, other in pairs))

    def read_wrongly(self, core: Step, operation: Operation) -> Step:
        """A measurement with its readout error; other steps as they are."""
        if not isinstance(core, Measure):
            return core
        if operation.qubits not in self.misread:
            on = set(operation.qubits)
            self.misread[operation.qubits] = [
                rule.flips
                for rule in self.rules
                if isinstance(rule, Readout) and (rule.qubits is None or on <= rule.qubits) and not on & rule.unless
            ]
        up, down = core.readout
        for one, zero in self.misread[operation.qubits]:
            up, down = up * (1 - zero) + (1 - up) * one, down * (1 - one) + (1 - down) * zero
        return replace(core, readout=(up, down))

    def twirled(self, noise: Noise) -> Noise:
        """The noise as the model has it: twirled or not."""
        if not self.model.twirl:
            return noise
        from qsim.noise.twirling import twirl

        known = self.twins.get(id(noise.channel))
        if known is None:
            known = self.twins[id(noise.channel)] = (noise.channel, twirl(noise.channel)[0])
        return Noise(known[1], noise.qubits)


def _is_void(rule: Rule) -> bool:
    """Whether a rule's channel is the identity."""
    paulis = rule.channel.paulis if isinstance(rule, (Around, Idle, AfterLayer, EachRound)) else None
    return paulis is not None and all(set(label) == {"I"} for label in paulis)


def _matches(rule: Around, operation: Operation) -> bool:
    if not rule.gates & operation.names or operation.qubits in rule.unless:
        return False
    return rule.qubits is None or operation.qubits in rule.qubits


def _seen(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps without noise on qubits after their final measurements."""
    last: dict[int, tuple[int, bool]] = {}
    for place, step in enumerate(steps):
        closing = isinstance(step, Gate) and step.part == "closing"
        if not closing and not isinstance(step, (Noise, Barrier, Delay)):
            last.update((qubit, (place, isinstance(step, Measure))) for qubit in touched(step))
    for place, step in enumerate(steps):
        if isinstance(step, Noise):
            ends = [last.get(qubit, (place, False)) for qubit in step.qubits]
            if all(measured and end < place for end, measured in ends):
                continue
        yield step
