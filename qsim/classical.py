"""What a dynamic circuit decides on: expressions over classical bits and variables, and their values.

>>> memory = Memory(bits=[1, 0, 1])
>>> word = Word((0, 1, 2))
>>> word.value(memory), Apply("equal", (word, Constant(5)), width=1).value(memory)
(5, 1)
>>> parity(Apply("bit_xor", (Bit(0), Apply("logic_not", (Bit(2),), width=1)), width=1))
((0, 2), 1)

Values are non-negative integers, booleans 0 and 1, as in Qiskit's unsigned types; floats and durations are refused
where circuits are read (`qsim.reading`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from qsim.errors import CircuitError


@dataclass(slots=True)
class Memory:
    """Classical bits, and variables by name."""

    bits: list[int]
    variables: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Memory:
        """An independent copy."""
        return Memory(self.bits.copy(), self.variables.copy())


@dataclass(frozen=True, slots=True)
class Bit:
    """One classical bit."""

    index: int

    def value(self, memory: Memory) -> int:
        """Its value, 0 or 1."""
        return memory.bits[self.index]


@dataclass(frozen=True, slots=True)
class Word:
    """A classical register, least significant bit first."""

    indices: tuple[int, ...]

    def value(self, memory: Memory) -> int:
        """Its value as an unsigned integer."""
        return sum(memory.bits[index] << place for place, index in enumerate(self.indices))


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the circuit, of a width in bits."""

    name: str
    width: int

    def value(self, memory: Memory) -> int:
        """What was stored last.

        Raises:
            CircuitError: nothing was stored yet.
        """
        if self.name not in memory.variables:
            raise CircuitError("read before anything was stored in it", where=f"variable {self.name}")
        return memory.variables[self.name]


@dataclass(frozen=True, slots=True)
class Constant:
    """A known value."""

    number: int

    def value(self, memory: Memory) -> int:  # noqa: ARG002 - one signature for all expressions
        """The value."""
        return self.number


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation on one or two expressions; the result is cut to ``width`` bits."""

    operation: str
    arguments: tuple[Expression, ...]
    width: int

    def value(self, memory: Memory) -> int:
        """Its value.

        Raises:
            CircuitError: a division by zero.
        """
        values = [argument.value(memory) for argument in self.arguments]
        if self.operation == "div" and values[1] == 0:
            raise CircuitError("division by zero", where="classical expression", got=f"{values[0]} / 0")
        return int(OPERATIONS[self.operation](*values)) & ((1 << self.width) - 1)


Expression: TypeAlias = Bit | Word | Variable | Constant | Apply
Condition: TypeAlias = Expression
Target: TypeAlias = Bit | Word | Variable

OPERATIONS: Mapping[str, Callable[..., int]] = {
    "bit_and": operator.and_,
    "bit_or": operator.or_,
    "bit_xor": operator.xor,
    "logic_and": lambda a, b: bool(a) and bool(b),
    "logic_or": lambda a, b: bool(a) or bool(b),
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "shift_left": operator.lshift,
    "shift_right": operator.rshift,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.floordiv,
    "bit_not": operator.invert,
    "logic_not": operator.not_,
    "negate": operator.neg,
    "cast": operator.pos,
    "index": lambda a, b: a >> b & 1,
    "test": bool,
}
"""Named as in qiskit.circuit.classical.expr; ``test`` is the cast to a boolean."""


def store(target: Target, value: int, memory: Memory) -> None:
    """Write a value to a bit, a register or a variable."""
    if isinstance(target, Bit):
        memory.bits[target.index] = value & 1
    elif isinstance(target, Word):
        for place, index in enumerate(target.indices):
            memory.bits[index] = value >> place & 1
    else:
        memory.variables[target.name] = value


def parity(expression: Expression) -> tuple[tuple[int, ...], int] | None:
    """The bits and the constant (0 or 1) whose sum modulo 2 an expression is, or None when it is no parity.

    What can be fed back in a stabilizer circuit without looking at single shots.
    """
    if isinstance(expression, Bit):
        return (expression.index,), 0
    if isinstance(expression, Word) and len(expression.indices) == 1:
        return expression.indices, 0
    if isinstance(expression, Constant):
        return ((), expression.number) if expression.number in (0, 1) else None
    if not isinstance(expression, Apply) or expression.width != 1:
        return None
    parts = [parity(argument) for argument in expression.arguments]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return None
    if expression.operation in ("test", "cast"):
        return known[0]
    if expression.operation in ("logic_not", "bit_not"):
        return known[0][0], 1 - known[0][1]
    flip = {"bit_xor": 0, "not_equal": 0, "equal": 1}.get(expression.operation)
    if flip is None:
        return None
    odd = set(known[0][0]) ^ set(known[1][0])
    return tuple(sorted(odd)), (known[0][1] + known[1][1] + flip) % 2
