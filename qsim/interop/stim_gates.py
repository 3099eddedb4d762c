"""Stim's unitary gates as Qiskit gates, equal up to a global phase.

>>> qiskit_gate("SQRT_X_DAG")[0].name, qiskit_gate("XCZ")[1], qiskit_gate("CXSWAP")[0].name
('sxdg', (1, 0), 'cxswap')

Where Qiskit has the gate, it is Qiskit's; the other one-qubit Clifford gates are U gates at multiples of pi/2; the
other two-qubit gates are a `StimGate`, whose definition is made of Qiskit's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import pi
from typing import Any

import numpy as np
import stim
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import (
    CXGate,
    CYGate,
    CZGate,
    HGate,
    IGate,
    RXXGate,
    RYGate,
    RYYGate,
    RZZGate,
    SdgGate,
    SGate,
    SwapGate,
    SXdgGate,
    SXGate,
    UGate,
    XGate,
    XXPlusYYGate,
    YGate,
    ZGate,
    iSwapGate,
)
from qiskit.quantum_info import Operator

NAMED: Mapping[str, Callable[[], Gate]] = {
    "I": IGate,
    "X": XGate,
    "Y": YGate,
    "Z": ZGate,
    "H": HGate,
    "S": SGate,
    "S_DAG": SdgGate,
    "SQRT_X": SXGate,
    "SQRT_X_DAG": SXdgGate,
    "SQRT_Y": lambda: RYGate(pi / 2),
    "SQRT_Y_DAG": lambda: RYGate(-pi / 2),
    "CX": CXGate,
    "CY": CYGate,
    "CZ": CZGate,
    "SWAP": SwapGate,
    "ISWAP": iSwapGate,
    "ISWAP_DAG": lambda: XXPlusYYGate(pi),
    "SQRT_XX": lambda: RXXGate(pi / 2),
    "SQRT_XX_DAG": lambda: RXXGate(-pi / 2),
    "SQRT_YY": lambda: RYYGate(pi / 2),
    "SQRT_YY_DAG": lambda: RYYGate(-pi / 2),
    "SQRT_ZZ": lambda: RZZGate(pi / 2),
    "SQRT_ZZ_DAG": lambda: RZZGate(-pi / 2),
}

REVERSED: Mapping[str, str] = {"XCZ": "CX", "YCZ": "CY"}

COMPOSED: Mapping[str, Sequence[tuple[str, tuple[int, ...]]]] = {
    "II": [("I", (0,)), ("I", (1,))],
    "XCX": [("H", (0,)), ("CX", (0, 1)), ("H", (0,))],
    "XCY": [("H", (0,)), ("CY", (0, 1)), ("H", (0,))],
    "YCX": [("S_DAG", (0,)), ("H", (0,)), ("CX", (0, 1)), ("H", (0,)), ("S", (0,))],
    "YCY": [("S_DAG", (0,)), ("H", (0,)), ("CY", (0, 1)), ("H", (0,)), ("S", (0,))],
    "CXSWAP": [("CX", (0, 1)), ("SWAP", (0, 1))],
    "SWAPCX": [("SWAP", (0, 1)), ("CX", (0, 1))],
    "CZSWAP": [("CZ", (0, 1)), ("SWAP", (0, 1))],
}


class StimGate(Gate):  # type: ignore[misc]
    """A two-qubit gate that stim has and Qiskit has not; called by stim's name in lower case."""

    def __init__(self, stim_name: str) -> None:
        super().__init__(stim_name.lower(), 2, [])
        self.stim_name = stim_name

    def _define(self) -> None:
        circuit = QuantumCircuit(2)
        for name, qubits in COMPOSED[self.stim_name]:
            circuit.append(NAMED[name](), qubits)
        self.definition = circuit

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.complex128]:
        if copy is False:
            raise ValueError("the matrix is computed, so there is nothing to share without a copy")
        return np.asarray(Operator(self.definition).data, dtype=dtype)


@cache
def qiskit_gate(name: str) -> tuple[Gate, tuple[int, ...]]:
    """The Qiskit gate of a one- or two-qubit stim gate, and the order in which it takes stim's targets.

    Args:
        name: stim's own name of the gate (not an alias).
    """
    if name in REVERSED:
        return NAMED[REVERSED[name]](), (1, 0)
    if name in COMPOSED:
        return StimGate(name), (0, 1)
    if name in NAMED:
        gate = NAMED[name]()
        return gate, tuple(range(gate.num_qubits))
    return _as_u_gate(name), (0,)


def _as_u_gate(name: str) -> Gate:
    """The U gate, with angles that are multiples of pi/2, that a one-qubit gate of stim is up to a phase."""
    wanted = np.asarray(stim.gate_data(name).unitary_matrix)
    for angles in itertools.product((pi / 2, 0.0, pi), (0.0, pi / 2, pi, -pi / 2), (0.0, pi / 2, pi, -pi / 2)):
        gate = UGate(*angles)
        if abs(np.vdot(wanted, gate.to_matrix())) > 2 - 1e-6:
            return gate
    raise AssertionError(f"stim's {name} is no Clifford gate on one qubit")
