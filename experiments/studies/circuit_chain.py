"""Study ``circuit.chain``: a spin chain evolved by Trotter steps, an observable measured shot by shot.

    sampler = study.prepare(study.Params(sites=40, time=0.3, steps=5, backend="tensor_network"))
    sampler.sample(1000, np.random.SeedSequence(7))        # Moments(n=1000, mean=...)

Chains and product formulas are those of `qsim.dynamics`; the chain starts in the Néel state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from experiments.studies.circuit_expectation import ExpectationSampler
from experiments.studies.circuit_source import (
    NoiseName,
    as_input_error,
    check_noise,
    chosen,
    noisy,
    seconds_per_shot,
    work_schedule,
)
from experiments.study import JSON, Axes, Schedule, StudyDefaults

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qsim.program import Program

Meta = msgspec.Meta


class ChainParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chain, its evolution, and what is measured.

    Raises:
        InputError: noise without strength, or a strength without noise.
    """

    sites: Annotated[int, Meta(ge=2, le=1000, description="number of sites [sites]")]
    time: Annotated[float, Meta(ge=0, le=1000, description="time of evolution [1/J]")]
    steps: Annotated[int, Meta(ge=1, le=10_000, description="Trotter steps [steps]")]
    model: Annotated[
        Literal["heisenberg", "ising"],
        Meta(description="heisenberg: sum XX + YY + ZZ; ising: sum ZZ + sum X; open ends, all couplings 1"),
    ] = "heisenberg"
    order: Annotated[Literal[1, 2], Meta(description="order of the product formula")] = 1
    observable: Annotated[
        Literal["staggered_magnetisation", "magnetisation", "energy"],
        Meta(description="means over sites of (-1)^i Z_i and of Z_i, or the energy per site"),
    ] = "staggered_magnetisation"
    noise: Annotated[NoiseName, Meta(description="noise put on the circuit")] = "none"
    p: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="strength of the noise [1]")] = None
    backend: Annotated[str, Meta(description='name of a backend, or "auto"')] = "auto"

    def __post_init__(self) -> None:
        check_noise(self.noise, self.p)


class CircuitChain(StudyDefaults):
    """Study ``circuit.chain``."""

    name, version = "circuit.chain", 1
    Params = ChainParams
    preload = ("numpy", "qiskit")
    axes = Axes(x="time", x_label="time [1/J]", value_label="observable per site")

    def prepare(self, params: ChainParams) -> ExpectationSampler:
        """The noisy evolution on its backend, with the measurements of the observable.

        Raises:
            InputError: noise that cannot be put on the circuit, or no backend that can run it.
        """
        from qsim.backends.protocol import Work
        from qsim.pauli_measurement import MeasuredObservable, groups, measuring

        program, observable = _program(params), _observable(params)
        first = measuring(program, groups(observable)[0])
        backend = chosen(params.backend, first, Work(kind="sample", shots=10_000))
        return ExpectationSampler(MeasuredObservable.of(program, observable, backend=backend))

    def schedule(self, params: ChainParams) -> Schedule:
        """From about 50 ms to about a second a batch, by `cost`."""
        return work_schedule(self.cost(params))

    def cost(self, params: ChainParams) -> float:
        """Core seconds per unit, from the circuit's size."""
        return seconds_per_shot(_program(params), params.backend)

    def examples(self) -> list[dict[str, JSON]]:
        """Small chains, with and without noise, and a chain at rest."""
        return [
            {"sites": 4, "time": 0.0, "steps": 1},
            {"sites": 4, "time": 0.7, "steps": 3, "order": 2},
            {"sites": 4, "time": 0.7, "steps": 2, "model": "ising", "observable": "energy"},
            {"sites": 3, "time": 0.5, "steps": 2, "noise": "depolarizing", "p": 0.05, "backend": "density_matrix"},
        ]

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Chains, evolutions and noise that are none."""
        good: dict[str, JSON] = {"sites": 4, "time": 0.7, "steps": 3}
        return [
            ({**good, "sites": 1}, "sites"),
            ({**good, "time": -1.0}, "time"),
            ({**good, "steps": 0}, "steps"),
            ({**good, "order": 3}, "order"),
            ({**good, "model": "xy"}, "model"),
            ({**good, "p": 0.1}, "p"),
        ]


def _hamiltonian(params: ChainParams) -> SparsePauliOp:
    from qsim.dynamics import heisenberg_chain, ising_chain

    return heisenberg_chain(params.sites) if params.model == "heisenberg" else ising_chain(params.sites)


def _program(params: ChainParams) -> Program:
    from qsim.dynamics import trotter

    with as_input_error():
        circuit = trotter(_hamiltonian(params), time=params.time, steps=params.steps, order=params.order, start="neel")
        return noisy(circuit, params.noise, params.p)


def _observable(params: ChainParams) -> SparsePauliOp:
    from qiskit.quantum_info import SparsePauliOp

    if params.observable == "energy":
        return _hamiltonian(params) / params.sites
    sign = -1 if params.observable == "staggered_magnetisation" else 1
    terms = [("Z", [site], sign**site / params.sites) for site in range(params.sites)]
    return SparsePauliOp.from_sparse_list(terms, num_qubits=params.sites)


study = CircuitChain()
