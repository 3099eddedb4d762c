"""A run in a thread of its own, as Qiskit's ``JobV1``: status, result, cancel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

from qiskit.providers import JobError, JobStatus, JobV1

if TYPE_CHECKING:
    from concurrent.futures import Future

    from qiskit.providers import BackendV2
    from qiskit.result import Result


class QsimJob(JobV1):  # type: ignore[misc]  # Qiskit has no types
    """A run of circuits.

    Args:
        backend: that runs them.
        work: called with the job's id in the job's thread.
    """

    def __init__(self, backend: BackendV2, work: Callable[[str], Result]) -> None:
        super().__init__(backend, str(uuid4()))
        self._work = work
        self._future: Future[Result] | None = None

    def submit(self) -> None:
        """Start.

        Raises:
            JobError: it was started before.
        """
        if self._future is not None:
            raise JobError("the job was submitted before")
        executor = ThreadPoolExecutor(max_workers=1)
        self._future = executor.submit(self._work, self.job_id())
        executor.shutdown(wait=False)

    def result(self, timeout: float | None = None) -> Result:
        """The result, once there is one.

        Args:
            timeout: longest wait [s].

        Raises:
            CircuitError: from the backend, a circuit that it cannot run.
            JobError: not submitted, cancelled, or not done in time.
        """
        try:
            return self._submitted().result(timeout)
        except CancelledError as error:
            raise JobError("the job was cancelled") from error
        except TimeoutError as error:
            raise JobError(f"the job was not done within {timeout:g} s") from error

    def status(self) -> JobStatus:
        """Where it stands."""
        future = self._future
        if future is None:
            return JobStatus.INITIALIZING
        if future.cancelled():
            return JobStatus.CANCELLED
        if future.done():
            return JobStatus.ERROR if future.exception() else JobStatus.DONE
        return JobStatus.RUNNING if future.running() else JobStatus.QUEUED

    def cancel(self) -> bool:
        """Cancel a job that waits; one that runs goes on.  Whether it was cancelled."""
        return self._submitted().cancel()

    def _submitted(self) -> Future[Result]:
        if self._future is None:
            raise JobError("the job was not submitted")
        return self._future
