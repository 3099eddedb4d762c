"""A Slurm array script that runs one shard of a sweep per array task, in one shared ledger.

The script asks Slurm for ``shards`` array tasks.  Each runs ``qsim run SWEEP --out OUT --shard I/N`` with as many
workers as it was given CPUs, and stops itself `MARGIN` seconds before the walltime, so that nothing in flight is lost.
All write to one directory, a file each; ``qsim status OUT`` and ``qsim table OUT`` read them together at any time.

    >>> script = sbatch_script("sweep.toml", "results", shards=8, time="04:00:00", cpus=16)
    >>> "#SBATCH --array=0-7" in script
    True

An array task that ran out of walltime puts itself back in the queue (``scontrol requeue``) and carries on where the
ledger ends.  One that stopped for another reason with exit code 3, such as a full disk, is not requeued: it would only
stop again.  Exit codes 0, 2 and 4 of ``qsim run`` become the exit codes of the array task.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from experiments.errors import InputError

MARGIN = 240
"""Seconds between the sweep's own stop and the walltime: Slurm warns 120 s before it, or up to 60 s earlier."""

SHORTEST = 600
"""Seconds of walltime below which start and stop would eat most of a job."""

LARGEST_ARRAY = 4_000_001
"""The largest MaxArraySize that Slurm can be configured with; most clusters allow 1001."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+,-]*")
_MEMORY = re.compile(r"[1-9][0-9]*[KMGT]?")
_TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<clock>\d+(?::\d+){0,2})")
_OWNED = (
    "array",
    "cpus-per-task",
    "ntasks",
    "open-mode",
    "requeue",
    "no-requeue",
    "signal",
    "time",
    "mem",
    "partition",
    "account",
    "job-name",
)


def walltime_seconds(time: str) -> int:
    """Seconds in a Slurm time: ``M``, ``M:S``, ``H:M:S``, ``D-H``, ``D-H:M`` or ``D-H:M:S``.

    Raises:
        InputError: when the text has none of these forms.
    """
    match = _TIME.fullmatch(time)
    if match is None:
        raise InputError(
            "not a Slurm time",
            where="time",
            expected="minutes, H:M:S or D-H:M:S",
            got=repr(time),
            cure='write for example "04:00:00"',
        )
    fields = [int(field) for field in match["clock"].split(":")]
    if match["days"] is not None:
        hours, minutes, seconds = (*fields, 0, 0)[:3]
        return ((int(match["days"]) * 24 + hours) * 60 + minutes) * 60 + seconds
    if len(fields) == 3:
        return (fields[0] * 60 + fields[1]) * 60 + fields[2]
    minutes, seconds = (*fields, 0)[:2]
    return minutes * 60 + seconds


def sbatch_script(
    sweep_path: str | Path,
    out: str | Path,
    *,
    shards: int,
    time: str,
    cpus: int,
    memory: str | None = None,
    partition: str | None = None,
    account: str | None = None,
    python: str | Path | None = None,
    job_name: str | None = None,
    limit: int | None = None,
    seed: int | None = None,
    extra: Sequence[str] = (),
) -> str:
    """The text of a bash script for ``sbatch``; nothing is written and nothing is submitted.

    Args:
        sweep_path: the sweep file. Relative paths count from the directory in which ``sbatch`` is called.
        out: the ledger's directory, on a file system that every node sees.
        shards: number of array tasks N; the cluster's MaxArraySize must be at least N.
        time: walltime of each array task in a form of Slurm's, at least ten minutes.
        cpus: CPUs, and so workers, of each array task.
        memory: memory of each array task, e.g. ``"16G"``; megabytes when it has no unit.
        partition: where to queue.
        account: who pays.
        python: interpreter of the environment to use; the ``qsim`` found on PATH when absent.
        job_name: the sweep file's stem when absent.
        limit: array tasks that may run at the same time.
        seed: root seed of the sweep; needed when the sweep file names none, since all shards must draw from one root.
        extra: further ``sbatch`` options, one string each, such as ``"--constraint=skylake"``.

    Raises:
        InputError: names the argument that cannot be used.
    """
    seconds = walltime_seconds(time)
    if seconds < SHORTEST:
        raise InputError(
            "too short", where="time", expected=f"at least {SHORTEST // 60} minutes", got=time, cure="ask for more time"
        )
    _check_count("shards", shards, LARGEST_ARRAY)
    _check_count("cpus", cpus, None)
    if limit is not None:
        _check_count("limit", limit, None)
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise InputError("not a seed", where="seed", expected="a whole number >= 0", got=repr(seed))
    name = job_name if job_name is not None else re.sub(r"[^A-Za-z0-9._-]+", "-", Path(sweep_path).stem).strip("-._")
    directives = [
        f"--job-name={_matching('job_name', name or 'qsim', _NAME, 'letters, digits and . _ -')}",
        f"--array=0-{shards - 1}" + (f"%{limit}" if limit is not None else ""),
        f"--time={time}",
        "--ntasks=1",
        f"--cpus-per-task={cpus}",
        "--requeue",
        "--open-mode=append",
        "--signal=B:TERM@120",
    ]
    if memory is not None:
        directives.append(f"--mem={_matching('memory', memory, _MEMORY, 'a whole number and K, M, G or T')}")
    if partition is not None:
        directives.append(f"--partition={_matching('partition', partition, _NAME, 'a partition name')}")
    if account is not None:
        directives.append(f"--account={_matching('account', account, _NAME, 'an account name')}")
    directives += [_checked_option(option) for option in extra]
    call = shlex.quote("from experiments.cli import main; main()")
    program = "qsim" if python is None else f"{_word('python', python)} -c {call}"
    return _SCRIPT.format(
        directives="\n".join(f"#SBATCH {directive}" for directive in directives),
        shards=shards,
        budget=seconds - MARGIN,
        program=program,
        sweep=_word("sweep_path", sweep_path),
        out=_word("out", out),
        seed="" if seed is None else f" --seed {seed}",
    )


_SCRIPT = """\
#!/bin/bash
{directives}

# {shards} array tasks: the cluster's MaxArraySize must be at least {shards}
# (scontrol show config | grep MaxArraySize). All write to one ledger.
set -u

budget={budget} # seconds after which the sweep stops itself, ahead of the walltime
terminated=no
interrupted=no
child=

forward() {{
    terminated=yes
    interrupted=yes
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}}
trap forward TERM

{program} run {sweep} --out {out}{seed} \\
    --shard "$SLURM_ARRAY_TASK_ID/{shards}" --workers "$SLURM_CPUS_PER_TASK" --max-seconds "$budget" &
child=$!
[ "$terminated" = no ] || kill -TERM "$child" 2>/dev/null

# A trapped signal ends `wait` early, with the signal's code: wait again for the child's own.
while :; do
    interrupted=no
    wait "$child"
    code=$?
    [ "$interrupted" = yes ] || break
done

# Exit code 3 is "stopped, resumable". Only the walltime is a reason to queue again: a full disk would stop it again.
if [ "$code" -eq 3 ] && {{ [ "$terminated" = yes ] || [ "$SECONDS" -ge "$budget" ]; }}; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
"""


def _check_count(where: str, value: int, largest: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (largest is not None and value > largest):
        expected = "a whole number of at least 1" + (f", at most {largest}" if largest is not None else "")
        raise InputError("not a count", where=where, expected=expected, got=repr(value))


def _matching(where: str, value: str, pattern: re.Pattern[str], expected: str) -> str:
    if pattern.fullmatch(value) is None:
        raise InputError("cannot go into a job script", where=where, expected=expected, got=repr(value))
    return value


def _checked_option(option: str) -> str:
    match = re.fullmatch(r"--([a-z][a-z-]*)(=\S+|)", option)
    if match is None:
        raise InputError(
            "not an option of sbatch",
            where="extra",
            expected='one option, like "--constraint=skylake"',
            got=repr(option),
        )
    if match[1] in _OWNED:
        raise InputError(
            "an option the script sets itself",
            where="extra",
            got=repr(option),
            cure="use the argument of that name, or edit the script",
        )
    return option


def _word(where: str, path: str | Path) -> str:
    text = str(path)
    if not text or any(character in text for character in "\n\r\0"):
        raise InputError("not a path", where=where, expected="a path on one line", got=repr(text))
    if text.startswith("-"):
        text = f"./{text}"
    return shlex.quote(text)
