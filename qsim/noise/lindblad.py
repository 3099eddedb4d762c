"""Sparse Pauli-Lindblad noise, as learned on devices, as a noise model.

>>> from qiskit.quantum_info import PauliLindbladMap
>>> model = from_pauli_lindblad(PauliLindbladMap.from_sparse_list([("ZZ", (0, 1), 0.01)], num_qubits=2))
>>> round(model.rules[0].channel.paulis["ZZ"], 6)
0.009901

Source: van den Berg, Minev, Kandala and Temme, "Probabilistic error cancellation with sparse Pauli-Lindblad models on
noisy quantum processors", Nature Physics 19, 1116 (2023), equation 2: a generator P of rate lambda is the channel that
applies P with probability (1 - exp(-2 lambda)) / 2, and all of them commute.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.noise.model import NoiseModel
from qsim.noise.rules import Names

if TYPE_CHECKING:
    from qiskit.quantum_info import PauliLindbladMap


def from_pauli_lindblad(noise: PauliLindbladMap, *, containing: Names = "2q") -> NoiseModel:
    """The model with a Pauli-Lindblad map after every layer that has such an operation.

    Args:
        noise: rates of its generators; each becomes a Pauli channel on its own few qubits.
        containing: names and classes as for `NoiseModel.after`; layers are those of `NoiseModel.idle`.

    Raises:
        CircuitError: a negative rate, as in the inverse of a map: that is no channel.
    """
    model = NoiseModel()
    for label, qubits, rate in noise.to_sparse_list():
        if not 0 <= rate < math.inf:
            raise CircuitError(
                "a rate that no channel has",
                where=f"generator {label} on {', '.join(map(str, qubits))}",
                expected="0 or more",
                got=repr(rate),
                cure="an inverse map is for mitigation, where its terms are sampled with signs",
            )
        if qubits and rate:
            ordered = label[::-1]  # Qiskit's sparse lists have the letter of the first qubit on the left
            channel = Channel.pauli({ordered: -math.expm1(-2.0 * rate) / 2.0}, name=f"lindblad_{ordered}")
            model = model.each_layer(channel, [int(qubit) for qubit in qubits], containing=containing)
    return model
