"""Study ``circuit.sample``: how often an event is seen when a circuit of a file is sampled, with noise or without.

The event is a pattern of bits, or an odd parity of some of them:

    sampler = study.prepare(study.Params(circuit=text, bits="1x0", noise="depolarizing", p=0.01))
    sampler.sample(10_000, np.random.SeedSequence(7))      # Counts(shots=10000, errors=...)

With ``backend = "auto"`` another version or machine may choose another backend, and so other bits; name one for bits
that are always the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from experiments.errors import InputError
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

    from experiments.tally.counts import Counts
    from qsim.backends.protocol import Backend
    from qsim.program import Program

Meta = msgspec.Meta
GHZ = """\
OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[3];
h q[0];
cx q[0],q[1];
cx q[1],q[2];
measure q -> c;
"""
FLIPPED = "X_ERROR(0.25) 0\nM 0 1\n"


class SampleParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A circuit, its noise, and the event that is counted.

    Raises:
        InputError: no circuit, no event, or an event on bits that are not there.
    """

    circuit: Annotated[str, Meta(description="path of a .qasm, .qpy or .stim file; recorded as its content")]
    bits: Annotated[
        str | None,
        Meta(description='pattern counted, bit 0 rightmost, "x" for either, as in "1x0"; spaces are skipped'),
    ] = None
    parity: Annotated[
        list[Annotated[int, Meta(ge=0)]] | None, Meta(description="classical bits whose odd parity is counted")
    ] = None
    noise: Annotated[NoiseName, Meta(description="noise put on the circuit beside its own")] = "none"
    p: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="strength of the noise [1]")] = None
    backend: Annotated[str, Meta(description='name of a backend, or "auto"')] = "auto"

    def __post_init__(self) -> None:
        check_noise(self.noise, self.p)
        if (self.bits is None) == (self.parity is None):
            cure = "write one of them"
            raise InputError("which event is counted", where="bits", expected="either bits or parity", cure=cure)
        count = circuit_of(self.circuit).num_measurements if self.is_stim else circuit_of(self.circuit).num_clbits
        if self.bits is not None:
            pattern = self.bits.replace(" ", "")
            if set(pattern) - set("01x") or len(pattern) != count:
                expected = f"{count} characters of 0, 1 and x, one for each classical bit"
                raise InputError("not a pattern of the bits", where="bits", expected=expected, got=repr(self.bits))
        elif not self.parity or max(self.parity) >= count or len(set(self.parity)) < len(self.parity):
            expected = f"different numbers from 0 to {count - 1}"
            raise InputError("not bits of the circuit", where="parity", expected=expected, got=repr(self.parity))

    @property
    def is_stim(self) -> bool:
        """Whether the circuit is stim's."""
        return type(circuit_of(self.circuit)).__module__.startswith("stim")


@dataclass(frozen=True, slots=True)
class EventSampler:
    """A circuit and an event, ready to be sampled."""

    program: Program
    backend: Backend
    wanted: tuple[tuple[int, bool], ...]
    parity: tuple[int, ...]

    def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
        """Counts of ``size`` shots; the backend's seed is the first 64-bit word of ``seed``, halved."""
        import numpy as np

        from experiments.tally.counts import Counts

        bits = self.backend.sample(self.program, size, seed=int(seed.generate_state(1, np.uint64)[0] >> 1)).bits
        if self.parity:
            met = bits[:, list(self.parity)].sum(axis=1) % 2 == 1
        else:
            met = np.ones(size, dtype=np.bool_)
            for column, value in self.wanted:
                met &= bits[:, column] == value
        return Counts(shots=size, errors=int(np.count_nonzero(met)))


class CircuitSample(StudyDefaults):
    """Study ``circuit.sample``."""

    name, version = "circuit.sample", 1
    Params = SampleParams
    counting: ClassVar[bool] = True
    preload = ("numpy", "qiskit")
    axes = Axes(x="p", x_label="noise strength p", value_label="probability of the event", log_x=True)

    def prepare(self, params: SampleParams) -> EventSampler:
        """The noisy program on its backend.

        Raises:
            InputError: noise that cannot be put on the circuit, or no backend that can run it.
        """
        from qsim.backends.protocol import Work

        program = noisy_program(params.circuit, params.noise, params.p)
        backend = chosen(params.backend, program, Work(kind="sample", shots=10_000))
        pattern = (params.bits or "").replace(" ", "")[::-1]
        wanted = tuple((place, letter == "1") for place, letter in enumerate(pattern) if letter != "x")
        return EventSampler(program, backend, wanted, tuple(params.parity or ()))

    def schedule(self, params: SampleParams) -> Schedule:
        """From about 50 ms to about a second a batch, by `cost`."""
        return work_schedule(self.cost(params))

    def cost(self, params: SampleParams) -> float:
        """Core seconds per shot, from the circuit's size."""
        return seconds_per_shot(noisy_program(params.circuit, params.noise, params.p), params.backend)

    def resolve(self, params: dict[str, JSON], directory: Path) -> dict[str, JSON]:
        """Replace the path of a circuit by the file's content."""
        return resolved(params, directory)

    def examples(self) -> list[dict[str, JSON]]:
        """A GHZ state with and without noise, and a stim circuit with noise of its own."""
        return [
            {"circuit": GHZ, "bits": "111"},
            {"circuit": GHZ, "parity": [0, 2], "noise": "depolarizing", "p": 0.05, "backend": "stabilizer"},
            {"circuit": GHZ, "bits": "1x1", "noise": "amplitude_damping", "p": 0.1, "backend": "statevector"},
            {"circuit": FLIPPED, "bits": "01", "backend": "stabilizer"},
        ]

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Circuits, events and noise that are none."""
        return [
            ({"circuit": "ghz.qasm", "bits": "111"}, "circuit"),
            ({"circuit": GHZ.replace("h q[0]", "h r[0]"), "bits": "111"}, "circuit"),
            ({"circuit": GHZ}, "bits"),
            ({"circuit": GHZ, "bits": "111", "parity": [0]}, "bits"),
            ({"circuit": GHZ, "bits": "11"}, "3 characters"),
            ({"circuit": GHZ, "parity": [0, 3]}, "parity"),
            ({"circuit": GHZ, "bits": "111", "noise": "SD6"}, "strength"),
            ({"circuit": GHZ, "bits": "111", "p": 0.1}, "p"),
            ({"circuit": GHZ, "bits": "111", "noise": "loud", "p": 0.1}, "noise"),
        ]


study = CircuitSample()
