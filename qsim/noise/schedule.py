"""When operations happen: each as early as its qubits and its classical bits allow.

In unit layers every operation takes one layer; with durations each takes its own time.

>>> from qsim.noise.operations import operations
>>> from qsim.program import Barrier, Measure
>>> steps = (Measure(0, 0), Barrier((0, 1)), Measure(1, 1))
>>> layers(list(operations(steps)), physical=2).starts
(0.0, 1.0, 1.0)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from qsim.noise.operations import Operation, classical_wires, operations
from qsim.program import Barrier, Branch, Loop, Measure, Reset, Step, Unrolled

Duration = Callable[[Operation], float]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Start and end of each operation, in order, and the end of all."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]

    @property
    def end(self) -> float:
        """When the last one ends."""
        return max(self.ends, default=0.0)


def layers(found: Sequence[Operation], *, physical: int) -> Schedule:
    """The schedule in unit layers.

    A reset directly after a measurement of its qubit shares the measurement's layer.

    Args:
        found: operations.
        physical: qubits from this number on carry bits only, and take no time.
    """

    def one(operation: Operation) -> float:
        return 1.0 if operation.takes_time and all(qubit < physical for qubit in operation.qubits) else 0.0

    return schedule(found, one, joined_resets=True)


def schedule(found: Sequence[Operation], duration: Duration, *, joined_resets: bool = False) -> Schedule:
    """The schedule of operations in order, each as early as it can.

    Args:
        found: operations.
        duration: of each.
        joined_resets: whether a reset directly after a measurement of its qubit starts together with it.
    """
    free: dict[Hashable, float] = {}
    measured: dict[int, float] = {}  # start of a measurement that nothing has followed yet
    starts, ends = [], []
    for operation in found:
        wires: list[Hashable] = [("qubit", qubit) for qubit in operation.qubits]
        wires += [("bit", wire) for wire in classical_wires(operation.core)]
        start = max((free.get(wire, 0.0) for wire in wires), default=0.0)
        core = operation.core
        if joined_resets and isinstance(core, Reset) and core.qubit in measured:
            start = measured[core.qubit]
        end = start + duration(operation)
        if operation.takes_time or isinstance(core, Barrier):
            for qubit in operation.qubits:
                measured.pop(qubit, None)
            if isinstance(core, Measure) and len(operation.qubits) == 1:
                measured[core.qubit] = start
        for wire in wires:
            free[wire] = end
        starts.append(start)
        ends.append(end)
    return Schedule(tuple(starts), tuple(ends))


def longest(step: Step, duration: Duration) -> float:
    """The time a block of control flow takes: its longest branch, one round of a loop, all rounds of a known one."""

    def whole(steps: Sequence[Step]) -> float:
        return schedule(list(operations(steps)), duration).end

    if isinstance(step, Branch):
        return max((whole(block) for _, block in step.cases), default=0.0)
    if isinstance(step, Loop):
        return whole(step.body)
    if isinstance(step, Unrolled):
        return sum(whole(body) for body in step.bodies)
    return 0.0
