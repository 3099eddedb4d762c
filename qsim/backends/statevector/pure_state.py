"""One state vector, as `qsim.branching` evolves it through a history of outcomes and errors.

state = PureState.zero(2, matrices=Matrices())
state.gate(Gate(HGate(), (0,)))
state.probability_of_one(0)                      # 0.5
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.statevector.arrays import apply, half
from qsim.backends.statevector.fusion import Fused
from qsim.backends.statevector.lowering import Fixed, lower_fixed
from qsim.backends.statevector.pauli_masks import pure_values
from qsim.noise.channel import Channel, pauli_matrix
from qsim.program import Gate

Complex = NDArray[np.complexfloating[Any, Any]]
Floats = NDArray[np.float64]


class Matrices:
    """The matrices of a run's gates and channels, each computed once."""

    def __init__(self) -> None:
        self._gates: dict[int, tuple[Gate, list[Fixed]]] = {}
        self._choices: dict[int, tuple[Channel, list[Complex]]] = {}

    def of_gate(self, gate: Gate) -> list[Fixed]:
        """Fixed matrices, in order; the gate is kept, so that its identity stays its own."""
        if id(gate) not in self._gates:
            fused = isinstance(gate.operation, Fused)
            self._gates[id(gate)] = (gate, list(gate.operation.parts) if fused else lower_fixed(gate))
        return self._gates[id(gate)][1]

    def of_channel(self, channel: Channel) -> list[Complex]:
        """One matrix for each choice: Paulis in the order of ``channel.paulis``, or Kraus operators."""
        if id(channel) not in self._choices:
            made = [pauli_matrix(label) for label in channel.paulis] if channel.paulis else list(channel.kraus)
            self._choices[id(channel)] = (channel, made)
        return self._choices[id(channel)][1]


class PureState:
    """A normalised vector (2^n, 1) that follows one history."""

    def __init__(self, vector: Complex, matrices: Matrices) -> None:
        self.vector = vector
        self._matrices = matrices

    @classmethod
    def zero(cls, num_qubits: int, *, matrices: Matrices, dtype: Any = np.complex128) -> PureState:
        """All qubits in |0>."""
        vector = np.zeros((2**num_qubits, 1), dtype)
        vector[0] = 1
        return cls(vector, matrices)

    def gate(self, gate: Gate) -> None:
        """Apply a gate."""
        for part in self._matrices.of_gate(gate):
            self.vector = apply(self.vector, part.matrix, part.qubits)

    def probability_of_one(self, qubit: int) -> float:
        """Probability that measuring ``qubit`` gives 1."""
        return _norm(half(self.vector, qubit, 1)) / _norm(self.vector)

    def project(self, qubit: int, outcome: int) -> None:
        """Collapse onto an outcome of non-zero probability, and normalise."""
        half(self.vector, qubit, 1 - outcome)[...] = 0
        self._normalise()

    def flip(self, qubit: int) -> None:
        """Apply X."""
        self.vector = apply(self.vector, pauli_matrix("X"), (qubit,))

    def channel_probabilities(self, channel: Channel, qubits: tuple[int, ...]) -> list[float]:
        """Probability of each choice; a state is asked only where it matters."""
        if channel.paulis is not None:
            return list(channel.paulis.values())
        norm = _norm(self.vector)
        return [
            _norm(apply(self.vector.copy(), operator, qubits)) / norm for operator in self._matrices.of_channel(channel)
        ]

    def choose(self, channel: Channel, qubits: tuple[int, ...], choice: int) -> None:
        """Apply the chosen operator, and normalise."""
        if channel.paulis is not None and set(list(channel.paulis)[choice]) == {"I"}:
            return
        self.vector = apply(self.vector, self._matrices.of_channel(channel)[choice], qubits)
        if channel.paulis is None:
            self._normalise()

    def copy(self) -> PureState:
        """An independent copy."""
        return PureState(self.vector.copy(), self._matrices)

    def basis_probabilities(self) -> Floats:
        """(2^n,) probabilities of the basis states."""
        vector = self.vector[:, 0]
        found: Floats = vector.real.astype(np.float64) ** 2 + vector.imag.astype(np.float64) ** 2
        return found

    def values(self, observables: list[SparsePauliOp]) -> Floats:
        """(O,) expectation values."""
        return pure_values(self.vector, observables)[:, 0]

    def _normalise(self) -> None:
        self.vector /= np.sqrt(_norm(self.vector)).astype(self.vector.real.dtype)


def _norm(array: Complex) -> float:
    """Sum of squared moduli, in double precision."""
    return float(np.sum(array.real**2, dtype=np.float64) + np.sum(array.imag**2, dtype=np.float64))
