"""Coded products by the processes of an MPI job: `mpi4py.futures.MPIPoolExecutor` is an executor like any other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import coding

pytest.importorskip("mpi4py")
HERE = Path(__file__).parent
MPIEXEC = shutil.which("mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.mark.skipif(MPIEXEC is None, reason="no mpiexec")
def test_two_processes_of_an_mpi_job_give_the_product_also_when_tasks_fail_or_lie():
    paths = os.pathsep.join([str(Path(coding.__file__).parents[1]), str(HERE)])
    command = [MPIEXEC, "-n", "3", sys.executable, "-m", "mpi4py.futures", str(HERE / "mpi_products.py")]
    ran = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert [line[:3] for line in lines] == [["True", "True", "messages"]] * 3
    assert max(int(line[3]) for line in lines) == 2
