"""Expectation values averaged over the histories of a program that decides on single outcomes.

Without a precision all histories are enumerated with their probabilities; with one, as many shots as guarantee it are
divided among histories by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import stim

from qsim.backends.protocol import Estimates
from qsim.backends.stabilizer.tableau import pauli_strings
from qsim.branching import State, by_chance, exactly, histories
from qsim.program import Loop, Measure, Noise, Program, Reset, flat

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp


class Observed(State, Protocol):
    """A state of which Pauli operators have expectation values."""

    def expectation(self, pauli: stim.PauliString) -> float:
        """Of a Pauli operator."""


def most_histories(program: Program) -> float:
    """A bound on how many different histories there are; infinite for loops and beyond 1e30."""
    total = 1.0
    for step in flat(program.steps):
        if isinstance(step, Loop):
            return float("inf")
        if isinstance(step, (Measure, Reset)):
            total *= 4.0 if isinstance(step, Measure) and any(step.readout) else 2.0
        elif isinstance(step, Noise):
            total *= 4.0 ** len(step.qubits)
        if total > 1e30:
            return float("inf")
    return total


def expectations_by_histories(
    program: Program, start: Observed, observables: Sequence[SparsePauliOp], *, precision: float, seed: int
) -> Estimates:
    """Values with standard errors, 0 where enumerated.

    Args:
        precision: largest standard error; 0 enumerates.

    Raises:
        CircuitError: more than 100 000 histories to enumerate.
    """
    sums = [pauli_strings(observable) for observable in observables]
    spread = max(sum(abs(weight) for weight, _ in terms) for terms in sums)
    shots = max(int(np.ceil((spread / precision) ** 2)) + 1, 2) if precision else 0
    split = by_chance(np.random.default_rng([seed, 3])) if shots else exactly()
    total, squares, whole = np.zeros(len(sums)), np.zeros(len(sums)), float(shots or 1)
    for weight, _, state in histories(program, start, whole, split=split):
        found = np.array([sum(w * _value(state, string) for w, string in terms) for terms in sums])
        total += weight * found
        squares += weight * found**2
    values = total / whole
    errors = np.zeros(len(sums))
    if shots:
        errors = np.sqrt(np.maximum(squares / whole - values**2, 0.0) / (shots - 1))
    return Estimates(values, errors, {"method": "histories", "shots": shots})


def _value(state: State, pauli: stim.PauliString) -> float:
    return float(state.expectation(pauli))  # type: ignore[attr-defined]  # every history is a copy of the start
