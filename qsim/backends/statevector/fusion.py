"""Gates of a bound program that follow one another, fused: fewer and larger passes over the state.

Between two channels or measurements the gates are gathered into layers (`layers`), and the one-qubit gates of a layer
become matrices on up to four neighbouring qubits, each one matrix product with the state.  Permutations and phases stay
gate by gate: they touch a part of the state only.

    fused(program).steps         # Gate(Fused(...), ...), Noise(...), Gate(Fused(...), ...)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from qsim.backends.statevector.layers import Dense, Diagonal, Monomial, Rotations, gather
from qsim.backends.statevector.lowering import Complex, Fixed, lower_fixed
from qsim.program import Barrier, Delay, Gate, Program, Step

WIDTH = 4


@dataclass(frozen=True, eq=False, slots=True)
class Fused:
    """Fixed matrices in place of a gate's operation."""

    parts: tuple[Fixed, ...]
    name: str = "fused"


def fused(program: Program) -> Program:
    """The same program with runs of gates fused; blocks of control flow are left as they are.

    Raises:
        CircuitError: a gate without a matrix, or with unbound parameters.
    """
    steps: list[Step] = []
    kept = [step for step in program.steps if not isinstance(step, (Barrier, Delay))]
    for _, run in groupby(kept, key=lambda step: isinstance(step, Gate)):
        members = list(run)
        gates = [step for step in members if isinstance(step, Gate)]
        if len(gates) > 1:
            parts = [part for gate in gates for part in lower_fixed(gate)]
            steps.append(Gate(Fused(tuple(_fixed(parts))), tuple(range(program.num_qubits))))
        else:
            steps.extend(members)
    return program.with_steps(steps)


def _fixed(parts: Sequence[Fixed]) -> list[Fixed]:
    found: list[Fixed] = []
    for block in gather(parts):
        if isinstance(block, Rotations):
            found.extend(_products(block))
        elif isinstance(block, Diagonal):
            found.extend(block.fixed)
        elif isinstance(block, Monomial):
            found.extend(block.factors)
        elif isinstance(block, Dense):
            found.append(block.fixed)
    return found


def _products(block: Rotations) -> list[Fixed]:
    """The rotations of each span of four qubits as one matrix."""
    found = []
    for _, members in groupby(sorted(block.runs), key=lambda qubit: qubit // WIDTH):
        span = list(members)
        qubits = tuple(range(span[0], span[-1] + 1))
        matrix: Complex = np.eye(1, dtype=np.complex128)
        for qubit in qubits:
            matrix = np.asarray(np.kron(_product(block, qubit), matrix), dtype=np.complex128)
        found.append(Fixed(matrix, qubits))
    return found


def _product(block: Rotations, qubit: int) -> Complex:
    product: Complex = np.eye(2, dtype=np.complex128)
    for factor in block.runs.get(qubit, []):
        assert isinstance(factor, Fixed)  # nothing else is left of a bound program
        product = factor.matrix @ product
    return product
