"""Observables measured as a device measures them: Pauli strings in groups that share one basis, shot by shot.

>>> from qiskit.quantum_info import SparsePauliOp
>>> [group.labels for group in groups(SparsePauliOp(["ZZ", "ZI", "XX"], [1.0, 0.5, 2.0]))]
[('ZZ', 'ZI'), ('XX',)]

A unit is one shot of each group, and its value the sum of the coefficients times the parities seen.  Its mean over
shots is the expectation value, and its scatter what a device's would be with as many shots for every group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from qiskit.circuit.library import HGate, SdgGate
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.protocol import Backend, Bits, Floats
from qsim.program import Gate, Measure, Program, Step


@dataclass(frozen=True, slots=True)
class Group:
    """Pauli strings that agree wherever both act, so that one measurement of every qubit serves all of them.

    Attributes:
        labels: the strings, rightmost letter on qubit 0.
        coefficients: theirs.
        basis: (n,) letter measured on each qubit, "I" where none is.
    """

    labels: tuple[str, ...]
    coefficients: tuple[float, ...]
    basis: tuple[str, ...]


def groups(observable: SparsePauliOp) -> list[Group]:
    """Groups of an observable's strings, made greedily in its order."""
    found: list[tuple[list[str], list[float], list[str]]] = []
    for label, coefficient in zip(observable.paulis.to_labels(), np.real(observable.coeffs), strict=True):
        letters = label[::-1]
        for labels, coefficients, basis in found:
            if all("I" in pair or pair[0] == pair[1] for pair in zip(letters, basis, strict=True)):
                labels.append(label)
                coefficients.append(float(coefficient))
                basis[:] = [old if new == "I" else new for new, old in zip(letters, basis, strict=True)]
                break
        else:
            found.append(([label], [float(coefficient)], list(letters)))
    return [Group(tuple(labels), tuple(values), tuple(basis)) for labels, values, basis in found]


def measuring(program: Program, group: Group) -> Program:
    """The program followed by a group's measurement, qubit q into bit ``program.num_clbits + q``, without noise."""
    steps: list[Step] = []
    for qubit, letter in enumerate(group.basis):
        if letter == "Y":
            steps.append(Gate(SdgGate(), (qubit,), "opening"))
        if letter in ("X", "Y"):
            steps.append(Gate(HGate(), (qubit,), "opening"))
        if letter != "I":
            steps.append(Measure(qubit, program.num_clbits + qubit))
    return replace(program.with_steps((*program.steps, *steps)), num_clbits=program.num_clbits + program.num_qubits)


@dataclass(frozen=True, slots=True)
class MeasuredObservable:
    """An observable in the final state of a program, ready to be sampled.

    Attributes:
        programs: one for each group, its measurement at the end.
        parts: the groups.
        backend: that samples.
    """

    programs: tuple[Program, ...]
    parts: tuple[Group, ...]
    backend: Backend

    @classmethod
    def of(cls, program: Program, observable: SparsePauliOp, *, backend: Backend) -> MeasuredObservable:
        """From a program whose final measurements are left out."""
        parts = tuple(groups(observable))
        return cls(tuple(measuring(program, part) for part in parts), parts, backend)

    def values(self, shots: int, *, seed: int) -> Floats:
        """(shots,) values of the observable, each from one shot of every group.

        Raises:
            CircuitError: the backend cannot run it.
        """
        total = np.zeros(shots)
        roots = np.random.SeedSequence(seed).generate_state(len(self.parts), np.uint64)
        for part, program, root in zip(self.parts, self.programs, roots, strict=True):
            if not any(letter != "I" for letter in part.basis):
                total += sum(part.coefficients)
                continue
            bits = self.backend.sample(program, shots, seed=int(root >> 1)).bits
            last = bits[:, program.num_clbits - program.num_qubits : program.num_clbits]
            total += _parities(last, part.labels) @ np.array(part.coefficients)
        return total


def _parities(bits: Bits, labels: Sequence[str]) -> Floats:
    """(shots, strings) of 1 and -1."""
    acts = np.array([[letter != "I" for letter in reversed(label)] for label in labels], dtype=np.int64)
    return np.where((bits.astype(np.int64) @ acts.T) % 2, -1.0, 1.0)
