"""Amplitudes, expectation values, density matrices and samples of a program by exact contraction.

    exact = Exact(program, Contraction())
    exact.amplitudes(["0000", "1111"]), exact.expectation(observable), exact.density((0, 3)), exact.sample(1000, rng)

Noise, resets and measurements without feedback are contracted exactly too.  Samples are drawn a few measurements at a
time, each group from its distribution given the groups before; shots with the same record so far share the work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsim.backends.protocol import Work
from qsim.backends.tensor_network.contraction import BYTES, Contraction, Cost
from qsim.backends.tensor_network.layers import Network
from qsim.backends.tensor_network.network import (
    Items,
    amplitude_network,
    cone_size,
    density_network,
    expectation_network,
    opened,
    outcome_network,
)
from qsim.backends.tensor_network.operators import Complex
from qsim.errors import CircuitError
from qsim.program import Measure, Program

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

GROUP = 6
"""Measurements drawn at once."""

MOST_COMPARED = 32
"""Light cones whose sizes are compared for a forecast."""

MOST_PRICED = 3
"""The largest of them, for which a forecast finds a greedy path."""

RECORDS = 64
"""Records of earlier outcomes contracted at once."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A program, without unbound parameters or control flow, and the means to contract it."""

    program: Program
    contraction: Contraction
    _items: Items = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_items", opened(self.program))

    def amplitudes(self, strings: Sequence[str]) -> Complex:
        """(B,) amplitudes <x|program|0...0> of bit strings, qubit 0 rightmost.

        Raises:
            CircuitError: strings of another length or with other characters; noise or measurements; too large.
        """
        size = self.program.num_qubits
        for number, string in enumerate(strings):
            if len(string) != size or not set(string) <= {"0", "1"}:
                expected = f"{size} characters 0 or 1"
                raise CircuitError("not a bit string", where=f"string {number}", expected=expected, got=repr(string))
        bits = np.array([[int(char) for char in reversed(string)] for string in strings], dtype=np.int64)
        bits = bits.reshape(len(strings), size)
        found = []
        for start in range(0, len(strings), RECORDS):
            part = bits[start : start + RECORDS]
            batch = 1 if len(strings) == 1 else RECORDS
            network, places = amplitude_network(self.program, batch=batch, items=self._items)
            found.append(self.contraction(_filled(network, places, part, batch))[: len(part)])
        return np.concatenate(found) if found else np.zeros(0, dtype=np.complex128)

    def expectation(self, observable: SparsePauliOp) -> float:
        """Expectation value in the final state, noise and measurements averaged.

        Raises:
            CircuitError: too large.
        """
        return float(self.expectations([observable])[0])

    def expectations(self, observables: Sequence[SparsePauliOp]) -> NDArray[np.float64]:
        """(O,) expectation values; a Pauli string that several observables hold is contracted once.

        Raises:
            CircuitError: too large.
        """
        terms = [(each.paulis.to_labels(), np.real(each.coeffs)) for each in observables]
        values = {label: self.pauli(label) for label in sorted({label for labels, _ in terms for label in labels})}
        found = [sum(weight * values[label] for label, weight in zip(*each, strict=True)) for each in terms]
        return np.array(found, dtype=np.float64)

    def pauli(self, label: str) -> float:
        """Expectation value of one Pauli label."""
        if set(label) == {"I"}:
            return 1.0
        return float(np.real(self.contraction(expectation_network(self.program, label, items=self._items))))

    def density(self, qubits: Sequence[int]) -> Complex:
        """(2^k, 2^k) reduced density matrix, the first of ``qubits`` least significant.

        Raises:
            CircuitError: qubits that repeat or that the program lacks; too large.
        """
        if len(set(qubits)) != len(qubits) or not all(0 <= qubit < self.program.num_qubits for qubit in qubits):
            expected = f"different numbers from 0 to {self.program.num_qubits - 1}"
            raise CircuitError("not qubits", where="qubits", expected=expected, got=repr(tuple(qubits)))
        size = 2 ** len(qubits)
        return self.contraction(density_network(self.program, qubits, items=self._items)).reshape(size, size)

    def sample(self, shots: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """(shots, clbits) outcomes, readout errors included.

        Raises:
            CircuitError: control flow; too large.
        """
        measures = self.measurements()
        outcomes = np.zeros((1, 0), dtype=np.int64)
        counts = np.array([shots])
        for start in range(0, len(measures), GROUP):
            group = measures[start : start + GROUP]
            chances = self._chances(measures[:start], group, outcomes)
            drawn = rng.multinomial(counts, chances)
            rows, picks = np.nonzero(drawn)
            shifts = np.arange(len(group) - 1, -1, -1)
            outcomes = np.hstack([outcomes[rows], picks[:, None] >> shifts & 1])
            counts = drawn[rows, picks]
        whole = rng.permutation(np.repeat(outcomes, counts, axis=0))
        return recorded(self.program, measures, whole.astype(bool), rng)

    def measurements(self) -> list[int]:
        """Places of the measurements among the steps."""
        return [place for place, step in enumerate(self.program.steps) if isinstance(step, Measure)]

    def dearest(
        self, work: Work, observables: Sequence[SparsePauliOp] = (), *, search: bool = False
    ) -> tuple[Cost, int]:
        """The highest price among the contractions that a piece of work takes along greedy paths, and their number.

        Of sampling the first, middle and last group of measurements are priced; of observables those few whose light
        cones are the largest; of observables not known yet, Z on the first, middle and last qubit.  No more are priced
        once one does not fit: a forecast is quick, and only a run may ``search`` for better paths.
        """
        networks: Iterable[Network]
        if work.kind == "sample":
            places = self.measurements()
            starts = list(range(0, len(places), GROUP))
            chosen = {starts[0], starts[len(starts) // 2], starts[-1]} if starts else set()
            networks = (
                outcome_network(
                    self.program,
                    known=places[:start],
                    asked=places[start : start + GROUP],
                    batch=RECORDS if start else 1,
                    items=self._items,
                )[0]
                for start in sorted(chosen, reverse=True)
            )
            count = len(starts) * ceil(work.shots / RECORDS)
        else:
            size = self.program.num_qubits
            labels = {label for each in observables for label in each.paulis.to_labels() if set(label) != {"I"}}
            count = len(labels) or work.observables
            if count:
                labels = labels or {"I" * (size - 1 - q) + "Z" + "I" * q for q in {0, size // 2, size - 1}}
            networks = (expectation_network(self.program, each, items=self._items) for each in self._largest(labels))
        found: list[Cost] = []
        for network in networks:
            found.append(self.contraction.cost(network, search=search))
            if not self.contraction.fits(found[-1], count):
                break
        return max(found, key=lambda cost: cost.seconds, default=Cost(0.0, 0.0, BYTES, 1, 0.0)), count if found else 0

    def _largest(self, labels: Collection[str]) -> list[str]:
        """A few labels with large light cones, the largest first; of many labels, evenly chosen ones are compared."""
        by_weight = sorted(labels, key=lambda label: (label.count("I"), label))
        chosen = by_weight[:: ceil(len(by_weight) / MOST_COMPARED)] if by_weight else []
        sizes = {
            label: cone_size(self._items, [q for q, letter in enumerate(reversed(label)) if letter != "I"])
            for label in chosen
        }
        return sorted(chosen, key=lambda label: -sizes[label])[:MOST_PRICED]

    def _chances(self, known: Sequence[int], asked: Sequence[int], outcomes: NDArray[np.int64]) -> NDArray[np.float64]:
        """(records, 2^k) probabilities of the next outcomes, the first asked most significant."""
        batch = 1 if len(outcomes) == 1 else RECORDS
        network, places = outcome_network(self.program, known=known, asked=asked, batch=batch, items=self._items)
        found = [
            self.contraction(_filled(network, places, part, batch)).real.reshape(batch, -1)[: len(part)]
            for part in (outcomes[start : start + batch] for start in range(0, len(outcomes), batch))
        ]
        chances = np.clip(np.concatenate(found), 0.0, None)
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def recorded(
    program: Program, measures: Sequence[int], outcomes: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """(shots, clbits) what stands in the classical bits after measurements with these (shots, M) outcomes."""
    bits = np.zeros((len(outcomes), program.num_clbits), dtype=bool)
    for column, place in enumerate(measures):
        step = program.steps[place]
        assert isinstance(step, Measure)
        bits[:, step.clbit] = outcomes[:, column]
        if any(step.readout):
            wrong = np.where(outcomes[:, column], step.readout[1], step.readout[0])
            bits[:, step.clbit] ^= rng.random(len(outcomes)) < wrong
    return bits


def _filled(network: Network, places: Sequence[int], bits: NDArray[np.int64], batch: int) -> Network:
    """The network with one-hot bits put in; a last part that is too short is filled up with its first row."""
    padded: Any = np.vstack([bits, np.repeat(bits[:1], batch - len(bits), axis=0)])
    arrays = list(network.arrays)
    for column, place in enumerate(places):
        arrays[place] = np.eye(2)[padded[:, column]]
    return replace(network, arrays=tuple(arrays))
