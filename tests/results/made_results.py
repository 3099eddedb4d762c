"""Results made without a runner: a surface-code-like sweep with known numbers, and small awkward ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.results import Results, Row
from experiments.statistics.estimate import Estimate
from experiments.study import Axes
from experiments.tally.counts import Counts

SURFACE_AXES = Axes(
    x="p",
    curve="distance",
    x_label="physical error rate p",
    value_label="logical error rate per shot",
    log_x=True,
    log_value=True,
)
MANIFEST: Mapping[str, Any] = {
    "study": "qec.memory",
    "version": 1,
    "seed": "20261122",
    "source": "surface_threshold.toml",
    "env": "1a2b3c4d",
    "stop": {
        "max_shots": 1_000_000,
        "max_errors": 400,
        "relative_error": None,
        "confidence": 0.95,
        "max_seconds": None,
    },
    "allocate": {"rule": "equal_error"},
    "sweep": 'study = "qec.memory"\nseed = 20261122\n\n[grid]\ndistance = [3, 5, 7]\n'
    "p = { logspace = [2e-3, 2e-2, 9] }\n",
    "environment": {
        "env": "1a2b3c4d",
        "python": "3.11.7",
        "machine": "x86_64",
        "system": "Linux",
        "cpu": "GenuineIntel avx2 fma",
        "versions": {"qsim-workbench": "0.1.0", "stim": "1.15.0", "pymatching": "2.3.1"},
        "git": {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
        "command": ["qsim", "run", "surface_threshold.toml", "--out", "demo"],
        "host": "node1",
        "started": "2026-11-22T18:00:00Z",
    },
    "problems": [],
}


def counted(
    labels: Mapping[str, Any], shots: int, errors: int, *, state: str = "complete", index: int = 0, **more: Any
) -> Row:
    """A row of a counting study; no data when ``shots`` is 0."""
    tally = Counts(shots, errors) if shots else None
    return Row(
        task_id=f"{index:064x}",
        labels=labels,
        params={**labels, "decoder": "pymatching"},
        shots=shots,
        errors=errors,
        estimate=tally.estimate() if tally else None,
        tally=tally,
        state=state,
        reason="max_errors" if state == "complete" else "",
        **more,
    )


def surface(*, further: Mapping[str, Sequence[Any]] | None = None, fits: Sequence[Any] = (), seed: int = 1) -> Results:
    """A threshold at p = 0.0074 for d = 3, 5, 7 with about 400 errors a task, 10^6 shots at most."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    cells: list[dict[str, Any]] = [{}]
    for name, values in (further or {}).items():
        cells = [{**cell, name: value} for cell in cells for value in values]
    for cell in cells:
        for distance in (3, 5, 7):
            for p in np.logspace(np.log10(2e-3), np.log10(2e-2), 9):
                eta = np.log(0.04) + 0.9 * distance**0.75 * np.log(p / 0.0074)
                rate = (1 - np.exp(-2 * np.exp(eta))) / 2
                shots = int(min(1_000_000, 400 / rate))
                errors = int(rng.binomial(shots, rate))
                rows.append(
                    counted(
                        {**cell, "distance": distance, "p": float(p)},
                        shots,
                        errors,
                        index=len(rows),
                        cpu_seconds=0.4 * distance,
                    )
                )
    return Results("qec.memory", 1, [*(further or {}), "distance", "p"], rows, SURFACE_AXES, MANIFEST, fits)


def measured(values: Sequence[float], column: str = "cell") -> Results:
    """A study that does not count: one dot a row, named by a text column."""
    rows = [
        Row(
            f"{i:064x}",
            {column: f"cell {i}"},
            {column: f"cell {i}"},
            32,
            None,
            Estimate(value, value - 0.1, value + 0.2),
            None,
            "complete",
        )
        for i, value in enumerate(values)
    ]
    return Results("learning.cells", 2, [column], rows, Axes(value_label="test loss [nats]"))
