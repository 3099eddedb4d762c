"""Qiskit circuits read as programs: control flow kept, composite instructions opened, everything numbered.

Gates stay as Qiskit's gates; only instructions that are not unitary (a sub-circuit with measurements, initialize) are
replaced by their definitions, and evolutions under Paulis that do not commute by the product formula of their
synthesis, which is what any transpiled circuit holds: all backends, small and large circuits mean the same by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import (
    BreakLoopOp,
    ClassicalRegister,
    Clbit,
    ContinueLoopOp,
    ForLoopOp,
    IfElseOp,
    Instruction,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit import Store as QiskitStore
from qiskit.circuit.classical import expr, types
from qiskit.circuit.controlflow import CASE_DEFAULT, BoxOp

from qsim.classical import Apply, Bit, Condition, Constant, Expression, Target, Variable, Word
from qsim.errors import CircuitError
from qsim.program import (
    Barrier,
    Branch,
    Delay,
    Gate,
    Leave,
    Loop,
    Measure,
    Program,
    Reset,
    Step,
    Store,
    Unrolled,
)

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "ps": 1e-12}
MOST_REPETITIONS = 100_000


def read_qiskit(circuit: QuantumCircuit) -> Program:
    """The program of a Qiskit circuit; unbound parameters stay in its gates.

    Raises:
        CircuitError: an instruction without definition, or a classical expression that is no unsigned integer.
    """
    qubits = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    clbits = {clbit: number for number, clbit in enumerate(circuit.clbits)}
    reader = _Reader(clbits)
    phase = circuit.global_phase
    return Program(
        num_qubits=circuit.num_qubits,
        num_clbits=circuit.num_clbits,
        steps=tuple(reader.steps(circuit, qubits, clbits)),
        registers={register.name: tuple(clbits[bit] for bit in register) for register in circuit.cregs},
        parameters=tuple(circuit.parameters),
        global_phase=float(phase) if not getattr(phase, "parameters", ()) else 0.0,
    )


class _Reader:
    """Reads blocks; holds the numbers of the outermost circuit's bits, which registers and conditions name."""

    def __init__(self, outer: Mapping[Clbit, int]) -> None:
        self.outer = outer

    def steps(self, circuit: QuantumCircuit, qubits: Mapping[Any, int], clbits: Mapping[Any, int]) -> list[Step]:
        found: list[Step] = []
        for place, item in enumerate(circuit.data):
            on = tuple(qubits[qubit] for qubit in item.qubits)
            to = tuple(clbits[clbit] for clbit in item.clbits)
            operation = item.operation
            if operation.name == "measure":
                found.append(Measure(on[0], to[0]))
            elif operation.name == "reset":
                found.append(Reset(on[0]))
            elif operation.name == "barrier":
                found.append(Barrier(on))
            elif operation.name == "delay":
                found.append(_delay(operation, on))
            elif isinstance(operation, QiskitStore):
                found.append(Store(self.target(operation.lvalue, clbits), self.expression(operation.rvalue, clbits)))
            elif getattr(operation, "blocks", None) is not None or isinstance(operation, (BreakLoopOp, ContinueLoopOp)):
                found.extend(self.control(operation, on, to, clbits))
            elif _is_unitary(operation) and not is_product_formula(operation):
                found.append(Gate(operation, on))
            else:
                found.extend(self.opened(operation, on, to, place))
        return found

    def opened(self, operation: Any, on: tuple[int, ...], to: tuple[int, ...], place: int) -> list[Step]:
        """The steps of an instruction's definition."""
        definition = getattr(operation, "definition", None)
        if definition is None:
            raise CircuitError(
                "neither a gate nor an instruction with a definition",
                where=f"instruction {place} ({operation.name} on {', '.join(map(str, on))})",
                expected="gates, measure, reset, delay, barrier, control flow",
                cure="decompose it, or give it a definition",
            )
        inner_qubits = dict(zip(definition.qubits, on, strict=True))
        return self.steps(definition, inner_qubits, dict(zip(definition.clbits, to, strict=True)))

    def block(self, body: QuantumCircuit, on: Sequence[int], to: Sequence[int]) -> tuple[Step, ...]:
        """A block of a control-flow operation; its variables are the circuit's."""
        inner_qubits = dict(zip(body.qubits, on, strict=True))
        return tuple(self.steps(body, inner_qubits, dict(zip(body.clbits, to, strict=True))))

    def control(
        self, operation: Any, on: tuple[int, ...], to: tuple[int, ...], clbits: Mapping[Any, int]
    ) -> Sequence[Step]:
        if isinstance(operation, BreakLoopOp):
            return [Leave(again=False)]
        if isinstance(operation, ContinueLoopOp):
            return [Leave(again=True)]
        if isinstance(operation, IfElseOp):
            condition = self.condition(operation.condition, clbits)
            blocks = [self.block(body, on, to) for body in operation.blocks]
            return [Branch(tuple(zip((condition, None), blocks, strict=False)))]
        if isinstance(operation, SwitchCaseOp):
            return [Branch(tuple(self.cases(operation, on, to, clbits)))]
        if isinstance(operation, WhileLoopOp):
            return [Loop(self.condition(operation.condition, clbits), self.block(operation.blocks[0], on, to))]
        if isinstance(operation, ForLoopOp):
            values, parameter, body = operation.params
            if len(values) > MOST_REPETITIONS:
                expected = f"at most {MOST_REPETITIONS} repetitions"
                raise CircuitError("too long to unroll", where="for_loop", expected=expected, got=str(len(values)))
            bound = [body.assign_parameters({parameter: v}) if parameter in body.parameters else body for v in values]
            return [Unrolled(tuple(self.block(each, on, to) for each in bound))]
        if isinstance(operation, BoxOp):
            return self.block(operation.blocks[0], on, to)
        raise CircuitError("unknown control flow", where=operation.name, expected="if, switch, for, while, box")

    def cases(
        self, operation: SwitchCaseOp, on: tuple[int, ...], to: tuple[int, ...], clbits: Mapping[Any, int]
    ) -> list[tuple[Condition | None, tuple[Step, ...]]]:
        target = self.value(operation.target, clbits)
        found: list[tuple[Condition | None, tuple[Step, ...]]] = []
        for labels, body in operation.cases_specifier():
            block = self.block(body, on, to)
            if any(label is CASE_DEFAULT for label in labels):
                found.append((None, block))
                continue
            for label in labels:
                found.append((Apply("equal", (target, Constant(int(getattr(label, "value", label)))), 1), block))
        return found

    def condition(self, given: Any, clbits: Mapping[Any, int]) -> Condition:
        if isinstance(given, expr.Expr):
            return self.expression(given, clbits)
        subject, number = given
        return Apply("equal", (self.value(subject, clbits), Constant(int(number))), 1)

    def value(self, given: Any, clbits: Mapping[Any, int]) -> Expression:
        """A bit, a register or an expression."""
        if isinstance(given, Clbit):
            return Bit(clbits[given] if given in clbits else self.outer[given])
        if isinstance(given, ClassicalRegister):
            return Word(tuple(clbits[bit] if bit in clbits else self.outer[bit] for bit in given))
        return self.expression(given, clbits)

    def target(self, given: Any, clbits: Mapping[Any, int]) -> Target:
        found = self.expression(given, clbits)
        if isinstance(found, (Bit, Word, Variable)):
            return found
        if isinstance(found, Apply) and found.operation == "index":
            word, index = found.arguments
            if isinstance(word, Word) and isinstance(index, Constant):
                return Bit(word.indices[index.number])
        raise CircuitError("nothing that can be written to", where="store", expected="a bit, register or variable")

    def expression(self, node: Any, clbits: Mapping[Any, int]) -> Expression:
        width = _width(node.type)
        if isinstance(node, expr.Var):
            return Variable(f"{node.name}#{node.var}", width) if node.standalone else self.value(node.var, clbits)
        if isinstance(node, expr.Value):
            return Constant(int(node.value))
        if isinstance(node, expr.Cast):
            name = "test" if node.type.kind is types.Bool else "cast"
            return Apply(name, (self.expression(node.operand, clbits),), width)
        if isinstance(node, expr.Unary):
            return Apply(node.op.name.lower(), (self.expression(node.operand, clbits),), width)
        if isinstance(node, expr.Binary):
            sides = (self.expression(node.left, clbits), self.expression(node.right, clbits))
            return Apply(node.op.name.lower(), sides, width)
        if isinstance(node, expr.Index):
            sides = (self.expression(node.target, clbits), self.expression(node.index, clbits))
            return Apply("index", sides, 1)
        raise CircuitError("not an expression that can be evaluated", where="condition", got=repr(node))


def _width(kind: Any) -> int:
    if kind.kind is types.Bool:
        return 1
    if kind.kind is types.Uint:
        return int(kind.width)
    raise CircuitError(
        "a classical type that no backend has", where="expression", expected="Bool or Uint", got=repr(kind)
    )


def _is_unitary(operation: Any) -> bool:
    """Gates, and operations that are unitary without being gates (Clifford, PermutationGate, Pauli evolution)."""
    from qiskit.circuit import Gate as QiskitGate
    from qiskit.quantum_info import Clifford, Operator

    if isinstance(operation, (QiskitGate, Clifford, Operator)):
        return True
    return not isinstance(operation, Instruction) and hasattr(operation, "to_matrix")


def is_product_formula(operation: Any) -> bool:
    """Whether it is a Pauli evolution whose terms do not all commute, so that its definition approximates it."""
    if operation.name != "PauliEvolution":
        return False
    from qiskit.quantum_info import PauliList, SparseObservable, SparsePauliOp

    parts = operation.operator if isinstance(operation.operator, list) else [operation.operator]
    sums = [SparsePauliOp.from_sparse_observable(x) if isinstance(x, SparseObservable) else x for x in parts]
    paulis = PauliList([pauli for part in sums for pauli in part.paulis])
    return not all(bool(paulis.commutes(pauli).all()) for pauli in paulis)


def _delay(operation: Any, on: tuple[int, ...]) -> Delay:
    if operation.unit in SECONDS:
        return Delay(on, float(operation.duration) * SECONDS[operation.unit])
    if operation.unit == "dt":
        return Delay(on, None, float(operation.duration))
    raise CircuitError(
        "a duration without a value", where="delay", expected="s, ms, us, ns, ps or dt", got=repr(operation.unit)
    )
