"""Studies, sweeps and the runner that executes them.

    from experiments import Sweep
    results = Sweep.load("sweep.toml").run(out="results", workers=2)

Nothing heavy is imported here: names load when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.collect import load as load
    from experiments.results import Results as Results
    from experiments.runner import run as run
    from experiments.study import Axes as Axes
    from experiments.study import Sampler as Sampler
    from experiments.study import Schedule as Schedule
    from experiments.study import Study as Study
    from experiments.study import StudyDefaults as StudyDefaults
    from experiments.study import Tally as Tally
    from experiments.sweep import Sweep as Sweep

_HOMES = {
    "Axes": "study",
    "Results": "results",
    "Sampler": "study",
    "Schedule": "study",
    "Study": "study",
    "StudyDefaults": "study",
    "Sweep": "sweep",
    "Tally": "study",
    "load": "collect",
    "run": "runner",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
