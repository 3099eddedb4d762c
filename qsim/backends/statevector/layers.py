"""A circuit's parts gathered into few large blocks, which is where the speed of batched circuits comes from.

One-qubit parts that follow one another on a qubit become one 2 x 2 matrix, computed for all such runs at once.  Parts
move backwards past what does not touch them, so that a layer of rotations becomes one block, a layer of CZ, RZ, RZZ or
controlled phases one vector of phases, and a layer of CX or SWAP one permutation of amplitudes.

    [Rotations({0: ..., 1: ...}), Monomial(...), Rotations(...), Diagonal(...)] = gather(parts)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

import numpy as np

from qsim.backends.statevector.lowering import Complex, Fixed, Part, Phase, Turn
from qsim.errors import CircuitError
from qsim.noise.channel import Channel

EXACT = 1e-15
"""Entries of fixed matrices below this are rounding, and count as zero when their form is read."""


@dataclass(slots=True)
class Rotations:
    """One-qubit matrices on different qubits: for each the factors, first acting first."""

    runs: dict[int, list[Turn | Phase | Fixed]] = field(default_factory=dict)

    def touches(self, qubits: Sequence[int]) -> bool:
        """Whether it acts on one of them."""
        return any(qubit in self.runs for qubit in qubits)


@dataclass(slots=True)
class Diagonal:
    """Phases on parities, and fixed diagonal matrices; all commute."""

    phases: list[Phase] = field(default_factory=list)
    fixed: list[Fixed] = field(default_factory=list)

    def touches(self, qubits: Sequence[int]) -> bool:
        """Whether it acts on one of them."""
        return any(phase.mask >> qubit & 1 for phase in self.phases for qubit in qubits) or any(
            qubit in each.qubits for each in self.fixed for qubit in qubits
        )


@dataclass(slots=True)
class Monomial:
    """Fixed matrices with one entry in each row and column, one after the other: a permutation with phases."""

    factors: list[Fixed] = field(default_factory=list)

    def touches(self, qubits: Sequence[int]) -> bool:
        """Whether it acts on one of them."""
        return any(qubit in each.qubits for each in self.factors for qubit in qubits)


@dataclass(slots=True)
class Dense:
    """A fixed matrix on several qubits without such structure."""

    fixed: Fixed

    def touches(self, qubits: Sequence[int]) -> bool:
        """Whether it acts on one of them."""
        return any(qubit in self.fixed.qubits for qubit in qubits)


@dataclass(slots=True)
class Mixing:
    """A channel; only density matrices have it."""

    channel: Channel
    qubits: tuple[int, ...]

    def touches(self, qubits: Sequence[int]) -> bool:
        """Whether it acts on one of them."""
        return any(qubit in self.qubits for qubit in qubits)


Kind = TypeVar("Kind", Diagonal, Monomial)
Block: TypeAlias = Rotations | Diagonal | Monomial | Dense | Mixing


def gather(parts: Sequence[Part | Mixing]) -> list[Block]:
    """The blocks of a circuit, first acting first."""
    blocks: list[Block] = []
    pending: dict[int, list[Turn | Phase | Fixed]] = {}

    def close(qubits: Sequence[int], *, diagonal_too: bool) -> None:
        for qubit in qubits:
            if qubit in pending and (diagonal_too or not all(map(_is_diagonal, pending[qubit]))):
                _place_run(blocks, qubit, pending.pop(qubit))

    for part in parts:
        qubits = _qubits(part)
        if len(qubits) == 1 and not isinstance(part, Mixing):
            pending.setdefault(qubits[0], []).append(part)
            continue
        if isinstance(part, Mixing):
            close(qubits, diagonal_too=True)
            blocks.append(part)
        elif isinstance(part, Phase) or _is_diagonal(part):
            close(qubits, diagonal_too=False)
            _place_diagonal(blocks, part)
        elif isinstance(part, Fixed):
            close(qubits, diagonal_too=True)
            if _is_monomial(part.matrix):
                _latest(blocks, Monomial, qubits).factors.append(part)
            else:
                blocks.append(Dense(part))
    close(sorted(pending), diagonal_too=True)
    return blocks


def _place_run(blocks: list[Block], qubit: int, run: list[Turn | Phase | Fixed]) -> None:
    if all(map(_is_diagonal, run)):
        for part in run:
            _place_diagonal(blocks, part)
        return
    for block in reversed(blocks):
        if isinstance(block, Rotations) and qubit not in block.runs:
            block.runs[qubit] = run
            return
        if block.touches((qubit,)):
            break
    blocks.append(Rotations({qubit: run}))


def _place_diagonal(blocks: list[Block], part: Part) -> None:
    found = _latest(blocks, Diagonal, _qubits(part))
    if isinstance(part, Phase):
        found.phases.append(part)
    elif isinstance(part, Fixed):
        found.fixed.append(part)


def _latest(blocks: list[Block], kind: type[Kind], qubits: Sequence[int]) -> Kind:
    """The last block of a kind that a part can move back to, or a new one at the end."""
    for block in reversed(blocks):
        if isinstance(block, kind):
            return block
        if block.touches(qubits):
            break
    made = kind()
    blocks.append(made)
    return made


def _qubits(part: Part | Mixing) -> tuple[int, ...]:
    if isinstance(part, Turn):
        return (part.qubit,)
    if isinstance(part, Phase):
        return tuple(place for place in range(part.mask.bit_length()) if part.mask >> place & 1)
    return part.qubits


def _is_diagonal(part: Part) -> bool:
    if isinstance(part, Fixed):
        return bool(np.abs(part.matrix - np.diag(np.diag(part.matrix))).max() < EXACT)
    return isinstance(part, Phase)


def _is_monomial(matrix: Complex) -> bool:
    entries = np.abs(matrix) > EXACT
    return bool((entries.sum(0) == 1).all() and (entries.sum(1) == 1).all())


def spread_diagonal(block: Diagonal, num_qubits: int) -> Complex | None:
    """(2^n,) product of the block's fixed diagonals, or None when there are none."""
    if not block.fixed:
        return None
    total: Complex = np.ones(2**num_qubits, dtype=np.complex128)
    for each in block.fixed:
        total = total * np.diag(each.matrix)[local_index(each.qubits, num_qubits)]
    return total


def spread_monomial(block: Monomial, num_qubits: int) -> tuple[np.ndarray, Complex | None]:
    """(2^n,) sources and factors of a permutation with phases: new[x] = factors[x] * old[sources[x]].

    Factors are None when all are 1.
    """
    sources = np.arange(2**num_qubits)
    factors: Complex = np.ones(2**num_qubits, dtype=np.complex128)
    for each in block.factors:
        row = local_index(each.qubits, num_qubits)
        column = np.abs(each.matrix).argmax(axis=1)
        moved = np.arange(2**num_qubits)
        for place, qubit in enumerate(each.qubits):
            bit = column[row] >> place & 1
            moved = (moved & ~(1 << qubit)) | (bit << qubit)
        factors = each.matrix[row, column[row]] * factors[moved]
        sources = sources[moved]
    return sources, None if np.array_equal(factors, np.ones_like(factors)) else factors


def local_index(qubits: Sequence[int], num_qubits: int) -> np.ndarray:
    """(2^n,) the index that each basis state has on some qubits, the first the least significant."""
    states = np.arange(2**num_qubits)
    found = np.zeros_like(states)
    for place, qubit in enumerate(qubits):
        if not 0 <= qubit < num_qubits:
            raise CircuitError("no such qubit", where="gate", expected=f"0 to {num_qubits - 1}", got=str(qubit))
        found |= (states >> qubit & 1) << place
    return found
