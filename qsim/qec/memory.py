"""Counting logical errors: sample detection events, decode them, compare — bit-packed from end to end.

>>> from qsim.qec.circuits import noisy_memory_circuit
>>> circuit = noisy_memory_circuit(
...     "repetition", "Z", distance=3, rounds=3, noise="uniform_depolarizing", p=0.01)
>>> MemorySampler(circuit, "pymatching").sample(10_000, 7) == MemorySampler(circuit, "pymatching").sample(10_000, 7)
True
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import stim

from qsim.qec.decoders import compile_decoder
from qsim.qec.input_error import QecInputError
from qsim.qec.syndromes import Bytes, Plain, predictor

_CHUNK_BITS = 1 << 24
_LARGEST_CHUNK = 1 << 18


class MemoryCount(NamedTuple):
    """Shots taken, shots with a logical error, and shots the decoder discarded (``shots`` includes them)."""

    shots: int
    errors: int
    discards: int


class MemorySampler:
    """A noisy circuit with a decoder, ready to be sampled.

    An error is a shot in which any observable differs from its prediction, as sinter counts.  A decoder that appends
    one byte to its predictions discards the shots where that byte is not zero.

    Args:
        circuit: noisy stim circuit.
        decoder: a name that sinter knows, or ``"package.module:object"``.
        reuse: let a deterministic decoder see each syndrome once.  The counts are the same without it.

    Raises:
        QecInputError: see `qsim.qec.decoders.compile_decoder`.
    """

    def __init__(self, circuit: stim.Circuit, decoder: str = "pymatching", *, reuse: bool = True) -> None:
        compiled = compile_decoder(decoder, circuit)
        self._circuit, self._decoder = circuit, decoder
        self.chunk = chunk_shots(circuit.num_detectors + circuit.num_observables)
        self._predictor = (
            predictor(
                compiled.decode,
                detectors=circuit.num_detectors,
                observables=circuit.num_observables,
                deterministic=compiled.deterministic,
                fast=decoder in ("pymatching", "vacuous"),
            )
            if reuse
            else Plain(compiled.decode, None)
        )

    def sample(self, size: int, seed: int) -> MemoryCount:
        """Counts of ``size`` shots; the same size and 64-bit seed give the same counts on the same stim and CPU class.

        Memory is bounded: shots are taken in chunks of ``self.chunk``, a function of the circuit alone.
        """
        source = self._circuit.compile_detector_sampler(seed=seed)
        errors = discards = 0
        for start in range(0, size, self.chunk):
            detections, observables = source.sample(
                min(self.chunk, size - start), bit_packed=True, separate_observables=True
            )
            more_errors, more_discards = self._compare(detections, observables)
            errors, discards = errors + more_errors, discards + more_discards
        return MemoryCount(size, errors, discards)

    def _compare(self, detections: Bytes, observables: Bytes) -> tuple[int, int]:
        predictions = self._predictor.predict(detections)
        width = observables.shape[1]
        if predictions.dtype != np.uint8 or predictions.ndim != 2 or predictions.shape[1] not in (width, width + 1):
            raise QecInputError(
                f"decoder {self._decoder!r} predicts in the wrong form",
                field="decoder",
                expected=f"uint8 of shape (shots, {width}), or (shots, {width + 1}) with a last byte for discards",
                got=f"{predictions.dtype} of shape {predictions.shape}",
            )
        wrong = (
            np.any(predictions[:, :width] != observables, axis=1)
            if width != 1
            else (predictions[:, 0] != observables[:, 0])
        )
        if predictions.shape[1] == width:
            return int(np.count_nonzero(wrong)), 0
        kept = predictions[:, width] == 0
        return int(np.count_nonzero(wrong & kept)), int(np.count_nonzero(~kept))


def chunk_shots(bits: int) -> int:
    """Shots sampled at once, for ``bits`` detectors and observables: a power of two that keeps them in cache."""
    wanted = max(_CHUNK_BITS // max(bits, 1), 1)
    return int(min(max(1 << (wanted.bit_length() - 1), 1024), _LARGEST_CHUNK))
