"""The command line: ``qsim``.  Commands load when they are called, so that ``qsim --help`` answers at once."""

from __future__ import annotations

import importlib
import signal
import sys
from types import FrameType
from typing import Any

import click

from experiments.cli.streams import REFUSED_BY_THE_DISK, abandon_output
from experiments.errors import EXIT_STOPPED, WorkbenchError

_COMMANDS = {
    "studies": ("show", "List what can be swept, or one study's parameters with units and defaults."),
    "run": ("run", "Run what is missing of a sweep; repeat the command to resume."),
    "status": ("show", "Say how far a ledger's tasks are."),
    "table": ("show", "Print one row a task, as text, CSV or JSON."),
    "plot": ("draw", "Draw the results as SVG and PNG."),
    "report": ("draw", "Write one self-contained HTML report."),
    "export": ("exchange", "Write the results as CSV, Parquet or a sinter statistics file."),
    "import": ("exchange", "Make a ledger of sinter statistics files."),
    "merge": ("exchange", "Unite ledgers of one sweep; a batch met twice counts once."),
    "verify": ("verify", "Replay batches of a ledger and compare them bit by bit."),
    "sbatch": ("exchange", "Write a Slurm script that runs one share of a sweep per array task."),
}


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a reader that left early (``qsim table DIR | head``) is nothing to complain about."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            abandon_output()
            sys.exit(0)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"experiments.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="qsim-workbench", prog_name="qsim")
def qsim() -> None:
    """Run noise sweeps that can be stopped, resumed and replayed, and see what they found.

    Exit codes: 0 complete, 2 usage, 3 stopped and resumable, 4 some tasks failed or did not replay.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Entry point of the console script; every refusal leaves with its message and exit code, without a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)  # a run under way has its own, gentler handler
    try:
        return qsim.main(args=arguments, prog_name="qsim", standalone_mode=False)
    except WorkbenchError as error:
        click.echo(f"qsim: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("qsim: interrupted; nothing is lost, the same command carries on", err=True)
        sys.exit(EXIT_STOPPED)
    except OSError as error:
        if error.errno not in REFUSED_BY_THE_DISK:
            raise
        abandon_output()
        click.echo(f"qsim: cannot write ({error.strerror}); make room, then run the same command again", err=True)
        sys.exit(EXIT_STOPPED)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
