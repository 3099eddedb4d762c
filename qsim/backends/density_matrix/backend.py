"""Density matrices as a backend: noise exactly, up to a dozen qubits.

    backend = DensityMatrix(memory=2**32)
    backend.expectation(program, observables, precision=0, seed=0)   # exact, noise and dynamic circuits included
    backend.expectations(program, observables, parameter_sets)       # (B, O), in JAX

Channels and readout errors act on the matrix as they are; only outcomes that the program reads, or whose bits are
asked for, divide it into branches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qsim.backends.density_matrix.averaging import averaged
from qsim.backends.protocol import Estimates, Floats, Forecast, Samples, Work
from qsim.backends.statevector import costs
from qsim.backends.statevector.backend import checked_dtype, checked_memory, checked_sets
from qsim.backends.statevector.memory import text_of_bytes
from qsim.errors import CircuitError
from qsim.program import Noise, Program, flat, split_measurements

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qsim.backends.density_matrix.mixed_state import MixedState

MOST_BRANCHES = 100_000
COPIES = 3
BATCH_BYTES = 2.0**26


class DensityMatrix:
    """Mixed states of n qubits: 4^n entries.

    Args:
        dtype: real precision, "float64" (16 bytes an entry) or "float32" (8).
        memory: bytes that may be used; half of the machine's by default.

    Raises:
        CircuitError: another dtype, or memory that is not positive.
    """

    name = "density_matrix"

    def __init__(self, *, dtype: str = "float64", memory: float | None = None) -> None:
        self.dtype, self.kind = checked_dtype(dtype)
        self.memory = checked_memory(memory)

    def forecast(self, program: Program, work: Work) -> Forecast:
        """What it would do; exact wherever the matrix fits and the outcomes read can be enumerated."""
        size = 4.0**program.num_qubits
        need = self.kind().itemsize * COPIES * size
        if need > self.memory:
            why = f"{program.num_qubits} qubits take 4^n entries, {text_of_bytes(need)}, more than "
            return Forecast(can=False, why=why + text_of_bytes(self.memory))
        body = self._body(program, keep_measurements=work.kind == "sample")
        random = _outcomes_only(body)
        branches = random.distinct(work.shots) if work.kind == "sample" else min(random.histories, MOST_BRANCHES)
        seconds = max(branches, 1.0) * random.steps * 3 * costs.per_step(size)
        if work.kind == "sample":
            seconds += work.shots * costs.PER_DRAW
        elif np.isfinite(random.histories) and random.histories > MOST_BRANCHES:
            why = f"{random.histories:.3g} branches of outcomes that are read, more than {MOST_BRANCHES}"
            return Forecast(can=False, why=why)
        details = {"entries": size, "branches": branches}
        why = f"4^{program.num_qubits} entries, noise exact"
        return Forecast(can=True, why=why, seconds=seconds, bytes=need, details=details)

    def sample(self, program: Program, shots: int, *, seed: int) -> Samples:
        """Bits of shots; the same seed gives the same bits.

        Raises:
            CircuitError: too large for the memory.
        """
        from qsim.backends.statevector.fusion import fused
        from qsim.backends.statevector.sampled_histories import sample_histories

        self._require(program, Work(kind="sample", shots=shots))
        body = fused(averaged(program, keep_measurements=True))
        return sample_histories(body, self._start(program), shots, rng=np.random.default_rng(seed))

    def expectation(
        self, program: Program, observables: Sequence[SparsePauliOp], *, precision: float, seed: int
    ) -> Estimates:
        """Exact expectation values, whatever precision is asked for.

        Raises:
            CircuitError: too large, or more than 100 000 branches of outcomes that are read.
        """
        from qsim.backends.statevector.fusion import fused
        from qsim.backends.statevector.sampled_histories import exact_average

        del seed  # nothing is left to chance
        self._require(program, Work(kind="expectation", observables=len(observables), precision=precision))
        return exact_average(fused(averaged(program)), self._start(program), observables, limit=MOST_BRANCHES)

    def expectations(self, program: Program, observables: Sequence[SparsePauliOp], values: Floats) -> Floats:
        """(B, O) exact values at parameter sets (B, P), in JAX; JAX's 64-bit mode is set inside only.

        Raises:
            CircuitError: classical control, too large, or values of another shape.
        """
        import jax

        from qsim.backends.density_matrix.jax_channels import noisy_function

        sets = checked_sets(program, values)
        self._require(program, Work(kind="expectation", observables=len(observables)))
        chunk = int(np.clip(BATCH_BYTES / (self.kind().itemsize * 4.0**program.num_qubits), 1, len(sets)))
        real = self.kind().real.dtype
        with jax.enable_x64(self.dtype == "float64"):
            function = noisy_function(program, observables, real=real)
            found = jax.jit(lambda p: jax.lax.map(function, p, batch_size=chunk))(sets)
            return np.asarray(found, dtype=np.float64)

    def _body(self, program: Program, *, keep_measurements: bool) -> Program:
        split = split_measurements(program) if keep_measurements else None
        return averaged(program if split is None else split.before, keep_measurements=keep_measurements)

    def _start(self, program: Program) -> MixedState:
        from qsim.backends.density_matrix.mixed_state import MixedState
        from qsim.backends.statevector.pure_state import Matrices

        return MixedState.zero(program.num_qubits, matrices=Matrices(), dtype=self.kind)

    def _require(self, program: Program, work: Work) -> None:
        forecast = self.forecast(program, work)
        if not forecast.can:
            raise CircuitError(forecast.why, where=f"backend {self.name}", cure='use backend="auto"')


def _outcomes_only(program: Program) -> costs.Randomness:
    """What is left to chance when channels act whole."""
    quiet = program.with_steps([step for step in flat(program.steps) if not isinstance(step, Noise)])
    found = costs.Randomness.of(quiet)
    steps = sum(1 for _ in flat(program.steps))
    return costs.Randomness(steps, found.histories, 1.0, found.outcomes, steps - found.steps)
