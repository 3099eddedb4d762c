"""States of near-Clifford circuits: a Clifford frame around a small dense register.

The state is U (|phi> ⊗ |0...0>), U a Clifford operator kept as a tableau on all n qubits, phi a vector of 2^k
amplitudes on the k active qubits among them.  A Clifford gate changes U alone.  A rotation about P is one about
P' = U† P U within the frame: where P' flips a dormant qubit, one more qubit becomes active (several flipped ones are
first gathered into one by a Clifford that leaves |0...0> as it is); where it does not, k stays.  A measurement never
adds an active qubit and often removes one.  So k is at most the number of rotations, and often far less: diagonal gates
on the same three qubits never take more than three.

>>> from qsim.program import Gate
>>> from qiskit.circuit.library import HGate, TGate
>>> state = FrameState(50)
>>> for gate in (HGate(), TGate(), HGate()):
...     state.gate(Gate(gate, (7,)))
>>> state.frame.active, round(state.probability_of_one(7), 6)
([7], 0.146447)

Sources: T. J. Yoder, "A generalization of the stabilizer formalism for simulating arbitrary quantum circuits" (2012);
S. Masot-Llima, A. Garcia-Saez, Phys. Rev. Lett. 133, 230601 (2024) (stabilizer basis with dense coefficients).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import stim

from qsim.backends.near_clifford.dense import Complex, controlled, expected, one_qubit, rotated
from qsim.backends.near_clifford.rotations import Rotation, gate_parts
from qsim.backends.near_clifford.segments import pauli_on
from qsim.backends.stabilizer.gates import Words
from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Gate

MOST_ACTIVE = 22
"""2^22 amplitudes take 64 MiB, and a rotation of them 0.1 s."""


@dataclass(frozen=True, slots=True)
class Within:
    """A Hermitian Pauli operator as it acts on the active qubits.

    Attributes:
        x, z: bit masks; bit j is the j-th active qubit.
        sign: 1 or -1, of the product of letters X, Y, Z.
    """

    x: int
    z: int
    sign: int


class Frame:
    """The Clifford operator U and the list of active qubits.

    Attributes:
        inverse: tableau of U†.
        active: which qubits within the frame are dense; the j-th is bit j of an amplitude's number.
    """

    def __init__(self, num_qubits: int) -> None:
        self.inverse = stim.Tableau(num_qubits)
        self.active: list[int] = []

    def copy(self) -> Frame:
        """An independent copy."""
        made = Frame.__new__(Frame)
        made.inverse, made.active = self.inverse.copy(), self.active.copy()
        return made

    def clifford(self, words: Words, qubits: Sequence[int]) -> None:
        """Apply a Clifford gate to the state."""
        for name, places in words:
            undo = _tableau(name).inverse()
            width = len(undo)
            for start in range(0, len(places), width):
                self.inverse.prepend(undo, [qubits[place] for place in places[start : start + width]])

    def inside(self, name: str, *qubits: int) -> None:
        """Change the frame from U to U G†: the state is kept when G is applied within, or acts trivially there."""
        self.inverse.append(_tableau(name), qubits)

    def pulled(self, pauli: stim.PauliString) -> stim.PauliString:
        """U† P U."""
        return self.inverse(pauli)

    def gather(self, pauli: stim.PauliString) -> int | None:
        """Change the frame so that U† P U flips at most one dormant qubit, and say which."""
        xs, _ = self.pulled(pauli).to_numpy()
        xs[self.active] = False
        flipped = [int(qubit) for qubit in np.flatnonzero(xs)]
        for other in flipped[1:]:
            self.inside("CX", flipped[0], other)
        return flipped[0] if flipped else None

    def activate(self, pauli: stim.PauliString) -> bool:
        """Make U† P U act on active qubits only; whether that took one more.

        Raises:
            CircuitError: more than `MOST_ACTIVE` would be active.
        """
        first = self.gather(pauli)
        if first is None:
            return False
        if len(self.active) >= MOST_ACTIVE:
            raise CircuitError(
                "too many non-Clifford gates",
                where="circuit",
                expected=f"at most {MOST_ACTIVE} active qubits, 2^{MOST_ACTIVE} amplitudes",
                got="more",
                cure='use backend="statevector" or backend="tensor_network"',
            )
        self.active.append(first)
        return True

    def within(self, pauli: stim.PauliString) -> Within | None:
        """U† P U on the active qubits; None when it flips a dormant one, and so has the expectation 0."""
        pulled = self.pulled(pauli)
        xs, zs = pulled.to_numpy()
        masks = [int(sum(1 << j for j, qubit in enumerate(self.active) if row[qubit])) for row in (xs, zs)]
        xs[self.active] = False
        return None if xs.any() else Within(masks[0], masks[1], int(pulled.sign.real))


class FrameState:
    """A `qsim.branching.State` of a near-Clifford circuit."""

    def __init__(self, num_qubits: int) -> None:
        self.frame = Frame(num_qubits)
        self.phi: Complex = np.ones(1, dtype=np.complex128)

    def copy(self) -> Self:
        """An independent copy."""
        made = type(self).__new__(type(self))
        made.frame, made.phi = self.frame.copy(), self.phi
        return made

    def gate(self, gate: Gate) -> None:
        """Apply any gate."""
        for part in gate_parts(gate.operation):
            if isinstance(part, Rotation):
                self.rotate(pauli_on(part, gate.qubits, len(self.frame.inverse)), part.angle)
            else:
                self.frame.clifford(part, gate.qubits)

    def rotate(self, pauli: stim.PauliString, angle: float) -> None:
        """Apply exp(-i angle/2 P)."""
        if self.frame.activate(pauli):
            self.phi = np.concatenate([self.phi, np.zeros_like(self.phi)])
        inner = self.frame.within(pauli)
        assert inner is not None
        self.phi = rotated(self.phi, inner.x, inner.z, inner.sign * angle)

    def expectation(self, pauli: stim.PauliString) -> float:
        """Of a Pauli operator."""
        inner = self.frame.within(pauli)
        return 0.0 if inner is None else inner.sign * expected(self.phi, inner.x, inner.z)

    def probability_of_one(self, qubit: int) -> float:
        """Probability that measuring a qubit gives 1."""
        return (1.0 - self.expectation(self._z(qubit))) / 2.0

    def project(self, qubit: int, outcome: int) -> None:
        """Collapse onto an outcome of non-zero probability."""
        pauli = self._z(qubit)
        first = self.frame.gather(pauli)
        if first is None:
            self._project_active(pauli, outcome)
        else:
            self._project_dormant(pauli, first, outcome)

    def _project_dormant(self, pauli: stim.PauliString, first: int, outcome: int) -> None:
        """(1 ± P')/sqrt2 is a Clifford operator on |phi>|0>: H on the flipped qubit, which then controls the rest."""
        if self.frame.pulled(pauli)[first] == 2:
            self.frame.inside("S_DAG", first)  # Y becomes X; S does nothing to |0>
        pulled = self.frame.pulled(pauli)
        for qubit in self.frame.active:
            if pulled[qubit]:
                self.frame.inside("C" + "IXYZ"[pulled[qubit]], first, qubit)
        if (pulled.sign.real < 0) != bool(outcome):
            self.frame.inside("Z", first)
        self.frame.inside("H", first)

    def _project_active(self, pauli: stim.PauliString, outcome: int) -> None:
        """Project phi, turn P' into Z on one active qubit, and drop that qubit."""
        pulled = self.frame.pulled(pauli)
        support = [j for j, qubit in enumerate(self.frame.active) if pulled[qubit]]
        if not support:
            return
        for j in support:
            letter = pulled[self.frame.active[j]]
            for name in {1: ("H",), 2: ("S_DAG", "H"), 3: ()}[letter]:
                self.frame.inside(name, self.frame.active[j])
                self.phi = one_qubit(self.phi, name, j)
        target = support[-1]
        for j in support[:-1]:
            self.frame.inside("CX", self.frame.active[j], self.frame.active[target])
            self.phi = controlled(self.phi, j, target)
        now = self.frame.pulled(pauli)
        value = outcome ^ int(now.sign.real < 0)
        kept = self.phi.reshape(-1, 2, 1 << target)[:, value, :].ravel()
        self.phi = kept / np.linalg.norm(kept)
        if value:
            self.frame.inside("X", self.frame.active[target])
        del self.frame.active[target]

    def flip(self, qubit: int) -> None:
        """Apply X."""
        self.frame.clifford((("X", (0,)),), (qubit,))

    def channel_probabilities(self, channel: Channel, qubits: tuple[int, ...]) -> Sequence[float]:  # noqa: ARG002
        """Probabilities of the Pauli operators of a Pauli channel."""
        assert channel.paulis is not None
        return list(channel.paulis.values())

    def choose(self, channel: Channel, qubits: tuple[int, ...], choice: int) -> None:
        """Apply one of them."""
        assert channel.paulis is not None
        label = list(channel.paulis)[choice]
        for letter, qubit in zip(reversed(label), qubits, strict=True):
            if letter != "I":
                self.frame.clifford(((letter, (0,)),), (qubit,))

    def _z(self, qubit: int) -> stim.PauliString:
        pauli = stim.PauliString(len(self.frame.inverse))
        pauli[qubit] = "Z"
        return pauli


@cache
def _tableau(name: str) -> stim.Tableau:
    return stim.Tableau.from_named_gate(name)
