"""The script is run here as Slurm would run it: by bash, with Slurm's variables and programs that note their call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.collect import load
from experiments.errors import InputError
from experiments.runner import run
from experiments.slurm import MARGIN, sbatch_script, walltime_seconds
from experiments.sweep import Sweep

AWKWARD = "my sweeps/it's $HOME `now`;.toml"


def _fake(directory: Path, name: str, body: str) -> None:
    directory.mkdir(exist_ok=True)
    program = directory / name
    program.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    program.chmod(0o755)


def _start(script: str, tmp_path: Path, *, task: int = 3) -> subprocess.Popen[bytes]:
    path = tmp_path / "job.sh"
    path.write_text(script, encoding="utf-8")
    environment = {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SLURM_ARRAY_TASK_ID": str(task),
        "SLURM_ARRAY_JOB_ID": "77",
        "SLURM_CPUS_PER_TASK": "16",
    }
    return subprocess.Popen(["bash", str(path)], env=environment, cwd=tmp_path)


def _record_arguments(tmp_path: Path, *, code: int) -> None:
    _fake(tmp_path / "bin", "qsim", f"printf '%s\\0' \"$@\" > called; exit {code}")
    _fake(tmp_path / "bin", "scontrol", 'echo "$@" > requeued')


def _called(tmp_path: Path) -> list[str]:
    return (tmp_path / "called").read_bytes().decode().split("\0")[:-1]


def test_script_is_valid_bash() -> None:
    script = sbatch_script(AWKWARD, "out", shards=4, time="1-00", cpus=2, python="env with space/bin/python")
    subprocess.run(["bash", "-n"], input=script.encode(), check=True)


def test_directives_come_before_the_first_command() -> None:
    """Slurm ignores every #SBATCH line after the first line that is a command."""
    script = sbatch_script(
        "s.toml",
        "out",
        shards=4,
        time="04:00:00",
        cpus=2,
        memory="8G",
        partition="long",
        account="p42",
        limit=2,
        extra=["--exclusive"],
    )
    lines = script.splitlines()
    assert lines[0] == "#!/bin/bash"
    expected = [
        "--job-name=s",
        "--array=0-3%2",
        "--time=04:00:00",
        "--ntasks=1",
        "--cpus-per-task=2",
        "--requeue",
        "--open-mode=append",
        "--signal=B:TERM@120",
        "--mem=8G",
        "--partition=long",
        "--account=p42",
        "--exclusive",
    ]
    assert lines[1 : 1 + len(expected)] == [f"#SBATCH {directive}" for directive in expected]
    assert script.count("#SBATCH") == len(expected)


def test_array_task_runs_its_shard_with_its_cpus(tmp_path: Path) -> None:
    _record_arguments(tmp_path, code=0)
    script = sbatch_script(AWKWARD, "-out dir", shards=8, time="04:00:00", cpus=16)
    assert _start(script, tmp_path).wait(timeout=20) == 0
    assert _called(tmp_path) == [
        *("run", AWKWARD, "--out", "./-out dir"),
        *("--shard", "3/8", "--workers", "16", "--max-seconds", str(4 * 3600 - MARGIN)),
    ]
    assert not (tmp_path / "requeued").exists()


def test_all_shards_draw_from_the_seed_they_are_given(tmp_path: Path) -> None:
    _record_arguments(tmp_path, code=0)
    script = sbatch_script("s.toml", "out", shards=8, time="30", cpus=1, seed=2**127)
    assert _start(script, tmp_path).wait(timeout=20) == 0
    called = _called(tmp_path)
    assert called[called.index("--seed") + 1] == str(2**127)


def test_named_interpreter_runs_the_command_line(tmp_path: Path) -> None:
    _fake(tmp_path / "my env", "python", "printf '%s\\0' \"$@\" > called")
    script = sbatch_script("s.toml", "out", shards=1, time="30", cpus=1, python=tmp_path / "my env" / "python")
    assert _start(script, tmp_path).wait(timeout=20) == 0
    assert _called(tmp_path)[:4] == ["-c", "from experiments.cli import main; main()", "run", "s.toml"]


def test_shards_run_by_the_script_add_up_to_the_whole_sweep(tmp_path: Path) -> None:
    """Oracle: the same sweep run at once in this process; the tables are equal byte by byte."""
    sweep = tmp_path / "a sweep.toml"
    sweep.write_text(
        'study = "coin"\nseed = 7\n[grid]\np = [0.1, 0.2, 0.3]\n[stop]\nmax_shots = 3000\n', encoding="utf-8"
    )
    script = sbatch_script(sweep, tmp_path / "split", shards=2, time="30", cpus=1, python=sys.executable)
    for task in range(2):
        assert _start(script.replace("$SLURM_CPUS_PER_TASK", "1"), tmp_path, task=task).wait(timeout=60) == 0
    whole = run(Sweep.load(sweep), tmp_path / "whole", engine="in-process")
    assert load(tmp_path / "split").to_csv() == whole.results.to_csv()
    assert all(row.shots == 3000 for row in whole.results.rows)


@pytest.mark.parametrize("code", [2, 3, 4])
def test_exit_code_is_passed_on_without_requeue_when_time_is_left(tmp_path: Path, code: int) -> None:
    """Code 3 long before the walltime is a full disk or a Ctrl-C: queueing again would repeat it for ever."""
    _record_arguments(tmp_path, code=code)
    assert _start(sbatch_script("s.toml", "out", shards=8, time="30", cpus=1), tmp_path).wait(timeout=20) == code
    assert not (tmp_path / "requeued").exists()


def test_exit_code_3_at_the_end_of_the_budget_requeues_this_array_task(tmp_path: Path) -> None:
    _record_arguments(tmp_path, code=3)
    script = sbatch_script("s.toml", "out", shards=8, time="10", cpus=1)
    assert f"budget={600 - MARGIN} " in script
    spent = script.replace(f"budget={600 - MARGIN} ", "budget=0 ")
    assert _start(spent, tmp_path).wait(timeout=20) == 3
    assert (tmp_path / "requeued").read_text() == "requeue 77_3\n"


def test_walltime_warning_reaches_the_sweep_and_its_own_exit_code_comes_back(tmp_path: Path) -> None:
    _record_arguments(tmp_path, code=0)
    _fake(tmp_path / "bin", "qsim", "trap 'sleep 0.3; exit 3' TERM; touch ready; while :; do sleep 0.05; done")
    job = _start(sbatch_script("s.toml", "out", shards=8, time="30", cpus=1), tmp_path)
    deadline = time.monotonic() + 20
    while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    job.send_signal(signal.SIGTERM)
    assert job.wait(timeout=20) == 3
    assert (tmp_path / "requeued").read_text() == "requeue 77_3\n"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("90:30", 5430), ("1:02:03", 3723), ("2-3", 183_600), ("2-3:04", 183_840), ("2-3:04:05", 183_845)],
)
def test_walltime_reads_every_form_of_slurm(text: str, seconds: int) -> None:
    """The six forms and their meaning are those of sbatch(1), option --time."""
    assert walltime_seconds(text) == seconds


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time", "soon"),
        ("time", "9:59"),
        ("time", "1:2:3:4"),
        ("shards", 0),
        ("shards", 5_000_000),
        ("shards", True),
        ("cpus", -1),
        ("cpus", 2.5),
        ("limit", 0),
        ("seed", -1),
        ("seed", 1.5),
        ("memory", "16 G"),
        ("memory", "lots"),
        ("partition", "long\n#SBATCH --nodes=99"),
        ("account", "a b"),
        ("job_name", "a;b"),
        ("python", ""),
        ("extra", ["--array=0-999"]),
        ("extra", ["--constraint=a --nodes=9"]),
        ("extra", ["-n 4"]),
    ],
)
def test_bad_argument_is_refused_by_name(field: str, value: object) -> None:
    arguments: dict[str, object] = {"shards": 4, "time": "04:00:00", "cpus": 2, field: value}
    with pytest.raises(InputError) as refusal:
        sbatch_script("s.toml", "out", **arguments)  # type: ignore[arg-type]
    assert refusal.value.where == field


@pytest.mark.parametrize("path", ["", "two\nlines.toml"])
def test_path_that_cannot_be_quoted_on_one_line_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        sbatch_script(path, "out", shards=1, time="30", cpus=1)


def test_docstring_example_holds() -> None:
    import doctest

    import experiments.slurm

    outcome = doctest.testmod(experiments.slurm)
    assert outcome.attempted > 0
    assert outcome.failed == 0
