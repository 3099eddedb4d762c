"""Readout mitigation: errors of the recorded bits, measured once and undone on average.

    readout = ReadoutMitigation.calibrated(3, noise=model, shots=20_000, seed=1)
    value, error = readout.parity(result.bits, [0, 2])         # of Z on qubits 0 and 2
    readout.probabilities(result.bits)                         # (2^n,) quasi-probabilities

Each bit is taken to err by itself, with its own two probabilities (0 read as 1, 1 read as 0).  Then a parity is the
mean of a product with one factor a bit, chosen so that its mean over readout errors is the bit's true sign.

Source: Bravyi, Sheldon, Kandala, McKay and Gambetta, arXiv:2006.14044, eqs. 1 to 5 (tensor product noise).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsim.backends.protocol import Backend, Bits
from qsim.errors import CircuitError

if TYPE_CHECKING:
    from qsim.noise import NoiseModel

Floats = NDArray[np.float64]
WIDEST = 20


@dataclass(frozen=True, slots=True, eq=False)
class ReadoutMitigation:
    """Bits that err one by one.

    Attributes:
        rates: (n, 2) probabilities that bit k is read as 1 for 0, and as 0 for 1.
        shots: with which each of them was measured; None when they are known.

    Raises:
        CircuitError: not probabilities, or a bit that tells nothing (rates that add up to 1 or more).
    """

    rates: Floats
    shots: int | None = None

    def __post_init__(self) -> None:
        rates = np.asarray(self.rates, dtype=np.float64)
        object.__setattr__(self, "rates", rates)
        if rates.ndim != 2 or rates.shape[1] != 2 or not ((rates >= 0) & (rates <= 1)).all():
            raise CircuitError(
                "not readout errors", where="rates", expected="(n, 2) probabilities", got=f"shape {rates.shape}"
            )
        blind = np.flatnonzero(rates.sum(axis=1) >= 1)
        if len(blind):
            got = f"{rates[blind[0]].tolist()}"
            raise CircuitError("reads nothing", where=f"bit {blind[0]}", expected="rates of sum below 1", got=got)

    @classmethod
    def calibrated(
        cls,
        num_qubits: int,
        *,
        noise: NoiseModel,
        shots: int,
        seed: int | None = None,
        backend: str | Backend = "auto",
    ) -> ReadoutMitigation:
        """From two circuits, all qubits in |0> and all in |1>, under a noise model (gate noise of X counts in).

        Raises:
            CircuitError: bad input, or a bit that tells nothing.
        """
        from qiskit import QuantumCircuit

        from qsim.running import checked_seed, run

        seeds = np.random.SeedSequence(checked_seed(seed)).generate_state(2, np.uint64)
        means = []
        for flipped, each in zip((False, True), seeds, strict=True):
            circuit = QuantumCircuit(num_qubits, num_qubits)
            if flipped:
                circuit.x(range(num_qubits))
            circuit.measure(range(num_qubits), range(num_qubits))
            found = run(circuit, shots=shots, noise=noise, seed=int(each >> 1), backend=backend)
            means.append(found.bits.mean(axis=0))
        return cls(np.stack([means[0], 1 - means[1]], axis=1), shots=shots)

    def parity(self, bits: Bits, columns: Sequence[int]) -> tuple[float, float]:
        """The mean of the product of Z over bits, and its standard error from the shots and those of the calibration.

        Args:
            bits: (shots, n) as recorded; column k is bit k.
            columns: which bits.

        Raises:
            CircuitError: another number of bits than calibrated.
        """
        self._check(bits)
        chosen = list(columns)
        up, down = self.rates[chosen].T
        read = np.asarray(bits)[:, chosen]
        gap = 1 - up - down
        product = np.where(read, -(1 - up + down) / gap, (1 + up - down) / gap).prod(axis=1)
        if len(product) < 2:
            return float(product.mean()), float("inf")
        return float(product.mean()), float(np.sqrt(product.var(ddof=1) / len(product) + self._spread(read, chosen)))

    def _spread(self, read: Bits, chosen: list[int]) -> float:
        """Variance of a parity that comes from the calibration: squared slopes in the rates times their variances."""
        if self.shots is None:
            return 0.0
        up, down = self.rates[chosen].T
        gap = 1 - up - down
        zero, one = (1 + up - down) / gap, -(1 - up + down) / gap
        product = np.where(read, one, zero).prod(axis=1)[:, None]
        in_up = (product * np.where(read, -2 * down / gap**2 / one, 2 * (1 - down) / gap**2 / zero)).mean(axis=0)
        in_down = (product * np.where(read, -2 * (1 - up) / gap**2 / one, 2 * up / gap**2 / zero)).mean(axis=0)
        likely = (np.stack([up, down]) * self.shots + 1) / (self.shots + 2)  # no error seen is not none
        return float((np.stack([in_up, in_down]) ** 2 * likely * (1 - likely)).sum() / self.shots)

    def probabilities(self, bits: Bits) -> Floats:
        """(2^n,) quasi-probabilities of outcomes, bit 0 least significant; they add up to 1, and may be negative.

        Raises:
            CircuitError: another number of bits than calibrated, or more than 20.
        """
        self._check(bits)
        count = len(self.rates)
        if count > WIDEST:
            cure = "ask for parities"
            raise CircuitError("too many bits", where="bits", expected=f"at most {WIDEST}", got=f"{count}", cure=cure)
        index = bits.astype(np.int64) @ (1 << np.arange(count))
        tensor = (np.bincount(index, minlength=2**count) / len(bits)).reshape((2,) * count)
        for bit, (up, down) in enumerate(self.rates):
            axis = count - 1 - bit
            inverse = np.linalg.inv(np.array([[1 - up, down], [up, 1 - down]]))
            tensor = np.moveaxis(np.tensordot(inverse, tensor, axes=(1, axis)), 0, axis)
        return np.asarray(tensor.reshape(-1))

    def _check(self, bits: ArrayLike) -> None:
        shape = np.shape(bits)
        if len(shape) != 2 or shape[1] != len(self.rates) or not shape[0]:
            expected = f"(shots, {len(self.rates)}), one column a calibrated bit"
            raise CircuitError("not the bits that were calibrated", where="bits", expected=expected, got=f"{shape}")
