"""The tensor-network backend: exact contraction where it is affordable, matrix product states where it is not.

>>> import qsim
>>> backend = TensorNetwork(max_bond=32)
>>> backend.name, backend.method
('tensor_network', 'auto')

``exact`` contracts networks: right to rounding, noise included, at a price that grows with the circuit's entanglement
structure and is known beforehand.  ``mps`` keeps a matrix product state: any depth and size, right as long as bonds
stay below ``max_bond`` (the forecast bounds them), an approximation with an estimate of its fidelity beyond.  ``auto``
takes the quicker of the two where both are exact; an approximation only where it is quicker and the contraction would
take ten minutes or more (`qsim.backends.protocol.LONGEST_EXACT`), and then says both in its forecast and metadata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, log2
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from qsim.backends.protocol import LONGEST_EXACT, Estimates, Forecast, Samples, Work
from qsim.backends.tensor_network.chain import DEFAULT_CUTOFF, Chain
from qsim.backends.tensor_network.contraction import Contraction, Cost
from qsim.backends.tensor_network.evolution import (
    evaluate_by_chance,
    evaluate_exactly,
    pure_chain,
    sample_program,
    without_last_measurements,
)
from qsim.backends.tensor_network.exact import Exact
from qsim.backends.tensor_network.forecast import ChainCost, chain_cost, history_logarithm, site_order
from qsim.backends.tensor_network.threads import one_blas_thread
from qsim.errors import CircuitError
from qsim.program import Program, split_measurements

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

MOST_HISTORIES = 4096
MOST_STEPS_CONTRACTED = 4000
METHODS = ("auto", "exact", "mps")
SEARCHED = "searched in the run"


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorNetwork:
    """Tensor networks, exact or truncated.

    Attributes:
        method: "exact", "mps", or "auto".
        max_bond: largest bond dimension of a matrix product state.
        cutoff: largest weight (share of the squared norm) that one split may discard.
        trajectories: how many histories an expectation value of a noisy or dynamic program is averaged over; None for
            as many as the precision takes.
        memory: bytes that a contraction may take before it is sliced.
        longest: predicted seconds beyond which a contraction is refused (in a run, after a search for a better path).
        directory: where contraction paths are kept between processes; None for memory only.
        thorough: whether paths are searched even where that takes longer than one contraction, as pays in a sweep.
        single: whether matrix product states are in single precision.

    Raises:
        CircuitError: an option out of its range.
    """

    name: ClassVar[str] = "tensor_network"

    method: Literal["auto", "exact", "mps"] = "auto"
    max_bond: int = 64
    cutoff: float = DEFAULT_CUTOFF
    trajectories: int | None = None
    memory: float = 2.0**32
    longest: float = 3600.0
    directory: str | None = None
    thorough: bool = False
    single: bool = False

    def __post_init__(self) -> None:
        checks: tuple[tuple[str, Any, bool, str], ...] = (
            ("method", self.method, self.method in METHODS, "auto, exact or mps"),
            ("max_bond", self.max_bond, _is_count(self.max_bond), "an integer of 1 or more"),
            ("cutoff", self.cutoff, _is_number(self.cutoff) and 0 <= self.cutoff < 1, "a number in [0, 1)"),
            (
                "trajectories",
                self.trajectories,
                self.trajectories is None or _is_count(self.trajectories),
                "an integer of 1 or more, or None",
            ),
            ("memory", self.memory, _is_number(self.memory) and self.memory >= 1024, "1024 bytes or more"),
            ("longest", self.longest, _is_number(self.longest) and self.longest > 0, "a number of seconds above 0"),
        )
        for name, value, good, expected in checks:
            if not good:
                raise CircuitError("out of range", where=f"tensor_network {name}", expected=expected, got=repr(value))

    def forecast(self, program: Program, work: Work) -> Forecast:
        """Cost of contraction or of a matrix product state, and whether the latter is exact."""
        try:
            return self._plan(program, work, work.asked)[1]
        except CircuitError as error:
            return Forecast(can=False, why=str(error))

    def sample(self, program: Program, shots: int, *, seed: int) -> Samples:
        """Bits of ``shots`` runs, by contraction of conditional distributions or from matrix product states."""
        method, forecast = self._chosen(program, Work(kind="sample", shots=shots))
        rng = np.random.default_rng(seed)
        if method == "exact":
            exact = self._affordable(program, Work(kind="sample", shots=shots), forecast)
            return Samples(exact.sample(shots, rng), _told(forecast))
        with one_blas_thread() as threads:
            bits, record = sample_program(program, self._start(program), shots, rng)
        return Samples(bits, {**_told(forecast), "blas_threads": threads, **self._limits(), **record.figures()})

    def expectation(
        self, program: Program, observables: Sequence[SparsePauliOp], *, precision: float, seed: int
    ) -> Estimates:
        """Values of observables: contracted, or read off matrix product states."""
        work = Work(kind="expectation", observables=len(observables), precision=precision)
        method, forecast = self._chosen(program, work, observables)
        if method == "exact":
            values = self._affordable(program, work, forecast, observables).expectations(observables)
            return Estimates(values, np.zeros(len(values)), _told(forecast))
        metadata: dict[str, Any] = {**_told(forecast), **self._limits()}
        with one_blas_thread() as threads:
            start = self._start(program)
            if self._enumerates(program):
                found, record = evaluate_exactly(program, start, observables, limit=MOST_HISTORIES)
            else:
                found, record, count = evaluate_by_chance(
                    program,
                    start,
                    observables,
                    np.random.default_rng(seed),
                    precision=precision,
                    trajectories=self.trajectories,
                )
                metadata["trajectories"] = count
        return Estimates(found.values, found.errors, {**metadata, "blas_threads": threads, **record.figures()})

    def amplitudes(self, program: Program, strings: Sequence[str]) -> Any:
        """(B,) amplitudes of bit strings, qubit 0 rightmost, of a program of gates; by contraction.

        Raises:
            CircuitError: noise or measurements; not bit strings; too large.
        """
        split = split_measurements(program)
        return self._exact(program if split is None else split.before).amplitudes(strings)

    def density(self, program: Program, qubits: Sequence[int]) -> Any:
        """(2^k, 2^k) reduced density matrix of k qubits at the program's end, the first least significant.

        Raises:
            CircuitError: not its qubits; control flow; too large.
        """
        return self._exact(program).density(qubits)

    def evolve(self, program: Program) -> Chain:
        """The matrix product state of a program of gates.

        Raises:
            CircuitError: anything random in it.
        """
        with one_blas_thread():
            return pure_chain(program, self._start(program))

    def _chosen(self, program: Program, work: Work, observables: Sequence[SparsePauliOp] = ()) -> tuple[str, Forecast]:
        """The method and its forecast, or a refusal."""
        method, forecast = self._plan(program, work, observables)
        if not forecast.can:
            raise CircuitError(forecast.why, where=f"backend {self.name}")
        return method, forecast

    def _affordable(
        self, program: Program, work: Work, forecast: Forecast, observables: Sequence[SparsePauliOp] = ()
    ) -> Exact:
        """What contracts a program, refused where even a searched path is too dear for all that is asked."""
        exact = self._exact(program)
        if forecast.details["path"] == SEARCHED:
            cost, count = exact.dearest(work, observables, search=True)
            if not exact.contraction.fits(cost, count):
                raise CircuitError(
                    "contraction too large",
                    where=f"backend {self.name}",
                    expected=f"at most {self.memory:.3g} bytes and {self.longest:.3g} s",
                    got=f"{self._figures(cost)} and {cost.seconds * count:.3g} s along a searched path",
                    cure='use method="mps", or allow more memory or time',
                )
        return exact

    def _plan(self, program: Program, work: Work, observables: Sequence[SparsePauliOp] = ()) -> tuple[str, Forecast]:
        """The method, and its forecast."""
        if self.method == "exact":
            return "exact", self._contracted(program, work, observables)
        chain = self._evolved(program, work)
        if self.method == "mps" or (chain.can and chain.exact and chain.seconds < 1.0):
            return "mps", chain
        contracted = self._contracted(program, work, observables)
        if not chain.can:
            return ("exact", contracted) if contracted.can else ("mps", chain)
        preferred = not chain.exact and contracted.seconds < LONGEST_EXACT
        if contracted.can and (preferred or contracted.seconds < chain.seconds):
            return "exact", contracted
        if chain.exact:
            return "mps", chain
        seconds = contracted.details.get("total_seconds")
        reason = contracted.why if seconds is None else f"contraction would take about {seconds:.2g} s"
        return "mps", replace(chain, why=f"{chain.why}; {reason}")

    def _evolved(self, program: Program, work: Work) -> Forecast:
        """The forecast of matrix product states."""
        cost = chain_cost(program, site_order(program), self.max_bond)
        events = history_logarithm(without_last_measurements(program)[0].steps)
        copies = self._copies(work, events)
        exact = cost.bond <= self.max_bond and not self.single
        details: dict[str, Any] = {
            "method": "mps",
            "bond_dimension_bound": cost.bond,
            "max_bond": self.max_bond,
            "cutoff": self.cutoff,
            "swaps": cost.swaps,
            "histories_at_most": copies,
            "fidelity": 1.0 if exact else "known after the run",
        }
        if copies == inf:
            why = (
                f"a noisy or dynamic program of up to 2^{events:.0f} histories: "
                "exact values need trajectories without end; give a precision, or trajectories=..."
            )
            return Forecast(can=False, why=why, details=details)
        shots = 2e-6 * work.shots * program.num_qubits * (1.0 + min(cost.bond, self.max_bond) ** 2 / 200)
        return Forecast(
            can=True,
            why=self._reason(cost, exact),
            seconds=cost.seconds * copies + (shots if work.kind == "sample" else 0.0),
            bytes=cost.bytes * (1 if copies == 1 else 32),
            exact=exact,
            details=details,
        )

    def _reason(self, cost: ChainCost, exact: bool) -> str:
        bound = f"{cost.bond:.0f}" if cost.bond < 1e6 else f"{cost.bond:.1e}"
        if exact:
            return f"matrix product state, exact: bonds stay within {bound}"
        if self.single and cost.bond <= self.max_bond:
            return "matrix product state in single precision"
        return f"matrix product state cut to bond {self.max_bond} (up to {bound} without cuts); reports its fidelity"

    def _copies(self, work: Work, events: float) -> float:
        """How many histories are evolved at most."""
        branches = float(2.0 ** min(events, 900.0))
        if work.kind == "sample":
            return min(branches, float(work.shots))
        if self.trajectories is not None and events > 0:
            return min(branches, float(self.trajectories))
        if branches <= MOST_HISTORIES:
            return branches
        return max(64.0, float(work.precision) ** -2) if work.precision > 0 else inf

    def _enumerates(self, program: Program) -> bool:
        """Whether all histories are gone through rather than drawn."""
        events = history_logarithm(program.steps)
        return bool(events == 0 or (self.trajectories is None and events <= log2(MOST_HISTORIES)))

    def _contracted(self, program: Program, work: Work, observables: Sequence[SparsePauliOp]) -> Forecast:
        """The forecast of contraction; of unknown observables, that of Z on every qubit."""
        if program.is_dynamic:
            return Forecast(can=False, why='a network has no classical control; use method="mps"')
        if len(program.steps) > MOST_STEPS_CONTRACTED:
            why = f"{len(program.steps)} steps are more than the {MOST_STEPS_CONTRACTED} that paths are searched for"
            return Forecast(can=False, why=f'{why}; use method="mps"')
        exact = self._exact(program)
        cost, count = exact.dearest(work, observables)
        seconds = cost.seconds * count
        details: dict[str, Any] = {
            "method": "exact",
            **cost.figures(),
            "contractions": count,
            "total_seconds": seconds,
            "path": "greedy or better",
        }
        figures = self._figures(cost)
        why = f"contraction, {figures}"
        if not exact.contraction.fits(cost, count):
            limits = f"{self.memory:.2g} bytes and {self.longest:.3g} s"
            if exact.contraction.is_hopeless(cost, count):
                why = f"contraction too large: {figures} and {seconds:.3g} s along a greedy path, over {limits}"
                return Forecast(can=False, why=f'{why}; use method="mps"', details=details)
            why += f" and {seconds:.3g} s along a greedy path; the run searches a better one, or refuses: over {limits}"
            details["path"] = SEARCHED
        return Forecast(can=True, why=why, seconds=seconds, bytes=cost.bytes, details=details)

    def _figures(self, cost: Cost) -> str:
        slices = f" in {cost.slices} slices" if cost.slices > 1 else ""
        return f"width {cost.width:.0f}, 10^{cost.log10_flop:.1f} operations, {cost.bytes:.2g} bytes{slices}"

    def _exact(self, program: Program) -> Exact:
        limits = Contraction(memory=self.memory, longest=self.longest, directory=self.directory, thorough=self.thorough)
        return Exact(program, limits)

    def _start(self, program: Program) -> Chain:
        return Chain(
            program.num_qubits,
            max_bond=self.max_bond,
            cutoff=self.cutoff,
            single=self.single,
            order=site_order(program),
        )

    def _limits(self) -> dict[str, Any]:
        return {"max_bond": self.max_bond, "cutoff": self.cutoff, "single": self.single}


def _told(forecast: Forecast) -> dict[str, Any]:
    """What the metadata tell of the choice of a method."""
    return {"method": forecast.details["method"], "exact": forecast.exact, "choice": forecast.why}


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 1)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
