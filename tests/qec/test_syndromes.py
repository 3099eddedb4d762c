"""All ways of using a decoder give its own predictions; the quick ones call it less."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from qsim.qec.syndromes import Distinct, Plain, Table, predictor


class Recorder:
    """A decoder whose prediction is a hash of the syndrome; counts the rows it is asked about."""

    def __init__(self, width: int = 1) -> None:
        self.rows, self.width = 0, width

    def __call__(self, detections: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        self.rows += len(detections)
        weights = np.arange(1, detections.shape[1] + 1) * 37
        hashed = (detections @ weights % 97 + 5) % 128
        return np.repeat(hashed.astype(np.uint8)[:, np.newaxis], self.width, axis=1)


def syndromes(detectors: int, shots: int, *, rate: float) -> npt.NDArray[np.uint8]:
    bits = np.random.default_rng(7).random((shots, detectors)) < rate
    return np.packbits(bits, axis=1, bitorder="little")


@pytest.mark.parametrize("detectors", [1, 8, 9, 17, 24, 25, 64, 100])
@pytest.mark.parametrize("rate", [0.0, 0.002, 0.1, 0.5])
@pytest.mark.parametrize("fast", [True, False])
def test_quick_predictions_are_the_decoders_own(detectors: int, rate: float, fast: bool) -> None:
    quick = predictor(Recorder(), detectors=detectors, observables=1, deterministic=True, fast=fast)
    for shots in (1, 300, 5000):
        chunk = syndromes(detectors, shots, rate=rate)
        assert np.array_equal(quick.predict(chunk), Recorder()(chunk))


@pytest.mark.parametrize(
    ("detectors", "observables", "width", "deterministic", "fast", "kind"),
    [
        (24, 1, 1, True, True, Table),
        (24, 7, 1, True, False, Table),
        (24, 8, 1, True, True, Plain),
        (24, 1, 2, True, True, Plain),
        (25, 1, 1, True, True, Plain),
        (25, 1, 1, True, False, Distinct),
        (5, 1, 1, False, True, Plain),
        (0, 1, 1, True, True, Plain),
    ],
)
def test_choice_reads_sizes_and_declarations_only(
    detectors: int, observables: int, width: int, deterministic: bool, fast: bool, kind: type
) -> None:
    chosen = predictor(
        Recorder(width), detectors=detectors, observables=observables, deterministic=deterministic, fast=fast
    )
    assert type(chosen) is kind


def test_table_decodes_each_syndrome_once_over_all_chunks() -> None:
    decode, chunk = Recorder(), syndromes(10, 5000, rate=0.1)
    table = Table(decode, 10)
    table.predict(chunk)
    table.predict(chunk)
    assert decode.rows == len(np.unique(chunk, axis=0))


def test_slow_decoder_sees_each_distinct_syndrome_of_a_chunk_once() -> None:
    decode, chunk = Recorder(), syndromes(100, 5000, rate=0.005)
    Distinct(decode).predict(chunk)
    assert decode.rows == len(np.unique(chunk, axis=0)) < 5000


@pytest.mark.parametrize(("rate", "skipped"), [(0.0005, True), (0.1, False)])
def test_empty_syndromes_are_set_aside_where_there_are_many(rate: float, skipped: bool) -> None:
    decode, chunk = Recorder(), syndromes(100, 5000, rate=rate)
    Plain(decode, Recorder()(np.zeros((1, 13), dtype=np.uint8))[0]).predict(chunk)
    assert decode.rows == (np.count_nonzero(chunk.any(axis=1)) if skipped else 5000)
