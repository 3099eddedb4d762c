"""A program as a network of tensors: one layer for amplitudes, two for everything that is measured.

Amplitudes need the state once, probabilities and expectation values twice, as ket and bra
(`qsim.backends.tensor_network.layers`).  What no answer depends on is left out from the back: a gate meets its inverse
in the other layer unless something asked for follows in its light cone.

>>> from qiskit import QuantumCircuit
>>> from qsim.program import read
>>> circuit = QuantumCircuit(3)
>>> _ = circuit.h(0), circuit.cx(0, 1), circuit.cx(1, 2)
>>> len(expectation_network(read(circuit), "IIZ").arrays), len(expectation_network(read(circuit), "ZII").arrays)
(7, 11)

Gates that follow one another on the same qubits are one tensor where that has no more indices than one of them had:
RXX, RYY and RZZ on a pair are one.

Source: Markov and Shi, SIAM J. Comput. 38, 963 (2008) (circuits as networks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from qsim.backends.tensor_network.layers import Layers, Network, diagonal_places
from qsim.backends.tensor_network.operators import Operator, merged, operators, rounded
from qsim.errors import CircuitError
from qsim.noise.channel import PAULI_MATRICES
from qsim.program import Barrier, Delay, Gate, Measure, Noise, Program, Reset, Step, touched

NONE: frozenset[int] = frozenset()

Items: TypeAlias = tuple[tuple[int, Operator | Step], ...]
"""What a program does, each with the place of the step it came from."""


def opened(program: Program) -> Items:
    """A program's steps with gates as matrices, those that are one tensor multiplied.

    Raises:
        CircuitError: a gate without matrix or definition.
    """
    found: list[tuple[int, Operator | Step]] = []
    last: dict[int, int] = {}
    for place, step in enumerate(program.steps):
        for item in operators(step, position=place) if isinstance(step, Gate) else (step,):
            qubits = item.qubits if isinstance(item, Operator) else touched(item)
            before = {last.get(qubit, -1) for qubit in qubits}
            if isinstance(item, Operator) and len(qubits) > 1 and len(before) == 1 and -1 not in before:
                number = before.pop()
                where, earlier = found[number]
                joined = _one(earlier, item) if isinstance(earlier, Operator) else None
                if joined is not None:
                    found[number] = (where, joined)
                    continue
            if not isinstance(item, (Barrier, Delay)):
                last.update(dict.fromkeys(qubits, len(found)))
            found.append((place, item))
    return tuple(found)


def cone_size(items: Items, qubits: Sequence[int]) -> int:
    """How many items the state of some qubits at the end depends on."""
    return len(_pruned(items, frozenset(qubits), NONE)[0])


def amplitude_network(
    program: Program, *, batch: int, phase: complex = 1.0, items: Items | None = None
) -> tuple[Network, tuple[int, ...]]:
    """<x|program|0...0> for ``batch`` bit strings x at once.

    Returns:
        The network, whose one open index counts the strings, and for each qubit the place of the array, of shape
        (batch, 2) and to be replaced, that holds one-hot bits.
    """
    layers = Layers(double=False)
    every = frozenset(range(program.num_qubits))
    for item in _pruned(opened(program) if items is None else items, every, NONE, pure="an amplitude")[0]:
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


def expectation_network(program: Program, label: str, *, items: Items | None = None) -> Network:
    """Tr(rho P) of a Pauli label in the state a program ends in; the rightmost letter acts on qubit 0.

    Args:
        program: without control flow.
        label: a letter for each qubit.
        items: what `opened` made of the program, where that is at hand; so too in the functions below.
    """
    letters = {qubit: letter for qubit, letter in enumerate(reversed(label)) if letter != "I"}
    layers = Layers(double=True)
    _build(layers, opened(program) if items is None else items, frozenset(letters), NONE)
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


def density_network(program: Program, qubits: Sequence[int], *, items: Items | None = None) -> Network:
    """Reduced density matrix; open are the ket indices of ``qubits``, the last one first, then the bra indices."""
    layers = Layers(double=True)
    _build(layers, opened(program) if items is None else items, frozenset(qubits), NONE)
    for qubit in [*layers.wires, *layers.waiting]:
        if qubit not in qubits:
            layers.join(qubit)
    wires = [layers.wire(qubit) for qubit in reversed(qubits)]
    return layers.finished([ket for ket, _ in wires] + [bra for _, bra in wires])


def outcome_network(
    program: Program, *, known: Sequence[int], asked: Sequence[int], batch: int, items: Items | None = None
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
    needed = frozenset(known) | frozenset(asked)
    found = _build(layers, opened(program) if items is None else items, NONE, needed)
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


def _build(layers: Layers, items: Items, active: frozenset[int], needed: frozenset[int]) -> dict[int, int]:
    """Put in what ``active`` qubits at the end and ``needed`` measurements depend on; the measurements' indices."""
    kept, places = _pruned(items, active, needed)
    found: dict[int, int] = {}
    for item, place in zip(kept, places, strict=True):
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
    items: Items, active: frozenset[int], needed: frozenset[int], *, pure: str = ""
) -> tuple[list[Operator | Step], list[int]]:
    """The items that matter and their steps' places, found from the back."""
    kept: list[Operator | Step] = []
    places: list[int] = []
    live = set(active)
    for place, item in reversed(items):
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
        kept.append(item)
        places.append(place)
    return kept[::-1], places[::-1]


def _one(first: Operator, then: Operator) -> Operator | None:
    """The product of two operators on the same qubits, or None where it changes more qubits than either does."""
    if len(first.qubits) != len(then.qubits):
        return None
    product = merged(first, then)
    product = replace(product, matrix=rounded(product.matrix))
    least = min(len(diagonal_places(first.matrix)), len(diagonal_places(then.matrix)))
    return product if len(diagonal_places(product.matrix)) >= least else None
