"""Noise models: rules that say which channel goes where, put together in one line each.

>>> from qsim.noise.channels import bit_flip, depolarizing_channel
>>> model = (
...     NoiseModel()
...     .after("1q", depolarizing_channel(1e-4))
...     .after("cx", depolarizing_channel(1e-3, num_qubits=2))
...     .after("cx", bit_flip(0.01), qubits=(0, 1))
...     .readout(0.02, 0.05)
... )
>>> len(model.rules)
4

Every rule that matches an operation applies, in the order in which the rules were given.  A model is applied to a
program, so to Qiskit and stim circuits alike; gates go by Qiskit's names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.noise.rules import (
    AfterLayer,
    Around,
    EachRound,
    Idle,
    Names,
    Operands,
    Readout,
    Relaxation,
    Rule,
    as_names,
    as_operands,
    as_qubits,
    class_size,
)

if TYPE_CHECKING:
    from qsim.program import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseModel:
    """Rules for putting channels into programs.

    Attributes:
        rules: them, in order.
        num_qubits: qubits of the device that is modelled: a larger circuit is refused; None for no limit.
        widest: gates on more qubits are refused, since the model states nothing about them; None for no limit.
        basis: gates that the model knows, by name with their operands (None: any); others are refused.  None: no limit.
        strict: whether rules that name a qubit or gate need it to be there; not so for models of whole devices.
        twirl: whether channels are replaced by their Pauli twirls when they are put.
    """

    rules: tuple[Rule, ...] = ()
    num_qubits: int | None = None
    widest: int | None = None
    basis: Mapping[str, frozenset[tuple[int, ...]] | None] | None = None
    strict: bool = True
    twirl: bool = False

    def after(
        self, gates: Names, channel: Channel, *, qubits: Operands | None = None, on: int | Iterable[int] | None = None
    ) -> NoiseModel:
        """This model with a channel after operations.

        Args:
            gates: names of gates ("cx"), or classes: "1q", "2q", ..., "gate", "measure", "joint" (measurements of
                products), "reset", "delay".
            channel: as wide as the operation, or one-qubit: then it goes on each of its qubits.
            qubits: limits the rule to one qubit, one tuple of operands in the gate's order, or a list of these.
            on: qubits the channel goes on instead of the operation's own.

        Raises:
            CircuitError: no such thing as a name, qubit or channel; a width that cannot match.
        """
        return self.with_(_around("after", gates, channel, qubits, on))

    def before(
        self, gates: Names, channel: Channel, *, qubits: Operands | None = None, on: int | Iterable[int] | None = None
    ) -> NoiseModel:
        """This model with a channel before operations; arguments as for `after`.

        Around a measurement or reset in another basis it is, like ``after``, put inside the basis change: X is the
        flip of any measurement.
        """
        return self.with_(_around("before", gates, channel, qubits, on))

    def crosstalk(self, gates: Names, channel: Channel, *, coupling: Iterable[tuple[int, int]]) -> NoiseModel:
        """This model with a channel that operations put on their neighbours.

        Args:
            gates: as for `after`.
            channel: one-qubit: goes on every neighbour; two-qubit: on each pair (operation's qubit, neighbour).
            coupling: pairs of neighbouring qubits, in either order.

        Raises:
            CircuitError: a channel on more than two qubits, or pairs that are none.
        """
        if channel.num_qubits > 2:
            raise CircuitError("too wide for neighbours", where=channel.name, expected="a channel on 1 or 2 qubits")
        pairs = tuple(as_qubits(pair, where="coupling") for pair in coupling)
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise CircuitError("not pairs of neighbours", where="coupling", expected="(0, 1), ...", got=repr(pairs))
        both = tuple((pair[0], pair[1]) for pair in pairs)
        names = as_names(gates, where="crosstalk")
        return self.with_(Around(when="after", gates=names, channel=channel, coupling=both))

    def readout(
        self, one_for_zero: float, zero_for_one: float | None = None, *, qubits: int | Iterable[int] | None = None
    ) -> NoiseModel:
        """This model with wrong records of measurements; it adds to what other rules and the circuit itself say.

        Args:
            one_for_zero: probability of recording 1 for outcome 0.
            zero_for_one: probability of recording 0 for outcome 1; the same if left out.
            qubits: limits the rule; None for all.

        Raises:
            CircuitError: not probabilities, or not qubits.
        """
        flips = (one_for_zero, one_for_zero if zero_for_one is None else zero_for_one)
        if not all(0 <= p <= 1 for p in flips):
            raise CircuitError("not probabilities", where="readout", expected="numbers in [0, 1]", got=repr(flips))
        return self.with_(Readout(flips=flips, qubits=_set(qubits, where="readout")))

    def idle(
        self, channel: Channel, *, during: Names | None = None, qubits: int | Iterable[int] | None = None
    ) -> NoiseModel:
        """This model with a one-qubit channel on qubits that wait, once a layer.

        Every operation starts as early as it can and takes one layer; barriers align the qubits they name.  A reset
        directly after a measurement belongs to the measurement's layer.  Qubits that are used anywhere in the circuit
        wait from its start to its end.  Control flow takes one layer, and nothing waits inside it.

        Args:
            channel: goes on every qubit without an operation in the layer.
            during: names as for `after`; then it goes on every qubit that is not in such an operation (gates or not),
                in layers that have one.
            qubits: limits the rule; None for all.

        Raises:
            CircuitError: a channel on more than one qubit.
        """
        if channel.num_qubits != 1:
            raise CircuitError("too wide for one idle qubit", where=channel.name, expected="a one-qubit channel")
        names = None if during is None else as_names(during, where="idle")
        return self.with_(Idle(channel=channel, during=names, qubits=_set(qubits, where="idle")))

    def each_layer(self, channel: Channel, qubits: Iterable[int], *, containing: Names = "2q") -> NoiseModel:
        """This model with a channel on given qubits after every layer that has an operation of these names.

        Raises:
            CircuitError: a channel of another width than the qubits.
        """
        on = as_qubits(qubits, where="each_layer")
        if len(on) != channel.num_qubits:
            expected, got = f"{channel.num_qubits} qubits", f"{len(on)}"
            raise CircuitError("a channel of another width", where=channel.name, expected=expected, got=got)
        return self.with_(AfterLayer(containing=as_names(containing, where="each_layer"), channel=channel, qubits=on))

    def each_round(self, channel: Channel) -> NoiseModel:
        """This model with a one-qubit channel on the data qubits at the start of each round of error correction.

        A round starts with the first layer of gates after a layer that measures or resets; data qubits are those
        never reset after use and not used again once measured.
        """
        if channel.num_qubits != 1:
            raise CircuitError("too wide for one data qubit", where=channel.name, expected="a one-qubit channel")
        return self.with_(EachRound(channel=channel))

    def relaxing(
        self,
        t1: float | Mapping[int, float],
        t2: float | Mapping[int, float],
        durations: Mapping[str | tuple[str, tuple[int, ...]], float],
        *,
        excited: float | Mapping[int, float] = 0.0,
        dt: float | None = None,
        in_gates: bool = True,
    ) -> NoiseModel:
        """This model with thermal relaxation of every qubit for the time that passes.

        Every operation starts as early as it can and takes its duration; delays take their own.  A block of control
        flow takes as long as its longest branch, a loop as long as one round of it, and nothing waits inside.

        Args:
            t1, t2: relaxation and dephasing times [s], one for all qubits or by qubit; infinite for none.
            durations: [s] of operations, by (name, operands), by name, or by class ("1q", "2q", "measure", "reset").
            excited: population of |1> in equilibrium.
            dt: [s] of the unit in which delays of ``dt`` are given.
            in_gates: whether qubits relax during operations, or only between them (where gate errors tell it all).

        Raises:
            CircuitError: times that are not positive, t2 > 2 t1, negative durations, populations outside [0, 1].
        """
        from qsim.noise.damping import check_times

        for qubit in [None, *sorted({q for each in (t1, t2, excited) if isinstance(each, Mapping) for q in each})]:
            values = [each.get(qubit) if isinstance(each, Mapping) else each for each in (t1, t2, excited)]  # type: ignore[arg-type]
            if None not in values:
                check_times(*values, where="relaxation" if qubit is None else f"relaxation of qubit {qubit}")  # type: ignore[arg-type]
        for name, seconds in durations.items():
            if not 0 <= seconds < math.inf:
                where = f"duration of {name!r}"
                raise CircuitError("not a time", where=where, expected="0 or more seconds", got=repr(seconds))
        return self.with_(
            Relaxation(t1=t1, t2=t2, durations=dict(durations), excited=excited, dt=dt, in_gates=in_gates)
        )

    def with_(self, *rules: Rule) -> NoiseModel:
        """This model with further rules."""
        return replace(self, rules=(*self.rules, *rules))

    def __add__(self, other: NoiseModel) -> NoiseModel:
        """The rules of both, this one's first, with the limits of both.

        Raises:
            CircuitError: models of devices with different gates.
        """
        sizes = [size for size in (self.num_qubits, other.num_qubits) if size is not None]
        widest = [size for size in (self.widest, other.widest) if size is not None]
        if self.basis is not None and other.basis is not None and self.basis != other.basis:
            cure = "add rules to one of them with .after(...)"
            raise CircuitError("models of two different devices", where="noise model", cure=cure)
        return NoiseModel(
            rules=self.rules + other.rules,
            num_qubits=min(sizes, default=None),
            widest=min(widest, default=None),
            basis=other.basis if self.basis is None else self.basis,
            strict=self.strict and other.strict,
            twirl=self.twirl or other.twirl,
        )

    def twirled(self) -> tuple[NoiseModel, float]:
        """This model with every channel replaced by its Pauli twirl, and the largest distance of these replacements.

        The distance is the bound on the diamond distance that `qsim.noise.twirl` reports, over the channels of the
        rules and over relaxation during the durations listed.  Waiting times depend on the circuit: for them see
        `qsim.noise.twirled_program`.
        """
        from qsim.noise.damping import relaxations
        from qsim.noise.twirling import twirl

        channels = [rule.channel for rule in self.rules if isinstance(rule, (Around, Idle, AfterLayer, EachRound))]
        channels += [each for rule in self.rules if isinstance(rule, Relaxation) for each in relaxations(rule)]
        return replace(self, twirl=True), max((twirl(channel)[1] for channel in channels), default=0.0)

    def apply(self, program: Program) -> Program:
        """The program with this noise in it, added to what is there.

        Noise on a qubit after its final measurement is left out, since nothing shows it.

        Raises:
            CircuitError: noise on a missing qubit, an unknown gate name, a channel that does not fit its gate, a gate
                wider than ``widest``, or one whose duration is not given.
        """
        from qsim.noise.placing import put

        return put(self, program)


def _around(
    when: Literal["before", "after"],
    gates: Names,
    channel: Channel,
    qubits: Operands | None,
    on: int | Iterable[int] | None,
) -> Around:
    names = as_names(gates, where=when)
    if not isinstance(channel, Channel):
        expected = "a qsim.noise.Channel, such as qsim.noise.bit_flip(0.01)"
        raise CircuitError("not a channel", where=when, expected=expected, got=repr(channel))
    operands = as_operands(qubits, where=when)
    size = class_size(names)
    if operands is not None and size is not None and any(len(each) != size for each in operands):
        expected = f"{size} qubit{'s' * (size > 1)}, as {', '.join(sorted(names))} acts on"
        raise CircuitError("the wrong number of qubits", where=when, expected=expected, got=repr(qubits))
    place = None if on is None else as_qubits(on, where=when)
    width = size if place is None else len(place)
    if width is not None and channel.num_qubits not in (1, width):
        expected, got = f"a channel on 1 or {width} qubits", f"{channel.num_qubits} qubits"
        raise CircuitError("a channel of another width", where=channel.name, expected=expected, got=got)
    return Around(when=when, gates=names, channel=channel, qubits=operands, on=place)


def _set(qubits: int | Iterable[int] | None, *, where: str) -> frozenset[int] | None:
    return None if qubits is None else frozenset(as_qubits(qubits, where=where))
