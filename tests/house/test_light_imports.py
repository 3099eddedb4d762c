"""The front door opens at once: what is imported before the first computation is counted in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from house_documents import ROOT

HEAVY = {
    *("stim", "numpy", "scipy", "pymatching", "sinter", "qiskit", "quimb", "cotengra", "matplotlib", "pandas"),
    *("jax", "optax", "dask", "distributed", "dask_jobqueue", "xarray", "pyarrow", "IPython"),
}

COMMAND_LINE = """
import sys
from experiments.cli import main
sys.argv = ["qsim", *"{}".split()]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def _imported_by(code: str) -> set[str]:
    listing = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_count_sees_a_heavy_import() -> None:
    assert "numpy" in _imported_by("import numpy")


@pytest.mark.parametrize(
    "code",
    [
        "import experiments",
        "import qsim, coding, networks",
        "from experiments import study, errors, results, slurm",
        COMMAND_LINE.format("--help"),
        COMMAND_LINE.format("run --help"),
        COMMAND_LINE.format("studies"),
    ],
    ids=["import experiments", "domain packages", "contracts", "qsim --help", "qsim run --help", "qsim studies"],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    assert _imported_by(code) & HEAVY == set()
