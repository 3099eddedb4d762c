"""A network of tensors, and the wires it grows along.

A qubit's wire is a run of indices of size two, in one layer (ket) or two (ket and bra).  A gate is a tensor over the
indices before and behind it; where its matrix is diagonal in a qubit, that qubit keeps its index, which many tensors
then share.  A channel joins both layers; a measurement, or a trace, makes the qubit's two indices one.

>>> layers = Layers(double=False)
>>> layers.operator(Operator(np.diag([1, 1, 1, -1]).astype(complex), (0, 1)))
>>> layers.finished([]).inputs
((0,), (1,), (1, 0))

Source: Gray and Kourtis, Quantum 5, 410 (2021) (diagonal gates as shared indices).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsim.backends.tensor_network.operators import Complex, Operator
from qsim.program import Noise

_einsum: Any = np.einsum  # its form with numbered axes is not in numpy's annotations

ZERO: Complex = np.array([1.0, 0.0], dtype=np.complex128)


@dataclass(frozen=True, slots=True)
class Network:
    """Tensors, their indices, and the indices left open.

    Attributes:
        arrays: the tensors.
        inputs: indices of each tensor; an index may be in any number of them.
        output: indices of the result, in order.
        sizes: by index its size.
    """

    arrays: tuple[NDArray[Any], ...]
    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    sizes: Mapping[int, int]

    def to_quimb(self) -> Any:
        """The same network as a ``quimb.tensor.TensorNetwork``, outer indices ``i0``, ``i1``, ..."""
        import quimb.tensor as qtn

        return qtn.TensorNetwork(
            [
                qtn.Tensor(array, [f"i{index}" for index in indices])
                for array, indices in zip(self.arrays, self.inputs, strict=True)
            ]
        )


@dataclass(slots=True)
class Layers:
    """Wires under construction; the two layers of a qubit hold one index each, or None before anything acts."""

    double: bool
    arrays: list[NDArray[Any]] = field(default_factory=list)
    inputs: list[tuple[int, ...]] = field(default_factory=list)
    wires: dict[int, tuple[int, int]] = field(default_factory=dict)
    waiting: dict[int, Complex] = field(default_factory=dict)
    same: dict[int, int] = field(default_factory=dict)
    made: int = 0

    def fresh(self) -> int:
        self.made += 1
        return self.made - 1

    def put(self, array: NDArray[Any], indices: tuple[int, ...]) -> None:
        self.arrays.append(array)
        self.inputs.append(indices)

    def wire(self, qubit: int) -> tuple[int, int]:
        """A qubit's indices with everything in that acts on it alone."""
        if qubit not in self.wires:
            ket = self.fresh()
            bra = self.fresh() if self.double else ket
            before = self.waiting.pop(qubit, None)
            start = ZERO if before is None else before[:, 0]  # so that |0>, |1> and |+> make the same network
            self.put(start, (ket,))
            if self.double:
                self.put(start.conj(), (bra,))
            self.wires[qubit] = (ket, bra)
        if qubit in self.waiting:
            self._place(self.waiting.pop(qubit), (qubit,))
        return self.wires[qubit]

    def operator(self, operator: Operator) -> None:
        if len(operator.qubits) == 1:
            qubit = operator.qubits[0]
            before = self.waiting.get(qubit)
            self.waiting[qubit] = operator.matrix if before is None else operator.matrix @ before
            return
        for qubit in operator.qubits:
            self.wire(qubit)
        self._place(operator.matrix, operator.qubits)

    def _place(self, matrix: Complex, qubits: tuple[int, ...]) -> None:
        """Tensors of a matrix in each layer; qubits in which it is diagonal keep their indices."""
        size = len(qubits)
        legs = matrix.reshape((2,) * (2 * size))
        kept = diagonal_places(matrix)
        names = [*range(size), *range(size, 2 * size)]  # axis of the outputs and inputs, most significant first
        for place in kept:
            names[2 * size - 1 - place] = names[size - 1 - place]
        shown = [name for number, name in enumerate(names) if names.index(name) == number]
        array = np.asarray(_einsum(legs, names, shown), dtype=np.complex128)
        wires = [list(self.wires[qubit]) for qubit in qubits]
        for layer in range(2 if self.double else 1):
            before = [wire[layer] for wire in wires]
            after = [before[place] if place in kept else self.fresh() for place in range(size)]
            axes = [*reversed(after), *reversed(before)]
            self.put(array.conj() if layer else array, tuple(axes[name] for name in shown))
            for wire, index in zip(wires, after, strict=True):
                wire[layer] = index
        for qubit, (ket, bra) in zip(qubits, wires, strict=True):
            self.wires[qubit] = (ket, bra if self.double else ket)

    def noise(self, step: Noise) -> None:
        size = len(step.qubits)
        before = [self.wire(qubit) for qubit in step.qubits]
        after = [(self.fresh(), self.fresh()) for _ in step.qubits]
        order = [*reversed(after)], [*reversed(before)]
        indices = [pair[layer] for pairs in order for layer in (0, 1) for pair in pairs]
        self.put(step.channel.superoperator.reshape((2,) * (4 * size)), tuple(indices))
        self.wires.update(zip(step.qubits, after, strict=True))

    def join(self, qubit: int) -> int:
        """Make a qubit's ket and bra one index: a measurement, or (summed over) a trace."""
        ket, bra = (self.find(index) for index in self.wire(qubit))
        self.same[bra] = ket
        if bra == ket:
            del self.same[bra]
        self.wires[qubit] = (ket, ket)
        return ket

    def forget(self, qubit: int) -> None:
        """Trace a qubit out; it is in |0> afterwards."""
        if qubit in self.wires or qubit in self.waiting:
            self.join(qubit)
            del self.wires[qubit]

    def find(self, index: int) -> int:
        while index in self.same:
            index = self.same[index]
        return index

    def finished(self, output: Sequence[int], sizes: Mapping[int, int] | None = None) -> Network:
        open_indices: list[int] = []
        for index in map(self.find, output):
            if index in open_indices:  # an index can be open only once: a copy of it is joined by an identity
                copy = self.fresh()
                self.put(np.eye(2, dtype=np.complex128), (index, copy))
                index = copy
            open_indices.append(index)
        inputs = tuple(tuple(map(self.find, indices)) for indices in self.inputs)
        arrays = []
        reduced = []
        for array, indices in zip(self.arrays, inputs, strict=True):
            once = tuple(dict.fromkeys(indices))
            arrays.append(array if len(once) == len(indices) else _einsum(array, *_lettered(indices, once)))
            reduced.append(once)
        found = {index: 2 for indices in reduced for index in indices}
        return Network(tuple(arrays), tuple(reduced), tuple(open_indices), {**found, **(sizes or {})})


def diagonal_places(matrix: Complex) -> list[int]:
    """Which of its qubits a (2^k, 2^k) matrix never changes; 0 is the least significant."""
    size = matrix.shape[0].bit_length() - 1
    after, before = np.nonzero(matrix)
    changed = int(np.bitwise_or.reduce(after ^ before, initial=0))
    return [place for place in range(size) if not changed >> place & 1]


def _lettered(indices: tuple[int, ...], once: tuple[int, ...]) -> tuple[list[int], list[int]]:
    number = {index: place for place, index in enumerate(once)}
    return [number[index] for index in indices], list(range(len(once)))
