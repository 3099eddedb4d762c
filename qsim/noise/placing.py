"""Noise put into programs: around operations, into records, on qubits that wait.

The program is first cut into operations (`qsim.noise.operations`).  Rules about layers then decide on what follows each
layer, rules about time on what precedes each operation, and the rest surround their operation.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.noise.layers import Layers
from qsim.noise.operations import Operation, is_feedback, operations
from qsim.noise.rules import AfterLayer, Around, EachRound, Idle, Readout, Relaxation, Rule, is_class
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
    flat,
    touched,
)

if TYPE_CHECKING:
    from qsim.noise.model import NoiseModel


def put(model: NoiseModel, program: Program) -> Program:
    """The program with a model's noise; see `qsim.noise.NoiseModel.apply`."""
    _check_qubits(model, program)
    _check_names(model, program)
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
    """

    model: NoiseModel
    rules: tuple[Rule, ...]
    physical: int
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
        self.check_covered(operation, where)
        before, after = self.channels(operation, where, "before"), self.channels(operation, where, "after")
        steps = [self.read_wrongly(step, operation) if step is core else step for step in operation.steps]
        if "joint" in operation.names:
            return [*before, *steps, *after]
        place = next(place for place, step in enumerate(operation.steps) if step is core)
        return [*steps[:place], *before, steps[place], *after, *steps[place + 1 :]]

    def check_covered(self, operation: Operation, where: str) -> None:
        """Refuse what the model says nothing about although it speaks of its kind."""
        size = len(operation.qubits)
        if self.model.widest is not None and isinstance(operation.core, Gate) and size > self.model.widest:
            raise CircuitError(
                f"a gate on {size} qubits, about which the noise model says nothing",
                where=f"{where} ({operation.core})",
                expected=f"gates on at most {self.model.widest} qubits",
                cure=f'transpile the circuit to such gates, or build a model with .after("{size}q", ...)',
            )
        basis, core = self.model.basis, operation.core
        if basis is not None and isinstance(core, Gate):
            places = basis.get(core.name, frozenset())
            if places is not None and operation.qubits not in places:
                raise CircuitError(
                    "a gate that the device does not have there, so that its noise is not known",
                    where=f"{where} ({core})",
                    expected=f"gates {', '.join(sorted(basis))} where the device has them",
                    cure="transpile the circuit to the device first",
                )
        if "joint" not in operation.names:
            return
        named = {name for rule in self.model.rules if isinstance(rule, Around) for name in rule.gates}
        if "measure" in named and "joint" not in named:
            raise CircuitError(
                "a measurement of a product, about which the noise model says nothing",
                where=f"{where} ({operation.core}, with qubits {', '.join(map(str, operation.qubits))})",
                expected="measurements of single qubits",
                cure='add .before("joint", ...), or measure the product through an ancilla',
            )

    def channels(self, operation: Operation, where: str, when: str) -> list[Noise]:
        return [
            self.twirled(noise)
            for rule in self.rules
            if isinstance(rule, Around) and rule.when == when and _matches(rule, operation)
            for noise in self.noise(rule, operation, where)
        ]

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
        up, down = core.readout
        for rule in self.model.rules:
            if not isinstance(rule, Readout):
                continue
            on = set(operation.qubits)
            if (rule.qubits is None or on <= rule.qubits) and not on & rule.unless:
                one, zero = rule.flips
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


def _check_qubits(model: NoiseModel, program: Program) -> None:
    size = program.num_qubits - program.ancillas
    if model.num_qubits is not None and size > model.num_qubits:
        expected, got = f"at most {model.num_qubits} qubits", f"{size}"
        what = "a circuit larger than the noise model's device"
        raise CircuitError(what, where="circuit", expected=expected, got=got)
    if not model.strict:
        return
    for number, rule in enumerate(model.rules):
        missing = sorted(qubit for qubit in _named_qubits(rule) if qubit >= size)
        if missing:
            raise CircuitError(
                f"noise on a missing qubit, {missing[0]}",
                where=f"noise rule {number}",
                expected=f"qubits 0 to {size - 1}, as the circuit has",
                cure="leave the qubit out, or make the model with strict=False",
            )


def _named_qubits(rule: object) -> set[int]:
    if isinstance(rule, Around):
        pairs = rule.coupling or ()
        return {q for each in (*(rule.qubits or ()), rule.on or (), *pairs) for q in each}
    if isinstance(rule, (Readout, Idle)):
        return set(rule.qubits or ())
    return set(rule.qubits) if isinstance(rule, AfterLayer) else set()


def _check_names(model: NoiseModel, program: Program) -> None:
    """Refuse rules for gates that neither the circuit nor Qiskit's library has: misspellings."""
    if not model.strict:
        return
    asked = {name for rule in model.rules if isinstance(rule, Around) for name in rule.gates if not is_class(name)}
    asked -= {step.name for step in flat(program.steps) if isinstance(step, Gate)}
    if not asked:
        return
    from qiskit.circuit.library import get_standard_gate_name_mapping

    from qsim.interop.stim_gates import COMPOSED

    known = {*get_standard_gate_name_mapping(), *(name.lower() for name in COMPOSED), "unitary", "PauliEvolution"}
    for name in sorted(asked - known):
        close = difflib.get_close_matches(name.lower(), [*known, "measure", "reset", "delay", "joint", "1q", "2q"], n=3)
        raise CircuitError(
            "no gate of this name in the circuit or in Qiskit",
            where="noise model",
            expected=f"one of {', '.join(close)}" if close else 'a gate name such as "cx", or a class such as "2q"',
            got=repr(name),
        )
