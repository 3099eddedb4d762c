"""Circuits of files in sweeps: a path is replaced by the file's content, and the content is read once a process.

OpenQASM and stim files are recorded as their text, QPY files as ``qpy:`` and base64, so that a task's identity is its
circuit, wherever the file was.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from experiments.errors import InputError
from experiments.study import JSON, Schedule

if TYPE_CHECKING:
    import stim
    from qiskit import QuantumCircuit

    from qsim.backends.protocol import Backend, Work
    from qsim.program import Program

QPY = "qpy:"
NoiseName = Literal["none", "depolarizing", "uniform", "SD6", "SI1000", "amplitude_damping", "phase_damping"]


def resolved(params: dict[str, JSON], directory: Path) -> dict[str, JSON]:
    """Parameters with the content of the file that ``circuit`` names.

    Raises:
        InputError: the file cannot be read, or is no circuit (with file and line).
    """
    path = params.get("circuit")
    if not isinstance(path, str) or is_content(path):
        return params
    from qsim.errors import CircuitError
    from qsim.interop import load

    file = directory / path
    try:
        load(file)
        content = file.read_bytes()
    except CircuitError as error:
        place = error.where.replace(str(file), path)
        cure = error.cure or f"paths are seen from the sweep file's folder, {directory}"
        raise InputError(
            error.what, where=f"circuit: {place}", expected=error.expected, got=error.got, cure=cure
        ) from error
    except OSError as error:
        raise InputError(f"cannot read it ({error.strerror})", where="circuit", got=repr(path)) from error
    if file.suffix == ".qpy":
        return {**params, "circuit": QPY + base64.b64encode(content).decode("ascii")}
    text = content.decode("utf-8")
    return {**params, "circuit": text if text.endswith("\n") else text + "\n"}


def is_content(text: str) -> bool:
    """Whether it is a circuit rather than the path of one."""
    return "\n" in text or text.startswith(QPY)


@lru_cache(maxsize=16)
def circuit_of(content: str) -> QuantumCircuit | stim.Circuit:
    """The circuit that a parameter holds.

    Raises:
        InputError: no content, or no circuit.
    """
    if not is_content(content):
        raise InputError(
            "not a circuit",
            where="circuit",
            expected="the content of a .qasm, .qpy or .stim file",
            got=repr(content),
            cure="name a file in a sweep, whose content is then read, or give the text itself",
        )
    from qsim.interop import load

    with tempfile.TemporaryDirectory() as folder, as_input_error(folder):
        if content.startswith(QPY):
            file = Path(folder) / "circuit.qpy"
            file.write_bytes(base64.b64decode(content.removeprefix(QPY)))
        else:
            kind = "qasm" if content.lstrip().startswith("OPENQASM") or "\nOPENQASM" in content else "stim"
            file = Path(folder) / f"circuit.{kind}"
            file.write_text(content, encoding="utf-8")
        return load(file)


@lru_cache(maxsize=64)
def noisy_program(content: str, noise: str, p: float | None) -> Program:
    """The program of a circuit with named noise in it.

    Raises:
        InputError: unbound parameters, or noise that cannot be put on it.
    """
    with as_input_error():
        return noisy(circuit_of(content), noise, p)


def noisy(circuit: QuantumCircuit | stim.Circuit, noise: str, p: float | None) -> Program:
    """The program of a circuit with named noise in it.

    Raises:
        CircuitError: unbound parameters, or noise that cannot be put on it.
    """
    from qsim import noise as models
    from qsim.running import prepare

    if noise == "none" or p is None:
        return prepare(circuit, None)
    if noise in ("amplitude_damping", "phase_damping"):
        channel = getattr(models, noise)(p)
        return prepare(circuit, models.NoiseModel().after("gate", channel))
    return prepare(circuit, getattr(models, noise)(p))


def check_noise(noise: str, p: float | None) -> None:
    """A name and a strength that belong together.

    Raises:
        InputError: a strength without a model, or a model without strength.
    """
    if noise == "none" and p is not None:
        raise InputError("no noise has no strength", where="p", got=str(p), cure="name a noise model, or remove p")
    if noise != "none" and p is None:
        raise InputError("the noise model needs a strength", where="p", expected="a number in [0, 1]", cure="write p")


def chosen(backend: str, program: Program, work: Work) -> Backend:
    """The backend for a program.

    Raises:
        InputError: it, or none at all, can run it.
    """
    from qsim.selection import select

    with as_input_error():
        return select(backend, program, work)[0]


def seconds_per_shot(program: Program, backend: str) -> float:
    """A fixed formula from sizes alone.

    Clifford shots cost bits, noisy ones a walk of the state, matrix product states a walk along the chain, others a
    draw.
    """
    if backend == "stabilizer":
        return 1e-9 * program.size + 1e-7
    if backend == "tensor_network" and not program.is_noisy:
        return 2e-4 * program.num_qubits
    walk = program.is_noisy or program.is_dynamic
    return program.size * (1e-6 + 2e-9 * 2.0 ** min(program.num_qubits, 24)) if walk else 2e-6


def work_schedule(seconds: float) -> Schedule:
    """Batches from about 50 ms to about a second."""
    first = int(min(max(0.05 / seconds, 16), 10_000))
    return Schedule(first=first, growth=1.5, largest=int(min(max(1.0 / seconds, first), 1_000_000)))


@contextmanager
def as_input_error(folder: str = "") -> Iterator[None]:
    """Refusals of `qsim` become refusals of the runner; paths in a temporary folder lose it."""
    from qsim.errors import CircuitError

    try:
        yield
    except CircuitError as error:
        where = error.where.replace(f"{folder}/", "") if folder else error.where
        parts: dict[str, Any] = {"expected": error.expected, "got": error.got, "cure": error.cure}
        raise InputError(error.what, where=f"circuit: {where}" if where else "circuit", **parts) from error
