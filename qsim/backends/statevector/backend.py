"""State vectors as a backend: exact without noise, trajectories with it.

    backend = Statevector(dtype="float32", memory=2**30)
    backend.sample(program, 1000, seed=7).bits
    backend.expectations(program, observables, parameter_sets)       # (B, O), in JAX

Sampling runs in NumPy: a bound circuit runs once, and compiling it would cost more.  Batches of parameter sets are
compiled by JAX, on a GPU where JAX sees one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qsim.backends.protocol import Estimates, Floats, Forecast, Samples, Work
from qsim.backends.statevector import costs
from qsim.backends.statevector.memory import text_of_bytes, usable_bytes
from qsim.errors import CircuitError
from qsim.program import Program, split_measurements

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qsim.backends.statevector.pure_state import PureState

KINDS = {"float64": np.complex128, "float32": np.complex64}
MOST_HISTORIES = 4096
"""Histories that an exact average enumerates; more are sampled, or left to the density matrix."""
COPIES = 3
CHUNK = 50


class Statevector:
    """Pure states of n qubits: 2^n amplitudes.

    Args:
        dtype: real precision, "float64" (16 bytes an amplitude) or "float32" (8).
        memory: bytes that may be used; half of the machine's by default.

    Raises:
        CircuitError: another dtype, or memory that is not positive.
    """

    name = "statevector"

    def __init__(self, *, dtype: str = "float64", memory: float | None = None) -> None:
        self.dtype, self.kind = checked_dtype(dtype)
        self.memory = checked_memory(memory)

    def forecast(self, program: Program, work: Work) -> Forecast:
        """What it would do: exact where nothing, or little, is left to chance."""
        need = float(self.kind().itemsize * COPIES * 2.0**program.num_qubits)
        if need > self.memory:
            why = f"{program.num_qubits} qubits take {text_of_bytes(need)}, more than {text_of_bytes(self.memory)}"
            return Forecast(can=False, why=why)
        body = program
        if work.kind == "sample":
            split = split_measurements(program)
            body = program if split is None else split.before
        random = costs.Randomness.of(body)
        size = 2.0**program.num_qubits
        details = {"amplitudes": size, "histories": random.distinct(max(work.shots, 1))}
        if work.kind == "sample":
            seconds = _quickest(program, random, size, work.shots) + work.shots * costs.PER_DRAW
            return Forecast(can=True, why=_text(program, random), seconds=seconds, bytes=need, details=details)
        if random.histories <= MOST_HISTORIES:
            seconds = costs.by_histories(random, size, random.histories)
            return Forecast(can=True, why=_text(program, random), seconds=seconds, bytes=need, details=details)
        if work.precision > 0:
            count = max(1000.0, 1.0 / work.precision**2)
            why = f"trajectories, to a standard error of {work.precision:g}"
            seconds = _quickest(program, random, size, count)
            return Forecast(can=True, why=why, seconds=seconds, bytes=need, exact=False, details=details)
        met = "endless loops" if np.isinf(random.histories) else f"{random.histories:.3g}"
        why = (
            f"exact averages over {random.channels} channels and {random.outcomes} outcomes, {met} histories, "
            f"more than {MOST_HISTORIES}: use density_matrix, or give a precision"
        )
        return Forecast(can=False, why=why)

    def sample(self, program: Program, shots: int, *, seed: int) -> Samples:
        """Bits of shots; the same seed gives the same bits.

        Raises:
            CircuitError: too large for the memory.
        """
        from qsim.backends.statevector.fusion import fused
        from qsim.backends.statevector.sampled_histories import sample_histories

        self._require(program, Work(kind="sample", shots=shots))
        program = fused(program)
        rng = np.random.default_rng(seed)
        split = split_measurements(program)
        random = costs.Randomness.of(program if split is None else split.before)
        if _batched(program, random, 2.0**program.num_qubits, shots):
            from qsim.backends.statevector.trajectories import sample_batches

            return sample_batches(program, shots, rng=rng, dtype=self.kind)
        return sample_histories(program, self._start(program), shots, rng=rng)

    def expectation(
        self, program: Program, observables: Sequence[SparsePauliOp], *, precision: float, seed: int
    ) -> Estimates:
        """Expectation values: exact over few histories, from trajectories when a precision is given.

        Raises:
            CircuitError: too large, or too many histories for exact values.
        """
        from qsim.backends.statevector import sampled_histories, trajectories
        from qsim.backends.statevector.fusion import fused

        self._require(program, Work(kind="expectation", observables=len(observables), precision=precision))
        program = fused(program)
        random = costs.Randomness.of(program)
        start = self._start(program)
        if random.histories <= MOST_HISTORIES:
            return sampled_histories.exact_average(program, start, observables, limit=MOST_HISTORIES)
        rng = np.random.default_rng(seed)
        values = sampled_histories.values_by_histories(program, start, observables, rng=rng)
        if _batched(program, random, 2.0**program.num_qubits, 1.0 / precision**2):
            many = list(observables)

            def values(count: int) -> tuple[Floats, Floats]:
                return trajectories.values_of_batches(program, many, count, rng=rng, dtype=self.kind)

        return sampled_histories.sampled_average(values, observables, precision=precision)

    def expectations(self, program: Program, observables: Sequence[SparsePauliOp], values: Floats) -> Floats:
        """(B, O) exact values at parameter sets (B, P), in JAX; JAX's 64-bit mode is set inside only.

        Raises:
            CircuitError: not unitary, too large, or values of another shape.
        """
        import jax

        from qsim.backends.statevector.expectation_function import pure_function

        sets = checked_sets(program, values)
        with jax.enable_x64(self.dtype == "float64"):
            function = pure_function(program, observables, dtype=self.dtype)
            found = jax.jit(lambda p: jax.lax.map(function, p, batch_size=min(CHUNK, len(sets))))(sets)
            return np.asarray(found, dtype=np.float64)

    def _start(self, program: Program) -> PureState:
        from qsim.backends.statevector.pure_state import Matrices, PureState

        return PureState.zero(program.num_qubits, matrices=Matrices(), dtype=self.kind)

    def _require(self, program: Program, work: Work) -> None:
        forecast = self.forecast(program, work)
        if not forecast.can:
            raise CircuitError(forecast.why, where=f"backend {self.name}", cure='use backend="auto"')


def checked_dtype(dtype: str) -> tuple[str, type[np.complexfloating]]:
    """A precision and its complex type.

    Raises:
        CircuitError: neither float64 nor float32.
    """
    if dtype not in KINDS:
        raise CircuitError("not a precision", where="dtype", expected=" or ".join(KINDS), got=repr(dtype))
    return dtype, KINDS[dtype]


def checked_memory(memory: float | None) -> float:
    """Bytes that may be used.

    Raises:
        CircuitError: not positive.
    """
    if memory is None:
        return usable_bytes()
    if not memory > 0:
        raise CircuitError("not an amount of memory", where="memory", expected="bytes above 0", got=repr(memory))
    return float(memory)


def checked_sets(program: Program, values: Floats) -> Floats:
    """Parameter sets of the right shape.

    Raises:
        CircuitError: not (B, P).
    """
    sets = np.asarray(values, dtype=np.float64)
    if sets.ndim != 2 or sets.shape[1] != len(program.parameters) or not len(sets):
        expected = f"shape (B, {len(program.parameters)}) with B of 1 or more"
        raise CircuitError("not parameter sets", where="values", expected=expected, got=f"shape {sets.shape}")
    return sets


def _batched(program: Program, random: costs.Randomness, size: float, count: float) -> bool:
    """Whether trajectories in batches are quicker than histories."""
    from qsim.backends.statevector.trajectories import AMPLITUDES

    if program.is_dynamic or random.distinct(count) <= 1:
        return False
    return costs.by_batches(random, size, count, amplitudes=AMPLITUDES) < costs.by_histories(random, size, count)


def _quickest(program: Program, random: costs.Randomness, size: float, count: float) -> float:
    from qsim.backends.statevector.trajectories import AMPLITUDES

    histories = costs.by_histories(random, size, count)
    if _batched(program, random, size, count):
        return min(histories, costs.by_batches(random, size, count, amplitudes=AMPLITUDES))
    return histories


def _text(program: Program, random: costs.Randomness) -> str:
    size = f"2^{program.num_qubits} amplitudes"
    if random.histories <= 1:
        return f"{size}, evolved once"
    return f"{size} for each history of {random.outcomes} outcomes and {random.channels} channels"
