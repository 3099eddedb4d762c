"""Decoders as a user would write them, found by import path in the tests."""

from __future__ import annotations

import numpy as np
import sinter


class _Compiled(sinter.CompiledDecoder):
    def __init__(self, decoder: MajorityOfThree) -> None:
        self.decoder = decoder

    def decode_shots_bit_packed(self, *, bit_packed_detection_event_data: np.ndarray) -> np.ndarray:
        """Three bits, detectors 0-1 and 1-2, observable bit 2: it is the odd one out when only detector 1 fires."""
        self.decoder.shots_seen += len(bit_packed_detection_event_data)
        return (bit_packed_detection_event_data == 0b10).astype(np.uint8)


class MajorityOfThree(sinter.Decoder):
    """Majority vote over `qec_memory_examples.BIT_FLIP`."""

    shots_seen = 0

    def compile_decoder_for_dem(self, *, dem: object) -> sinter.CompiledDecoder:
        return _Compiled(self)


class DeterministicMajority(MajorityOfThree):
    """The same, declared a function of the syndrome."""

    deterministic = True


class _Doubtful(_Compiled):
    def decode_shots_bit_packed(self, *, bit_packed_detection_event_data: np.ndarray) -> np.ndarray:
        votes = super().decode_shots_bit_packed(bit_packed_detection_event_data=bit_packed_detection_event_data)
        return np.concatenate([votes, bit_packed_detection_event_data], axis=1)


class Perfectionist(MajorityOfThree):
    """Discards every shot that has a detection event."""

    def compile_decoder_for_dem(self, *, dem: object) -> sinter.CompiledDecoder:
        return _Doubtful(self)


class _Misshapen(_Compiled):
    def decode_shots_bit_packed(self, *, bit_packed_detection_event_data: np.ndarray) -> np.ndarray:
        return np.zeros((len(bit_packed_detection_event_data), 3), dtype=np.uint8)


class WrongShape(MajorityOfThree):
    """Predicts too many bytes."""

    def compile_decoder_for_dem(self, *, dem: object) -> sinter.CompiledDecoder:
        return _Misshapen(self)


class OnlyFiles(sinter.Decoder):
    """A decoder of sinter's older kind."""


counting_majority = MajorityOfThree()
deterministic_majority = DeterministicMajority()
not_a_decoder = 3
