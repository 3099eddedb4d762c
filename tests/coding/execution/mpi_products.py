"""Run under `mpiexec -n 3 python -m mpi4py.futures`: coded products by the processes of an MPI job."""

from __future__ import annotations

import numpy as np
from mpi4py.futures import MPIPoolExecutor
from saboteur import Saboteur

from coding.bilinear import catalog
from coding.bilinear.execution import CodedMatmul

if __name__ == "__main__":
    A, B = (np.random.default_rng(1).normal(size=(301, 203)) for _ in range(2))
    union = catalog.strassen() + catalog.winograd()
    with MPIPoolExecutor() as executor:
        for fates in ({}, {3: "fail"}, {9: "noise"}):
            result = CodedMatmul(union, Saboteur(executor, fates), seed=1).multiply(A, B.T)
            error = np.abs(result.product - A @ B.T).max() / np.abs(A @ B.T).max()
            unused = not set(fates) & set(result.report.used)
            print(error < 1e-13, unused, result.report.shipping, len({x.worker for x in result.report.answers}))
