"""One failing cluster, drawn by lot: encode, apply f, lose the stragglers, let the liars lie.

The pure counterpart of a run on real machines, for tests, studies and benchmarks.

>>> from coding.approximate.codes import BerrutCode
>>> rng = np.random.default_rng(1)
>>> case = fail(BerrutCode(4, 20), np.tanh, rng.normal(size=(4, 3)), rng, stragglers=2, liars=3)
>>> case.answers.shape, case.liars.size, len(set(case.liars) & set(case.workers.tolist()))
((18, 3), 3, 3)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coding.approximate.adversaries import Adversary, GaussianLies, ShiftedExponential, placed
from coding.approximate.codes import ApproximateCode


@dataclass(frozen=True, slots=True)
class Failure:
    """What the master sees, and what it does not.

    Args:
        workers: indices (M,) of the workers that answered, rising.
        answers: their answers (M, ...).
        liars: indices of those that lied.
        truth: f of the inputs (K, ...).
        elapsed: seconds until the last of these answers.
    """

    workers: NDArray[np.int64]
    answers: NDArray[Any]
    liars: NDArray[np.int64]
    truth: NDArray[Any]
    elapsed: float


def fail(
    code: ApproximateCode,
    f: Callable[[NDArray[Any]], NDArray[Any]],
    X: NDArray[Any],
    rng: np.random.Generator,
    *,
    stragglers: int = 0,
    liars: int = 0,
    adversary: Adversary | None = None,
    adjacent: bool = False,
    latency: ShiftedExponential | None = None,
) -> Failure:
    """Draw one run.

    Args:
        code: the code.
        f: function of one input; called once a worker.
        X: inputs (K, ...).
        rng: all chance comes from here.
        stragglers: the latest so many workers are not waited for.
        liars: how many of those that answered lie.
        adversary: how they lie; default Gaussian lies of the answers' size.
        adjacent: liars sit side by side.
        latency: answering times; default shift 1 s, mean 1 s.

    Returns:
        The run.
    """
    tasks = code.encode(X)
    times = (latency or ShiftedExponential()).sample(code.workers, rng)
    first = np.argsort(times, kind="stable")[: code.workers - stragglers]
    workers = np.sort(first)
    honest = np.stack([np.asarray(f(tasks[i])) for i in workers])
    where = placed(liars, workers.size, rng, adjacent=adjacent)
    answers = (adversary or GaussianLies()).corrupt(honest, code.worker_points[workers], where, rng)
    truth = np.stack([np.asarray(f(x)) for x in np.asarray(X)])
    return Failure(workers, answers, workers[where], truth, float(times[first[-1]]))
