"""Running sweeps: the same numbers whoever computes them, resumed, tightened, split, failed or stopped."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.collect import load
from experiments.engine.local import LocalProcesses
from experiments.engine.protocol import Assignment, Job, Outcome
from experiments.errors import InputError, LedgerError
from experiments.merge import merge
from experiments.runner import RunState, run
from experiments.sweep import Sweep
from experiments.verify import verify

Make = Callable[..., Sweep]


@pytest.fixture
def undisturbed(sweep: Sweep, tmp_path: Path) -> str:
    return run(sweep, tmp_path / "undisturbed", engine="in-process").results.to_csv()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_numbers_do_not_depend_on_the_number_of_workers(
    sweep: Sweep, tmp_path: Path, undisturbed: str, workers: int
) -> None:
    report = run(sweep, tmp_path / "out", workers=workers)
    assert report.exit_code == 0
    assert report.results.to_csv() == undisturbed
    assert load(tmp_path / "out").to_csv() == undisturbed


def test_the_numbers_are_pinned(undisturbed: str) -> None:
    """Golden: a change here means that ledgers of earlier versions no longer resume to the same numbers."""
    golden = Path(__file__).parent / "golden_toy.csv"
    assert undisturbed == golden.read_text()


def test_another_seed_gives_other_numbers(make_sweep: Make, tmp_path: Path, undisturbed: str) -> None:
    assert run(make_sweep(seed=1), tmp_path / "out", engine="in-process").results.to_csv() != undisturbed


def test_a_finished_sweep_runs_nothing(sweep: Sweep, tmp_path: Path) -> None:
    assert run(sweep, tmp_path / "out", engine="in-process").batches > 0
    again = run(sweep, tmp_path / "out", engine="in-process")
    assert (again.batches, again.exit_code, again.why) == (0, 0, "everything was there already")


def test_max_shots_is_met_exactly(make_sweep: Make, tmp_path: Path) -> None:
    results = run(make_sweep(stop={"max_shots": 1001}), tmp_path / "out", engine="in-process").results
    assert {row.shots for row in results.rows} == {1001}


def test_a_tightened_goal_equals_the_goal_asked_at_once_and_uses_the_surplus(make_sweep: Make, tmp_path: Path) -> None:
    loose, tight = ({"max_shots": 20_000, "max_errors": errors} for errors in (50, 400))
    run(make_sweep(stop=loose), tmp_path / "steps", workers=2)
    before = sum(row.shots for row in load(tmp_path / "steps").rows)
    steps = run(make_sweep(stop=tight), tmp_path / "steps", workers=2)
    at_once = run(make_sweep(stop=tight), tmp_path / "at-once", engine="in-process")
    assert steps.results.to_csv() == at_once.results.to_csv()
    assert before < sum(row.shots for row in steps.results.rows)
    assert steps.batches < at_once.batches


def test_a_loosened_goal_publishes_the_shorter_prefix_again(make_sweep: Make, tmp_path: Path) -> None:
    loose, tight = ({"max_errors": errors} for errors in (50, 400))
    first = run(make_sweep(stop=loose), tmp_path / "out", engine="in-process").results.to_csv()
    run(make_sweep(stop=tight), tmp_path / "out", engine="in-process")
    back = run(make_sweep(stop=loose), tmp_path / "out", engine="in-process")
    assert (back.results.to_csv(), back.batches) == (first, 0)
    assert all(row.surplus > 0 for row in back.results.rows)


def test_an_extended_grid_keeps_what_is_there(make_sweep: Make, tmp_path: Path) -> None:
    run(make_sweep(grid={"distance": [3], "p": [0.1]}), tmp_path / "out", engine="in-process")
    wider = make_sweep(grid={"distance": [3, 5], "p": [0.1]})
    extended = run(wider, tmp_path / "out", engine="in-process")
    fresh = run(wider, tmp_path / "fresh", engine="in-process")
    assert extended.results.to_csv() == fresh.results.to_csv()
    assert extended.batches < fresh.batches


def test_shards_of_a_sweep_add_up_to_the_whole(sweep: Sweep, tmp_path: Path, undisturbed: str) -> None:
    for index in range(4):
        report = run(sweep, tmp_path / f"shard-{index % 2}", engine="in-process", shard=(index, 4))
        assert report.exit_code == 0
    merge([tmp_path / "shard-0", tmp_path / "shard-1"], tmp_path / "whole")
    assert load(tmp_path / "whole").to_csv() == undisturbed
    assert run(sweep, tmp_path / "whole", engine="in-process").batches == 0


def test_merge_is_idempotent(sweep: Sweep, tmp_path: Path, undisturbed: str) -> None:
    run(sweep, tmp_path / "a", engine="in-process")
    run(sweep, tmp_path / "b", workers=2)
    for _ in range(2):
        merge([tmp_path / "a", tmp_path / "b", tmp_path / "a"], tmp_path / "c")
        assert load(tmp_path / "c").to_csv() == undisturbed


def test_merging_another_sweep_is_refused(make_sweep: Make, tmp_path: Path) -> None:
    run(make_sweep(), tmp_path / "a", engine="in-process")
    run(make_sweep(seed=2), tmp_path / "b", engine="in-process")
    with pytest.raises(LedgerError, match="seed differs"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"seed": 5}, "seed differs"),
        ({"study": "toy_studies:scaling"}, "study differs"),
        ({"grid": {"p": [0.9]}}, "no grid point in common"),
        ({"batches": {"first": 99}}, "other batch sizes"),
    ],
)
def test_a_ledger_of_another_sweep_is_refused_untouched(
    make_sweep: Make, tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    run(make_sweep(), tmp_path / "out", engine="in-process")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    arguments = {
        "grid": {"distance": [3, 5], "p": [0.02, 0.1, 0.3]},
        "stop": {"max_shots": 20_000},
        "seed": 20261122,
        **change,
    }
    with pytest.raises(LedgerError, match=word):
        run(Sweep(**{"study": "toy_studies:toy", **arguments}), tmp_path / "out", engine="in-process")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_a_directory_with_other_files_is_refused(sweep: Sweep, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(LedgerError, match="not empty and is no ledger"):
        run(sweep, tmp_path, engine="in-process")


def test_a_directory_that_cannot_be_written_is_refused(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(LedgerError, match=r"cannot make the ledger|not a directory"):
        run(sweep, blocked / "out", engine="in-process")
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(LedgerError, match="cannot make the ledger"):
            run(sweep, tmp_path / "locked" / "out", engine="in-process")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(LedgerError, match="read-only"):
        run(sweep, tmp_path / "out", engine="in-process")


def test_the_drawn_seed_is_recorded_and_used_again(make_sweep: Make, tmp_path: Path) -> None:
    first = run(make_sweep(seed=None, stop={"max_shots": 500}), tmp_path / "out", engine="in-process").results
    again = run(make_sweep(seed=None, stop={"max_shots": 1000}), tmp_path / "out", engine="in-process").results
    assert first.manifest["seed"] == again.manifest["seed"]
    other = run(make_sweep(seed=None, stop={"max_shots": 500}), tmp_path / "other", engine="in-process").results
    assert other.manifest["seed"] != first.manifest["seed"]


def test_max_errors_needs_a_counting_study(make_sweep: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not count errors"):
        run(make_sweep("numbers"), tmp_path / "out", engine="in-process")
    assert not (tmp_path / "out").exists()


def test_relative_error_stops_real_valued_studies(make_sweep: Make, tmp_path: Path) -> None:
    sweep = make_sweep("numbers", grid={"p": [0.5, 0.9]}, stop={"relative_error": 0.05})
    results = run(sweep, tmp_path / "out", workers=2).results
    for row in results.rows:
        assert row.reason == "relative_error"
        assert row.estimate is not None
        assert row.estimate.half_width <= 0.05 * row.estimate.value
    assert results.to_csv().startswith("study,task_id,p,n,value,low,high\n")


def test_a_batch_that_kills_workers_is_quarantined_and_the_sweep_goes_on(make_sweep: Make, tmp_path: Path) -> None:
    report = run(
        make_sweep("killer", grid={"p": [0.1, 0.5, 0.25, 0.2]}, stop={"max_shots": 5000}), tmp_path / "out", workers=2
    )
    assert report.exit_code == 4
    states = {row.labels["p"]: (row.state, row.reason) for row in report.results.rows}
    assert states[0.1][0] == states[0.2][0] == "complete"
    assert states[0.5][0] == "failed"
    assert "ended 3 workers" in states[0.5][1]  # whichever of its batches came to three deaths first
    assert "SIGKILL" in states[0.5][1]
    assert states[0.25][0] == "failed"
    assert "ZeroDivisionError: a bug of the study (toy_studies.py:" in states[0.25][1]
    reread = {row.labels["p"]: row.state for row in load(tmp_path / "out").rows}
    assert reread == {p: state for p, (state, _) in states.items()}


def test_a_sampler_that_returns_another_size_is_an_error_of_its_task(make_sweep: Make, tmp_path: Path) -> None:
    report = run(
        make_sweep("miscounting", grid={"p": [0.1]}, stop={"max_shots": 100}), tmp_path / "out", engine="in-process"
    )
    assert report.exit_code == 4
    assert "asked for 64 units and tallied 63" in report.results.rows[0].reason


def test_a_time_budget_stops_and_the_same_call_finishes(make_sweep: Make, tmp_path: Path) -> None:
    slow = make_sweep(params={"seconds": 0.02}, grid={"p": [0.1, 0.2]}, stop={"max_shots": 12_000})
    first = run(slow, tmp_path / "out", engine="in-process", max_seconds=0.3)
    assert (first.exit_code, first.why) == (3, "the time budget is spent")
    assert 0 < sum(row.shots for row in first.results.rows) < 24_000
    assert run(slow, tmp_path / "out", workers=2).exit_code == 0
    fast = run(slow, tmp_path / "other", engine="in-process")
    assert load(tmp_path / "out").to_csv() == fast.results.to_csv()


def test_sigint_stops_resumably_and_keeps_what_arrived(make_sweep: Make, tmp_path: Path) -> None:
    slow = make_sweep(params={"seconds": 0.02}, grid={"p": [0.1, 0.2]}, stop={"max_shots": 12_000})
    sent = []

    def interrupt(state: RunState) -> None:
        if state.batches > 5 and not sent:
            sent.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    report = run(slow, tmp_path / "out", workers=2, observer=interrupt)
    assert (report.exit_code, report.why) == (3, "stopped by SIGINT")
    assert load(tmp_path / "out").manifest["problems"] == []
    assert run(slow, tmp_path / "out", workers=2).exit_code == 0


def test_a_killed_worker_and_a_killed_fork_server_cost_only_their_batches(make_sweep: Make, tmp_path: Path) -> None:
    slow = make_sweep(params={"seconds": 0.05}, grid={"p": [0.1, 0.2]}, stop={"max_shots": 12_000})
    engine = LocalProcesses(2)
    killed: list[int] = []

    def kill(state: RunState) -> None:
        if len(killed) < 3 and state.batches > 3 and engine.pids():
            victim = engine.server_pid() if len(killed) == 1 else engine.pids()[0]
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    report = run(slow, tmp_path / "out", engine=engine, observer=kill)
    assert len(killed) == 3
    assert report.exit_code == 0
    assert report.results.to_csv() == run(slow, tmp_path / "calm", engine="in-process").results.to_csv()


def test_an_engine_that_loses_all_its_processes_at_once_gives_every_job_back_and_goes_on(sweep: Sweep) -> None:
    task = sweep.tasks()[0]
    engine = LocalProcesses(2)
    engine.open(Assignment(sweep.study, 1, {task.id: task.params}))
    try:
        for number, slot in enumerate(engine.slots()):
            engine.submit(slot, [Job(task.id, batch, 10) for batch in (2 * number, 2 * number + 1)])
        for pid in (engine.server_pid(), *engine.pids()):
            os.kill(pid, signal.SIGKILL)
        outcomes: list[Outcome] = []
        deadline = time.monotonic() + 20
        while len(outcomes) < 4 and time.monotonic() < deadline:
            outcomes += engine.wait(0.2)
        assert sorted(outcome.job.batch for outcome in outcomes) == [0, 1, 2, 3]
        assert all(outcome.lost or outcome.died or outcome.state for outcome in outcomes)
        engine.submit(engine.slots()[0], [Job(task.id, 7, 10)])
        again: list[Outcome] = []
        while not again and time.monotonic() < deadline:
            again = engine.wait(0.2)
        assert [outcome.job.batch for outcome in again] == [7]
        assert again[0].state
    finally:
        engine.close()


def test_no_process_is_left_behind(sweep: Sweep, tmp_path: Path) -> None:
    import psutil

    before = set(psutil.Process().children(recursive=True))
    run(sweep, tmp_path / "out", workers=3)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and set(psutil.Process().children(recursive=True)) - before:
        time.sleep(0.05)
    assert set(psutil.Process().children(recursive=True)) - before == set()


def test_a_run_in_a_thread_leaves_signal_handlers_alone(sweep: Sweep, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(run(sweep, tmp_path / "out", engine="in-process").exit_code))
    thread.start()
    thread.join()
    assert codes == [0]
    assert signal.getsignal(signal.SIGINT) is before


def test_verify_replays_every_batch_to_the_same_bits(sweep: Sweep, tmp_path: Path) -> None:
    run(sweep, tmp_path / "out", workers=2)
    found = verify(tmp_path / "out", share=1.0)
    assert found.differences == []
    assert found.replayed == found.total > 10


def test_verify_catches_a_study_that_is_not_pure(make_sweep: Make, tmp_path: Path) -> None:
    run(make_sweep("drifting", grid={"p": [0.1]}, stop={"max_shots": 1000}), tmp_path / "out", workers=1)
    found = verify(tmp_path / "out", share=1.0, workers=1)
    assert len(found.differences) == found.total
    assert "differ" in found.summary


def test_verify_refuses_an_empty_ledger(sweep: Sweep, tmp_path: Path) -> None:
    run(sweep, tmp_path / "out", engine="in-process")
    shutil.rmtree(tmp_path / "out" / "shards")
    with pytest.raises(LedgerError, match="no batch to replay"):
        verify(tmp_path / "out")


def test_fit_allocation_is_as_reproducible_as_the_rest(make_sweep: Make, tmp_path: Path) -> None:
    sweep = make_sweep(
        "scaling",
        grid={"distance": [3, 5, 7], "p": {"logspace": [0.006, 0.016, 5]}},
        stop={"max_shots": 400_000},
        allocate={"rule": "fit", "quantity": "threshold", "standard_error": 3e-4},
    )
    alone = run(sweep, tmp_path / "alone", engine="in-process")
    assert alone.exit_code == 0
    assert {row.reason for row in alone.results.rows} <= {"fit", "max_shots"}
    together = run(sweep, tmp_path / "together", workers=3, max_seconds=1.5)
    while together.exit_code == 3:
        together = run(sweep, tmp_path / "together", workers=2)
    assert together.results.to_csv() == alone.results.to_csv()
    assert load(tmp_path / "together").to_csv() == alone.results.to_csv()
    assert len({row.shots for row in alone.results.rows}) > 3


def test_a_fit_cannot_be_split_over_jobs(make_sweep: Make, tmp_path: Path) -> None:
    sweep = make_sweep("scaling", allocate={"rule": "fit", "quantity": "threshold", "standard_error": 1e-4})
    with pytest.raises(InputError, match="over all tasks at once"):
        run(sweep, tmp_path / "out", shard=(0, 2))


def test_a_fit_needs_its_axes_in_the_grid(make_sweep: Make, tmp_path: Path) -> None:
    sweep = make_sweep(
        "scaling", grid={"p": [0.01, 0.02]}, allocate={"rule": "fit", "quantity": "threshold", "core_seconds": 1.0}
    )
    with pytest.raises(InputError, match="axes are not in the grid"):
        run(sweep, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_engine_is_refused(sweep: Sweep, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown engine"):
        run(sweep, tmp_path / "out", engine="quantum")
    with pytest.raises(InputError, match="no workers"):
        run(sweep, tmp_path / "out", workers=0)
    assert not (tmp_path / "out").exists()


def test_the_in_python_call_returns_results(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sweep.run(workers=2).to_csv() == undisturbed
    assert (tmp_path / "sweep.ledger" / "manifest.json").exists()
