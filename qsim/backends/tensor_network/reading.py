"""What a matrix product state tells: samples of all qubits, expectation values of Pauli strings, amplitudes.

The first two use the centre of orthogonality: left of it nothing remains to be summed, and right of it nothing either.

Source: Ferris and Vidal, Phys. Rev. B 85, 165146 (2012) (perfect sampling).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qsim.backends.tensor_network.chain import Chain
from qsim.backends.tensor_network.splitting import Array
from qsim.noise.channel import PAULI_MATRICES

ROWS = 4096
"""Different records that are continued together."""


def sample_chain(chain: Chain, shots: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(shots, qubits) outcomes of measuring every qubit, in no particular order; equal shots share the work."""
    chain.centre_on(0)
    found = [_sample(chain, min(ROWS, shots - start), rng) for start in range(0, shots, ROWS)]
    by_site = np.concatenate(found) if found else np.zeros((0, len(chain.tensors)), dtype=bool)
    return by_site[:, chain.site_of]


def _sample(chain: Chain, shots: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(shots, sites) outcomes; rows with the same record so far are one row with a count."""
    counts = np.array([shots])
    records = np.zeros((1, 0), dtype=bool)
    carried: Array = np.ones((1, 1), dtype=chain.tensors[0].dtype)
    for tensor in chain.tensors:
        left, _, right = tensor.shape
        ahead = (carried @ tensor.reshape(left, -1)).reshape(-1, 2, right)
        weights = np.einsum("rsb,rsb->rs", ahead.real, ahead.real) + np.einsum("rsb,rsb->rs", ahead.imag, ahead.imag)
        ones = rng.binomial(counts, np.clip(weights[:, 1] / weights.sum(axis=1), 0.0, 1.0))
        drawn = np.stack([counts - ones, ones], axis=1)
        rows, outcomes = np.nonzero(drawn)
        counts = drawn[rows, outcomes]
        records = np.hstack([records[rows], outcomes[:, None].astype(bool)])
        carried = ahead[rows, outcomes] / np.sqrt(weights[rows, outcomes])[:, None]
    return np.repeat(records, counts, axis=0)


def pauli_values(chain: Chain, labels: Sequence[str]) -> NDArray[np.float64]:
    """Expectation values of Pauli labels, the rightmost letter on qubit 0."""
    chain.settle()
    letters = [
        {chain.site_of[qubit]: letter for qubit, letter in enumerate(reversed(label)) if letter != "I"}
        for label in labels
    ]
    values = np.ones(len(labels))
    for number in sorted((n for n, each in enumerate(letters) if each), key=lambda n: min(letters[n])):
        support = letters[number]
        first, last = min(support), max(support)
        chain.centre_on(first)
        left = chain.tensors[first].shape[0]
        overlap: Array = np.eye(left, dtype=chain.tensors[first].dtype)
        for site in range(first, last + 1):
            overlap = _across(overlap, chain.tensors[site], support.get(site, "I"))
        values[number] = float(np.trace(overlap).real)
    return values


def chain_amplitudes(chain: Chain, strings: Sequence[str]) -> NDArray[np.complex128]:
    """(B,) amplitudes of bit strings, qubit 0 rightmost; the global phase is the circuit's but for Qiskit's own."""
    chain.settle()
    found = np.ones((len(strings), 1), dtype=np.complex128)
    bits = np.array([[int(char) for char in reversed(string)] for string in strings], dtype=np.int64)
    for site, tensor in enumerate(chain.tensors):
        chosen = bits[:, chain.qubit_at[site]]
        ahead = np.empty((len(strings), tensor.shape[2]), dtype=np.complex128)
        for bit in (0, 1):
            ahead[chosen == bit] = found[chosen == bit] @ tensor[:, bit, :]
        found = ahead
    return found[:, 0]


def _across(overlap: Array, tensor: Array, letter: str) -> Array:
    """The overlap of bra (first axis) and ket (second) carried over one site, a Pauli matrix between them."""
    acted = tensor
    if letter != "I":
        acted = np.einsum("st,atb->asb", PAULI_MATRICES[letter].astype(tensor.dtype), tensor)
    left, _, right = tensor.shape
    ket = (overlap @ acted.reshape(left, -1)).reshape(-1, right)
    return np.asarray(tensor.reshape(-1, right).conj().T @ ket)
