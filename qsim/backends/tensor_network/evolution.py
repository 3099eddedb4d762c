"""Programs run on matrix product states: one history for a pure circuit, many where outcomes and errors are random.

Histories (`qsim.branching`) share the state up to the event that parts them; Pauli errors are gates like others, other
channels pick one of their Kraus operators with its probability in the state.  Measurements at the end are sampled from
the final state instead of parting it.

Source: Dalibard, Castin and Mølmer, Phys. Rev. Lett. 68, 580 (1992) (trajectories).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from qsim.backends.protocol import Bits, Estimates
from qsim.backends.tensor_network.chain import Chain
from qsim.backends.tensor_network.errorbars import standard_errors
from qsim.backends.tensor_network.operators import Operator, operators
from qsim.backends.tensor_network.reading import pauli_values, sample_chain
from qsim.backends.tensor_network.record import Record
from qsim.branching import Split, by_chance, exactly, histories
from qsim.classical import Memory
from qsim.errors import CircuitError
from qsim.noise.channel import PAULI_MATRICES, Channel
from qsim.program import Barrier, Delay, Gate, Measure, Program, split_measurements

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

FIRST_TRAJECTORIES = 64
PROJECTORS = (np.diag([1.0 + 0j, 0.0]), np.diag([0.0 + 0j, 1.0]))


@dataclass(slots=True)
class ChainState:
    """A chain as a state of `qsim.branching`.

    Attributes:
        chain: the state.
        opened: matrices of the gates met, by the gate's identity; shared among all histories of a program.
    """

    chain: Chain
    opened: dict[int, tuple[Gate, list[Operator]]] = field(default_factory=dict)

    def gate(self, gate: Gate) -> None:
        known = self.opened.get(id(gate))
        if known is None:
            known = self.opened[id(gate)] = (gate, list(operators(gate)))
        for operator in known[1]:
            self.chain.add(operator)

    def probability_of_one(self, qubit: int) -> float:
        return float(self.chain.local_density((qubit,))[1, 1].real)

    def project(self, qubit: int, outcome: int) -> None:
        self.chain.collapse(PROJECTORS[outcome], (qubit,), "measure")

    def flip(self, qubit: int) -> None:
        self.chain.add(Operator(PAULI_MATRICES["X"], (qubit,), "x"))

    def channel_probabilities(self, channel: Channel, qubits: tuple[int, ...]) -> Sequence[float]:
        if channel.paulis is not None:
            return list(channel.paulis.values())
        density = self.chain.local_density(qubits)
        found = np.einsum("kab,bc,kac->k", channel.kraus, density, channel.kraus.conj())
        return [float(chance) for chance in found.real]

    def choose(self, channel: Channel, qubits: tuple[int, ...], choice: int) -> None:
        if channel.paulis is None:
            self.chain.collapse(channel.kraus[choice], qubits, channel.name)
            return
        label = list(channel.paulis)[choice]
        for qubit, letter in zip(qubits, reversed(label), strict=True):
            if letter != "I":
                self.chain.add(Operator(PAULI_MATRICES[letter], (qubit,), letter.lower()))

    def copy(self) -> Self:
        return type(self)(self.chain.copy(), self.opened)


def sample_program(program: Program, start: Chain, shots: int, rng: np.random.Generator) -> tuple[Bits, Record]:
    """(shots, clbits) bits, and the figures."""
    before, measures = without_last_measurements(program)
    record = Record()
    found: list[NDArray[np.bool_]] = []
    for weight, memory, chain in _ended(before, start, shots, by_chance(rng)):
        record.add(weight, chain)
        bits = np.tile(np.array(memory.bits, dtype=bool), (int(weight), 1))
        if measures:
            outcomes = sample_chain(chain, int(weight), rng)
            for step in measures:
                column = outcomes[:, step.qubit]
                if any(step.readout):
                    column = column ^ (rng.random(len(column)) < np.where(column, step.readout[1], step.readout[0]))
                bits[:, step.clbit] = column
        found.append(bits)
    return rng.permutation(np.concatenate(found)), record


def pure_chain(program: Program, start: Chain) -> Chain:
    """The state a program of gates ends in.

    Raises:
        CircuitError: something random, or decided on outcomes.
    """
    for position, step in enumerate(program.steps):
        if not isinstance(step, (Gate, Barrier, Delay)):
            raise CircuitError(
                "not a pure state",
                where=f"step {position} ({step})",
                expected="gates only",
                cure="sample it, or ask for expectation values",
            )
    [(_, _, chain)] = _ended(program, start, 1.0, exactly())
    chain.settle()
    return chain


def evaluate_exactly(
    program: Program, start: Chain, observables: Sequence[SparsePauliOp], *, limit: int
) -> tuple[Estimates, Record]:
    """Values averaged over all histories by their weights.

    Raises:
        CircuitError: more than ``limit`` histories.
    """
    record = Record()
    total = np.zeros(len(observables))
    weights = 0.0
    for weight, values in _values(program, start, observables, 1.0, exactly(limit), record):
        total += weight * values
        weights += weight
    return Estimates(total / weights, np.zeros(len(observables))), record


def evaluate_by_chance(
    program: Program,
    start: Chain,
    observables: Sequence[SparsePauliOp],
    rng: np.random.Generator,
    *,
    precision: float,
    trajectories: int | None = None,
) -> tuple[Estimates, Record, int]:
    """Values averaged over trajectories: a given number, or as many as the precision takes.

    The standard errors (`qsim.backends.tensor_network.errorbars`) count one imagined trajectory, so that errors too
    rare to be met are not taken for none.  The values of all trajectories are held: 8 bytes each for each observable.

    Returns:
        The estimates, the figures, and the number of trajectories.
    """
    record = Record()
    bound = np.array([np.abs(observable.coeffs).sum() for observable in observables])
    least = FIRST_TRAJECTORIES
    if precision > 0:
        least = max(least, int(np.ceil(2 * bound.max() / precision)))
    wanted = trajectories if trajectories is not None else least
    met = np.zeros((0, len(observables)))
    while len(met) < wanted:
        more = _values(program, start, observables, wanted - len(met), by_chance(rng), record)
        met = np.concatenate([met, *(np.tile(values, (int(weight), 1)) for weight, values in more)])
        errors = standard_errors(met, bound)
        if trajectories is None and errors.max() > precision:
            done, needed = len(met), len(met) * float(errors.max() / precision) ** 2
            wanted = int(np.ceil(min(max(needed * 1.05, done * 1.1), done * 4.0)))
    return Estimates(met.mean(axis=0), errors), record, len(met)


def without_last_measurements(program: Program) -> tuple[Program, tuple[Measure, ...]]:
    """A program and the measurements at its end, whether or not others come before."""
    split = split_measurements(program)
    if split is not None:
        return split.before, split.measures
    steps = list(program.steps)
    last: list[Measure] = []
    while steps and isinstance(steps[-1], (Measure, Barrier, Delay)):
        step = steps.pop()
        if isinstance(step, Measure):
            last.append(step)
    return program.with_steps(steps), tuple(reversed(last))


def _ended(program: Program, start: Chain, weight: float, split: Split) -> Iterator[tuple[float, Memory, Chain]]:
    """All histories with their weights, classical memories and final chains."""
    for share, memory, state in histories(program, ChainState(start), weight, split=split):
        assert isinstance(state, ChainState)
        yield share, memory, state.chain


def _values(
    program: Program,
    start: Chain,
    observables: Sequence[SparsePauliOp],
    weight: float,
    split: Split,
    record: Record,
) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """Weight and (O,) values of every history."""
    labels = sorted({label for each in observables for label in each.paulis.to_labels()})
    place = {label: number for number, label in enumerate(labels)}
    terms = [([place[label] for label in each.paulis.to_labels()], np.real(each.coeffs)) for each in observables]
    for share, _, chain in _ended(program, start, weight, split):
        record.add(share, chain)
        found = pauli_values(chain, labels)
        yield share, np.array([float(found[places] @ weights) for places, weights in terms])
