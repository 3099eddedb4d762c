"""One history of a circuit on stim's tableau simulator, for programs that decide on single outcomes.

>>> state = TableauState(2)
>>> from qiskit.circuit.library import CXGate, HGate
>>> state.gate(Gate(HGate(), (0,)))
>>> state.gate(Gate(CXGate(), (0, 1)))
>>> state.probability_of_one(1), state.project(1, 1), state.probability_of_one(0)
(0.5, None, 1.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import stim

from qsim.backends.stabilizer.translation import gate_words
from qsim.noise.channel import Channel
from qsim.program import Gate


class TableauState:
    """A `qsim.branching.State` on a tableau; gates are Clifford gates, channels Pauli channels."""

    def __init__(self, num_qubits: int) -> None:
        self.simulator = stim.TableauSimulator(seed=0)  # chance is drawn by the caller, never here
        self.simulator.set_num_qubits(num_qubits)

    def gate(self, gate: Gate) -> None:
        """Apply a Clifford gate."""
        text = "".join(
            f"{name} {' '.join(str(gate.qubits[place]) for place in places)}\n"
            for name, places in gate_words(gate, "gate")
        )
        self.simulator.do_circuit(stim.Circuit(text))

    def probability_of_one(self, qubit: int) -> float:
        """0, 1/2 or 1."""
        return float(1 - self.simulator.peek_z(qubit)) / 2

    def project(self, qubit: int, outcome: int) -> None:
        """Collapse onto an outcome."""
        self.simulator.postselect_z(qubit, desired_value=bool(outcome))

    def flip(self, qubit: int) -> None:
        """Apply X."""
        self.simulator.x(qubit)

    def channel_probabilities(self, channel: Channel, qubits: tuple[int, ...]) -> Sequence[float]:  # noqa: ARG002
        """Probabilities of the Pauli operators of a channel, which do not depend on the state."""
        assert channel.paulis is not None
        return list(channel.paulis.values())

    def choose(self, channel: Channel, qubits: tuple[int, ...], choice: int) -> None:
        """Apply one of them."""
        assert channel.paulis is not None
        label = list(channel.paulis)[choice]
        for letter, qubit in zip(reversed(label), qubits, strict=True):
            if letter != "I":
                getattr(self.simulator, letter.lower())(qubit)

    def expectation(self, observable: stim.PauliString) -> float:
        """Of a Pauli operator: -1, 0 or 1."""
        return float(self.simulator.peek_observable_expectation(observable))

    def copy(self) -> Self:
        """An independent copy."""
        made = type(self).__new__(type(self))
        made.simulator = self.simulator.copy()
        return made


def pauli_strings(observable: object) -> list[tuple[float, stim.PauliString]]:
    """The terms of a ``SparsePauliOp`` with real coefficients, as stim's strings."""
    from qiskit.quantum_info import SparsePauliOp

    assert isinstance(observable, SparsePauliOp)
    paulis = observable.paulis
    signs = ((-1j) ** paulis.phase).real  # a sign written into a Pauli belongs to its coefficient
    weights = np.real(observable.coeffs) * signs
    return [
        (float(weight), stim.PauliString.from_numpy(xs=x, zs=z))
        for weight, x, z in zip(weights, paulis.x, paulis.z, strict=True)
    ]
