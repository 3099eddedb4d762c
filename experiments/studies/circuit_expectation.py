"""Study ``circuit.expectation``: an observable in the final state of a circuit of a file, measured shot by shot.

    sampler = study.prepare(study.Params(circuit=text, observable={"ZZ": 1.0, "XX": 0.5}, noise="depolarizing", p=0.01))
    sampler.sample(10_000, np.random.SeedSequence(7))      # Moments(n=10000, mean=...)

A unit is one shot in every measurement basis that the observable needs (`qsim.pauli_measurement`), so the standard
error is a device's.  Final measurements of the circuit are left out; basis changes of the observable bring no noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from experiments.errors import InputError
from experiments.studies.circuit_sample import FLIPPED, GHZ
from experiments.studies.circuit_source import (
    NoiseName,
    check_noise,
    chosen,
    circuit_of,
    noisy_program,
    resolved,
    seconds_per_shot,
    work_schedule,
)
from experiments.study import JSON, Axes, Schedule, StudyDefaults

if TYPE_CHECKING:
    import numpy as np

    from experiments.tally.moments import Moments
    from qsim.pauli_measurement import MeasuredObservable

Meta = msgspec.Meta


class ExpectationParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A circuit, its noise, and the observable.

    Raises:
        InputError: no circuit, or no observable on its qubits.
    """

    circuit: Annotated[str, Meta(description="path of a .qasm, .qpy or .stim file; recorded as its content")]
    observable: Annotated[
        str | dict[str, float],
        Meta(
            description="Pauli label, rightmost letter on qubit 0, or a table of labels and coefficients { ZZ = 0.5 }"
        ),
    ]
    noise: Annotated[NoiseName, Meta(description="noise put on the circuit beside its own")] = "none"
    p: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="strength of the noise [1]")] = None
    backend: Annotated[str, Meta(description='name of a backend, or "auto"')] = "auto"

    def __post_init__(self) -> None:
        check_noise(self.noise, self.p)
        qubits = circuit_of(self.circuit).num_qubits
        table = self.table
        if not table or any(set(label) - set("IXYZ") or len(label) != qubits for label in table):
            expected = f"labels of {qubits} letters I, X, Y, Z"
            raise InputError("not an observable", where="observable", expected=expected, got=repr(self.observable))

    @property
    def table(self) -> dict[str, float]:
        """Coefficients by label."""
        return {self.observable: 1.0} if isinstance(self.observable, str) else self.observable


@dataclass(frozen=True, slots=True)
class ExpectationSampler:
    """An observable, ready to be measured."""

    measured: MeasuredObservable

    def sample(self, size: int, seed: np.random.SeedSequence) -> Moments:
        """Moments of ``size`` units; the root of their randomness is the first 64-bit word of ``seed``, halved."""
        import numpy as np

        from experiments.tally.moments import Moments

        return Moments.of(self.measured.values(size, seed=int(seed.generate_state(1, np.uint64)[0] >> 1)))


class CircuitExpectation(StudyDefaults):
    """Study ``circuit.expectation``."""

    name, version = "circuit.expectation", 1
    Params = ExpectationParams
    preload = ("numpy", "qiskit")
    axes = Axes(x="p", x_label="noise strength p", value_label="expectation value")

    def prepare(self, params: ExpectationParams) -> ExpectationSampler:
        """The noisy program on its backend, with the measurements of the observable.

        Raises:
            InputError: noise that cannot be put on the circuit, or no backend that can run it.
        """
        from qiskit.quantum_info import SparsePauliOp

        from qsim.backends.protocol import Work
        from qsim.pauli_measurement import MeasuredObservable, groups, measuring
        from qsim.running import without_final_measurements

        program = without_final_measurements(noisy_program(params.circuit, params.noise, params.p))
        labels, coefficients = zip(*params.table.items(), strict=True)
        padded = ["I" * (program.num_qubits - len(label)) + label for label in labels]
        observable = SparsePauliOp(padded, list(coefficients))
        first = measuring(program, groups(observable)[0])
        backend = chosen(params.backend, first, Work(kind="sample", shots=10_000))
        return ExpectationSampler(MeasuredObservable.of(program, observable, backend=backend))

    def schedule(self, params: ExpectationParams) -> Schedule:
        """From about 50 ms to about a second a batch, by `cost`."""
        return work_schedule(self.cost(params))

    def cost(self, params: ExpectationParams) -> float:
        """Core seconds per unit, from the circuit's size and the number of labels."""
        return len(params.table) * seconds_per_shot(
            noisy_program(params.circuit, params.noise, params.p), params.backend
        )

    def resolve(self, params: dict[str, JSON], directory: Path) -> dict[str, JSON]:
        """Replace the path of a circuit by the file's content."""
        return resolved(params, directory)

    def examples(self) -> list[dict[str, JSON]]:
        """Observables of a GHZ state, with and without noise, and of a stim circuit."""
        return [
            {"circuit": GHZ, "observable": "XXX"},
            {"circuit": GHZ, "observable": {"ZZI": 1.0, "XXX": 0.5}, "noise": "depolarizing", "p": 0.05},
            {"circuit": GHZ, "observable": "ZII", "noise": "amplitude_damping", "p": 0.1, "backend": "statevector"},
            {"circuit": FLIPPED, "observable": "IZ", "backend": "stabilizer"},
        ]

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Circuits, observables and noise that are none."""
        return [
            ({"circuit": "ghz.qasm", "observable": "ZZZ"}, "circuit"),
            ({"circuit": GHZ}, "observable"),
            ({"circuit": GHZ, "observable": "ZZ"}, "3 letters"),
            ({"circuit": GHZ, "observable": {}}, "observable"),
            ({"circuit": GHZ, "observable": {"ZZW": 1.0}}, "observable"),
            ({"circuit": GHZ, "observable": "ZZZ", "noise": "SD6"}, "strength"),
        ]


study = CircuitExpectation()
