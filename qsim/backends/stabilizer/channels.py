"""Pauli channels in stim's words.

>>> from qsim.noise.channel import Channel
>>> print(*channel_text(Noise(Channel.pauli({"IX": 0.1}), (3, 5)), "step 0"), sep="\\n")
PAULI_CHANNEL_2(0, 0, 0, 0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) 3 5
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.program import Noise


def channel_text(noise: Noise, where: str) -> Iterator[str]:
    """Lines of stim that apply a channel.

    Raises:
        CircuitError: it is no Pauli channel.
    """
    if noise.channel.paulis is None:
        raise CircuitError(
            "not a Pauli channel",
            where=f"{where} ({noise})",
            expected="channels given by probabilities of Pauli operators",
            cure='use Stabilizer(twirl=True), or noise.twirled(), to approximate it; or backend="density_matrix"',
        )
    if len(noise.qubits) > 2:
        yield from _chain(noise)
        return
    word = _word(noise.channel)
    if word:
        yield f"{word} {' '.join(map(str, noise.qubits))}"


@lru_cache(maxsize=4096)
def _word(channel: Channel) -> str:
    """The name and arguments for a channel on one or two qubits; empty for none."""
    rates = rates_in_stim_order(channel)
    if not any(rates):
        return ""
    size = channel.num_qubits
    if min(rates) == max(rates) and rates[0] <= 4.0**-size:  # stim draws these in one go
        return f"DEPOLARIZE{size}({min(len(rates) * rates[0], 1 - 4.0**-size)!r})"
    for letter, rate in zip("XYZ", rates, strict=False):
        if size == 1 and rate == sum(rates):
            return f"{letter}_ERROR({rate!r})"
    return f"PAULI_CHANNEL_{size}({', '.join(f'{rate!r}' if rate else '0' for rate in rates)})"


def rates_in_stim_order(channel: Channel) -> list[float]:
    """Probabilities of IX, IY, ... (one qubit: X, Y, Z), the first letter for the first qubit."""
    assert channel.paulis is not None
    labels = ["".join(letters) for letters in product("IXYZ", repeat=channel.num_qubits)][1:]
    return [float(channel.paulis.get(label[::-1], 0.0)) for label in labels]


def _chain(noise: Noise) -> Iterator[str]:
    """A chain of correlated errors, each with its probability given that none before it happened."""
    assert noise.channel.paulis is not None
    left, name = 1.0, "CORRELATED_ERROR"
    for label, rate in noise.channel.paulis.items():
        targets = [
            f"{letter}{qubit}" for letter, qubit in zip(reversed(label), noise.qubits, strict=True) if letter != "I"
        ]
        if not targets or rate <= 0:
            continue
        yield f"{name}({min(rate / left, 1.0)!r}) {' '.join(targets)}"
        name, left = "ELSE_CORRELATED_ERROR", max(left - rate, rate * 1e-16)
