"""``EstimatorV2``: expectation values of circuits, by Qiskit's contract for estimators.

    estimator = EstimatorV2(backend="auto", noise=model)
    job = estimator.run([(ansatz, hamiltonian, angles)])              # observables and angles broadcast
    job.result()[0].data.evs, job.result()[0].data.stds

A precision of 0, the default, asks for exact values.  A precision above 0 is the standard error of every value, as on a
device: like Qiskit's StatevectorEstimator, this one adds normal noise, here just as much as the backend's own sampling
leaves to be added, and reports the precision as ``stds``.  With ``shot_noise=False`` nothing is added: values have the
backend's own standard errors, at most the precision.

A long sweep on a backend that takes all parameter values at once (state vectors, density matrices) is one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import DataBin, PrimitiveJob, PrimitiveResult, PubResult
from qiskit.primitives.base import BaseEstimatorV2
from qiskit.primitives.containers import EstimatorPubLike
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qsim.backends.protocol import Backend, BatchedBackend, Floats, Work
from qsim.errors import CircuitError
from qsim.observables import as_observable
from qsim.primitives.setting import Setting, generic, listed, one_text
from qsim.program import Barrier, Delay, Gate, read
from qsim.running import prepare, without_final_measurements

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qsim.noise import NoiseModel

NOISE_STREAM = 2**32 - 1
"""Spawn key of the noise that is added, apart from those of points."""
COMPILING, BINDING = 0.4, 4e-3
"""Rough seconds that a batch takes before its first point, and that a point by itself takes beside its simulation."""


class EstimatorV2(BaseEstimatorV2):  # type: ignore[misc]  # Qiskit has no types
    """Qiskit's estimator on one of our backends.

    Args:
        backend: a name, an instance, or "auto".
        noise: a model of `qsim.noise`, put into every circuit.
        default_precision: standard error where neither PUB nor ``run`` gives one; 0 for exact values.
        seed: root of the random stream; the same seed gives the same values at every ``run``.  None: fresh ones.
        options: arguments of the backend's constructor, with a backend's name.
        shot_noise: whether values scatter by the precision, as a device's do.

    Raises:
        CircuitError: no such backend, option, seed or precision.
    """

    def __init__(
        self,
        *,
        backend: str | Backend = "auto",
        noise: NoiseModel | None = None,
        default_precision: float = 0.0,
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
        shot_noise: bool = True,
    ) -> None:
        if not 0 <= default_precision < np.inf:
            expected, got = "0 or more", repr(default_precision)
            raise CircuitError("not a standard error", where="default_precision", expected=expected, got=got)
        self._default_precision = float(default_precision)
        self._shot_noise = shot_noise
        self._setting = Setting.of(backend, noise=noise, seed=seed, options=options)

    @property
    def default_precision(self) -> float:
        """Standard error where neither PUB nor ``run`` gives one."""
        return self._default_precision

    @property
    def seed(self) -> int | None:
        """Root of the random stream; None for a fresh one at every run."""
        return self._setting.seed

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Evaluate PUBs: tuples (circuit, observables, parameter values, precision).

        Args:
            pubs: them.
            precision: for PUBs that do not give one.

        Returns:
            A running job; refusals of the backend are raised by its ``result()``.

        Raises:
            CircuitError: a circuit alone instead of a list.
            ValueError, TypeError: from Qiskit, for PUBs that are none.
        """
        asked = self._default_precision if precision is None else precision
        coerced = [EstimatorPub.coerce(pub, asked) for pub in listed(pubs)]
        job = PrimitiveJob(self._run, coerced, self._setting.root())
        job._submit()
        return job

    def _run(self, pubs: list[EstimatorPub], root: int) -> PrimitiveResult[PubResult]:
        found = [self._run_pub(pub, root, number) for number, pub in enumerate(pubs)]
        return PrimitiveResult(found, metadata={"version": 2})

    def _run_pub(self, pub: EstimatorPub, root: int, number: int) -> PubResult:
        begin = perf_counter()
        points, rows = pub.parameter_values, pub.observables
        point_of, row_of = np.broadcast_arrays(
            np.arange(points.size).reshape(points.shape), np.arange(rows.size).reshape(rows.shape)
        )
        observables = [
            as_observable(each, num_qubits=pub.circuit.num_qubits, where=f"PUB {number}, observable {place}")
            for place, each in enumerate(rows.sparse_observables_array().ravel())
        ]
        evaluated = self._batch(pub, observables) or self._one_by_one(pub, observables, point_of, row_of, root, number)
        values, errors, facts = evaluated
        evs, stds = values[point_of, row_of], errors[point_of, row_of]
        if pub.precision and self._shot_noise:
            rng = np.random.default_rng(np.random.SeedSequence(root, spawn_key=(number, NOISE_STREAM)))
            evs = evs + rng.normal(size=evs.shape) * np.sqrt(np.clip(pub.precision**2 - stds**2, 0.0, None))
            stds = np.maximum(stds, pub.precision)
        metadata = {
            "target_precision": pub.precision,
            "circuit_metadata": pub.circuit.metadata,
            **facts,
            "seed": root,
            "seconds": perf_counter() - begin,
        }
        return PubResult(DataBin(evs=evs, stds=stds, shape=evs.shape), metadata=metadata)

    def _batch(
        self, pub: EstimatorPub, observables: list[SparsePauliOp]
    ) -> tuple[Floats, Floats, dict[str, Any]] | None:
        """All points in one go, where there is a backend and a circuit for it."""
        circuit, points = pub.circuit, pub.parameter_values
        if points.size < 2 or not circuit.num_parameters or self._setting.noise is not None:
            return None
        program = without_final_measurements(read(circuit))
        if not all(isinstance(step, (Gate, Barrier, Delay)) for step in program.steps):
            return None
        work = Work(kind="expectation", observables=len(observables), asked=tuple(observables), precision=0.0)
        found = self._setting.for_sweep(circuit, points.size, work)
        if found is None and isinstance(self._setting.backend, BatchedBackend):
            bound = without_final_measurements(prepare(generic(circuit), None))
            found = self._setting.for_point(bound, work)
        if found is None or not isinstance(found[0], BatchedBackend):
            return None
        backend: BatchedBackend = found[0]
        alone = found[0].forecast(without_final_measurements(prepare(generic(circuit), None)), work).seconds
        if points.size * (alone + BINDING) < COMPILING:
            return None
        sets = points.as_array([parameter.name for parameter in program.parameters]).reshape(points.size, -1)
        values = backend.expectations(program, observables, np.asarray(sets, dtype=np.float64))
        facts = {"backend": found[0].name, "why": f"{found[1]}; all points in one batch", "runs": []}
        return values, np.zeros_like(values), facts

    def _one_by_one(
        self,
        pub: EstimatorPub,
        observables: list[SparsePauliOp],
        point_of: Any,
        row_of: Any,
        root: int,
        number: int,
    ) -> tuple[Floats, Floats, dict[str, Any]]:
        """Point by point, each with the observables that it is asked for."""
        circuits = pub.parameter_values.bind_all(pub.circuit).ravel()
        values = np.full((len(circuits), len(observables)), np.nan)
        errors = np.zeros_like(values)
        work = Work(kind="expectation", observables=len(observables), asked=tuple(observables), precision=pub.precision)
        sweep = self._setting.for_sweep(pub.circuit, len(circuits), work)
        runs: list[tuple[str, str, dict[str, Any]]] = []
        for point, circuit in enumerate(circuits):
            asked = sorted({int(row) for row in row_of[point_of == point].ravel()})
            program = without_final_measurements(prepare(circuit, self._setting.noise))
            backend, why = sweep or self._setting.for_point(program, work)
            seed = self._setting.seed_of(root, number, point)
            many = [observables[row] for row in asked]
            found = backend.expectation(program, many, precision=pub.precision, seed=seed)
            values[point, asked], errors[point, asked] = found.values, found.errors
            runs.append((backend.name, why, found.metadata))
        facts = {
            "backend": one_text(name for name, _, _ in runs),
            "why": one_text(why for _, why, _ in runs),
            "runs": [figures for _, _, figures in runs],
        }
        return values, errors, facts
