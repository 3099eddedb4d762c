"""Three ways to compare a decoder's predictions with the truth, which differ in speed and in nothing else.

A deterministic decoder gives equal predictions for equal syndromes, so a syndrome need not be decoded twice:

* `Table`: up to 24 detectors, the predictions seen so far are kept in an array indexed by the syndrome itself.
* `Distinct`: a slow decoder gets each distinct syndrome of a chunk once.
* `Plain`: everything is decoded, except empty syndromes where there are many of them.

Which one is used depends on the number of detectors, the decoder and the first shots of a chunk, never on a clock.
Detection events and observables are bit-packed arrays of shape ``(shots, bytes)``, dtype uint8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]
Decode: TypeAlias = Callable[[Bytes], Bytes]

TABLE_DETECTORS = 24
"""Most detectors for which predictions are tabulated: 2**24 bytes of address space, touched only where used."""
PROBE = 256
"""Shots looked at before deciding whether empty syndromes are worth setting aside."""
EMPTY_SHARE = 1 / 8
"""Share of empty syndromes above which finding them costs less than decoding them."""


class Predictor(Protocol):
    """Predictions for a chunk of shots, of shape ``(shots, width)``."""

    def predict(self, detections: Bytes, /) -> Bytes: ...


class Plain:
    """Decodes all shots; ``empty`` is the prediction for no detection events, or None to ask for it each time."""

    def __init__(self, decode: Decode, empty: Bytes | None) -> None:
        self._decode, self._empty = decode, empty

    def predict(self, detections: Bytes) -> Bytes:
        if self._empty is None or np.count_nonzero(detections[:PROBE].any(axis=1)) > (1 - EMPTY_SHARE) * min(
            PROBE, len(detections)
        ):
            return self._decode(detections)
        occupied = np.flatnonzero(detections.any(axis=1))
        predictions = np.broadcast_to(self._empty, (len(detections), self._empty.size)).copy()
        predictions[occupied] = self._decode(detections[occupied])
        return predictions


class Table:
    """Remembers every prediction; for at most `TABLE_DETECTORS` detectors and predictions of up to seven bits."""

    _KNOWN = np.uint8(0x80)

    def __init__(self, decode: Decode, detectors: int) -> None:
        self._decode = decode
        self._bytes = -(-detectors // 8)
        self._predictions = np.zeros(1 << detectors, dtype=np.uint8)

    def predict(self, detections: Bytes) -> Bytes:
        words = np.zeros((len(detections), 4), dtype=np.uint8)
        for column in range(self._bytes):
            words[:, column] = detections[:, column]
        syndromes = words.view("<u4")[:, 0]
        found: Bytes = self._predictions[syndromes]
        unknown = np.flatnonzero(found == 0)
        if unknown.size:
            new, first = np.unique(syndromes[unknown], return_index=True)
            self._predictions[new] = self._decode(detections[unknown[first]])[:, 0] | self._KNOWN
            found = self._predictions[syndromes]
        found ^= self._KNOWN
        return found[:, np.newaxis]


class Distinct:
    """Decodes each distinct syndrome of a chunk once."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode

    def predict(self, detections: Bytes) -> Bytes:
        rows = np.ascontiguousarray(detections).view(np.dtype((np.void, detections.shape[1])))[:, 0]
        _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
        return self._decode(detections[first])[inverse]


def predictor(decode: Decode, *, detectors: int, observables: int, deterministic: bool, fast: bool) -> Predictor:
    """The quickest way to use a decoder that keeps its predictions.

    Args:
        decode: predicts ``(shots, width)`` bytes; ``width`` may exceed the observables' bytes by one, for discards.
        detectors: number of detectors.
        observables: number of observables.
        deterministic: equal syndromes always get equal predictions; otherwise every shot is decoded.
        fast: decoding costs about as little as sorting, as with PyMatching.
    """
    if not deterministic or detectors == 0:
        return Plain(decode, None)
    empty = decode(np.zeros((1, -(-detectors // 8)), dtype=np.uint8))
    if detectors <= TABLE_DETECTORS and observables <= 7 and empty.shape[1] == 1:
        return Table(decode, detectors)
    return Plain(decode, empty[0]) if fast else Distinct(decode)
