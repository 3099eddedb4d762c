"""What every worker does with a job: prepare the task once, draw the batch from its own stream, time it.

The same few lines serve the in-process engine, local worker processes and Dask workers, so that they cannot differ.
"""

from __future__ import annotations

import time
import traceback
from collections import OrderedDict
from typing import Any

import msgspec

from experiments.engine.protocol import Assignment, Job, Outcome
from experiments.errors import WorkbenchError
from experiments.identity import batch_seed
from experiments.ledger.record import raw_state
from experiments.registry import find_study
from experiments.tally import to_state

PREPARED_TASKS = 8


class Bench:
    """Prepared samplers of one worker; the least recently used is dropped beyond `PREPARED_TASKS`."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._study: Any = None
        self._samplers: OrderedDict[str, Any] = OrderedDict()

    def run(self, job: Job) -> Outcome:
        """Run one batch; whatever the study raises becomes an outcome, never an end of the worker."""
        started = time.process_time()
        try:
            tally = self._sampler(job.task).sample(job.size, batch_seed(self._assignment.seed, job.task, job.batch))
            if tally.size != job.size:
                return Outcome(job, error=f"the sampler was asked for {job.size} units and tallied {tally.size}")
            state = bytes(raw_state(to_state(tally)))
        except Exception as error:  # noqa: BLE001 - the study is foreign code
            return Outcome(job, error=_told(error))
        return Outcome(job, state, time.process_time() - started)

    def _sampler(self, task: str) -> Any:
        if task in self._samplers:
            self._samplers.move_to_end(task)
            return self._samplers[task]
        if self._study is None:
            self._study = find_study(self._assignment.study)
        params = msgspec.convert(dict(self._assignment.params[task]), self._study.Params)
        sampler = self._study.prepare(params)
        self._samplers[task] = sampler
        if len(self._samplers) > PREPARED_TASKS:
            self._samplers.popitem(last=False)
        return sampler


def _told(error: Exception) -> str:
    """A refusal in its own words; anything else with the end of its traceback."""
    if isinstance(error, WorkbenchError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" ({frames[0].filename.rsplit('/', 1)[-1]}:{frames[0].lineno} in {frames[0].name})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
