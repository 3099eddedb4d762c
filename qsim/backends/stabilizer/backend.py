"""The stabilizer backend: Clifford circuits with Pauli noise, on stim.

>>> from qiskit import QuantumCircuit
>>> from qsim.program import read
>>> circuit = QuantumCircuit(1000, 1000)
>>> _ = circuit.h(0), circuit.cx(0, range(1, 1000)), circuit.measure(range(1000), range(1000))
>>> Stabilizer().sample(read(circuit), 4, seed=1).bits.sum(axis=1) % 1000
array([0, 0, 0, 0])

A program without decisions, or with Pauli feedback only, is one stim circuit and goes through stim's frame sampler.  A
stim circuit given by the user is sampled as it stands.  Other dynamic circuits are followed history by history on
tableaus.  Expectation values are exact: from the tableau without noise, by carrying the observables backwards with it.

Source: C. Gidney, "Stim: a fast stabilizer circuit simulator", Quantum 5, 497 (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import stim

from qsim.backends.protocol import Estimates, Forecast, Samples, Work
from qsim.backends.stabilizer.channels import channel_text
from qsim.backends.stabilizer.conversion import straight_line
from qsim.backends.stabilizer.heisenberg import expectations, is_carried_through
from qsim.backends.stabilizer.history_averages import expectations_by_histories, most_histories
from qsim.backends.stabilizer.sampling import sample_histories, sample_records, sample_translation
from qsim.backends.stabilizer.tableau import TableauState, pauli_strings
from qsim.backends.stabilizer.translation import DecidesByShotError, Translation, gate_words, placed, translate
from qsim.errors import CircuitError
from qsim.noise.twirling import twirled_program
from qsim.program import Gate, Noise, Program, flat

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

MEMORY = 8 * 2**30

PER_STEP = 4e-6
PER_OPERATION_AND_SHOT = 1e-10
PER_BIT = 8e-9
PER_OUTCOME_AND_QUBIT = 1e-9
PER_STEP_OF_HISTORY = 1e-5
"""Rough seconds on one core of a 2020s server, for forecasts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a program will be run.

    Attributes:
        program: with Pauli channels only.
        distance: the largest distance of a channel from its twirl.
        translation: the one stim circuit that it is; None when it is followed by histories.
        why: in a clause.
    """

    program: Program
    distance: float
    translation: Translation | stim.Circuit | None
    why: str


_latest: list[tuple[Program, bool, Plan]] = []
"""The plan made last: forecast and run ask for the same one, and a long circuit takes seconds to translate."""


class Stabilizer:
    """Simulates Clifford circuits with Pauli noise on any number of qubits.

    Args:
        twirl: replace channels that are not Pauli channels by their twirls; the distance stands in the metadata.
        memory: most bytes for the bits of one run.
    """

    name = "stabilizer"
    takes_sources = True  # a stim circuit is sampled without being read into steps

    def __init__(self, *, twirl: bool = False, memory: float = MEMORY) -> None:
        self.twirl = twirl
        self.memory = memory

    def forecast(self, program: Program, work: Work) -> Forecast:
        """Whether the program is in stim's reach, and by which way."""
        try:
            plan = self._plan(program)
        except CircuitError as error:
            return Forecast(can=False, why=f"{error.where}: {error.what}")
        shots = work.shots if work.kind == "sample" else 0
        size, qubits = program.size, program.num_qubits
        space = self._space(program, shots)
        if space > self.memory:
            return Forecast(can=False, why=self._too_large(program, shots))
        seconds = PER_STEP * size + PER_OUTCOME_AND_QUBIT * qubits * program.num_clbits
        if plan.translation is None:
            runs = float(shots) or (work.precision**-2 if work.precision else 100_000.0)
            seconds += PER_STEP_OF_HISTORY * size * min(runs, most_histories(program))
        else:
            seconds += shots * (PER_OPERATION_AND_SHOT * size + PER_BIT * program.num_clbits)
            seconds += PER_STEP * size * work.observables
        return Forecast(can=True, why=plan.why, seconds=seconds, bytes=space, exact=plan.distance == 0)

    def sample(self, program: Program, shots: int, *, seed: int) -> Samples:
        """(shots, clbits) bits.

        Raises:
            CircuitError: a gate outside the Clifford group, a channel that is no Pauli channel, or bits beyond memory.
        """
        plan = self._plan(program)
        if self._space(program, shots) > self.memory:
            cure = "take fewer shots at a time, or use Stabilizer(memory=...)"
            raise CircuitError(self._too_large(program, shots), where=f"backend {self.name}", cure=cure)
        metadata = self._metadata(plan)
        if isinstance(plan.translation, stim.Circuit):
            return Samples(sample_records(plan.translation, shots, seed=seed), {**metadata, "method": "stim circuit"})
        if plan.translation is not None:
            bits = sample_translation(plan.translation, shots, seed=seed)
            return Samples(bits, {**metadata, "method": "frames"})
        bits, met = sample_histories(plan.program, TableauState(plan.program.num_qubits), shots, seed=seed)
        return Samples(bits, {**metadata, "method": "histories", "histories": met})

    def expectation(
        self, program: Program, observables: Sequence[SparsePauliOp], *, precision: float, seed: int
    ) -> Estimates:
        """Exact values; dynamic circuits beyond Pauli feedback are enumerated, or sampled to ``precision``.

        Raises:
            CircuitError: as `sample`, or more than 100 000 histories to enumerate.
        """
        plan = self._plan(program)
        if isinstance(plan.translation, stim.Circuit) and not is_carried_through(plan.translation):
            plan = _plan(program.with_steps(program.steps), twirl=False)  # as steps, without its source
        if plan.translation is None:
            return self._by_histories(plan, observables, precision, seed)
        circuit = plan.translation if isinstance(plan.translation, stim.Circuit) else plan.translation.circuit
        sums = [pauli_strings(observable) for observable in observables]
        terms = [string for terms in sums for _, string in terms]
        exact = expectations(circuit, terms) if _has_more_than_gates(circuit) else _from_tableau(circuit, terms)
        ends = np.cumsum([len(terms) for terms in sums])[:-1]
        weights = np.array([weight for terms in sums for weight, _ in terms])
        values = np.array([part.sum() for part in np.split(weights * exact, ends)])
        return Estimates(values, np.zeros(len(values)), {**self._metadata(plan), "method": "Heisenberg"})

    def _by_histories(self, plan: Plan, observables: Sequence[SparsePauliOp], precision: float, seed: int) -> Estimates:
        start = TableauState(plan.program.num_qubits)
        found = expectations_by_histories(plan.program, start, observables, precision=precision, seed=seed)
        return Estimates(found.values, found.errors, {**self._metadata(plan), **found.metadata})

    def _space(self, program: Program, shots: int) -> float:
        return float(shots) * program.num_clbits + program.num_qubits**2 / 2.0

    def _too_large(self, program: Program, shots: int) -> str:
        taken = f"{shots} shots of {program.num_clbits} bits on {program.num_qubits} qubits"
        return f"{taken} take {self._space(program, shots):.3g} bytes, more than the {self.memory:.3g} allowed"

    def _plan(self, program: Program) -> Plan:
        """The quickest way to run a program.

        Raises:
            CircuitError: it is beyond stabilizer simulation.
        """
        if not _latest or _latest[0][0] is not program or _latest[0][1] != self.twirl:
            _latest[:] = [(program, self.twirl, _plan(program, twirl=self.twirl))]
        return _latest[0][2]

    def _metadata(self, plan: Plan) -> dict[str, Any]:
        return {"twirl_distance": plan.distance} if self.twirl else {}


def _plan(program: Program, *, twirl: bool) -> Plan:
    source = program.source
    if isinstance(source, stim.Circuit):
        return Plan(program, 0.0, source, "a stim circuit, sampled as it stands")
    straight = straight_line(source) if source is not None else None
    if straight is not None:
        return Plan(program, 0.0, straight, "Clifford gates only")
    distance = 0.0
    if twirl:
        program, distance = twirled_program(program)
    try:
        translation = translate(program)
    except DecidesByShotError as reason:
        _check(program)
        return Plan(program, distance, None, f"Clifford gates; {reason}: followed shot by shot on tableaus")
    fed = " with Pauli feedback" if program.is_dynamic else ""
    noisy = " and Pauli noise" if program.is_noisy else ""
    noisy += f" (twirled, at distance {distance:.2g})" if distance else ""
    return Plan(program, distance, translation, f"Clifford gates{fed}{noisy}")


def _check(program: Program) -> None:
    """Every gate and channel, those inside blocks included.

    Raises:
        CircuitError: one that is beyond stabilizer simulation.
    """
    for where, step in placed(program):
        for inner in flat([step]):
            if isinstance(inner, Gate):
                gate_words(inner, where)
            elif isinstance(inner, Noise):
                list(channel_text(inner, where))


def _has_more_than_gates(circuit: stim.Circuit) -> bool:
    kinds = [stim.gate_data(item.name) for item in circuit]
    return any(kind.is_noisy_gate or kind.is_reset or kind.produces_measurements for kind in kinds)


def _from_tableau(circuit: stim.Circuit, terms: Sequence[stim.PauliString]) -> np.ndarray[Any, np.dtype[np.float64]]:
    simulator = stim.TableauSimulator()
    simulator.do_circuit(circuit)
    return np.array([simulator.peek_observable_expectation(term) for term in terms], dtype=np.float64)
