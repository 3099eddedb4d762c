"""Samples of near-Clifford circuits that are measured at their end, Pauli noise included.

The rotations are compiled once: which masks they have on the active qubits of a `Frame` does not depend on noise.  An
error E before a rotation about P can be moved behind it, which turns the angle around when E and P anticommute.  So a
shot is a pattern of turned angles, and a Pauli operator at the end that flips outcomes; stim's flip simulator draws
both for all shots, and the dense register is computed once for every different pattern met.

The measured operators Z_q become, within the frame, commuting Pauli operators.  Products of them that flip a dormant
qubit have expectation 0.  The bits are therefore uniform but for the parities that flip none; these are products of
Paulis on the dense register alone, are brought to Z by one Clifford on it, and sampled from its amplitudes.

Source: S. Bravyi, D. Gosset, Phys. Rev. Lett. 116, 250501 (2016) (low-rank simulation; here without a rank search).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import stim
from numpy.typing import NDArray

from qsim.backends.near_clifford.dense import Complex, controlled, one_qubit, rotated
from qsim.backends.near_clifford.frame import Frame
from qsim.backends.near_clifford.segments import Segments

Bits = NDArray[np.bool_]

BATCH = 4096
"""Shots whose flips are drawn at a time."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A rotation within the frame: whether a qubit is added first, masks, and the angle with its sign."""

    grows: bool
    x: int
    z: int
    angle: float


@dataclass(frozen=True, slots=True)
class Measured:
    """How outcomes follow from bits of the dense register and coins.

    Attributes:
        undo: Clifford gates on the register, after which the fixed parities are read in the Z basis.
        masks: (F, k) by fixed parity, the bits of the register it sums.
        signs: (F,) and whether it is inverted.
        fixed: (F,) the outcome each parity determines ...
        coins: (F, C) ... after adding these coins' outcomes.
        tossed: (C,) the outcomes that are coins.
    """

    undo: stim.Circuit
    masks: NDArray[np.float32]
    signs: Bits
    fixed: NDArray[np.intp]
    coins: NDArray[np.float32]
    tossed: NDArray[np.intp]


def compiled(parts: Segments, num_qubits: int) -> tuple[Frame, list[Turned]]:
    """The frame at the end, and the rotations within it; measurements and noise are passed over.

    Raises:
        CircuitError: more active qubits than the register may have.
    """
    frame = Frame(num_qubits)
    turned: list[Turned] = []
    for part in parts.parts:
        if isinstance(part, stim.Circuit):
            for item in part:
                if isinstance(item, stim.CircuitInstruction) and stim.gate_data(item.name).is_unitary:
                    targets = tuple(int(target.value) for target in item.targets_copy())
                    frame.clifford(((item.name, tuple(range(len(targets)))),), targets)
        else:
            pauli, angle = part
            grows = frame.activate(pauli)
            inner = frame.within(pauli)
            assert inner is not None
            turned.append(Turned(grows, inner.x, inner.z, inner.sign * angle))
    return frame, turned


def amplitudes(turned: Sequence[Turned], signs: Sequence[int] | NDArray[np.int64]) -> Complex:
    """The dense register, with the angles turned around where the sign is -1."""
    phi: Complex = np.ones(1, dtype=np.complex128)
    for each, sign in zip(turned, signs, strict=True):
        if each.grows:
            phi = np.concatenate([phi, np.zeros_like(phi)])
        phi = rotated(phi, each.x, each.z, int(sign) * each.angle)
    return phi


def measured(frame: Frame, qubits: Sequence[int]) -> Measured:
    """How the outcomes of measuring qubits at the end come about."""
    size = len(frame.inverse)
    dormant = [qubit for qubit in range(size) if qubit not in set(frame.active)]
    basis: dict[int, tuple[int, int]] = {}
    tossed: list[int] = []
    fixed: list[tuple[int, int]] = []
    for place, qubit in enumerate(qubits):
        xs, _ = frame.inverse.z_output(qubit).to_numpy()
        row, coins = _number(xs[dormant]), 0
        while row and row.bit_length() in basis:
            other, its = basis[row.bit_length()]
            row, coins = row ^ other, coins ^ its
        if row:
            basis[row.bit_length()] = (row, coins ^ 1 << len(tossed))
            tossed.append(place)
        else:
            fixed.append((place, coins))
    strings = []
    for place, coins in fixed:
        product = stim.PauliString(size)
        for each in [place, *(tossed[coin] for coin in range(len(tossed)) if coins >> coin & 1)]:
            product[qubits[each]] = "Z"
        pulled = frame.pulled(product)
        strings.append(pulled.sign.real * stim.PauliString([pulled[qubit] for qubit in frame.active]))
    undo = _to_z(strings, len(frame.active))
    images = [undo(string) for string in strings]
    return Measured(
        undo=undo.to_circuit(),
        masks=np.array([image.to_numpy()[1] for image in images], dtype=np.float32).reshape(
            len(images), len(frame.active)
        ),
        signs=np.array([image.sign.real < 0 for image in images], dtype=np.bool_),
        fixed=np.array([place for place, _ in fixed], dtype=np.intp),
        coins=np.array(
            [[coins >> coin & 1 for coin in range(len(tossed))] for _, coins in fixed], dtype=np.float32
        ).reshape(len(fixed), len(tossed)),
        tossed=np.array(tossed, dtype=np.intp),
    )


def _number(row: Bits) -> int:
    return int.from_bytes(np.packbits(row).tobytes(), "big")


def _to_z(strings: Sequence[stim.PauliString], size: int) -> stim.Tableau:
    """A Clifford operator on the register that takes commuting Pauli operators to products of Z."""
    plain = [string * string.sign.real for string in strings if string.weight]
    if not plain:
        return stim.Tableau(size)
    made = stim.Tableau.from_stabilizers(_independent(plain), allow_underconstrained=True)
    return made.inverse()


def _independent(strings: Sequence[stim.PauliString]) -> list[stim.PauliString]:
    """A basis of the group they generate, signs aside."""
    basis: dict[int, int] = {}
    kept = []
    for string in strings:
        row = _number(np.concatenate(string.to_numpy()))
        while row and row.bit_length() in basis:
            row ^= basis[row.bit_length()]
        if row:
            basis[row.bit_length()] = row
            kept.append(string)
    return kept


def sample_final(
    parts: Segments, qubits: Sequence[int], *, num_qubits: int, shots: int, seed: int
) -> tuple[Bits, dict[str, int]]:
    """(shots, measurements) outcomes of qubits measured at the end, in order, and figures of the run.

    Args:
        parts: the program up to and with its final measurements; their symmetric readout errors are included.
        qubits: the qubit of each measurement.
    """
    frame, turned = compiled(parts, num_qubits)
    law = measured(frame, qubits)
    rng = np.random.default_rng([seed, 4])
    patterns, flips = _flips(parts, num_qubits, shots, seed)
    different, which = np.unique(patterns, axis=0, return_inverse=True)
    outcomes = np.empty((shots, len(qubits)), dtype=np.bool_)
    for number, pattern in enumerate(different):
        rows = np.flatnonzero(which.ravel() == number)
        phi = _undone(amplitudes(turned, 1 - 2 * pattern.astype(np.int64)), law.undo)
        weights = np.cumsum(np.abs(phi) ** 2)
        drawn = np.searchsorted(weights / weights[-1], rng.random(len(rows)), side="right")
        for start in range(0, len(rows), BATCH):
            some = slice(start, start + BATCH)
            outcomes[rows[some]] = _outcomes(law, drawn[some], rng)
    figures = {"active_qubits": len(frame.active), "rotations": len(turned), "patterns": len(different)}
    return outcomes ^ flips, figures


def _outcomes(law: Measured, drawn: NDArray[np.intp], rng: np.random.Generator) -> Bits:
    register = (drawn[:, None] >> np.arange(law.masks.shape[1]) & 1).astype(np.float32)
    coins = rng.integers(2, size=(len(drawn), len(law.tossed))).astype(np.float32)
    found = np.empty((len(drawn), len(law.fixed) + len(law.tossed)), dtype=np.bool_)
    found[:, law.tossed] = coins > 0
    sums = register @ law.masks.T + coins @ law.coins.T
    found[:, law.fixed] = (sums % 2 > 0) ^ law.signs
    return found


def _undone(phi: Complex, circuit: stim.Circuit) -> Complex:
    for item in circuit:
        targets = [int(target.value) for target in item.targets_copy()]
        if item.name == "CX":
            for control, target in zip(targets[::2], targets[1::2], strict=True):
                phi = controlled(phi, control, target)
        else:
            for target in targets:
                phi = one_qubit(phi, item.name, target)
    return phi


def _flips(parts: Segments, num_qubits: int, shots: int, seed: int) -> tuple[Bits, Bits]:
    """(shots, rotations) whether an angle is turned around, (shots, measurements) whether an outcome is flipped."""
    circuit, turns = stim.Circuit(), np.zeros(parts.turns + parts.measured, dtype=np.bool_)
    noisy = False
    for part in parts.parts:
        if isinstance(part, stim.Circuit):
            noisy = noisy or any(stim.gate_data(item.name).is_noisy_gate and item.gate_args_copy() for item in part)
            circuit += part
        else:
            turns[circuit.num_measurements] = True
            letters = "*".join(f"{'IXYZ'[part[0][q]]}{q}" for q in part[0].pauli_indices())
            circuit += stim.Circuit(f"MPP {letters}")
    if not noisy:
        return np.zeros((shots, parts.turns), np.bool_), np.zeros((shots, parts.measured), np.bool_)
    found = np.empty((shots, len(turns)), dtype=np.bool_)
    for number, start in enumerate(range(0, shots, BATCH)):
        count = min(BATCH, shots - start)
        simulator = stim.FlipSimulator(
            batch_size=count,
            num_qubits=num_qubits,
            disable_stabilizer_randomization=True,
            seed=int(np.random.SeedSequence([seed, 5, number]).generate_state(1, np.uint64)[0] >> 1),
        )
        simulator.do(circuit)
        found[start : start + count] = simulator.get_measurement_flips().T
    return found[:, turns], found[:, ~turns]
