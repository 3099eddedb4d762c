"""Decoders are found by name or import path, and refused with the names that exist."""

from __future__ import annotations

import importlib.util

import own_decoders
import pytest
import sinter
import stim

from experiments.studies.qec_memory_examples import BIT_FLIP
from qsim.qec.circuits import noisy_memory_circuit
from qsim.qec.decoders import PACKAGES, check_decoder, compile_decoder, error_model
from qsim.qec.input_error import QecInputError
from qsim.qec.memory import MemorySampler

BITS = stim.Circuit(BIT_FLIP)


def test_every_decoder_of_sinter_has_its_package_named() -> None:
    assert set(sinter.BUILT_IN_DECODERS) == set(PACKAGES)


@pytest.mark.parametrize("path", ["own_decoders:MajorityOfThree", "own_decoders:counting_majority"])
def test_own_decoder_by_import_path_decodes_like_matching(path: str) -> None:
    assert MemorySampler(BITS, path).sample(20_000, 5) == MemorySampler(BITS).sample(20_000, 5)


def test_own_decoder_sees_every_shot_unless_it_declares_itself_deterministic() -> None:
    own_decoders.counting_majority.shots_seen = 0
    MemorySampler(BITS, "own_decoders:counting_majority").sample(5000, 5)
    assert own_decoders.counting_majority.shots_seen == 5000
    own_decoders.deterministic_majority.shots_seen = 0
    sampler = MemorySampler(BITS, "own_decoders:deterministic_majority")
    assert sampler.sample(5000, 5) == MemorySampler(BITS).sample(5000, 5)
    assert own_decoders.deterministic_majority.shots_seen == 1 + 4


def test_extra_byte_discards_shots() -> None:
    """With every detection event discarded, what is left errs only when all three bits flipped."""
    count = MemorySampler(BITS, "own_decoders:Perfectionist").sample(20_000, 5)
    detections, observables = BITS.compile_detector_sampler(seed=5).sample(20_000, separate_observables=True)
    quiet = ~detections.any(axis=1)
    assert count == (20_000, int((observables[:, 0] & quiet).sum()), int((~quiet).sum()))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("pymatchin", "did you mean 'pymatching'"),
        ("lookup", "hypergraph_union_find"),
        ("no_such_package_of_anyone:Decoder", "no package to import"),
        (":Decoder", "no package to import"),
    ],
)
def test_unknown_decoder_is_refused_with_what_exists(name: str, word: str) -> None:
    with pytest.raises(QecInputError, match=word) as refusal:
        check_decoder(name)
    assert refusal.value.field == "decoder"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("own_decoders:Absent", "no decoder at"),
        ("own_decoders.absent:Decoder", "no decoder at"),
        ("own_decoders:not_a_decoder", "is not a decoder"),
        ("own_decoders:OnlyFiles", "compile_decoder_for_dem"),
    ],
)
def test_object_that_cannot_decode_is_refused(name: str, word: str) -> None:
    with pytest.raises(QecInputError, match=word):
        compile_decoder(name, BITS)


def test_decoder_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(QecInputError, match="uint8 of shape"):
        MemorySampler(BITS, "own_decoders:WrongShape").sample(10, 1)


def test_missing_package_of_a_decoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "fusion_blossom" else real(name))
    with pytest.raises(QecInputError, match="pip install fusion-blossom"):
        check_decoder("fusion_blossom")


def test_matching_is_refused_for_errors_that_do_not_decompose() -> None:
    circuit = noisy_memory_circuit("color", "Z", distance=5, rounds=3, noise="uniform_depolarizing", p=0.001)
    with pytest.raises(QecInputError, match="hypergraph_union_find"):
        compile_decoder("pymatching", circuit)
    assert error_model(circuit).num_detectors == circuit.num_detectors
