"""The near-Clifford backend: exact runs of circuits with few gates outside the Clifford group, on any number of qubits.

>>> from qiskit import QuantumCircuit
>>> from qsim.program import read
>>> circuit = QuantumCircuit(100, 100)
>>> _ = circuit.h(range(100)), circuit.t([3, 50]), circuit.h(3), circuit.measure(range(100), range(100))
>>> round(float(NearClifford().sample(read(circuit), 100_000, seed=1).bits[:, 3].mean()), 2)
0.15

A state is a Clifford frame around a dense register (`frame`): it costs 2^k per rotation for k active qubits, where k is
known beforehand and at most the number of rotations and of qubits.  Final samples with Pauli noise come in bulk
(`final_samples`), programs with other measurements history by history.  Noisy expectation values are exact through
Pauli propagation (`propagation`), whose terms are at most 2^rotations.

Why not a package: on 20 qubits with 12 T gates and 10 000 shots (benchmarks/near_clifford_methods.py, one core), the
frame took 0.06 s; bloqade-tsim 0.1.5 took 9.7 s for a circuit it had not seen and 0.14 s again; Aer's statevector took
0.6 s.  Aer's extended stabilizer, which is approximate, took over 1000 s by extrapolation with 4 T gates already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import stim

from qsim.backends.near_clifford.final_samples import compiled, sample_final
from qsim.backends.near_clifford.frame import MOST_ACTIVE, FrameState
from qsim.backends.near_clifford.propagation import propagated
from qsim.backends.near_clifford.rotations import Rotation, gate_parts
from qsim.backends.near_clifford.segments import Segments, segments
from qsim.backends.protocol import Estimates, Forecast, Samples, Work
from qsim.backends.stabilizer.channels import channel_text
from qsim.backends.stabilizer.history_averages import expectations_by_histories, most_histories
from qsim.backends.stabilizer.sampling import sample_histories
from qsim.backends.stabilizer.tableau import pauli_strings
from qsim.backends.stabilizer.translation import DecidesByShotError, Translation, placed
from qsim.errors import CircuitError
from qsim.program import Gate, Loop, Measure, Noise, Program, flat, split_measurements

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

MEMORY = 8 * 2**30
MOST_TERMS = 2**20

PER_STEP = 3e-5
PER_AMPLITUDE = 5e-8
PER_TERM = 2e-6
PER_BIT = 2e-8
"""Rough seconds on one core of a 2020s server, for forecasts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a program can be run.

    Attributes:
        parts: stim circuits and rotations; None when it decides on single outcomes.
        final: whether all measurements stand at the end.
        pure: whether nothing but gates stands in it, final measurements aside.
        read: whether it measures or resets anything.
        rotations: how many there are, those in blocks included.
        active: active qubits at the end; None when more than the dense register may have.
        noisy: the share of shots with an error, at most.
        why: in a clause.
    """

    parts: Segments | None
    final: bool
    pure: bool
    read: bool
    rotations: int
    active: int | None
    noisy: float
    why: str

    @property
    def bare(self) -> bool:
        """Whether there are gates only."""
        return self.pure and not self.read


_latest: list[tuple[Program, Plan]] = []
"""The plan made last: forecast and run ask for the same one."""


class NearClifford:
    """Simulates circuits with few non-Clifford gates and Pauli noise, exactly.

    Args:
        max_terms: most Pauli terms of an observable on its way back through a noisy circuit.
        memory: most bytes for the bits of one run.
    """

    name = "near_clifford"

    def __init__(self, *, max_terms: int = MOST_TERMS, memory: float = MEMORY) -> None:
        self.max_terms = max_terms
        self.memory = memory

    def forecast(self, program: Program, work: Work) -> Forecast:
        """Active qubits for samples and pure expectation values, Pauli terms for noisy ones."""
        try:
            plan = _planned(program)
        except CircuitError as error:
            return Forecast(can=False, why=f"{error.where}: {error.what}")
        details: dict[str, Any] = {"rotations": plan.rotations, "active_qubits": plan.active}
        seconds = 1e-3 + PER_STEP * program.size
        wide = f"{plan.rotations} non-Clifford rotations need more than {MOST_ACTIVE} active qubits"
        terms = 2.0 ** min(plan.rotations, 2 * program.num_qubits)
        if work.kind == "sample" or plan.parts is None or (plan.bare and plan.active is not None):
            if plan.active is None:
                return Forecast(can=False, why=wide, details=details)
            space = float(work.shots) * program.num_clbits + 48.0 * 2**plan.active
            if space > self.memory:
                numbers = f"{work.shots} shots of {program.num_clbits} bits take {space:.3g} bytes"
                return Forecast(can=False, why=f"{numbers}, more than the {self.memory:.3g} allowed", details=details)
            runs = min(1.0 + work.shots * plan.noisy, 2.0 ** min(plan.rotations, 60))
            if not plan.final or plan.parts is None:
                runs = min(float(work.shots) or 100_000.0, most_histories(program))
                seconds *= runs
            seconds += PER_AMPLITUDE * 2**plan.active * (plan.rotations * runs + work.observables)
            seconds += PER_BIT * work.shots * program.num_clbits
            return Forecast(can=True, why=plan.why, seconds=seconds, bytes=space, details=details)
        details["terms"] = terms
        if terms > self.max_terms:
            why = f"{plan.rotations} non-Clifford rotations make up to {terms:.3g} Pauli terms, "
            return Forecast(can=False, why=f"{why}more than the {self.max_terms} allowed", details=details)
        seconds += PER_TERM * terms * work.observables * max(plan.rotations, 1)
        space = 4.0 * program.num_qubits * terms
        return Forecast(can=True, why=plan.why, seconds=seconds, bytes=space, details=details)

    def sample(self, program: Program, shots: int, *, seed: int) -> Samples:
        """(shots, clbits) bits.

        Raises:
            CircuitError: too many active qubits, a channel that is no Pauli channel, or bits beyond memory.
        """
        forecast = self.forecast(program, Work(kind="sample", shots=shots))
        if not forecast.can:
            raise CircuitError(forecast.why, where=f"backend {self.name}", cure="see qsim.explain(circuit)")
        plan = _planned(program)
        if plan.parts is None or not plan.final:
            bits, met = sample_histories(program, FrameState(program.num_qubits), shots, seed=seed)
            return Samples(bits, {"method": "histories", "histories": met})
        qubits = [step.qubit for step in program.steps if isinstance(step, Measure)]
        records, figures = sample_final(plan.parts, qubits, num_qubits=program.num_qubits, shots=shots, seed=seed)
        rng = np.random.default_rng([seed, 1])
        for record, (one, zero) in plan.parts.misread.items():
            outcome = records[:, record]
            outcome ^= rng.random(shots) < np.where(outcome, zero, one)
        read = Translation(stim.Circuit(), plan.parts.bits, {})
        return Samples(read.classical_bits(records), {"method": "frame", **figures})

    def expectation(
        self, program: Program, observables: Sequence[SparsePauliOp], *, precision: float, seed: int
    ) -> Estimates:
        """Exact values; control flow beyond Pauli feedback is enumerated, or sampled to ``precision``.

        Raises:
            CircuitError: too many active qubits, Pauli terms or histories.
        """
        plan = _planned(program)
        if plan.parts is None:
            start = FrameState(program.num_qubits)
            return expectations_by_histories(program, start, observables, precision=precision, seed=seed)
        sums = [pauli_strings(observable) for observable in observables]
        if plan.bare and plan.active is not None:
            state = FrameState(program.num_qubits)
            for step in program.steps:
                if isinstance(step, Gate):
                    state.gate(step)
            values = [sum(weight * state.expectation(string) for weight, string in terms) for terms in sums]
            metadata = {"method": "frame", "active_qubits": plan.active}
        else:
            found = [propagated(plan.parts, terms, limit=self.max_terms) for terms in sums]
            values = [value for value, _ in found]
            metadata = {"method": "Pauli propagation", "terms": max(most for _, most in found)}
        return Estimates(np.array(values, dtype=np.float64), np.zeros(len(values)), metadata)


def _planned(program: Program) -> Plan:
    if not _latest or _latest[0][0] is not program:
        _latest[:] = [(program, _plan(program))]
    return _latest[0][1]


def _plan(program: Program) -> Plan:
    """What a program consists of.

    Raises:
        CircuitError: a channel that is no Pauli channel, or a gate that cannot be taken apart.
    """
    size = program.num_qubits
    first = ""
    rotations, quiet = 0, 1.0
    for where, step in placed(program):
        for inner in flat([step]):
            if isinstance(inner, Noise):
                list(channel_text(inner, where))
                assert inner.channel.paulis is not None
                quiet *= inner.channel.paulis.get("I" * len(inner.qubits), 0.0)
            elif isinstance(inner, Gate):
                turns = sum(isinstance(part, Rotation) for part in gate_parts(inner.operation))
                rotations += turns
                first = first or (f", the first at {where} ({inner})" if turns else "")
    plural = "" if rotations == 1 else "s"
    why = f"{rotations} non-Clifford rotation{plural}{first}" if rotations else "Clifford gates only"
    noise = 1.0 - quiet
    try:
        parts = segments(program)
    except DecidesByShotError as reason:
        loops = any(isinstance(step, Loop) for step in flat(program.steps))
        bound = size if loops else min(size, rotations)
        active = bound if bound <= MOST_ACTIVE else None
        return Plan(None, False, False, True, rotations, active, noise, f"{why}; {reason}: followed shot by shot")
    circuits = [part for part in parts.parts if isinstance(part, stim.Circuit)]
    kinds = [(stim.gate_data(item.name), item) for circuit in circuits for item in circuit]
    resets = any(kind.is_reset for kind, _ in kinds)
    split = split_measurements(program)
    final = split is not None and not split.closing and not resets  # parts end with the basis changes behind them
    noisy = any(kind.is_noisy_gate and item.gate_args_copy() for kind, item in kinds)
    active = _active(parts, size) if final else min(size, rotations)
    if active is not None and active > MOST_ACTIVE:
        active = None
    pure = final and not noisy
    return Plan(parts, final, pure, resets or parts.measured > 0, rotations, active, noise, why)


def _active(parts: Segments, size: int) -> int | None:
    try:
        return len(compiled(parts, size)[0].active)
    except CircuitError:
        return None
