"""Exact expectation values of Pauli operators behind Clifford gates and Pauli noise.

>>> expectations(stim.Circuit("H 0\\nCX 0 1\\nDEPOLARIZE1(0.3) 1"), [stim.PauliString("ZZ"), stim.PauliString("ZI")])
array([0.6, 0. ])

Each operator is carried backwards to the beginning.  A gate turns it into another Pauli operator, a Pauli channel
multiplies it by 1 - 2 (probability of errors that anticommute with it), a measurement whose outcome is not asked for
deletes it unless it commutes, and a reset replaces Z by 1.  Feedback from an outcome puts the outcome's own Z into the
operator where it was measured.  All operators are carried at once, a qubit's letters being two rows of bits.

Source: D. Gottesman, arXiv quant-ph/9807006 (the Heisenberg picture of Clifford circuits).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import stim
from numpy.typing import NDArray

Row = NDArray[np.bool_]

PASSED_OVER = {
    "TICK",
    "QUBIT_COORDS",
    "SHIFT_COORDS",
    "DETECTOR",
    "OBSERVABLE_INCLUDE",
    "I",
    "II",
    "I_ERROR",
    "II_ERROR",
}


def expectations(circuit: stim.Circuit, operators: Sequence[stim.PauliString]) -> NDArray[np.float64]:
    """(T,) expectation values in the final state, averaged over outcomes and errors.

    Args:
        circuit: any circuit of stim but those with heralded noise and sweep bits.
        operators: T Pauli operators, signed, none with an imaginary sign.
    """
    carried = Carried(max(circuit.num_qubits, *map(len, operators)), operators)
    carried.measured = circuit.num_measurements
    carried.back_through(circuit)
    return carried.values()


def is_carried_through(circuit: stim.Circuit) -> bool:
    """Whether `expectations` takes a circuit: not with heralded noise, or with inverted pairs (MZZ !0 1)."""
    if any(item.name.startswith("HERALDED") for item in circuit.flattened()):
        return False
    try:
        circuit.decomposed()
    except ValueError:
        return False
    return True


def _flips(circuit: stim.Circuit) -> list[float]:
    """The readout error of every measurement, which stim's decomposition leaves out."""
    found: list[float] = []
    for item in circuit.flattened():
        if stim.gate_data(item.name).produces_measurements:
            found.extend([next(iter(item.gate_args_copy()), 0.0)] * item.num_measurements)
    return found


class Carried:
    """T Pauli operators with factors, on their way back through a circuit.

    Attributes:
        x, z: (qubits, T) letters.
        factor: (T,) signs and damping.
        outcomes: by entry of the record, (T,) whether the operator has that outcome as a sign.
        measured: how many measurements lie still ahead on the way back.
        flips: the readout errors of those of them that belong to the circuit being passed.
    """

    def __init__(self, num_qubits: int, operators: Sequence[stim.PauliString]) -> None:
        count = len(operators)
        self.x = np.zeros((num_qubits, count), dtype=np.bool_)
        self.z = np.zeros((num_qubits, count), dtype=np.bool_)
        self.factor = np.array([operator.sign.real for operator in operators], dtype=np.float64)
        for place, operator in enumerate(operators):
            xs, zs = operator.to_numpy()
            self.x[: len(xs), place] = xs
            self.z[: len(zs), place] = zs
        self.outcomes: dict[int, Row] = {}
        self.measured = 0
        self.flips: list[float] = []

    def back_through(self, circuit: stim.Circuit) -> None:
        """Carry through a circuit, or through its part between two gates that are not stim's."""
        chain: list[stim.CircuitInstruction] = []
        self.flips = _flips(circuit)
        for item in reversed(list(circuit.decomposed().flattened())):
            if item.name in PASSED_OVER:
                continue
            if item.name == "ELSE_CORRELATED_ERROR":
                chain.append(item)
            elif item.name == "E":
                self.correlated([item, *reversed(chain)])
                chain = []
            else:
                self.through(item)

    def values(self) -> NDArray[np.float64]:
        """(T,) expectation values in the state |0...0> at the beginning."""
        return np.where(self.x.any(axis=0), 0.0, self.factor)

    def negate(self, where: Row) -> None:
        self.factor[where] *= -1.0

    def through(self, item: stim.CircuitInstruction) -> None:
        """Carry through one instruction, its last target first."""
        arguments = item.gate_args_copy()
        for group in reversed(item.target_groups()):
            if group[0].is_measurement_record_target:
                self.feedback(item.name, group[0].value, group[1].value)
            elif item.name in ("H", "S", "CX"):
                getattr(self, item.name.lower())(*(target.value for target in group))
            elif item.name == "M":
                self.measure(group[0].value, group[0].is_inverted_result_target)
            elif item.name == "MPAD":
                self.outcome(-1.0 if group[0].value else 1.0)
            elif item.name == "R":
                self.factor[self.x[group[0].value]] = 0.0
                self.z[group[0].value] = False
            else:
                self.channel(item.name, arguments, [target.value for target in group])

    def h(self, q: int) -> None:
        self.negate(self.x[q] & self.z[q])
        self.x[q], self.z[q] = self.z[q].copy(), self.x[q].copy()

    def s(self, q: int) -> None:
        self.negate(self.x[q] & ~self.z[q])
        self.z[q] ^= self.x[q]

    def cx(self, c: int, t: int) -> None:
        self.negate(self.x[c] & self.z[t] & ~(self.x[t] ^ self.z[c]))
        self.x[t] ^= self.x[c]
        self.z[c] ^= self.z[t]

    def measure(self, q: int, inverted: bool) -> None:
        self.factor[self.x[q]] = 0.0
        asked = self.outcome(-1.0 if inverted else 1.0)
        if asked is not None:
            self.z[q] ^= asked

    def outcome(self, sign: float) -> Row | None:
        """Which operators have the outcome just passed as a sign; it is damped by being misread."""
        self.measured -= 1
        flip = self.flips.pop()
        asked = self.outcomes.pop(self.measured, None)
        if asked is not None:
            self.factor[asked] *= sign * (1.0 - 2.0 * flip)
        return asked

    def feedback(self, name: str, back: int, qubit: int) -> None:
        anticommuting = self.against(name[-1], qubit)
        record = self.measured + back
        before = self.outcomes.get(record)
        self.outcomes[record] = anticommuting if before is None else before ^ anticommuting

    def against(self, letter: str, qubit: int) -> Row:
        """Which operators anticommute with a letter on a qubit."""
        rows = {"I": np.zeros_like(self.z[0]), "X": self.z[qubit], "Z": self.x[qubit]}
        return np.array(rows[letter] if letter in rows else self.x[qubit] ^ self.z[qubit])

    def channel(self, name: str, arguments: Sequence[float], qubits: Sequence[int]) -> None:
        if name in ("X_ERROR", "Y_ERROR", "Z_ERROR"):
            self.damp([(arguments[0], name[0])], qubits)
        elif name.startswith(("DEPOLARIZE", "PAULI_CHANNEL")):
            labels = ["".join(letters) for letters in product("IXYZ", repeat=len(qubits))][1:]
            equal = name.startswith("DEPOLARIZE")
            rates = [arguments[0] / len(labels)] * len(labels) if equal else arguments
            self.damp([(rate, label) for rate, label in zip(rates, labels, strict=True) if rate], qubits)
        else:
            raise ValueError(f"{name} has no place in the Heisenberg picture used here")

    def correlated(self, chain: Sequence[stim.CircuitInstruction]) -> None:
        """Errors of which at most one happens, in the order of trial."""
        left = 1.0
        odd = np.zeros_like(self.factor)
        for item in chain:
            (rate,) = item.gate_args_copy()
            against = np.zeros_like(self.x[0])
            for target in item.targets_copy():
                against ^= self.against(target.pauli_type, target.value)
            odd += left * rate * against
            left *= 1.0 - rate
        self.factor *= 1.0 - 2.0 * odd

    def damp(self, errors: Sequence[tuple[float, str]], qubits: Sequence[int]) -> None:
        odd = np.zeros_like(self.factor)
        for rate, label in errors:
            against = self.against(label[0], qubits[0])
            for letter, qubit in zip(label[1:], qubits[1:], strict=True):
                against = against ^ self.against(letter, qubit)
            odd += rate * against
        self.factor *= 1.0 - 2.0 * odd
