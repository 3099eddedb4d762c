"""Zero-noise extrapolation of a circuit's expectation values: fold, run at every scale, extrapolate.

found = zero_noise(circuit, ["ZZI", "IXX"], noise=model, scales=(1, 2, 3), method="exponential", precision=1e-3)
found.values, found.errors, found.measured        # (O,), (O,), (S, O)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qsim.backends.protocol import Backend
from qsim.mitigation.extrapolation import Extrapolation, Floats, Method, extrapolate
from qsim.mitigation.folding import folded, realised_scale
from qsim.running import checked_seed, expectation

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qsim.noise import NoiseModel


@dataclass(frozen=True, slots=True)
class ZeroNoise:
    """Expectation values at zero noise.

    Attributes:
        extrapolations: (O,) one for each observable.
        scales: (S,) noise scales that were run.
        measured, measured_errors: (S, O) values at them with standard errors.
    """

    extrapolations: tuple[Extrapolation, ...]
    scales: tuple[float, ...]
    measured: Floats
    measured_errors: Floats

    @property
    def values(self) -> Floats:
        """(O,) extrapolated values."""
        return np.array([each.value for each in self.extrapolations])

    @property
    def errors(self) -> Floats:
        """(O,) standard errors of them."""
        return np.array([each.error for each in self.extrapolations])


def zero_noise(
    circuit: QuantumCircuit,
    observables: Any,
    *,
    noise: NoiseModel,
    scales: Sequence[float] = (1.0, 2.0, 3.0),
    method: Method = "exponential",
    precision: float = 0.0,
    backend: str | Backend = "auto",
    seed: int | None = None,
    fewest_qubits: int = 2,
) -> ZeroNoise:
    """Expectation values extrapolated to zero noise.

    Args:
        circuit: without control flow; folded as it stands, so transpile it before.
        observables: one or a list.
        noise: the model that acts on every scale's circuit.
        scales: asked for; those that whole gates allow are used.
        method: of extrapolation.
        precision: standard error at each scale that will do; 0 asks for exact values.
        backend, seed: as for ``qsim.run``.
        fewest_qubits: gates on fewer qubits are not folded.

    Raises:
        CircuitError: bad input, or no backend for it.
    """
    root = checked_seed(seed)
    reached = [realised_scale(circuit, scale, fewest_qubits=fewest_qubits) for scale in scales]
    seeds = np.random.SeedSequence(root).generate_state(max(len(reached), 1), np.uint64)
    found = [
        expectation(
            folded(circuit, scale, fewest_qubits=fewest_qubits),
            observables,
            noise=noise,
            precision=precision,
            backend=backend,
            seed=int(each >> 1),
        )
        for scale, each in zip(scales, seeds, strict=False)
    ]
    values = np.array([each.values for each in found]).reshape(len(reached), -1)
    errors = np.array([each.errors for each in found]).reshape(len(reached), -1)
    made = [extrapolate(reached, values[:, k], errors[:, k], method=method) for k in range(values.shape[1])]
    return ZeroNoise(tuple(made), tuple(reached), values, errors)
