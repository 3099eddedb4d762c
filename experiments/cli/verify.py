"""``qsim verify``: the proof of reproducibility."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from experiments.cli.show import LEDGER
from experiments.errors import EXIT_FAILED_TASKS, InputError


@click.command("verify")
@LEDGER
@click.option(
    "--sample", default="5%", show_default=True, metavar="PERCENT", help="Share of the batches to replay; 100% for all."
)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(min=1), help="Worker processes.")
def verify_command(ledger: Path, sample: str, workers: int) -> None:
    """Replay a random share of the batches of LEDGER and compare them bit by bit.  Exit code 4 when any differs."""
    from experiments.verify import verify

    found = verify(ledger, share=_share(sample), workers=workers)
    for difference in found.differences:
        click.echo(difference)
    click.echo(found.summary)
    sys.exit(EXIT_FAILED_TASKS if found.differences else 0)


def _share(text: str) -> float:
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 < percent <= 100:
        raise InputError("not a share", where="--sample", expected="a percentage in (0, 100], e.g. 5%", got=repr(text))
    return percent / 100
