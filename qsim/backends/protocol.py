"""What a backend is: it says what it can do and at what cost, samples bits, and evaluates observables.

A backend is one file with a class of this shape, and one line under ``[project.entry-points."qsim.backends"]``.
It gets programs (`qsim.program`) without unbound parameters and with noise already in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qsim.program import Program

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

LONGEST_EXACT = 600.0
"""Predicted seconds up to which an exact way is preferred to an approximate one, however quick that is."""

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is asked of a backend.

    Attributes:
        kind: bits sampled, or observables evaluated.
        shots: number of shots, for bits.
        observables: how many observables.
        asked: the observables themselves, where they are known already.
        precision: standard error that will do; 0 asks for exact values.
    """

    kind: Literal["sample", "expectation"]
    shots: int = 0
    observables: int = 0
    asked: tuple[SparsePauliOp, ...] = ()
    precision: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a backend would do with a program.

    Attributes:
        can: whether it can run it.
        why: the reason, in a clause; for a refusal with the gate and its position, or the numbers that are too large.
        seconds, bytes: estimated time and memory; infinite where it cannot.
        exact: whether the law of the bits, or the values, are exact (up to rounding) rather than approximated.
        details: figures of its own (contraction cost, bond dimension, branches).
    """

    can: bool
    why: str
    seconds: float = float("inf")
    bytes: float = float("inf")
    exact: bool = True
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimates:
    """Values of observables.

    Attributes:
        values: (O,) real expectation values.
        errors: (O,) standard errors; 0 where exact.
        metadata: figures of the run (truncation, trajectories, twirl).
    """

    values: Floats
    errors: Floats
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Samples:
    """Bits of shots.

    Attributes:
        bits: (shots, clbits); column c is classical bit c of the program.
        metadata: figures of the run.
    """

    bits: Bits
    metadata: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class Backend(Protocol):
    """A simulator.  Options are arguments of its constructor; instances are cheap and hold no state of a run."""

    name: str

    def forecast(self, program: Program, work: Work) -> Forecast:
        """What it would do, without doing it: quick, and never raising for a program that is well formed."""

    def sample(self, program: Program, shots: int, *, seed: int) -> Samples:
        """Bits of ``shots`` runs; the same seed gives the same bits.

        Raises:
            CircuitError: it cannot; the text is that of the forecast.
        """

    def expectation(
        self, program: Program, observables: Sequence[SparsePauliOp], *, precision: float, seed: int
    ) -> Estimates:
        """Expectation values in the state the program ends in, averaged over outcomes and noise.

        Final measurements have been left out by the caller.

        Raises:
            CircuitError: it cannot.
        """


@runtime_checkable
class BatchedBackend(Protocol):
    """A backend that evaluates one circuit at many parameter values at once."""

    def expectations(self, program: Program, observables: Sequence[SparsePauliOp], values: Floats) -> Floats:
        """(B, O) exact values at ``values`` of shape (B, P), in the order of ``program.parameters``."""
