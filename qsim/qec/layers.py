"""Layers of a circuit: what stands between two TICKs, with REPEAT blocks turned so that no layer crosses their ends.

stim's own memory circuits close a round inside a block (``REPEAT 9 { TICK ... MR 1 3 }``) and measure the data qubits
right after it, in the same layer.  `align_loops` rotates such blocks; the sequence of instructions stays what it was:

>>> aligned = align_loops(stim.Circuit("R 0\\nREPEAT 3 {\\nTICK\\nX 0\\n}\\nM 0"))
>>> print(aligned)
R 0
TICK
REPEAT 2 {
    X 0
    TICK
}
X 0
M 0
"""

from __future__ import annotations

from collections.abc import Iterator

import stim

ANNOTATIONS = frozenset({"TICK", "DETECTOR", "OBSERVABLE_INCLUDE", "QUBIT_COORDS", "SHIFT_COORDS", "MPAD"})
"""Instructions that act on no qubit."""


def align_loops(circuit: stim.Circuit) -> stim.Circuit:
    """The same instruction sequence, where every block that has a TICK starts after a TICK and ends with one.

    A block without TICK stays as it is, inside its layer.
    """
    result = stim.Circuit()
    for instruction in circuit:
        if not isinstance(instruction, stim.CircuitRepeatBlock):
            result.append(instruction)
            continue
        body, count = align_loops(instruction.body_copy()), instruction.repeat_count
        ticks = [index for index, inner in enumerate(body) if inner.name == "TICK"]
        if not ticks or (_ends_layer(result) and ticks[-1] == len(body) - 1):
            result.append(stim.CircuitRepeatBlock(count, body))
            continue
        opening, closing = body[: ticks[-1] + 1], body[ticks[-1] + 1 :]
        result += opening
        if count > 1:
            result.append(stim.CircuitRepeatBlock(count - 1, closing + opening))
        result += closing
    return result


def _ends_layer(circuit: stim.Circuit) -> bool:
    return len(circuit) == 0 or circuit[-1].name == "TICK" or has_tick(circuit[-1])


def has_tick(instruction: stim.CircuitInstruction | stim.CircuitRepeatBlock) -> bool:
    """True for a block whose body holds a TICK at its own level."""
    return isinstance(instruction, stim.CircuitRepeatBlock) and any(
        inner.name == "TICK" for inner in instruction.body_copy()
    )


def qubits_acted_on(instruction: stim.CircuitInstruction) -> list[int]:
    """Qubits a single instruction acts on; Paulis fed forward from measurements count as bookkeeping, not as action."""
    if instruction.name in ANNOTATIONS:
        return []
    targets = instruction.targets_copy()
    if not any(target.is_measurement_record_target or target.is_sweep_bit_target for target in targets):
        return [target.value for target in targets if not target.is_combiner]
    pairs = zip(targets[::2], targets[1::2], strict=True)
    return [t.value for pair in pairs if all(t.is_qubit_target for t in pair) for t in pair]


def without_reuse(instruction: stim.CircuitInstruction) -> Iterator[stim.CircuitInstruction]:
    """The instruction in pieces, none of which acts on a qubit twice: ``CX 0 1 1 2`` is ``CX 0 1``, then ``CX 1 2``."""
    acted = qubits_acted_on(instruction)
    if len(set(acted)) == len(acted):
        yield instruction
        return
    piece: list[stim.GateTarget] = []
    qubits: set[int] = set()
    for group in instruction.target_groups():
        here = {target.value for target in group if target.is_qubit_target}
        if qubits & here:
            yield stim.CircuitInstruction(instruction.name, piece, instruction.gate_args_copy())
            piece, qubits = [], set()
        piece += group
        qubits |= here
    yield stim.CircuitInstruction(instruction.name, piece, instruction.gate_args_copy())


def walk(circuit: stim.Circuit) -> Iterator[stim.CircuitInstruction]:
    """Every instruction in order, each block gone through at most twice: enough to see what follows what."""
    for instruction in circuit:
        if isinstance(instruction, stim.CircuitRepeatBlock):
            body = instruction.body_copy()
            for _ in range(min(instruction.repeat_count, 2)):
                yield from walk(body)
        else:
            yield instruction


def data_qubits(circuit: stim.Circuit) -> list[int]:
    """Qubits that live through the circuit: never reset after use, and not used again once measured."""
    used: set[int] = set()
    measured: set[int] = set()
    alive: set[int] = set()
    ancillas: set[int] = set()
    for instruction in walk(circuit):
        qubits = set(qubits_acted_on(instruction))
        kind = stim.gate_data(instruction.name)
        ancillas |= qubits & measured
        if kind.is_reset:
            ancillas |= qubits if kind.produces_measurements else qubits & alive
        else:
            alive |= qubits
        if kind.produces_measurements:
            measured |= qubits
        used |= qubits
    return sorted(used - ancillas)
