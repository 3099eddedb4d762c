"""What a sampler and an estimator are set to: backend, noise and seed, checked once; random streams of their points.

>>> setting = Setting.of("auto", noise=None, seed=7, options=None)
>>> setting.seed_of(7, 0, 3) == setting.seed_of(7, 0, 3) != setting.seed_of(7, 0, 4)
True

A sweep is decided on once where it can be: a backend that runs the circuit exactly at generic parameter values runs it
at any.  Where none does (a large circuit, Clifford at the values asked for), every point is decided on by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit

from qsim.backends import make
from qsim.backends.protocol import Backend, Work
from qsim.errors import CircuitError
from qsim.program import Program
from qsim.running import checked_seed, prepare
from qsim.selection import explanation, select

if TYPE_CHECKING:
    from qsim.noise import NoiseModel


@dataclass(frozen=True)
class Setting:
    """Backend, noise and seed of a primitive.

    Attributes:
        backend: an instance, or "auto".
        noise: put into every circuit; None for none.
        seed: root of the random stream of each ``run``; None for a fresh one each time.
    """

    backend: Backend | str
    noise: NoiseModel | None
    seed: int | None

    @classmethod
    def of(
        cls,
        backend: str | Backend,
        *,
        noise: NoiseModel | None,
        seed: int | None,
        options: Mapping[str, Any] | None,
    ) -> Setting:
        """A setting from a user's arguments.

        Raises:
            CircuitError: no such backend, option or seed; options without a backend to take them.
        """
        if seed is not None:
            seed = checked_seed(seed)
        if backend == "auto":
            if options:
                cure = 'name the backend that they belong to, as in backend="tensor_network"'
                raise CircuitError("options need a backend", where="options", got=repr(dict(options)), cure=cure)
            return cls("auto", noise, seed)
        return cls(make(backend, **dict(options or {})), noise, seed)

    def root(self) -> int:
        """The root of one run's random stream."""
        return checked_seed(self.seed)

    def seed_of(self, root: int, pub: int, point: int) -> int:
        """The seed of one point of one PUB."""
        return int(np.random.SeedSequence(root, spawn_key=(pub, point)).generate_state(1, np.uint64)[0] >> 1)

    def for_sweep(self, circuit: QuantumCircuit, points: int, work: Work) -> tuple[Backend, str] | None:
        """The backend for all points of a sweep, and why; None when each point is to be decided on by itself."""
        if not isinstance(self.backend, str) or points < 2 or not circuit.num_parameters:
            return None
        found = explanation(prepare(generic(circuit), self.noise), work)
        if found.chosen is None or not found.forecasts[found.chosen].exact:
            return None
        return make(found.chosen), found.why

    def for_point(self, program: Program, work: Work) -> tuple[Backend, str]:
        """The backend for one program, and why.

        Raises:
            CircuitError: it, or none at all, can run the program.
        """
        return select(self.backend, program, work)


def generic(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit at parameter values that have no special relation to one another."""
    angles = np.random.default_rng(20260101).uniform(0.1, 1.4, circuit.num_parameters)
    return circuit.assign_parameters(angles) if circuit.num_parameters else circuit


def listed(pubs: Iterable[Any]) -> list[Any]:
    """PUBs as a list.

    Raises:
        CircuitError: a circuit alone, which is a sequence itself.
    """
    if isinstance(pubs, QuantumCircuit):
        raise CircuitError(
            "one circuit, not a list of PUBs", where="pubs", expected="[circuit]", got="circuit", cure="add brackets"
        )
    return list(pubs)


def one_text(texts: Iterable[str]) -> str:
    """Different texts once each, in the order met."""
    return " | ".join(dict.fromkeys(texts))
