"""A circuit read as flat steps, the form in which every simulator walks it.

This is a reading, not a circuit type: it is made from a ``QuantumCircuit`` or a ``stim.Circuit``, handed to a backend,
and forgotten.  Noise is inserted into it as further steps (`qsim.noise`).

>>> from qiskit import QuantumCircuit
>>> circuit = QuantumCircuit(2, 1)
>>> _ = circuit.h(0), circuit.cx(0, 1), circuit.measure(1, 0)
>>> for step in read(circuit).steps:
...     print(step)
h on 0
cx on 0, 1
measure 1 -> 0

`qsim.reading` makes programs; `qsim.branching` runs those that decide on outcomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from qsim.errors import CircuitError
from qsim.noise.channel import Channel

if TYPE_CHECKING:
    import stim
    from qiskit import QuantumCircuit
    from qiskit.circuit import Operation, Parameter

    from qsim.classical import Condition, Expression, Target


@dataclass(frozen=True, slots=True)
class Gate:
    """A unitary gate of Qiskit's on qubits; ``name`` and ``params`` are the operation's own.

    Attributes:
        part: what it belongs to, when it is no gate of its own: ``opening`` and ``closing`` are the basis changes
            before and behind a measurement or reset, ``feedback`` a Pauli correction that a stim circuit keeps in its
            frame.  Noise models leave such gates alone.
    """

    operation: Operation
    qubits: tuple[int, ...]
    part: Literal["", "opening", "closing", "feedback"] = ""

    @property
    def name(self) -> str:
        """Qiskit's name of the gate."""
        return str(self.operation.name)

    def __str__(self) -> str:
        values = ", ".join(map(str, getattr(self.operation, "params", ())))
        shown = f"({values})" if values and len(values) < 40 else ""
        return f"{self.name}{shown} on {', '.join(map(str, self.qubits))}"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measurement in the Z basis.

    Attributes:
        readout: probabilities that the recorded bit is 1 for outcome 0, and 0 for outcome 1.
    """

    qubit: int
    clbit: int
    readout: tuple[float, float] = (0.0, 0.0)

    def __str__(self) -> str:
        return f"measure {self.qubit} -> {self.clbit}"


@dataclass(frozen=True, slots=True)
class Reset:
    """A qubit put into |0>."""

    qubit: int

    def __str__(self) -> str:
        return f"reset {self.qubit}"


@dataclass(frozen=True, slots=True)
class Noise:
    """A channel; ``qubits[0]`` is its least significant one."""

    channel: Channel
    qubits: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.channel.name} on {', '.join(map(str, self.qubits))}"


@dataclass(frozen=True, slots=True)
class Barrier:
    """An end of a layer for the qubits named; simulators pass over it."""

    qubits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Delay:
    """Waiting for a time [s] (None where the circuit gives it in units of ``dt``: then ``dt`` holds their number)."""

    qubits: tuple[int, ...]
    seconds: float | None
    dt: float | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """The first case whose condition holds is run; the condition None always holds (else, default)."""

    cases: tuple[tuple[Condition | None, tuple[Step, ...]], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """The body again and again while the condition holds."""

    condition: Condition
    body: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Unrolled:
    """The bodies of a loop over known values, one after the other; Break leaves all of them, Continue one."""

    bodies: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Break (``again`` False) or continue (True) of the innermost loop."""

    again: bool


@dataclass(frozen=True, slots=True)
class Store:
    """A classical expression written to bits or to a variable."""

    target: Target
    value: Expression


Step: TypeAlias = Gate | Measure | Reset | Noise | Barrier | Delay | Branch | Loop | Unrolled | Leave | Store


@dataclass(frozen=True, slots=True)
class Program:
    """Steps in order, on numbered qubits and classical bits.

    Attributes:
        num_qubits, num_clbits: sizes.
        steps: what happens.
        registers: classical registers, by name the numbers of their bits, least significant first.
        parameters: the circuit's unbound parameters, in Qiskit's order.
        global_phase: [rad].
        ancillas: how many of the last qubits were added in reading, to carry the bits of heralded noise.
    """

    num_qubits: int
    num_clbits: int
    steps: tuple[Step, ...]
    registers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    global_phase: float = 0.0
    ancillas: int = 0

    @property
    def source(self) -> QuantumCircuit | stim.Circuit | None:
        """The circuit that it was read from, while it is exactly that and worth keeping (`qsim.unread`)."""
        return None

    @property
    def size(self) -> int:
        """Number of steps, blocks counted as one."""
        return len(self.steps)

    @property
    def is_dynamic(self) -> bool:
        """Whether what happens depends on outcomes."""
        return any(isinstance(step, (Branch, Loop, Unrolled, Leave, Store)) for step in self.steps)

    @property
    def is_noisy(self) -> bool:
        """Whether there is a channel or a readout error anywhere."""
        return any(
            isinstance(step, Noise) or (isinstance(step, Measure) and any(step.readout)) for step in flat(self.steps)
        )

    def with_steps(self, steps: Sequence[Step]) -> Program:
        """The same program with other steps."""
        return replace(self, steps=tuple(steps))


@dataclass(frozen=True, slots=True)
class Split:
    """A program whose measurements all stand at its end.

    Attributes:
        before: the program without them.
        measures: them, at most one for each classical bit.
        closing: the basis changes behind them, which matter to the state that is left without them.
    """

    before: Program
    measures: tuple[Measure, ...]
    closing: tuple[Gate, ...] = ()


def split_measurements(program: Program) -> Split | None:
    """The program with its measurements apart, or None when one of them is not final.

    A measurement is final when nothing but barriers, delays and further measurements of other qubits follows on its
    qubit, and its bit is neither read nor written again.
    """
    if program.is_dynamic:
        return None
    measured: set[int] = set()
    written: set[int] = set()
    steps: list[Step] = []
    measures: list[Measure] = []
    closing: list[Gate] = []
    for step in program.steps:
        if isinstance(step, Measure):
            if step.qubit in measured or step.clbit in written:
                return None
            measured.add(step.qubit)
            written.add(step.clbit)
            measures.append(step)
            continue
        if isinstance(step, Gate) and step.part == "closing" and measured.issuperset(step.qubits):
            closing.append(step)
            continue
        if not isinstance(step, (Barrier, Delay)) and measured.intersection(touched(step)):
            return None
        steps.append(step)
    return Split(program.with_steps(steps), tuple(measures), tuple(closing))


def touched(step: Step) -> tuple[int, ...]:
    """The qubits a step acts on, blocks included."""
    if isinstance(step, (Gate, Noise, Barrier, Delay)):
        return step.qubits
    if isinstance(step, (Measure, Reset)):
        return (step.qubit,)
    return tuple(sorted({qubit for inner in _inside(step) for qubit in touched(inner)}))


def flat(steps: Sequence[Step]) -> Iterator[Step]:
    """All steps, those inside blocks after the block."""
    for step in steps:
        yield step
        yield from flat(tuple(_inside(step)))


def _inside(step: Step) -> Iterator[Step]:
    if isinstance(step, Branch):
        for _, block in step.cases:
            yield from block
    elif isinstance(step, Loop):
        yield from step.body
    elif isinstance(step, Unrolled):
        for body in step.bodies:
            yield from body


def read(circuit: QuantumCircuit | stim.Circuit) -> Program:
    """The program of a circuit; a long one is read when its steps are first used (`qsim.unread`).

    Raises:
        CircuitError: neither kind of circuit, or an instruction that has no meaning as steps.
    """
    from qsim.unread import unread

    if type(circuit).__module__.split(".")[0] == "stim" or (hasattr(circuit, "data") and hasattr(circuit, "qregs")):
        return unread(circuit)
    raise CircuitError(
        "not a circuit",
        where="circuit",
        expected="a qiskit QuantumCircuit or a stim Circuit",
        got=type(circuit).__name__,
        cure="read files with qsim.load",
    )
