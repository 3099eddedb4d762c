"""``SamplerV2``: bits of circuits, by Qiskit's contract for samplers.

    sampler = SamplerV2(backend="auto", noise=model, seed=7)
    job = sampler.run([bell, (ansatz, angles, 500)], shots=1000)      # angles of shape (..., P) broadcast
    data = job.result()[1].data                                       # DataBin of shape (...)
    data.meas.get_counts()                                            # one BitArray for each classical register

Circuits may measure and reset in the middle and decide on outcomes.  As in Qiskit, bits outside every register have no
place in the result.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BitArray, DataBin, PrimitiveJob, PrimitiveResult, SamplerPubResult
from qiskit.primitives.base import BaseSamplerV2
from qiskit.primitives.containers import SamplerPubLike
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qsim.backends.protocol import Backend, Bits, Work
from qsim.errors import CircuitError
from qsim.primitives.setting import Setting, listed, one_text
from qsim.running import prepare

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qsim.noise import NoiseModel


class SamplerV2(BaseSamplerV2):  # type: ignore[misc]  # Qiskit has no types
    """Qiskit's sampler on one of our backends.

    Args:
        backend: a name, an instance, or "auto".
        noise: a model of `qsim.noise`, put into every circuit.
        default_shots: shots where neither PUB nor ``run`` says how many.
        seed: root of the random stream; the same seed gives the same bits at every ``run``.  None: fresh ones.
        options: arguments of the backend's constructor, with a backend's name.

    Raises:
        CircuitError: no such backend, option, seed or number of shots.
    """

    def __init__(
        self,
        *,
        backend: str | Backend = "auto",
        noise: NoiseModel | None = None,
        default_shots: int = 1024,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(default_shots, bool) or not isinstance(default_shots, int | np.integer) or default_shots < 1:
            expected = "an integer of 1 or more"
            raise CircuitError(
                "not a number of shots", where="default_shots", expected=expected, got=f"{default_shots}"
            )
        self._default_shots = int(default_shots)
        self._setting = Setting.of(backend, noise=noise, seed=seed, options=options)

    @property
    def default_shots(self) -> int:
        """Shots where neither PUB nor ``run`` says how many."""
        return self._default_shots

    @property
    def seed(self) -> int | None:
        """Root of the random stream; None for a fresh one at every run."""
        return self._setting.seed

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample PUBs: circuits, or tuples (circuit, parameter values, shots).

        Args:
            pubs: them.
            shots: for PUBs that do not say how many.

        Returns:
            A running job; refusals of the backend are raised by its ``result()``.

        Raises:
            CircuitError: a circuit alone instead of a list.
            ValueError, TypeError: from Qiskit, for PUBs that are none.
        """
        coerced = [SamplerPub.coerce(pub, self._default_shots if shots is None else shots) for pub in listed(pubs)]
        for number, pub in enumerate(coerced):
            _warn_of_lost_bits(number, pub.circuit)
        job = PrimitiveJob(self._run, coerced, self._setting.root())
        job._submit()
        return job

    def _run(self, pubs: list[SamplerPub], root: int) -> PrimitiveResult[SamplerPubResult]:
        found = [self._run_pub(pub, root, number) for number, pub in enumerate(pubs)]
        return PrimitiveResult(found, metadata={"version": 2})

    def _run_pub(self, pub: SamplerPub, root: int, number: int) -> SamplerPubResult:
        begin = perf_counter()
        work = Work(kind="sample", shots=pub.shots)
        circuits = pub.parameter_values.bind_all(pub.circuit)
        registers = {
            register.name: [pub.circuit.find_bit(bit).index for bit in register] for register in pub.circuit.cregs
        }
        arrays = {name: _empty(circuits.shape, pub.shots, len(columns)) for name, columns in registers.items()}
        runs: list[tuple[str, str, dict[str, Any]]] = []
        sweep = self._setting.for_sweep(pub.circuit, circuits.size, work) if registers else None
        for point, place in enumerate(np.ndindex(circuits.shape) if registers else ()):
            program = prepare(circuits[place], self._setting.noise)
            backend, why = sweep or self._setting.for_point(program, work)
            samples = backend.sample(program, pub.shots, seed=self._setting.seed_of(root, number, point))
            for name, columns in registers.items():
                arrays[name][place] = _packed(samples.bits[:, columns])
            runs.append((backend.name, why, samples.metadata))
        metadata = {
            "shots": pub.shots,
            "circuit_metadata": pub.circuit.metadata,
            "backend": one_text(name for name, _, _ in runs),
            "why": one_text(why for _, why, _ in runs),
            "seed": root,
            "seconds": perf_counter() - begin,
            "runs": [figures for _, _, figures in runs],
        }
        data = {name: BitArray(array, len(registers[name])) for name, array in arrays.items()}
        return SamplerPubResult(DataBin(**data, shape=circuits.shape), metadata=metadata)


def _empty(shape: tuple[int, ...], shots: int, bits: int) -> NDArray[np.uint8]:
    return np.zeros((*shape, shots, -(-bits // 8)), dtype=np.uint8)


def _packed(bits: Bits) -> NDArray[np.uint8]:
    """(shots, bytes) from (shots, bits): bit 0 last, padded in front, as `BitArray` has it."""
    padded = np.pad(bits[:, ::-1], ((0, 0), (-bits.shape[1] % 8, 0)))
    return np.packbits(padded, axis=-1)


def _warn_of_lost_bits(number: int, circuit: QuantumCircuit) -> None:
    where = f"PUB {number}"
    if not circuit.cregs:
        text = f"{where}: the circuit has no classical registers, so its result is empty; add measure_all()"
        warnings.warn(text, UserWarning, stacklevel=3)
    loose = [place for place, bit in enumerate(circuit.clbits) if not circuit.find_bit(bit).registers]
    if loose and circuit.cregs:
        text = f"{where}: classical bits {loose} are in no register, and so not in the result; put them in one"
        warnings.warn(text, UserWarning, stacklevel=3)
