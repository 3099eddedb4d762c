"""A program as a network of tensors: one layer for amplitudes, two for everything that is measured.

Amplitudes need the state once, probabilities and expectation values twice, as ket and bra
(`qsim.backends.tensor_network.layers`).  What no answer depends on is left out from the back: a gate meets its inverse
in the other layer unless something asked for follows in its light cone.

>>> from qiskit import QuantumCircuit
>>> from qsim.program import read
>>> circuit = QuantumCircuit(3)
>>> _ = circuit.h(0), circuit.cx(0, 1), circuit.cx(1, 2)
>>> len(expectation_network(read(circuit), "IIZ").arrays), len(expectation_network(read(circuit), "ZII").arrays)
(9, 13)

Source: Markov and Shi, SIAM J. Comput. 38, 963 (2008) (circuits as networks).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qsim.backends.tensor_network.layers import Layers, Network
from qsim.backends.tensor_network.operators import Operator, operators
from qsim.errors import CircuitError
from qsim.noise.channel import PAULI_MATRICES
from qsim.program import Barrier, Delay, Gate, Measure, Noise, Program, Reset, Step

NONE: frozenset[int] = frozenset()


def amplitude_network(program: Program, *, batch: int, phase: complex = 1.0) -> tuple[Network, tuple[int, ...]]:
    """<x|program|0...0> for ``batch`` bit strings x at once.

    Returns:
        The network, whose one open index counts the strings, and for each qubit the place of the array, of shape
        (batch, 2) and to be replaced, that holds one-hot bits.
    """
    layers = Layers(double=False)
    items, _ = _pruned(program.steps, frozenset(range(program.num_qubits)), frozenset(), pure="an amplitude")
    for item in items:
        assert isinstance(item, Operator)
        layers.operator(item)
    strings = layers.fresh()
    places = []
    for qubit in range(program.num_qubits):
        ket, _ = layers.wire(qubit)
        places.append(len(layers.arrays))
        layers.put(np.zeros((batch, 2)), (strings, ket))
    layers.put(np.array(phase * np.exp(1j * program.global_phase)), ())
    return layers.finished([strings], {strings: batch}), tuple(places)


def expectation_network(program: Program, label: str) -> Network:
    """Tr(rho P) of a Pauli label in the state a program ends in; the rightmost letter acts on qubit 0."""
    letters = {qubit: letter for qubit, letter in enumerate(reversed(label)) if letter != "I"}
    layers = Layers(double=True)
    _build(layers, program, frozenset(letters), NONE)
    for qubit in [*layers.wires, *layers.waiting]:
        if qubit not in letters:
            layers.join(qubit)
    for qubit, letter in letters.items():
        if letter == "Z":
            layers.put(np.array([1.0, -1.0], dtype=np.complex128), (layers.join(qubit),))
        else:
            ket, bra = layers.wire(qubit)
            layers.put(PAULI_MATRICES[letter], (bra, ket))
    return layers.finished([])


def density_network(program: Program, qubits: Sequence[int]) -> Network:
    """Reduced density matrix; open are the ket indices of ``qubits``, the last one first, then the bra indices."""
    layers = Layers(double=True)
    _build(layers, program, frozenset(qubits), NONE)
    for qubit in [*layers.wires, *layers.waiting]:
        if qubit not in qubits:
            layers.join(qubit)
    wires = [layers.wire(qubit) for qubit in reversed(qubits)]
    return layers.finished([ket for ket, _ in wires] + [bra for _, bra in wires])


def outcome_network(
    program: Program, *, known: Sequence[int], asked: Sequence[int], batch: int
) -> tuple[Network, tuple[int, ...]]:
    """Joint probabilities of measurements, for ``batch`` records of earlier ones at once.

    Args:
        program: without control flow.
        known, asked: places of measurements among the program's steps.
        batch: number of records.

    Returns:
        The network, open in the record's number and one index for each of ``asked``; and for each of ``known`` the
        place of the array, of shape (batch, 2) and to be replaced, that holds one-hot bits.
    """
    layers = Layers(double=True)
    found = _build(layers, program, frozenset(), frozenset(known) | frozenset(asked))
    for qubit in [*layers.wires, *layers.waiting]:
        layers.join(qubit)
    records = layers.fresh()
    places = []
    for place in known:
        places.append(len(layers.arrays))
        layers.put(np.zeros((batch, 2)), (records, found[place]))
    if not known:
        layers.put(np.ones(batch), (records,))
    return layers.finished([records, *(found[place] for place in asked)], {records: batch}), tuple(places)


def _build(layers: Layers, program: Program, active: frozenset[int], needed: frozenset[int]) -> dict[int, int]:
    """Put in what ``active`` qubits at the end and ``needed`` measurements depend on; the measurements' indices."""
    items, places = _pruned(program.steps, active, needed)
    found: dict[int, int] = {}
    for item, place in zip(items, places, strict=True):
        if isinstance(item, Operator):
            layers.operator(item)
        elif isinstance(item, Noise):
            layers.noise(item)
        elif isinstance(item, Measure):
            found[place] = layers.join(item.qubit)
        elif isinstance(item, Reset):
            layers.forget(item.qubit)
    return found


def _pruned(
    steps: Sequence[Step], active: frozenset[int], needed: frozenset[int], *, pure: str = ""
) -> tuple[list[Operator | Step], list[int]]:
    """The items that matter and their steps' places, found from the back."""
    items: list[Operator | Step] = []
    places: list[int] = []
    live = set(active)
    placed: list[tuple[int, Operator | Step]] = []
    for place, step in enumerate(steps):
        placed.extend((place, item) for item in _items(step, place))
    for place, item in reversed(placed):
        if isinstance(item, (Barrier, Delay)):
            continue
        if isinstance(item, Operator) or (isinstance(item, Noise) and not pure):
            if live.isdisjoint(item.qubits):
                continue
            live.update(item.qubits)
        elif isinstance(item, Measure) and not pure:
            if place in needed:
                live.add(item.qubit)
            elif item.qubit not in live:
                continue
        elif isinstance(item, Reset) and not pure:
            if item.qubit not in live:
                continue
            live.discard(item.qubit)
        else:
            expected = "gates only" if pure else "gates, channels, measurements and resets"
            what = f"{pure} needs a pure state" if pure else "a network has no classical control"
            raise CircuitError(what, where=f"step {place}", expected=expected, got=str(item), cure='use method="mps"')
        items.append(item)
        places.append(place)
    return items[::-1], places[::-1]


def _items(step: Step, place: int) -> list[Operator | Step]:
    """A gate's operators; any other step as it is."""
    return list(operators(step, position=place)) if isinstance(step, Gate) else [step]
