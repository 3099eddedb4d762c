"""Noise by layers: on qubits that wait, after layers that hold some gate, and at the start of rounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qsim.noise.operations import Operation, is_feedback
from qsim.noise.rules import AfterLayer, EachRound, Idle
from qsim.program import Gate, Noise, Reset


class Layers:
    """The unit layers of a program: who is in them, and the noise at their ends.

    Args:
        found: operations.
        starts: the layer of each.
        physical: qubits from this number on have no noise.
    """

    def __init__(self, found: Sequence[Operation], starts: Sequence[float], physical: int) -> None:
        self.count = 1 + int(max((s for op, s in zip(found, starts, strict=True) if _fills(op, physical)), default=-1))
        self.members: list[list[Operation]] = [[] for _ in range(self.count)]
        for operation, start in zip(found, starts, strict=True):
            if _fills(operation, physical):
                self.members[int(start)].append(operation)
        self.qubits = sorted({qubit for layer in self.members for each in layer for qubit in each.qubits})
        self.data = _data_qubits(found, self.qubits)
        self.rounds = set(_round_starts(self.members))

    def opening(self, layer: int, rules: Sequence[Idle | AfterLayer | EachRound]) -> Iterator[Noise]:
        """The noise before a layer."""
        if layer in self.rounds:
            for rule in rules:
                if isinstance(rule, EachRound):
                    yield from (Noise(rule.channel, (qubit,)) for qubit in self.data)

    def closing(self, layer: int, rules: Sequence[Idle | AfterLayer | EachRound]) -> Iterator[Noise]:
        """The noise after a layer."""
        for rule in rules:
            if isinstance(rule, Idle):
                acting = [each for each in self.members[layer] if rule.during is None or each.names & rule.during]
                busy = {qubit for each in acting if "delay" not in each.names for qubit in each.qubits}
                if acting:
                    waiting = (q for q in self.qubits if q not in busy and (rule.qubits is None or q in rule.qubits))
                    yield from (Noise(rule.channel, (qubit,)) for qubit in waiting)
            elif isinstance(rule, AfterLayer) and any(each.names & rule.containing for each in self.members[layer]):
                yield Noise(rule.channel, rule.qubits)


def _fills(operation: Operation, physical: int) -> bool:
    return operation.takes_time and all(qubit < physical for qubit in operation.qubits) and bool(operation.qubits)


def _round_starts(members: Sequence[Sequence[Operation]]) -> Iterator[int]:
    """Layers with gates that are the first such since a layer that measured or reset."""
    due = False
    for number, layer in enumerate(members):
        if due and any(isinstance(each.core, Gate) for each in layer):
            yield number
            due = False
        due = due or any(each.names & {"measure", "joint", "reset"} for each in layer)


def _data_qubits(found: Sequence[Operation], qubits: Sequence[int]) -> list[int]:
    """Qubits never reset after use, and not used again once measured."""
    alive: set[int] = set()
    measured: set[int] = set()
    ancillas: set[int] = set()
    for operation in found:
        if not operation.takes_time or is_feedback(operation.core) or "delay" in operation.names:
            continue
        here = set(operation.qubits)
        ancillas |= here & measured
        if isinstance(operation.core, Reset):
            ancillas |= here & alive
        else:
            alive |= here
        if operation.names & {"measure", "joint"}:
            measured |= here
    return [qubit for qubit in qubits if qubit not in ancillas]
