"""Channels by name: Pauli errors, over-rotations and failing resets.

>>> depolarizing_channel(0.03).paulis["X"], bit_flip(0.1)
(0.01, Channel('bit_flip', {'X': 0.1}))

Probabilities are those of an error, as in stim: a depolarizing channel of strength p does nothing with probability
1 - p, and each of the other 4^n - 1 Paulis with p / (4^n - 1).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from numbers import Real
from typing import NoReturn

import numpy as np

from qsim.errors import CircuitError
from qsim.noise.channel import Channel, pauli_matrix


def bit_flip(p: float) -> Channel:
    """X with probability ``p``."""
    return Channel.pauli({"X": probability(p, "bit_flip")}, name="bit_flip")


def phase_flip(p: float) -> Channel:
    """Z with probability ``p``."""
    return Channel.pauli({"Z": probability(p, "phase_flip")}, name="phase_flip")


def pauli(probabilities: Mapping[str, float]) -> Channel:
    """Each Pauli of ``probabilities`` with its probability, labels in Qiskit's order.

    Raises:
        CircuitError: labels or probabilities that are none.
    """
    return Channel.pauli(probabilities)


def depolarizing_channel(p: float, *, num_qubits: int = 1) -> Channel:
    """One of the 4^n - 1 Paulis other than the identity, each equally probable, with probability ``p`` in all.

    It mixes completely at p = 1 - 4^-n (3/4 and 15/16 for one and two qubits).

    Raises:
        CircuitError: ``p`` is no probability, or ``num_qubits`` not from 1 to 6.
    """
    if num_qubits not in range(1, 7):
        expected = "1 to 6 qubits"
        raise CircuitError("too wide", where="depolarizing_channel", expected=expected, got=repr(num_qubits))
    labels = ["".join(letters) for letters in itertools.product("IXYZ", repeat=num_qubits)][1:]
    share = probability(p, "depolarizing_channel") / len(labels)
    return Channel.pauli(dict.fromkeys(labels, share), name="depolarizing")


def biased_pauli(p: float, bias: float, *, toward: str = "Z") -> Channel:
    """X, Y or Z with probability ``p`` in all, one of them ``bias`` times as probable as the other two together.

    Args:
        p: total probability.
        bias: eta = p_Z / (p_X + p_Y), 0.5 for depolarizing noise, infinite for pure dephasing.
        toward: the favoured Pauli.

    Raises:
        CircuitError: ``p`` is no probability, the bias is negative, or the favoured Pauli is none.

    Source: Tuckett, Bartlett and Flammia, Phys. Rev. Lett. 120, 050505 (2018), definition of eta.
    """
    if not bias >= 0:
        raise CircuitError("not a bias", where="biased_pauli", expected="0 or more", got=repr(bias))
    if toward not in ("X", "Y", "Z"):
        raise CircuitError("not a Pauli", where="biased_pauli", expected="X, Y or Z", got=repr(toward))
    rare = probability(p, "biased_pauli") / (bias + 1)
    rates = {letter: rare / 2 for letter in "XYZ" if letter != toward}
    return Channel.pauli({**rates, toward: p - rare}, name="biased_pauli")


def correlated_pauli(label: str, p: float) -> Channel:
    """One product of Paulis with probability ``p``: crosstalk when its qubits are neighbours.

    Raises:
        CircuitError: no Pauli label, or no probability.
    """
    return Channel.pauli({label: probability(p, "correlated_pauli")}, name=f"correlated_{label}")


def over_rotation(label: str, angle: float) -> Channel:
    """The coherent error exp(-i angle P / 2) of a Pauli product P.

    Args:
        label: Pauli label of P on at most 6 qubits, in Qiskit's order.
        angle: [rad].

    Raises:
        CircuitError: no Pauli label, or an angle that is not finite.
    """
    Channel.pauli({label: 0.0}, name="over_rotation")  # refuses what is no label
    if len(label) > 6 or not np.isfinite(angle):
        expected, got = "at most 6 letters and a finite angle", f"{label!r}, {angle!r}"
        raise CircuitError("no such rotation", where="over_rotation", expected=expected, got=got)
    matrix = pauli_matrix(label)
    turned = np.cos(angle / 2) * np.eye(len(matrix)) - 1j * np.sin(angle / 2) * matrix
    return Channel.from_kraus([turned], name=f"over_rotation_{label}")


def reset_error(to_zero: float, to_one: float = 0.0) -> Channel:
    """The qubit is put into |0> with probability ``to_zero`` and into |1> with probability ``to_one``.

    After a reset, ``bit_flip(p)`` is the error of preparing |1>; this channel is for resets that happen unasked.

    Raises:
        CircuitError: not probabilities, or of sum above 1.
    """
    stay = 1.0 - probability(to_zero, "reset_error") - probability(to_one, "reset_error")
    probability(stay, "reset_error (of staying)")
    zero, one = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    operators = [np.sqrt(stay) * np.eye(2)]
    operators += [np.sqrt(to_zero) * np.outer(zero, old) for old in (zero, one)]
    operators += [np.sqrt(to_one) * np.outer(one, old) for old in (zero, one)]
    return Channel.from_kraus([each for each in operators if each.any()], name="reset_error")


def leakage(p: float) -> NoReturn:
    """Refused: a channel here maps qubits to qubits, and no backend has a third level.

    Raises:
        CircuitError: always.
    """
    raise CircuitError(
        "a qubit that has left its two levels cannot be represented",
        where="leakage",
        expected="channels that map qubits to qubits",
        got=f"leakage with probability {p!r}",
        cure="use depolarizing_channel for what leaked qubits do to others, or reset_error for their return",
    )


def probability(p: float, where: str) -> float:
    """A probability as a float.

    Raises:
        CircuitError: outside [0, 1] or no number.
    """
    if isinstance(p, bool) or not isinstance(p, Real) or not -1e-15 <= p <= 1:
        raise CircuitError("not a probability", where=where, expected="a number in [0, 1]", got=repr(p))
    return max(float(p), 0.0)
