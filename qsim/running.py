"""``qsim.run`` and ``qsim.explain``: one circuit on whichever backend suits it.

result = run(circuit, shots=10_000, noise=qsim.noise.depolarizing(1e-3), seed=7)
result.counts(), result.expectation(["ZZI"]), result.why
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from qsim.backends.protocol import Backend, Estimates, Work
from qsim.errors import CircuitError
from qsim.observables import ObservableLike, as_observables
from qsim.program import (
    Barrier,
    Branch,
    Delay,
    Gate,
    Leave,
    Loop,
    Measure,
    Program,
    Step,
    Store,
    Unrolled,
    read,
    split_measurements,
    touched,
)
from qsim.selection import Explanation, explanation, select

if TYPE_CHECKING:
    import stim
    from qiskit import QuantumCircuit
    from qiskit.primitives import BitArray

    from qsim.noise import NoiseModel

LARGEST_SEED = 2**63


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        shots: number of shots.
        backend: name of the backend that sampled.
        why: why that one.
        seed: root of its random stream; the same seed gives the same bits.
        seconds: time taken.
        metadata: the backend's own figures.
        registers: classical registers, by name the numbers of their bits.
    """

    bits: Any = field(repr=False)
    shots: int
    backend: str
    why: str
    seed: int
    seconds: float
    metadata: dict[str, Any]
    registers: dict[str, tuple[int, ...]] = field(repr=False)
    program: Program = field(repr=False)
    simulator: Backend = field(repr=False)

    @property
    def bitarray(self) -> BitArray:
        """All classical bits, bit 0 the least significant."""
        return self._bitarray(range(self.bits.shape[1]))

    def counts(self, register: str | None = None) -> dict[str, int]:
        """How often each string was met, Qiskit's order: classical bit 0 rightmost, registers apart by spaces.

        Args:
            register: the name of one register, to count that alone.

        Raises:
            CircuitError: no such register.
        """
        if register is not None:
            if register not in self.registers:
                expected = ", ".join(self.registers) or "none: the circuit has no registers"
                raise CircuitError("no such register", where="register", expected=expected, got=repr(register))
            return dict(self._bitarray(self.registers[register]).get_counts())
        whole = self.bitarray.get_counts()
        sizes = [len(bits) for bits in self.registers.values()]
        laid_out = [bit for bits in self.registers.values() for bit in bits] == list(range(self.bits.shape[1]))
        if len(sizes) < 2 or not laid_out:
            return dict(whole)
        return {_spaced(key, sizes): count for key, count in whole.items()}

    def expectation(self, observables: ObservableLike | Sequence[ObservableLike], *, precision: float = 0.0) -> Any:
        """Expectation values in the state before the final measurements, noise included, by the same backend.

        Args:
            observables: one, or a list.
            precision: standard error that will do; 0 asks for exact values.

        Returns:
            A float for one observable, an array for a list; `estimates` gives errors as well.
        """
        found = self.estimates(observables, precision=precision).values
        return found if isinstance(observables, (list, tuple)) else float(found[0])

    def estimates(self, observables: Any, *, precision: float = 0.0) -> Estimates:
        """Expectation values with standard errors and the backend's figures."""
        return evaluate(self.program, observables, backend=self.simulator, precision=precision, seed=self.seed)

    def _bitarray(self, columns: Sequence[int] | range) -> BitArray:
        from qiskit.primitives import BitArray

        return BitArray.from_bool_array(self.bits[:, list(columns)], order="little")


def run(
    circuit: QuantumCircuit | stim.Circuit,
    *,
    shots: int = 1024,
    noise: NoiseModel | None = None,
    seed: int | None = None,
    backend: str | Backend = "auto",
) -> Result:
    """Sample a circuit.

    Args:
        circuit: a Qiskit or stim circuit, without unbound parameters.
        shots: number of shots, 1 or more.
        noise: a model of `qsim.noise`; None for none besides what a stim circuit holds.
        seed: root of the random stream; drawn, and recorded in the result, when None.
        backend: a name, an instance, or "auto".

    Raises:
        CircuitError: bad input, or nothing that can run it.
    """
    if isinstance(shots, bool) or not isinstance(shots, int | np.integer) or shots < 1:
        raise CircuitError("not a number of shots", where="shots", expected="an integer of 1 or more", got=repr(shots))
    program = prepare(circuit, noise)
    if program.num_clbits == 0:
        raise CircuitError("nothing is measured", where="circuit", cure="add measure_all(), or use qsim.expectation")
    root = checked_seed(seed)
    chosen, why = select(backend, program, Work(kind="sample", shots=int(shots)))
    begin = perf_counter()
    samples = chosen.sample(program, int(shots), seed=root)
    return Result(
        bits=samples.bits,
        shots=int(shots),
        backend=chosen.name,
        why=why,
        seed=root,
        seconds=perf_counter() - begin,
        metadata=samples.metadata,
        registers=dict(program.registers),
        program=program,
        simulator=chosen,
    )


def expectation(
    circuit: QuantumCircuit | stim.Circuit,
    observables: ObservableLike | Sequence[ObservableLike],
    *,
    noise: NoiseModel | None = None,
    precision: float = 0.0,
    seed: int | None = None,
    backend: str | Backend = "auto",
) -> Estimates:
    """Expectation values in the state a circuit ends in, its final measurements left out.

    Args:
        circuit, noise, seed, backend: as for `run`.
        observables: Pauli labels or operators, one or a list.
        precision: standard error that will do; 0 asks for exact values.

    Raises:
        CircuitError: bad input, or nothing that can run it.
    """
    root = checked_seed(seed)
    return evaluate(prepare(circuit, noise), observables, backend=backend, precision=precision, seed=root)


def explain(
    circuit: QuantumCircuit | stim.Circuit,
    noise: NoiseModel | None = None,
    *,
    shots: int = 1024,
    observables: ObservableLike | Sequence[ObservableLike] | None = None,
    precision: float = 0.0,
) -> Explanation:
    """What every backend would do with a circuit: whether it can, why, and at what cost.

    Args:
        circuit, noise: as for `run`.
        shots: asked for when no observables are given.
        observables, precision: as for `expectation`.
    """
    program = prepare(circuit, noise)
    if observables is None:
        return explanation(program, Work(kind="sample", shots=shots))
    many = as_observables(observables, num_qubits=program.num_qubits)
    return explanation(
        without_final_measurements(program),
        Work(kind="expectation", observables=len(many), asked=tuple(many), precision=precision),
    )


def evaluate(program: Program, observables: Any, *, backend: str | Backend, precision: float, seed: int) -> Estimates:
    """Expectation values of a program that is read and noisy already."""
    if not precision >= 0:
        raise CircuitError("not a standard error", where="precision", expected="0 or more", got=repr(precision))
    many = as_observables(observables, num_qubits=program.num_qubits)
    bare = without_final_measurements(program)
    work = Work(kind="expectation", observables=len(many), asked=tuple(many), precision=precision)
    chosen, why = select(backend, bare, work)
    found = chosen.expectation(bare, many, precision=precision, seed=seed)
    return Estimates(found.values, found.errors, {**found.metadata, "backend": chosen.name, "why": why})


def prepare(circuit: QuantumCircuit | stim.Circuit, noise: NoiseModel | None) -> Program:
    """The program of a circuit with a noise model's channels in it.

    Raises:
        CircuitError: unbound parameters, or noise that cannot be put on the circuit.
    """
    program = read(circuit)
    if program.parameters:
        names = ", ".join(parameter.name for parameter in program.parameters[:5])
        more = f" and {len(program.parameters) - 5} more" if len(program.parameters) > 5 else ""
        cure = "use circuit.assign_parameters(...), or qsim.expectation_fn for a function of the parameters"
        raise CircuitError("unbound parameters", where="circuit", got=names + more, cure=cure)
    return program if noise is None else noise.apply(program)


def without_final_measurements(program: Program) -> Program:
    """The program whose final state observables are asked of.

    Besides programs that measure at their end only, the last measurement of a qubit is left out where nothing on that
    qubit and no decision follows; measurements on the way stay, and are averaged over.
    """
    split = split_measurements(program)
    if split is not None:
        return split.before.with_steps((*split.before.steps, *split.closing))
    later: set[int] = set()
    kept: list[Step] = []
    decided = False
    for step in reversed(program.steps):
        decided |= isinstance(step, (Branch, Loop, Unrolled, Leave, Store))
        if isinstance(step, Measure) and not decided and step.qubit not in later:
            later.add(step.qubit)
            continue
        closes = isinstance(step, Gate) and step.part == "closing" and later.isdisjoint(step.qubits)
        if not closes and not isinstance(step, (Barrier, Delay)):
            later.update(touched(step))
        kept.append(step)
    return program if len(kept) == len(program.steps) else program.with_steps(kept[::-1])


def checked_seed(seed: int | None) -> int:
    """A seed as given, or a fresh one.

    Raises:
        CircuitError: not an integer from 0 to 2^63 - 1.
    """
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> 1)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < LARGEST_SEED:
        raise CircuitError("not a seed", where="seed", expected="an integer from 0 to 2^63 - 1", got=repr(seed))
    return int(seed)


def _spaced(key: str, sizes: Sequence[int]) -> str:
    parts, end = [], len(key)
    for size in sizes:
        parts.append(key[end - size : end])
        end -= size
    return " ".join(reversed(parts))
