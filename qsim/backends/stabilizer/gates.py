"""Qiskit's gates in stim's words: any unitary of the Clifford group, however it is written.

>>> from qiskit.circuit.library import RZGate, TGate
>>> clifford_words(RZGate(-3.141592653589793 / 2)), clifford_words(TGate())
((('S_DAG', (0,)),), None)

A gate on up to four qubits is judged by its matrix: it is Clifford when it takes the Pauli operators X and Z of each
qubit to Pauli operators, all matrix entries within 1e-9.  Larger ones are read through their tableau (``Clifford``),
their label (``PauliGate``), their pattern (``PermutationGate``) or their definition.

Source: D. Gottesman, arXiv quant-ph/9807006 (the group); C. Gidney, Quantum 5, 497 (2021) (the words).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import stim
from numpy.typing import NDArray

from qsim.errors import CircuitError
from qsim.noise.channel import PAULI_MATRICES

Words: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]
"""Instructions of stim, each with the places of its targets among the gate's own qubits."""

TOLERANCE = 1e-9
LARGEST_MATRIX = 4

PLAIN = {
    "id": "I",
    "x": "X",
    "y": "Y",
    "z": "Z",
    "h": "H",
    "s": "S",
    "sdg": "S_DAG",
    "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG",
    "cx": "CX",
    "cy": "CY",
    "cz": "CZ",
    "swap": "SWAP",
    "iswap": "ISWAP",
}
"""Standard gates of Qiskit that are one word of stim."""

_remembered: dict[tuple[Any, ...], Words | None] = {}


def clifford_words(operation: Any) -> Words | None:
    """A gate as instructions of stim on places 0, 1, ...; None when it is not a Clifford gate.

    A gate on more than four qubits is judged by its parts, so one whose parts leave the Clifford group and come back
    counts as no Clifford gate.

    Args:
        operation: a bound gate of Qiskit, or an operation that has a matrix.

    Raises:
        CircuitError: a gate without matrix and definition.
    """
    key = _key(operation)
    if key is None:
        return _words(operation)
    if key not in _remembered:
        _remembered[key] = _words(operation)
    return _remembered[key]


def pauli_letters(operation: Any) -> str | None:
    """The Pauli string a gate is, up to phase, rightmost letter on its first qubit; None when it is none."""
    words = clifford_words(operation)
    if words is None:
        return None
    tableau = tableau_of(words, operation.num_qubits)
    size = len(tableau)
    x2x, x2z, z2x, z2z, x_signs, z_signs = tableau.to_numpy()
    if x2z.any() or z2x.any() or not (x2x == np.eye(size)).all() or not (z2z == np.eye(size)).all():
        return None
    return "".join("IXZY"[int(z) + 2 * int(x)] for x, z in zip(x_signs, z_signs, strict=True))[::-1]


def tableau_of(words: Words, num_qubits: int) -> stim.Tableau:
    """The tableau of a gate given in words."""
    text = "".join(f"{name} {' '.join(map(str, places))}\n" for name, places in words)
    return stim.Circuit(f"I {num_qubits - 1}\n{text}").to_tableau() if num_qubits else stim.Tableau(0)


def _key(operation: Any) -> tuple[Any, ...] | None:
    """What tells standard gates apart; None for gates that only their own matrix or definition describes."""
    kind = getattr(operation, "base_class", None)
    if kind is None or not kind.__module__.startswith("qiskit.circuit.library.standard_gates"):
        return None
    return (kind, operation.num_qubits, getattr(operation, "ctrl_state", None), *map(float, operation.params))


def _words(operation: Any) -> Words | None:
    from qiskit.quantum_info import Clifford

    from qsim.reading import is_product_formula

    if isinstance(operation, Clifford):
        return _from_tableau(_stim_tableau(operation))
    if operation.name == "pauli":
        return tuple((letter, (place,)) for place, letter in enumerate(reversed(operation.params[0])) if letter != "I")
    if operation.name == "permutation":
        return tuple(_swaps([int(source) for source in operation.params[0]]))
    if is_product_formula(operation):
        return _from_definition(operation)
    if operation.num_qubits <= LARGEST_MATRIX:
        tableau = tableau_of_matrix(_matrix(operation))
        return None if tableau is None else _from_tableau(tableau)
    return _from_definition(operation)


def _swaps(pattern: list[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Swaps that bring qubit ``pattern[i]`` to place i."""
    held = list(range(len(pattern)))
    for place, wanted in enumerate(pattern):
        found = held.index(wanted)
        if found != place:
            yield "SWAP", (place, found)
            held[place], held[found] = held[found], held[place]


def _matrix(operation: Any) -> NDArray[np.complex128]:
    from qiskit.exceptions import QiskitError
    from qiskit.quantum_info import Operator

    try:
        return np.asarray(Operator(operation).data, dtype=np.complex128)
    except QiskitError as error:
        raise CircuitError(
            "neither a matrix nor a definition", where=f"gate {operation.name}", cure="give it a definition"
        ) from error


def _from_definition(operation: Any) -> Words | None:
    definition = getattr(operation, "definition", None)
    if definition is None:
        return None
    place = {qubit: number for number, qubit in enumerate(definition.qubits)}
    found: list[tuple[str, tuple[int, ...]]] = []
    for item in definition.data:
        if item.name in ("barrier", "delay"):
            continue
        inner = clifford_words(item.operation) if not item.clbits else None
        if inner is None:
            return None
        on = [place[qubit] for qubit in item.qubits]
        found.extend((name, tuple(on[local] for local in places)) for name, places in inner)
    return tuple(found)


def tableau_of_matrix(unitary: NDArray[np.complex128]) -> stim.Tableau | None:
    """The tableau of a (2^n, 2^n) unitary, qubit 0 least significant; None when it is not a Clifford operator."""
    size = len(unitary).bit_length() - 1
    images = [
        [_pauli_image(unitary @ _on(letter, qubit, size) @ unitary.conj().T, size) for qubit in range(size)]
        for letter in "XZ"
    ]
    if any(image is None for row in images for image in row):
        return None
    return stim.Tableau.from_conjugated_generators(xs=images[0], zs=images[1])


def _on(letter: str, qubit: int, size: int) -> NDArray[np.complex128]:
    left, right = np.eye(2 ** (size - 1 - qubit)), np.eye(2**qubit)
    return np.asarray(np.kron(np.kron(left, PAULI_MATRICES[letter]), right), dtype=np.complex128)


def _pauli_image(matrix: NDArray[np.complex128], size: int) -> stim.PauliString | None:
    """The signed Pauli operator a matrix is, to within `TOLERANCE` in every entry."""
    flips = int(np.argmax(np.abs(matrix[:, 0])))
    column = matrix[np.arange(2**size) ^ flips, np.arange(2**size)]
    if np.abs(np.abs(column) - 1).max() > TOLERANCE:
        return None
    phases = [bool((column[1 << qubit] / column[0]).real < 0) for qubit in range(size)]
    letters = ["IXZY"[(flips >> qubit & 1) + 2 * phase] for qubit, phase in enumerate(phases)]
    pauli = stim.PauliString("".join(letters))
    exact = pauli.to_unitary_matrix(endian="little").astype(np.complex128)
    sign = 1 if (column[0] / exact[flips, 0]).real > 0 else -1
    return sign * pauli if np.abs(matrix - sign * exact).max() <= 2 * TOLERANCE else None


def _stim_tableau(clifford: Any) -> stim.Tableau:
    """Qiskit's tableau as stim's: row j of the destabilizers is the image of X_j, of the stabilizers that of Z_j."""
    return stim.Tableau.from_numpy(
        x2x=clifford.destab_x,
        x2z=clifford.destab_z,
        z2x=clifford.stab_x,
        z2z=clifford.stab_z,
        x_signs=clifford.destab_phase,
        z_signs=clifford.stab_phase,
    )


def _from_tableau(tableau: stim.Tableau) -> Words:
    size = len(tableau)
    if size <= 2:
        named = _named(size).get(str(tableau))
        if named is not None:
            return ((named, tuple(range(size))),) if named not in ("I", "II") else ()
    circuit = tableau.to_circuit(method="elimination")
    return tuple(_instructions(circuit))


def _instructions(circuit: stim.Circuit) -> Iterator[tuple[str, tuple[int, ...]]]:
    for item in circuit:
        if isinstance(item, stim.CircuitInstruction):
            yield item.name, tuple(_values(item.targets_copy()))


def _values(targets: Sequence[stim.GateTarget]) -> Iterator[int]:
    for target in targets:
        yield int(target.value)


@cache
def _named(size: int) -> dict[str, str]:
    """Stim's gates on one or two qubits, by their tableau."""
    return {
        str(stim.Tableau.from_named_gate(name)): name
        for name, kind in reversed(stim.gate_data().items())
        if kind.is_unitary and (kind.is_single_qubit_gate if size == 1 else kind.is_two_qubit_gate)
    }
