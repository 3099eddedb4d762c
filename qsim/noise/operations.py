"""What noise is put on: the steps of a program gathered into operations, each with the names a rule may call it by.

A measurement in the X basis is three steps of a program (a basis change, a measurement, the change back) and one
operation.  So is a measurement of a Pauli product, which is called ``joint``.

>>> from qsim.program import Measure, Reset
>>> [sorted(operation.names) for operation in operations((Measure(0, 0), Reset(0)))]
[['measure'], ['reset']]
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from qsim.classical import Apply, Bit, Expression, Variable, Word
from qsim.program import Barrier, Branch, Delay, Gate, Loop, Measure, Noise, Reset, Step, Store, Unrolled, touched


@dataclass(frozen=True, slots=True)
class Operation:
    """Steps that happen as one.

    Attributes:
        steps: them, in order.
        core: the step that names it.
        qubits: those it acts on; a gate's in the gate's order.
        names: what rules may call it; empty for what no rule can name.
    """

    steps: tuple[Step, ...]
    core: Step
    qubits: tuple[int, ...]
    names: frozenset[str]

    @property
    def takes_time(self) -> bool:
        """Whether it fills a layer: gates, measurements, resets, delays and control flow do."""
        return not isinstance(self.core, (Barrier, Noise, Store)) and not is_feedback(self.core)


def operations(steps: Sequence[Step]) -> Iterator[Operation]:
    """The operations of steps, in order."""
    place = 0
    while place < len(steps):
        end = place
        while _part(steps[end]) == "opening":
            end += 1
        core = steps[end]
        end += 1
        if isinstance(core, (Measure, Reset)):
            while end < len(steps) and _part(steps[end]) == "closing":
                end += 1
        group = tuple(steps[place:end])
        qubits = touched(core) if len(group) == 1 else tuple(sorted({q for step in group for q in touched(step)}))
        yield Operation(group, core, qubits, _names(core, len(qubits)))
        place = end


def is_feedback(step: Step) -> bool:
    """Whether a branch only keeps a Pauli frame, as stim's classically controlled Paulis do."""
    return isinstance(step, Branch) and all(_part(inner) == "feedback" for _, block in step.cases for inner in block)


def classical_wires(step: Step) -> set[Hashable]:
    """Classical bits (by number) and variables (by name) that a step reads or writes, blocks included."""
    if isinstance(step, Measure):
        return {step.clbit}
    if isinstance(step, Store):
        return _read_by(step.target) | _read_by(step.value)
    wires: set[Hashable] = set()
    blocks: list[tuple[Step, ...]] = []
    if isinstance(step, Branch):
        for condition, block in step.cases:
            wires |= set() if condition is None else _read_by(condition)
            blocks.append(block)
    elif isinstance(step, Loop):
        wires |= _read_by(step.condition)
        blocks.append(step.body)
    elif isinstance(step, Unrolled):
        blocks.extend(step.bodies)
    for block in blocks:
        for inner in block:
            wires |= classical_wires(inner)
    return wires


def _read_by(expression: Expression) -> set[Hashable]:
    if isinstance(expression, Bit):
        return {expression.index}
    if isinstance(expression, Word):
        return set(expression.indices)
    if isinstance(expression, Variable):
        return {expression.name}
    if isinstance(expression, Apply):
        return {wire for argument in expression.arguments for wire in _read_by(argument)}
    return set()


def _part(step: Step) -> str:
    return step.part if isinstance(step, Gate) else ""


def _names(core: Step, size: int) -> frozenset[str]:
    if isinstance(core, Gate):
        return frozenset({core.name, f"{size}q", "gate"}) if size and not core.part else frozenset()
    if isinstance(core, Measure):
        return frozenset({"measure" if size == 1 else "joint"})
    if isinstance(core, Reset):
        return frozenset({"reset"})
    return frozenset({"delay"}) if isinstance(core, Delay) else frozenset()
