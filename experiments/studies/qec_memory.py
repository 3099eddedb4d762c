"""Study ``qec.memory``: the logical error rate of a quantum memory, per shot of the whole experiment.

A code that stim generates, or any ``.stim`` file; a noise model, or the file's own noise; a decoder:

    sampler = study.prepare(study.Params(code="rotated_surface", distance=5, p=0.005))
    sampler.sample(10_000, np.random.SeedSequence(7))      # Counts(shots=10000, errors=...)

Importing this file loads neither stim nor numpy, so that a sweep is checked at once.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec

from experiments.errors import InputError
from experiments.studies.qec_memory_cost import seconds_per_shot, work_schedule
from experiments.study import JSON, Axes, Schedule, StudyDefaults
from qsim.qec.codes import check_memory
from qsim.qec.decoders import MATCHING, check_decoder
from qsim.qec.input_error import QecInputError
from qsim.qec.noise_models import MODELS, check_strength

if TYPE_CHECKING:
    import numpy as np
    import sinter
    import stim

    from experiments.tally.counts import Counts
    from qsim.qec.memory import MemorySampler

Meta = msgspec.Meta


class MemoryParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A memory experiment: either ``code`` with ``distance`` and ``p``, or ``circuit``.

    Raises:
        InputError: a combination that has no circuit, no noise model or no decoder; ``where`` is the field at fault.
    """

    code: Annotated[
        Literal["rotated_surface", "unrotated_surface", "repetition", "color"] | None,
        Meta(description="code whose memory circuit stim generates"),
    ] = None
    basis: Annotated[Literal["X", "Z"], Meta(description="logical basis that is prepared and measured")] = "Z"
    distance: Annotated[
        Annotated[int, Meta(ge=2, le=501)] | None, Meta(description="code distance, odd but for repetition [qubits]")
    ] = None
    rounds: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | Literal["distance"],
        Meta(description='rounds of stabilizer measurement, or "distance" for as many as the distance [rounds]'),
    ] = "distance"
    p: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="physical error rate of the noise model [1]")
    ] = None
    noise: Annotated[
        Literal["uniform_depolarizing", "SD6", "SI1000", "as_written"] | None,
        Meta(description="noise model; left out: uniform_depolarizing for a code, as_written for a circuit"),
    ] = None
    decoder: Annotated[
        str, Meta(description='a decoder that sinter knows, or a sinter.Decoder at "package.module:object"')
    ] = "pymatching"
    circuit: Annotated[
        str | None, Meta(description="path of a .stim file, seen from the sweep file; recorded as its text")
    ] = None

    def __post_init__(self) -> None:
        with _as_input_error():
            check_decoder(self.decoder)
            if self.circuit is None:
                self._check_code()
            else:
                self._check_circuit(self.circuit)

    @property
    def noise_model(self) -> str:
        """The noise model in force."""
        return self.noise or ("uniform_depolarizing" if self.circuit is None else "as_written")

    @property
    def round_count(self) -> int:
        """Rounds, with the rule "distance" worked out; 0 for a circuit."""
        return (self.distance or 0) if self.rounds == "distance" else self.rounds

    def _check_code(self) -> None:
        if self.code is None:
            raise InputError("nothing to simulate", where="code", expected="a code, or a circuit", cure="write one")
        for field, value in (("distance", self.distance), ("p", self.p)):
            if value is None:
                cure = f"write {field} = ... under [params] or [grid]"
                raise InputError(f"parameter {field!r} is missing", where=field, expected="a number", cure=cure)
        if self.noise == "as_written":
            cure = "name a noise model: " + ", ".join(MODELS)
            raise InputError("a generated circuit has no noise of its own", where="noise", got="as_written", cure=cure)
        check_memory(self.code, self.basis, distance=self.distance or 0, rounds=self.round_count)
        check_strength(self.noise_model, self.p or 0.0)
        if self.code == "color" and self.decoder in MATCHING:
            raise InputError(
                "matching cannot decode the color code, whose errors have three symptoms and more",
                where="decoder",
                expected='"hypergraph_union_find" or "mw_parity_factor" (package mwpf), or your own decoder',
                got=repr(self.decoder),
            )

    def _check_circuit(self, text: str) -> None:
        for field in ("code", "distance"):
            if getattr(self, field) is not None:
                raise InputError(f"a circuit has its own {field}", where=field, cure=f"remove {field}, or circuit")
        for field in ("basis", "rounds"):
            if getattr(self, field) != _default(field):
                raise InputError(f"a circuit has its own {field}", where=field, cure=f"remove {field}, or circuit")
        if "\n" not in text:
            raise InputError(
                "not a circuit",
                where="circuit",
                expected="the text of a .stim file",
                got=repr(text),
                cure="name a file in a sweep, whose text is then read, or give the text itself",
            )
        if self.noise_model == "as_written":
            if self.p is not None:
                cure = f"remove p, or name a noise model for a clean circuit: {', '.join(MODELS)}"
                raise InputError(
                    "the circuit's own noise has no strength to set", where="p", got=str(self.p), cure=cure
                )
            _readable(text, "circuit")
            return
        if self.p is None:
            raise InputError(
                "the noise model needs a strength", where="p", expected="a number in [0, 1]", cure="write p"
            )
        check_strength(self.noise_model, self.p)
        _check_rewritable(text, self.noise_model)


def _default(field: str) -> JSON:
    fields = MemoryParams.__struct_fields__
    return MemoryParams.__struct_defaults__[fields.index(field) - len(fields)]


@dataclass(frozen=True, slots=True)
class CountingSampler:
    """A memory experiment, ready to be sampled."""

    memory: MemorySampler

    def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
        """Counts of ``size`` shots; stim is seeded with the first 64-bit word of ``seed``."""
        import numpy as np

        from experiments.tally.counts import Counts

        count = self.memory.sample(size, int(seed.generate_state(1, np.uint64)[0]))
        return Counts(shots=count.shots, errors=count.errors, discards=count.discards)


class QecMemory(StudyDefaults):
    """Study ``qec.memory``."""

    name, version = "qec.memory", 1
    Params = MemoryParams
    counting: ClassVar[bool] = True
    preload = ("numpy", "stim", "pymatching")
    axes = Axes(
        x="p",
        curve="distance",
        x_label="physical error rate p",
        value_label="logical error rate per shot",
        log_x=True,
        log_value=True,
    )

    def prepare(self, params: MemoryParams) -> CountingSampler:
        """The noisy circuit with its decoder.

        Raises:
            InputError: the decoder is not there, or cannot decode this circuit.
        """
        from qsim.qec.memory import MemorySampler

        with _as_input_error():
            return CountingSampler(MemorySampler(noisy_circuit(params), params.decoder))

    def schedule(self, params: MemoryParams) -> Schedule:
        """From about 10 ms to about half a second a batch, by `cost`."""
        return work_schedule(self.cost(params))

    def cost(self, params: MemoryParams) -> float:
        """Core seconds per shot, from the number of detectors, the noise and the decoder."""
        return seconds_per_shot(
            code=params.code,
            distance=params.distance or 0,
            rounds=params.round_count,
            circuit=params.circuit,
            noise=params.noise_model,
            p=params.p,
            decoder=params.decoder,
        )

    def resolve(self, params: dict[str, JSON], directory: Path) -> dict[str, JSON]:
        """Replace the path of a circuit by the circuit's text.

        Raises:
            InputError: the file cannot be read, or is not a stim circuit (with file, line and gate).
        """
        path = params.get("circuit")
        if not isinstance(path, str) or "\n" in path:
            return params
        try:
            text = (directory / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            cure = f"paths are seen from the sweep file's folder, {directory}"
            raise InputError(f"cannot read it ({reason})", where="circuit", got=repr(path), cure=cure) from error
        with _as_input_error():
            _readable(text, path)
        return {**params, "circuit": text if text.endswith("\n") else text + "\n"}

    def sinter_task(self, params: MemoryParams) -> sinter.Task:
        """The same task for sinter, whose ``strong_id`` goes into exported files."""
        import sinter

        from qsim.qec.decoders import error_model

        facts = {"code": params.code, "b": params.basis, "d": params.distance, "r": params.round_count, "p": params.p}
        metadata = {key: value for key, value in facts.items() if value is not None} if params.code else {}
        circuit = noisy_circuit(params)
        with _as_input_error():
            model = error_model(circuit)
        return sinter.Task(
            circuit=circuit,
            decoder=params.decoder,
            detector_error_model=model,
            json_metadata={**metadata, "noise": params.noise_model},
        )

    def examples(self) -> list[dict[str, JSON]]:
        """One small experiment of each kind."""
        from experiments.studies.qec_memory_examples import EXAMPLES

        return [dict(example) for example in EXAMPLES]

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Experiments that cannot be, each with the word its refusal must contain."""
        from experiments.studies.qec_memory_examples import BAD_EXAMPLES

        return [(dict(example), word) for example, word in BAD_EXAMPLES]


def noisy_circuit(params: MemoryParams) -> stim.Circuit:
    """The circuit that is sampled, noise included."""
    from qsim.qec.circuits import noisy_memory_circuit
    from qsim.qec.noise import apply_noise

    if params.circuit is not None:
        clean = _readable(params.circuit, "circuit")
        return clean if params.p is None else apply_noise(clean, params.noise_model, params.p)
    return noisy_memory_circuit(
        params.code or "",
        params.basis,
        distance=params.distance or 0,
        rounds=params.round_count,
        noise=params.noise_model,
        p=params.p or 0.0,
    )


@lru_cache(maxsize=8)
def _readable(text: str, name: str) -> stim.Circuit:
    if importlib.util.find_spec("stim") is None:
        raise InputError("reading a circuit needs the package stim", where="circuit", cure="pip install stim")
    from qsim.qec.circuit_text import readable_circuit

    return readable_circuit(text, name=name)


@lru_cache(maxsize=32)
def _check_rewritable(text: str, model: str) -> None:
    """Refuse a circuit onto which a noise model cannot be rewritten, whatever its strength."""
    from qsim.qec.noise import apply_noise

    apply_noise(_readable(text, "circuit"), model, MODELS[model].largest_p)


@contextmanager
def _as_input_error() -> Iterator[None]:
    try:
        yield
    except QecInputError as error:
        raise InputError(
            error.what, where=error.field, expected=error.expected, got=error.got, cure=error.cure
        ) from error


study = QecMemory()
