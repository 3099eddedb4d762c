"""Engines: where batches run.  All keep the same promise — the same job gives the same bits."""

from __future__ import annotations

from pathlib import Path

from experiments.engine.protocol import Engine
from experiments.errors import InputError


def make_engine(choice: str | Engine | None, workers: int) -> Engine:
    """The engine behind a name, an address or a file; an `Engine` is passed through.

    Raises:
        InputError: an unknown choice.
        MissingExtraError: a cluster engine without the extra ``cluster``.
    """
    if not isinstance(choice, str | None):
        return choice
    if choice in (None, "local"):
        from experiments.engine.local import LocalProcesses

        return LocalProcesses(workers)
    if choice == "in-process":
        from experiments.engine.in_process import InProcess

        return InProcess()
    if choice == "dask" or choice.endswith(".toml") or "://" in choice:
        from experiments.engine.dask_cluster import DaskCluster

        return DaskCluster(choice if choice != "dask" else None, workers)
    raise InputError(
        "unknown engine",
        where="engine",
        expected="local, in-process, dask, an address tcp://HOST:PORT, or a cluster's .toml file",
        got=repr(choice),
        cure=f"{choice!r} exists as a file; name it *.toml" if Path(choice).exists() else "",
    )
