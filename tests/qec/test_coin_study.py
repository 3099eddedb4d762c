"""Study `coin`: binomial counts and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from binomial_tail import is_plausible

from experiments.errors import InputError
from experiments.params import Place, convert
from experiments.studies.coin import study
from experiments.study import Study


def test_it_is_a_study() -> None:
    assert isinstance(study, Study)


@pytest.mark.parametrize("raw", study.examples(), ids=str)
def test_heads_follow_the_binomial_law_and_the_seed(raw: dict[str, Any]) -> None:
    """False alarm 1e-7 an example."""
    sampler = study.prepare(convert(study.Params, raw, Place("sweep.toml", {})))
    counts = sampler.sample(100_000, np.random.SeedSequence(4))
    assert counts == sampler.sample(100_000, np.random.SeedSequence(4))
    assert is_plausible(counts.errors, counts.shots, raw["p"])


def test_work_changes_no_count() -> None:
    lazy, busy = (study.prepare(study.Params(p=0.3, work=work)) for work in (0.0, 0.001))
    assert lazy.sample(1000, np.random.SeedSequence(4)) == busy.sample(1000, np.random.SeedSequence(4))


@pytest.mark.parametrize(("raw", "word"), study.bad_examples(), ids=str)
def test_every_bad_example_is_refused_with_its_word(raw: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError) as refusal:
        convert(study.Params, raw, Place("sweep.toml", {}))
    assert word in str(refusal.value)
