"""``qsim plot`` and ``qsim report``: pictures of a ledger, finished or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from experiments.cli.show import INTERVALS, LEDGER

if TYPE_CHECKING:
    from experiments.statistics.binomial import Method

FIT = click.option(
    "--fit", "quantity", type=click.Choice(["auto", "threshold", "lambda", "none"]), default="auto", show_default=True,
    help="Quantity to fit; auto: what the sweep allocates for, else a threshold where there is one.",
)  # fmt: skip


@click.command("plot")
@LEDGER
@click.option(
    "--out",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File to write (.svg, .png); repeatable. [LEDGER/plot.svg and .png]",
)
@click.option("--interval", type=INTERVALS, default="likelihood_ratio", show_default=True)
@FIT
def plot_command(ledger: Path, paths: tuple[Path, ...], interval: Method, quantity: str) -> None:
    """Draw LEDGER: value against the study's x axis, one curve per curve parameter, with intervals."""
    from experiments.collect import load
    from experiments.fitted import with_fits
    from experiments.plots import plot, save

    figure = plot(with_fits(load(ledger, interval=interval), quantity))
    for path in paths or (ledger / "plot.svg", ledger / "plot.png"):
        click.echo(save(figure, path))


@click.command("report")
@LEDGER
@click.option(
    "--out", "path", type=click.Path(path_type=Path), default=None, help="File to write. [LEDGER/report.html]"
)
@click.option("--interval", type=INTERVALS, default="likelihood_ratio", show_default=True)
@FIT
def report_command(ledger: Path, path: Path | None, interval: Method, quantity: str) -> None:
    """Write one HTML file about LEDGER that opens anywhere, without a network."""
    from experiments.collect import load
    from experiments.fitted import with_fits
    from experiments.report import write_report

    click.echo(write_report(with_fits(load(ledger, interval=interval), quantity), path or ledger / "report.html"))
