"""``qsim run``: a sweep file into a ledger, with a live table or quiet lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from experiments.cli.streams import abandon_output
from experiments.errors import InputError

if TYPE_CHECKING:
    from experiments.runner import RunReport
    from experiments.sweep import Sweep


@click.command("run")
@click.argument("sweep", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The ledger's directory; made when absent.")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(min=1), help="Worker processes on this machine."
)
@click.option(
    "--engine", default=None, help="local (default), in-process, dask, tcp://HOST:PORT, or a cluster's .toml file."
)
@click.option("--seed", default=None, type=int, help="Root seed, instead of the sweep's.")
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change the sweep, e.g. stop.max_errors=1000."
)
@click.option(
    "--max-seconds",
    default=None,
    type=float,
    callback=lambda _context, _option, value: _seconds(value),
    help="Stop (resumable) after this wall time.",
)
@click.option("--shard", default=None, metavar="I/N", help="Run share I (from 0) of N of the tasks.")
@click.option("--dry-run", is_flag=True, help="Print tasks, cost and time; write nothing.")
def run_command(
    sweep: Path, out: Path, workers: int, engine: str | None, seed: int | None, changes: tuple[str, ...],
    max_seconds: float | None, shard: str | None, dry_run: bool,
) -> None:  # fmt: skip
    """Run what is missing of SWEEP (a TOML file) into the ledger --out.

    Interrupt it as you like: the same command resumes and runs exactly what is missing.
    """
    from experiments.shards import parse
    from experiments.sweep import Sweep

    share = parse(shard) if shard is not None else None
    wanted = Sweep.load(sweep, [*changes, *([f"seed={seed}"] if seed is not None else [])])
    if dry_run:
        _forecast(wanted, out, workers, share)
        return
    report = _run(wanted, out, workers=workers, engine=engine, max_seconds=max_seconds, share=share)
    try:
        _conclude(report)
    except BrokenPipeError:
        abandon_output()  # nobody listens; the exit code still tells
    sys.exit(report.exit_code)


def _run(
    sweep: Sweep,
    out: Path,
    *,
    workers: int,
    engine: str | None,
    max_seconds: float | None,
    share: tuple[int, int] | None,
) -> RunReport:
    from experiments.runner import run
    from experiments.watch import watcher

    with watcher() as watching:
        return run(
            sweep, out, workers=workers, engine=engine, max_seconds=max_seconds, shard=share, observer=watching.show
        )


def _conclude(report: RunReport) -> None:
    """The last words of a run: what to know about it, how it ended, and what was fitted."""
    from experiments.fitted import with_fits

    rows = report.results.rows
    for note in report.results.manifest["problems"]:
        click.echo(f"note: {note}", err=True)
    for row in rows:
        if row.state == "failed":
            click.echo(f"failed: {dict(row.labels)}: {row.reason}", err=True)
    complete = sum(row.state == "complete" for row in rows)
    shots = sum(row.shots for row in rows)
    click.echo(
        f"{complete} of {len(rows)} tasks complete, {shots:,} shots published; "
        f"{report.batches:,} batches run in {report.seconds:.1f} s: {report.why}",
        err=True,
    )
    if report.exit_code == 3:
        click.echo("stopped, resumable: the same command carries on", err=True)
    for fit in with_fits(report.results).fits:
        click.echo(str(fit))


def _forecast(sweep: Sweep, out: Path, workers: int, share: tuple[int, int] | None) -> None:
    """What a run would do; reads an existing ledger, writes nothing."""
    from experiments.forecast import forecast

    click.echo(forecast(sweep, out, workers=workers, shard=share))


def _seconds(value: float | None) -> float | None:
    if value is not None and not value > 0:
        raise InputError("not a time", where="--max-seconds", expected="a number of seconds > 0", got=str(value))
    return value
