"""``qsim export``, ``import``, ``merge`` and ``sbatch``: results and work that move between machines and tools."""

from __future__ import annotations

from pathlib import Path

import click

from experiments.cli.show import LEDGER
from experiments.errors import StorageError

OUT = click.option("--out", required=True, type=click.Path(path_type=Path))


@click.command("export")
@LEDGER
@click.option("--format", "form", type=click.Choice(["csv", "parquet", "sinter-csv"]), default="csv", show_default=True)
@click.option(
    "--out",
    "path",
    type=click.Path(path_type=Path),
    default=None,
    help="File to write. [LEDGER/table.csv, table.parquet or stats.csv]",
)
def export_command(ledger: Path, form: str, path: Path | None) -> None:
    """Write the results of LEDGER for other tools."""
    from experiments.collect import load
    from experiments.imported import sinter_task_of
    from experiments.interchange import export_sinter_csv, write_csv, write_parquet

    results = load(ledger)
    if form == "sinter-csv":
        click.echo(export_sinter_csv(results, path or ledger / "stats.csv", sinter_task_of(results)))
        return
    write = write_csv if form == "csv" else write_parquet
    click.echo(write(results, path or ledger / f"table.{form}"))


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@OUT
def import_command(files: tuple[Path, ...], out: Path) -> None:
    """Make the ledger --out of sinter statistics FILES; they can be tabled, plotted and exported, not resumed."""
    from experiments.imported import import_sinter

    notes, tasks = import_sinter(files, out)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{tasks} tasks imported into {out}")


@click.command("merge")
@click.argument("ledgers", nargs=-1, required=True, type=click.Path(path_type=Path))
@OUT
def merge_command(ledgers: tuple[Path, ...], out: Path) -> None:
    """Unite LEDGERS of one study and seed into --out; a batch met twice counts once."""
    from experiments.merge import merge

    click.echo(merge(ledgers, out))


@click.command("sbatch")
@click.argument("sweep", type=click.Path(path_type=Path))
@OUT
@click.option("--shards", required=True, type=int, help="Array tasks; each runs one share of the sweep.")
@click.option("--time", required=True, help="Walltime of an array task, e.g. 04:00:00.")
@click.option("--cpus", default=1, show_default=True, help="CPUs, and workers, of an array task.")
@click.option("--memory", default=None, help="Memory of an array task, e.g. 16G.")
@click.option("--partition", default=None)
@click.option("--account", default=None)
@click.option("--limit", default=None, type=int, help="Array tasks that may run at once.")
@click.option("--python", default=None, help="Interpreter of the environment that has qsim. [qsim on PATH]")
@click.option("--extra", multiple=True, help="A further sbatch option, e.g. --extra=--constraint=skylake; repeatable.")
@click.option("--script", default=None, type=click.Path(path_type=Path), help="File to write. [standard output]")
def sbatch_command(
    sweep: Path, out: Path, shards: int, time: str, cpus: int, memory: str | None, partition: str | None,
    account: str | None, limit: int | None, python: str | None, extra: tuple[str, ...], script: Path | None,
) -> None:  # fmt: skip
    """Write a Slurm array script that runs SWEEP into --out; the sweep is checked, nothing is submitted.

    A sweep without a seed gets one drawn here, so that all array tasks draw from one root.
    """
    from experiments.identity import draw_root_seed
    from experiments.slurm import sbatch_script
    from experiments.sweep import Sweep

    wanted = Sweep.load(sweep)
    wanted.tasks()
    seed = draw_root_seed() if wanted.seed is None else None
    text = sbatch_script(
        sweep, out, shards=shards, time=time, cpus=cpus, memory=memory, partition=partition, account=account,
        limit=limit, python=python, seed=seed, extra=extra,
    )  # fmt: skip
    if script is None:
        click.echo(text, nl=False)
        return
    try:
        script.write_text(text)
        script.chmod(0o755)
    except OSError as error:
        raise StorageError(f"cannot write ({error.strerror})", where=str(script)) from error
    click.echo(f"{script}: submit it with `sbatch {script}`")
