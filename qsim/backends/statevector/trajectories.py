"""Noise trajectories in batches: one array (2^n, B) holds B states, each with errors and outcomes of its own.

Where nearly every shot has a history of its own (strong noise, few qubits) this is quicker than following histories one
by one, because a gate is one pass over all states.  Programs that decide on outcomes are left to `qsim.branching`.

Source: Dalibard, Castin and Mølmer, Phys. Rev. Lett. 68, 580 (1992): quantum jumps, here for Kraus operators.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsim.backends.protocol import Samples
from qsim.backends.statevector.arrays import apply, half
from qsim.backends.statevector.pauli_masks import pure_values
from qsim.backends.statevector.pure_state import Matrices
from qsim.backends.statevector.sampled_histories import write_bits
from qsim.noise.channel import pauli_matrix
from qsim.program import Gate, Measure, Noise, Program, Reset, split_measurements

Complex = NDArray[np.complexfloating[Any, Any]]
Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

AMPLITUDES = 2**19
"""Amplitudes in a batch: with its copies it stays near the caches."""


def batches(
    program: Program, count: int, *, rng: np.random.Generator, dtype: Any, matrices: Matrices
) -> Iterator[tuple[Complex, Bits]]:
    """Final states (2^n, B) and bits (B, clbits), until ``count`` trajectories are run.

    Args:
        program: static: gates, channels, measurements, resets.
    """
    size = 2**program.num_qubits
    most = max(AMPLITUDES // size, 1)
    while count > 0:
        batch = min(most, count)
        count -= batch
        states = np.zeros((size, batch), dtype)
        states[0] = 1
        bits = np.zeros((batch, program.num_clbits), dtype=bool)
        for step in program.steps:
            if isinstance(step, Gate):
                for part in matrices.of_gate(step):
                    states = apply(states, part.matrix, part.qubits)
            elif isinstance(step, Noise):
                states = _scatter(states, step, rng, matrices)
            elif isinstance(step, Measure):
                outcome = _collapse(states, step.qubit, rng)
                wrong = rng.random(batch) < np.where(outcome, step.readout[1], step.readout[0])
                bits[:, step.clbit] = outcome ^ wrong
            elif isinstance(step, Reset):
                _act_on(states, _collapse(states, step.qubit, rng), pauli_matrix("X"), (step.qubit,))
        yield states, bits


def sample_batches(program: Program, shots: int, *, rng: np.random.Generator, dtype: Any) -> Samples:
    """Bits of shots, one trajectory each."""
    split = split_measurements(program)
    body, measures = (program, ()) if split is None else (split.before, split.measures)
    rows = []
    for states, bits in batches(body, shots, rng=rng, dtype=dtype, matrices=Matrices()):
        if measures:
            heights = np.cumsum(states.real.astype(np.float64) ** 2 + states.imag.astype(np.float64) ** 2, axis=0)
            points = rng.random(len(bits)) * heights[-1]
            write_bits(bits, (heights <= points).sum(axis=0), measures, rng=rng)
        rows.append(bits)
    return Samples(np.concatenate(rows), {"trajectories": shots})


def values_of_batches(
    program: Program, observables: list[Any], count: int, *, rng: np.random.Generator, dtype: Any
) -> tuple[Floats, Floats]:
    """(O, count) expectation values of trajectories, and ones."""
    found = [
        pure_values(states, observables)
        for states, _ in batches(program, count, rng=rng, dtype=dtype, matrices=Matrices())
    ]
    return np.concatenate(found, axis=1), np.ones(count)


def _scatter(states: Complex, step: Noise, rng: np.random.Generator, matrices: Matrices) -> Complex:
    """Each state gets its own choice of the channel's operators."""
    operators, batch = matrices.of_channel(step.channel), states.shape[1]
    if step.channel.paulis is not None:
        chances = np.tile(np.array(list(step.channel.paulis.values()))[:, None], batch)
        still = [set(label) == {"I"} for label in step.channel.paulis]
    else:
        chances = np.array([_weights(apply(states.copy(), operator, step.qubits)) for operator in operators])
        still = [False] * len(operators)
    heights = np.cumsum(chances, axis=0)
    choices = (heights <= rng.random(batch) * heights[-1]).sum(axis=0)
    for choice in np.unique(choices):
        if not still[choice]:
            _act_on(states, choices == choice, operators[choice], step.qubits)
    if step.channel.paulis is None:
        _normalise(states)
    return states


def _act_on(states: Complex, chosen: Bits, matrix: Complex, qubits: tuple[int, ...]) -> None:
    """A matrix applied to the states chosen."""
    if chosen.any():
        states[:, chosen] = apply(np.ascontiguousarray(states[:, chosen]), matrix, qubits)


def _collapse(states: Complex, qubit: int, rng: np.random.Generator) -> Bits:
    """(B,) outcomes; the states are projected and normalised."""
    ones = half(states, qubit, 1)
    weights = np.sum(ones.real**2 + ones.imag**2, axis=tuple(range(ones.ndim - 1)), dtype=np.float64)
    outcome: Bits = rng.random(states.shape[1]) * _weights(states) < weights
    half(states, qubit, 0)[..., outcome] = 0
    half(states, qubit, 1)[..., ~outcome] = 0
    _normalise(states)
    return outcome


def _weights(states: Complex) -> Floats:
    found: Floats = np.sum(states.real**2 + states.imag**2, axis=0, dtype=np.float64)
    return found


def _normalise(states: Complex) -> None:
    states /= np.sqrt(_weights(states)).astype(states.real.dtype)
