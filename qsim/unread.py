"""Programs that remember the circuit they stand for, and are read into steps only when somebody asks for the steps.

    program = unread(stim_circuit)      # no REPEAT block is unrolled
    program.source                      # the circuit itself, for a backend that speaks its language
    program.steps                       # read now, once

A stim circuit of a million measurements thus reaches the stabilizer backend as it is.  Small circuits are read at once,
so that what is wrong with them is said at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsim.program import Program, Step

if TYPE_CHECKING:
    import stim
    from qiskit import QuantumCircuit

READ_AT_ONCE = 50_000
"""Circuits of up to so many operations are read when the program is made."""


class Unread(Program):
    """A program with its source; any other program made from it has none."""

    __slots__ = ("_circuit", "_size")

    _circuit: Any
    _size: int

    @property
    def source(self) -> QuantumCircuit | stim.Circuit | None:
        """The circuit, when the steps are exactly it."""
        return getattr(self, "_circuit", None)

    @property
    def size(self) -> int:
        """Number of operations, not reading them."""
        return int(getattr(self, "_size", 0)) or len(self.steps)

    def __getattr__(self, name: str) -> Any:
        """The steps, on first use."""
        if name != "steps" or self.source is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        steps: tuple[Step, ...] = _read_now(self.source).steps
        object.__setattr__(self, "steps", steps)
        return steps

    def with_steps(self, steps: Any) -> Program:
        """A program with other steps, which is no longer the source."""
        return Program(
            num_qubits=self.num_qubits,
            num_clbits=self.num_clbits,
            steps=tuple(steps),
            registers=self.registers,
            parameters=self.parameters,
            global_phase=self.global_phase,
            ancillas=self.ancillas,
        )


def unread(circuit: QuantumCircuit | stim.Circuit) -> Program:
    """The program of a circuit; a long circuit is kept (as a copy), and read later.

    Raises:
        CircuitError: as the readers do, for what is read at once.
    """
    from_stim = type(circuit).__module__.split(".")[0] == "stim"
    size, names = _survey(circuit) if from_stim else (len(circuit.data), set())
    if size <= READ_AT_ONCE or _has_to_be_read(names) or (from_stim and circuit.num_sweep_bits):
        read = _read_now(circuit)
        if not from_stim:
            return read
        facts = {name: getattr(read, name) for name in Program.__slots__}
    else:
        facts = _stim_facts(circuit) if from_stim else _qiskit_facts(circuit)
    made = object.__new__(Unread)
    for name, value in {**facts, "_circuit": circuit.copy(), "_size": size}.items():
        object.__setattr__(made, name, value)
    return made


def _survey(circuit: Any) -> tuple[int, set[str]]:
    """Number of operations with REPEAT blocks unrolled, counted without unrolling, and the names of the operations."""
    total, names = 0, set[str]()
    for item in circuit:
        if item.name == "REPEAT":
            inner, inside = _survey(item.body_copy())
            total += item.repeat_count * inner
            names |= inside
        else:
            total += max(1, len(item.target_groups()))
            names.add(item.name)
    return total, names


def _read_now(circuit: Any) -> Program:
    if type(circuit).__module__.split(".")[0] == "stim":
        from qsim.interop.from_stim import read_stim

        return read_stim(circuit)
    from qsim.reading import read_qiskit

    return read_qiskit(circuit)


def _has_to_be_read(names: set[str]) -> bool:
    """Whether only reading tells how many qubits the program has: heralded errors and constants may add one."""
    return any(name in ("MPAD", "MPP") or name.startswith("HERALDED") for name in names)


def _stim_facts(circuit: stim.Circuit) -> dict[str, Any]:
    count = circuit.num_measurements
    return {
        "num_qubits": circuit.num_qubits,
        "num_clbits": count,
        "registers": {"rec": tuple(range(count))} if count else {},
        "parameters": (),
        "global_phase": 0.0,
        "ancillas": 0,
    }


def _qiskit_facts(circuit: QuantumCircuit) -> dict[str, Any]:
    empty = circuit.copy_empty_like()
    read = _read_now(empty)
    facts = {name: getattr(read, name) for name in Program.__slots__ if name != "steps"}
    return {**facts, "parameters": tuple(circuit.parameters)}
