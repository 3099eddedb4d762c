"""Expectation values of Pauli sums in JAX, all terms with the same bit flips in one pass.

A Pauli string is a bit flip x, a sign pattern z and a factor i^(number of Y), and
<P> = i^y sum_b (-1)^(b.z) a(b ^ x)* a(b).
Strings with the same x share the products a(b ^ x)* a(b); what is left is a product with a table of signs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.statevector.jax_evolution import LARGEST_PATTERN, signs
from qsim.backends.statevector.pauli_masks import terms

Array = Any


def pure_expectations(observables: Sequence[SparsePauliOp], num_qubits: int) -> Callable[[Array], Array]:
    """A function from states (2^n, 1) to (O,) real values."""
    return _expectations(observables, num_qubits, _pure_overlap)


def mixed_expectations(observables: Sequence[SparsePauliOp], num_qubits: int) -> Callable[[Array], Array]:
    """A function from density matrices (2^n, 2^n) to (O,) real values."""
    return _expectations(observables, num_qubits, _mixed_overlap)


def _pure_overlap(state: Array, flips: int, num_qubits: int) -> Array:
    vector = state[:, 0]
    if not flips:
        return jnp.real(vector) ** 2 + jnp.imag(vector) ** 2
    return jnp.conj(_flipped(vector, flips, num_qubits)) * vector


def _mixed_overlap(state: Array, flips: int, num_qubits: int) -> Array:
    if not flips:
        return jnp.real(jnp.diagonal(state))
    rows = np.arange(2**num_qubits)
    return state[rows, rows ^ flips]


def _flipped(vector: Array, flips: int, num_qubits: int) -> Array:
    """The vector with its index XORed: entries reversed along the axes of the qubits."""
    axes = [num_qubits - 1 - qubit for qubit in range(num_qubits) if flips >> qubit & 1]
    return lax.rev(vector.reshape((2,) * num_qubits), axes).reshape(vector.shape)


def _expectations(
    observables: Sequence[SparsePauliOp], num_qubits: int, overlap: Callable[[Array, int, int], Array]
) -> Callable[[Array], Array]:
    groups: dict[int, dict[int, np.ndarray]] = {}
    for place, observable in enumerate(observables):
        for term in terms(observable):
            empty = np.zeros(len(observables), dtype=np.complex128)
            row = groups.setdefault(term.flips, {}).setdefault(term.signs, empty)
            row[place] += term.coefficient * 1j**term.ys

    def evaluate(state: Array) -> Array:
        total = jnp.zeros(len(observables), jnp.real(state).dtype)
        for flips, patterns in groups.items():
            products = overlap(state, flips, num_qubits)
            coefficients = np.array(list(patterns.values()))
            sums = _signed_sums(products, np.array(list(patterns)), num_qubits)
            total = total + jnp.real(sums @ jnp.asarray(coefficients, jnp.result_type(state.dtype, jnp.complex64)))
        return total

    return evaluate


def _signed_sums(products: Array, patterns: np.ndarray, num_qubits: int) -> Array:
    """(Z,) sums over basis states of products times the signs of each pattern."""
    if patterns.size * 2**num_qubits <= LARGEST_PATTERN:
        return jnp.asarray(signs(patterns, num_qubits), products.real.dtype) @ products
    states = lax.iota(np.int32, 2**num_qubits)

    def one(pattern: Array) -> Array:
        parity = lax.population_count(states & pattern) & 1
        return jnp.sum(products * (1 - 2 * parity).astype(products.real.dtype))

    return lax.map(one, jnp.asarray(patterns.astype(np.int32)))
