"""``qsim studies``, ``qsim status`` and ``qsim table``: what can be run, how far it is, what came out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from experiments.errors import WorkbenchError

if TYPE_CHECKING:
    from experiments.statistics.binomial import Method

INTERVALS = click.Choice(["likelihood_ratio", "clopper_pearson", "wilson", "anytime"])
LEDGER = click.argument("ledger", type=click.Path(path_type=Path))


@click.command("studies")
@click.argument("name", required=False)
def studies_command(name: str | None) -> None:
    """List the studies; with NAME, the parameters of one: what each accepts, its default, its meaning and unit."""
    from experiments.params import describe
    from experiments.registry import find_study, registered

    for reference in [name] if name else registered():
        try:
            study = find_study(reference)
        except WorkbenchError as error:
            if name:
                raise
            click.echo(f"{reference}: {error}")
            continue
        about = (type(study).__doc__ or "").strip().split("\n")[0]
        click.echo(f"{reference}  (version {study.version})  {about}")
        for field, accepts, default, meaning in describe(study.Params):
            click.echo(f"    {field}: {accepts} [{default}]" + (f"\n        {meaning}" if meaning else ""))


@click.command("status")
@LEDGER
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status_command(ledger: Path, as_json: bool) -> None:
    """Say how far the tasks of LEDGER are; reads the shards only, also while a run is writing."""
    from experiments.collect import load

    results = load(ledger, interval="anytime")
    counts = {
        state: sum(row.state == state for row in results.rows) for state in ("complete", "running", "waiting", "failed")
    }
    totals = {
        "study": results.study, "tasks": len(results.rows), **counts, "shots": sum(row.shots for row in results.rows),
        "surplus": sum(row.surplus for row in results.rows),
        "core_seconds": sum(row.cpu_seconds for row in results.rows),
        "problems": results.manifest["problems"],
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(totals))
        return
    for row in results.rows:
        labels = ", ".join(f"{name}={value}" for name, value in row.labels.items())
        errors = "" if row.errors is None else f", {row.errors:,} errors"
        reason = f" ({row.reason})" if row.reason else ""
        click.echo(
            f"{row.state:9} {labels}: {row.shots:,} shots{errors}{reason}"
            + (f"  {row.estimate}" if row.estimate else "")
        )
    for problem in results.manifest["problems"]:
        click.echo(f"note: {problem}")
    if results.manifest["allocation"]:
        click.echo(f"allocation: {results.manifest['allocation']}")
    click.echo(
        f"{counts['complete']} of {totals['tasks']} tasks complete, {counts['running']} running, "
        f"{counts['waiting']} waiting, {counts['failed']} failed; "
        f"{totals['shots']:,} shots (+{totals['surplus']:,} surplus), {totals['core_seconds']:.1f} core s"
    )


@click.command("table")
@LEDGER
@click.option("--csv", "form", flag_value="csv", help="RFC 4180, full precision, no clock or host in it.")
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option(
    "--interval", type=INTERVALS, default="likelihood_ratio", show_default=True, help="Interval of counting studies."
)
def table_command(ledger: Path, form: str | None, interval: Method) -> None:
    """Print one row a task of LEDGER, in grid order."""
    from experiments.collect import load
    from experiments.fitted import with_fits

    results = load(ledger, interval=interval)
    if form == "csv":
        click.echo(results.to_csv(), nl=False)
        return
    results = with_fits(results)
    if form == "json":
        click.echo(results.to_json(), nl=False)
        return
    click.echo(str(results))
