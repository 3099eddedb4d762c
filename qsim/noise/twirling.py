"""Pauli twirls: the nearest channel a stabilizer simulator can run, and how near it is.

>>> from qsim.noise.damping import amplitude_damping
>>> channel, distance = twirl(amplitude_damping(0.1))
>>> {label: round(p, 4) for label, p in channel.paulis.items()}, round(distance, 4)
({'I': 0.9493, 'X': 0.025, 'Y': 0.025, 'Z': 0.0007}, 0.05)

The twirl keeps the diagonal of the process matrix in the Pauli basis and drops the rest.  The distance is an upper
bound on the diamond distance, and so on the error in the probability of any event: |Tr_out |J||, the largest
eigenvalue, divided by 2, with J the Choi operator of the difference.

Source: Watrous, "Semidefinite programs for completely bounded norms", Theory of Computing 5, 217 (2009): |J| is a
feasible point of the dual program.
"""

from __future__ import annotations

import itertools

import numpy as np

from qsim.errors import CircuitError
from qsim.noise.channel import Channel, Complex, pauli_matrix
from qsim.program import Branch, Loop, Noise, Program, Step, Unrolled

WIDEST = 4


def twirl(channel: Channel) -> tuple[Channel, float]:
    """The Pauli twirl of a channel, and a bound on their diamond distance (half the diamond norm of the difference).

    A Pauli channel is its own twirl, at distance 0.

    Raises:
        CircuitError: a channel on more than 4 qubits that is no Pauli channel.
    """
    if channel.is_pauli:
        return channel, 0.0
    if channel.num_qubits > WIDEST:
        expected, got = f"at most {WIDEST} qubits", f"{channel.num_qubits}"
        raise CircuitError("too wide to twirl", where=f"channel {channel.name}", expected=expected, got=got)
    size = 2**channel.num_qubits
    rates = {}
    for letters in itertools.product("IXYZ", repeat=channel.num_qubits):
        label = "".join(letters)
        overlaps = np.einsum("kab,ba->k", channel.kraus, pauli_matrix(label)) / size
        rates[label] = float(np.sum(np.abs(overlaps) ** 2))
    total = sum(rates.values())
    errors = {label: rate / total for label, rate in rates.items() if rate > 1e-16 and set(label) != {"I"}}
    twirled = Channel.pauli(errors or {"I" * channel.num_qubits: 1.0}, name=f"twirled {channel.name}")
    return twirled, _distance(channel, twirled)


def twirled_program(program: Program) -> tuple[Program, float]:
    """A program with all its channels twirled, and the largest of their distances."""
    known: dict[int, tuple[Channel, float]] = {}

    def walk(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(map(change, steps))

    def change(step: Step) -> Step:
        if isinstance(step, Noise):
            if id(step.channel) not in known:
                known[id(step.channel)] = twirl(step.channel)
            return Noise(known[id(step.channel)][0], step.qubits)
        if isinstance(step, Branch):
            return Branch(tuple((condition, walk(block)) for condition, block in step.cases))
        if isinstance(step, Loop):
            return Loop(step.condition, walk(step.body))
        return Unrolled(tuple(map(walk, step.bodies))) if isinstance(step, Unrolled) else step

    changed = program.with_steps(walk(program.steps))
    return changed, max((distance for _, distance in known.values()), default=0.0)


def _distance(one: Channel, other: Channel) -> float:
    values, vectors = np.linalg.eigh(_choi(one) - _choi(other))
    size = 2**one.num_qubits
    whole = (vectors * np.abs(values)) @ vectors.conj().T
    reduced = np.einsum("iaja->ij", whole.reshape(size, size, size, size))
    return float(np.linalg.eigvalsh(reduced)[-1] / 2.0)


def _choi(channel: Channel) -> Complex:
    """(4^n, 4^n) Choi operator sum_ij |i><j| ⊗ E(|i><j|), input first."""
    columns = channel.kraus.transpose(0, 2, 1).reshape(len(channel.kraus), -1)
    return np.asarray(columns.T @ columns.conj())
