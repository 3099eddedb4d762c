"""What a task is, and which random numbers its batches get."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.identity import batch_seed, canonical_json, task_id
from experiments.study import Schedule
from experiments.sweep import Sweep

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_task_id_is_the_sha256_of_a_pinned_byte_string() -> None:
    text = b'{"params":{"d":3,"p":0.001},"study":"qec.memory","version":1}'
    assert task_id("qec.memory", 1, {"p": 0.001, "d": 3}) == hashlib.sha256(text).hexdigest()


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_canonical_json_ignores_key_order_and_reads_back(value: dict[str, object]) -> None:
    import json

    turned = dict(reversed(value.items()))
    assert canonical_json(value) == canonical_json(turned)
    assert json.loads(canonical_json(value)) == value


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"p": float("nan")})


def test_version_study_and_parameters_all_change_the_id() -> None:
    ids = {
        task_id("a", 1, {}),
        task_id("b", 1, {}),
        task_id("a", 2, {}),
        task_id("a", 1, {"p": 1}),
        task_id("a", 1, {"p": 1.0}),
    }
    assert len(ids) == 5


def test_batch_seed_is_the_documented_seed_sequence() -> None:
    task = task_id("coin", 1, {"p": 0.5})
    words = [int(task[i : i + 8], 16) for i in range(0, 64, 8)]
    expected = np.random.SeedSequence(7, spawn_key=(*words, 3)).generate_state(4)
    assert (batch_seed(7, task, 3).generate_state(4) == expected).all()
    assert (batch_seed(7, task, 4).generate_state(4) != expected).any()


def test_a_default_written_out_is_the_same_task() -> None:
    short = Sweep(study="coin", grid={"p": [0.2]}, stop={"max_shots": 10})
    long = Sweep(study="coin", params={"work": 0.0}, grid={"p": [0.2]}, stop={"max_shots": 10})
    assert short.tasks()[0].id == long.tasks()[0].id


def test_integer_and_float_spellings_are_the_same_task() -> None:
    ids = {Sweep(study="coin", grid={"p": [p]}, stop={"max_shots": 10}).tasks()[0].id for p in (1, 1.0)}
    assert len(ids) == 1


@given(st.integers(1, 1000), st.floats(1, 4), st.integers(0, 10**6), st.integers(0, 200))
def test_batch_sizes_grow_to_the_largest_and_never_shrink(first: int, growth: float, extra: int, batch: int) -> None:
    schedule = Schedule(first, growth, first + extra)
    assert schedule.size(0) == first
    assert schedule.size(batch) <= schedule.size(batch + 1) <= schedule.largest


def test_a_schedule_without_growth_stays_at_its_first_size() -> None:
    assert {Schedule(256, 1.0, 65_536).size(batch) for batch in (0, 1, 63, 64, 10**6)} == {256}


def test_the_default_schedule_is_pinned() -> None:
    assert [Schedule().size(batch) for batch in (0, 1, 2, 3, 10, 25, 1000)] == [256, 320, 400, 500, 2384, 65536, 65536]
