"""One of our backends as Qiskit's ``BackendV2``: a Target for the transpiler, and ``run`` with counts and memory.

    backend = QsimBackend("tensor_network", noise=model, options={"max_bond": 128})
    result = backend.run([first, second], shots=1000, memory=True, seed_simulator=7).result()
    result.get_counts(0), result.get_memory(1), result.results[0].metadata["why"]

Counts have Qiskit's form: bit 0 rightmost, registers apart by spaces where they lie one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.providers import BackendV2, Options
from qiskit.result import Result
from qiskit.result.models import ExperimentResult, ExperimentResultData
from qiskit.transpiler import Target

from qsim.backends.protocol import Backend, Bits, Work
from qsim.errors import CircuitError
from qsim.primitives.setting import Setting
from qsim.provider.job import QsimJob
from qsim.provider.target import clifford_target, universal_target
from qsim.running import prepare

if TYPE_CHECKING:
    from qsim.noise import NoiseModel

VERSION = "1"
CLIFFORD_ONLY = frozenset({"stabilizer"})


class QsimBackend(BackendV2):  # type: ignore[misc]  # Qiskit has no types
    """A simulator behind Qiskit's interface.

    Args:
        backend: a name, or "auto".
        provider: that made it.
        noise: put into every circuit.
        options: arguments of the backend's constructor.

    Raises:
        CircuitError: no such backend or option.
    """

    def __init__(
        self,
        backend: str = "auto",
        *,
        provider: Any = None,
        noise: NoiseModel | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._setting = Setting.of(backend, noise=noise, seed=None, options=options)
        clifford = backend in CLIFFORD_ONLY
        super().__init__(
            provider=provider,
            name=backend,
            description=f"qsim: {'Clifford circuits' if clifford else 'any circuit that fits'}",
            backend_version=VERSION,
        )
        self._target = clifford_target() if clifford else universal_target()

    def __repr__(self) -> str:
        return f"<QsimBackend {self.name!r}>"

    @property
    def target(self) -> Target:
        """Gates and control flow it takes, between any qubits."""
        return self._target

    @property
    def max_circuits(self) -> None:
        """No limit."""
        return

    @property
    def simulator(self) -> Backend | str:
        """Our own backend behind it, or "auto"."""
        return self._setting.backend

    def get_translation_stage_plugin(self) -> str | None:
        """The transpiler's translation stage: Clifford gates however written, where nothing else can run."""
        return "qsim_clifford" if self.name in CLIFFORD_ONLY else None

    @classmethod
    def _default_options(cls) -> Options:
        return Options(shots=1024, memory=False, seed_simulator=None)

    def run(self, run_input: QuantumCircuit | Sequence[QuantumCircuit], **options: Any) -> QsimJob:
        """Sample circuits.

        Args:
            run_input: a circuit or several, without unbound parameters.
            options: ``shots``, ``memory`` (bits shot by shot), ``seed_simulator``; those not given are as set by
                ``set_options``.

        Returns:
            A submitted job; refusals of circuits are raised by its ``result()``.

        Raises:
            CircuitError: no circuits, an unknown option, or options that are none.
        """
        circuits = [run_input] if isinstance(run_input, QuantumCircuit) else list(run_input)
        if not circuits or not all(isinstance(circuit, QuantumCircuit) for circuit in circuits):
            raise CircuitError("no circuits", where="run_input", expected="a QuantumCircuit or a list of them")
        asked = {**dict(self.options.items()), **options}
        unknown = sorted(set(asked) - {"shots", "memory", "seed_simulator"})
        if unknown:
            expected = "shots, memory, seed_simulator"
            raise CircuitError("no such option", where="run", expected=expected, got=", ".join(unknown))
        shots = asked["shots"]
        if isinstance(shots, bool) or not isinstance(shots, int | np.integer) or shots < 1:
            expected, got = "an integer of 1 or more", repr(shots)
            raise CircuitError("not a number of shots", where="shots", expected=expected, got=got)
        setting = Setting(self._setting.backend, self._setting.noise, asked["seed_simulator"])
        root = setting.root()

        def work(job_id: str) -> Result:
            begin = perf_counter()
            found = [
                self._one(circuit, setting, root, place, int(shots), memory=bool(asked["memory"]))
                for place, circuit in enumerate(circuits)
            ]
            return Result(
                backend_name=self.name,
                backend_version=VERSION,
                job_id=job_id,
                success=True,
                results=found,
                time_taken=perf_counter() - begin,
            )

        job = QsimJob(self, work)
        job.submit()
        return job

    def _one(
        self, circuit: QuantumCircuit, setting: Setting, root: int, place: int, shots: int, *, memory: bool
    ) -> ExperimentResult:
        begin = perf_counter()
        program = prepare(circuit, setting.noise)
        seed = setting.seed_of(root, 0, place)
        backend, why = setting.for_point(program, Work(kind="sample", shots=shots))
        header = {
            "name": circuit.name,
            "n_qubits": circuit.num_qubits,
            "memory_slots": circuit.num_clbits,
            "metadata": circuit.metadata,
        }
        if _in_a_row(circuit):
            header["creg_sizes"] = [[register.name, register.size] for register in circuit.cregs]
        data, figures = {}, {}
        if circuit.num_clbits:
            samples = backend.sample(program, shots, seed=seed)
            words = _words(samples.bits[:, : circuit.num_clbits])
            data = {"counts": dict(Counter(words)), **({"memory": words} if memory else {})}
            figures = samples.metadata
        return ExperimentResult(
            shots=shots,
            success=True,
            data=ExperimentResultData(**data),
            header=header,
            seed=seed,
            status="DONE",
            metadata={"backend": backend.name, "why": why, **figures},
            time_taken=perf_counter() - begin,
        )


def _words(bits: Bits) -> list[str]:
    """The bits of each shot as a hexadecimal number."""
    packed = np.packbits(bits, axis=-1, bitorder="little")[:, ::-1]
    return [hex(int.from_bytes(row.tobytes(), "big")) for row in packed]


def _in_a_row(circuit: QuantumCircuit) -> bool:
    """Whether registers hold all classical bits one after the other, as Qiskit's spaces in counts suppose."""
    return [bit for register in circuit.cregs for bit in register] == list(circuit.clbits)
