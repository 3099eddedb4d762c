"""Ways to sample circuits with few T gates, side by side: our frame, bloqade-tsim, Aer, and a statevector.

    python benchmarks/near_clifford_methods.py [--qubits 20] [--rotations 4 8 12] [--shots 10000]

Random circuits of H, S, CX with T gates, all qubits measured.  Every way samples all shots twice from a circuit it has
not seen; "first" includes compilation, "again" is the second call.  Aer's extended stabilizer is approximate and runs
``--aer-shots`` shots, its time extrapolated.  Needs qiskit-aer; bloqade-tsim is left out when it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

try:
    from qiskit_aer import AerSimulator
except ModuleNotFoundError as missing:
    raise SystemExit(f"{missing.name} is missing: pip install '.[benchmark]'") from missing

from qsim.backends.near_clifford import NearClifford
from qsim.program import read


def main() -> None:
    """A line for each number of T gates and way."""
    parser = argparse.ArgumentParser(description="near-Clifford sampling")
    parser.add_argument("--qubits", type=int, default=20)
    parser.add_argument("--rotations", type=int, nargs="*", default=[4, 8, 12])
    parser.add_argument("--shots", type=int, default=10_000)
    parser.add_argument("--aer-shots", type=int, default=20)
    asked = parser.parse_args()
    print(f"{asked.qubits} qubits, {asked.shots} shots")
    for rotations in asked.rotations:
        compare(asked.qubits, rotations, asked.shots, asked.aer_shots)


def compare(qubits: int, rotations: int, shots: int, aer_shots: int) -> None:
    """The lines of one circuit."""
    circuit, text = random_circuit(qubits, 12 * qubits, rotations)
    program = read(circuit)
    show("frame (ours)", rotations, lambda: NearClifford().sample(program, shots, seed=1))
    if importlib.util.find_spec("tsim"):
        import tsim

        held: list[Any] = []

        def sampled() -> None:
            if not held:
                held.append(tsim.Circuit(text).compile_sampler())
            held[0].sample(shots)

        show("bloqade-tsim", rotations, sampled)
    if qubits <= 24:
        dense = AerSimulator(method="statevector", max_parallel_threads=1)
        show("Aer statevector", rotations, lambda: dense.run(circuit, shots=shots).result().get_counts())
    extended = AerSimulator(method="extended_stabilizer", max_parallel_threads=1)
    name, some = "Aer extended stabilizer", shots / aer_shots
    show(name, rotations, lambda: extended.run(circuit, shots=aer_shots).result().get_counts(), some)


def show(name: str, rotations: int, action: Callable[[], Any], factor: float = 1.0) -> None:
    """Times of two calls."""
    times = []
    for _ in range(2):
        begin = time.process_time()
        action()
        times.append((time.process_time() - begin) * factor)
    note = "   extrapolated" if factor != 1 else ""
    print(f"{rotations:3d} T gates  {name:<24} first {times[0]:10.3f} s   again {times[1]:10.3f} s{note}", flush=True)


def random_circuit(qubits: int, gates: int, rotations: int) -> tuple[QuantumCircuit, str]:
    """The circuit, and its text for bloqade-tsim."""
    rng = np.random.default_rng(rotations)
    circuit, lines = QuantumCircuit(qubits, qubits), []
    places = set(rng.choice(gates, size=rotations, replace=False))
    for place in range(gates):
        first, second = (int(qubit) for qubit in rng.permutation(qubits)[:2])
        name = "t" if place in places else ("h", "s", "cx")[rng.integers(3)]
        on = (first, second) if name == "cx" else (first,)
        getattr(circuit, name)(*on)
        lines.append(f"{name.upper()} {' '.join(map(str, on))}")
    circuit.measure(range(qubits), range(qubits))
    return circuit, "\n".join([*lines, f"M {' '.join(map(str, range(qubits)))}"])


if __name__ == "__main__":
    main()
