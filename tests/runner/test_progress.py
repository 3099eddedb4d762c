"""Folding batches: any order of arrival, one at a time or in blocks, the same prefix and the same numbers."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import progress as folding
from experiments.engine.protocol import Job, Slot
from experiments.ledger.record import Record
from experiments.progress import Progress
from experiments.scheduling import Scheduler
from experiments.stopping import Stop
from experiments.study import Schedule
from experiments.sweep import Task
from experiments.tally import Counts

TASK = Task("cd" * 32, {}, {}, Schedule(10, 1.25, 40), 1e-6)


def record(batch: int, errors: int, size: int | None = None) -> Record:
    size = TASK.schedule.size(batch) if size is None else size
    return Record(TASK.id, batch, size, msgspec.Raw(b'{"counts":[%d,%d]}' % (size, errors)), cpu=0.5)


def outcome(progress: Progress) -> tuple[object, ...]:
    return progress.tally, progress.prefix, progress.shots, progress.reason, progress.last_kept, progress.surplus


stops = st.one_of(
    st.builds(lambda n: Stop(max_shots=n), st.integers(1, 3000)),
    st.builds(lambda k: Stop(max_errors=k), st.integers(2, 300)),
    st.builds(lambda n, k: Stop(max_shots=n, max_errors=k), st.integers(1, 3000), st.integers(2, 300)),
    st.builds(lambda e: Stop(max_shots=3000, relative_error=e), st.floats(0.05, 0.9)),
)


@given(stops, st.lists(st.integers(0, 10), min_size=1, max_size=80), st.randoms(), st.integers(2, 9))
@settings(max_examples=150, deadline=None)
def test_order_of_arrival_and_block_size_change_nothing(
    stop: Stop, errors: list[int], rng: random.Random, block: int
) -> None:
    records = [record(batch, count) for batch, count in enumerate(errors)]
    one_by_one = Progress(TASK, stop)
    for each in records:
        one_by_one.offer(each)
    shuffled = Progress(TASK, stop)
    late = records[:]
    rng.shuffle(late)
    for each in late:
        shuffled.offer(each)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "BLOCK", block)
        at_once = Progress(TASK, stop)
        at_once.load({(each.batch, each.size): each for each in late})
    assert outcome(one_by_one) == outcome(shuffled) == outcome(at_once)


def test_blocks_are_really_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "from_state", lambda state: pytest.fail("folded one by one"))
    progress = Progress(TASK, Stop(max_errors=10_000))
    progress.load({(batch, each.size): each for batch in range(512) for each in [record(batch, 1)]})
    assert (progress.prefix, progress.tally) == (512, Counts(progress.shots, 512))


def test_the_last_batch_is_cut_to_meet_max_shots() -> None:
    progress = Progress(TASK, Stop(max_shots=25))
    progress.offer(record(0, 1))
    assert (progress.shots, progress.size_of(1, 10)) == (10, 12)
    progress.offer(record(1, 0))
    assert progress.size_of(2, 22) == 3
    progress.offer(record(2, 2))
    assert progress.reason == ""  # the whole batch 2 is surplus: the cut one is asked for
    progress.offer(record(2, 1, size=3))
    assert (progress.reason, progress.shots, progress.surplus) == ("max_shots", 25, 15)


def test_limits_of_an_allocation_hold_back_what_is_there() -> None:
    progress = Progress(TASK, Stop(max_shots=1000), limit=0)
    progress.load({(batch, each.size): each for batch in range(5) for each in [record(batch, 1)]})
    assert progress.prefix == 0
    progress.limit = 15
    progress.advance()
    assert (progress.prefix, progress.shots) == (2, 22)


def test_relative_error_stops_at_the_first_prefix_that_is_precise_enough() -> None:
    stop = Stop(relative_error=0.5)
    progress = Progress(TASK, stop)
    for batch in range(40):
        progress.offer(record(batch, 2))
    assert progress.reason == "relative_error"
    assert isinstance(progress.tally, Counts)
    assert progress.tally.estimate(0.95).relative_error <= 0.5
    shorter = Counts(progress.shots - progress.last_kept, progress.tally.errors - 2)
    assert not stop.reached(shorter)


def test_the_scheduler_issues_every_batch_once_and_lost_ones_again() -> None:
    progress = Progress(TASK, Stop(max_shots=500))
    scheduler, slot = Scheduler([progress]), Slot("w", None, [])
    issued: list[Job] = []
    lost = False
    while not progress.ended:
        jobs = scheduler.jobs_for(slot)
        assert jobs
        slot.task = TASK.id
        for job in jobs:
            issued.append(job)
            if job.batch == 3 and not lost:
                lost = True
                scheduler.works[TASK.id].give_back(job)
                continue
            scheduler.works[TASK.id].finished(job)
            progress.offer(record(job.batch, 1, job.size))
    assert sorted(job.batch for job in issued) == sorted([*range(progress.prefix), 3])
    assert progress.surplus == 0


def test_the_scheduler_does_not_run_far_past_a_stop_rule_that_is_near() -> None:
    progress = Progress(TASK, Stop(max_errors=100))
    progress.load({(batch, each.size): each for batch in range(10) for each in [record(batch, 9)]})
    scheduler = Scheduler([progress])
    wanted = progress.stop.shots_still_wanted(progress.tally)
    jobs = [job for name in "abcdef" for job in scheduler.jobs_for(Slot(name, None, []))]
    assert wanted <= sum(job.size for job in jobs) < 2 * wanted + 40
