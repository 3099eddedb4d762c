"""Stabilizer sampling against Aer's: GHZ on 1000 qubits, a noisy d = 11 surface code, and the conversion to stim.

    python benchmarks/against_aer_stabilizer.py [--shots 100000] [--aer-shots 20] [--gates 1000000]

Ours is the whole ``qsim.run(...)``: reading, conversion, compilation, sampling, bits.  Aer gets the same Qiskit circuit
(and the same noise as Pauli error instructions) and the method "stabilizer"; it runs ``--aer-shots`` shots after a
first run of one shot, and its time for all shots is extrapolated in proportion.  Needs qiskit-aer.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import stim
from qiskit import QuantumCircuit

try:
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import pauli_error
except ModuleNotFoundError as missing:
    raise SystemExit(f"{missing.name} is missing: pip install '.[benchmark]'") from missing

import qsim
from qsim.backends.stabilizer import to_stim

BAR = 20.0
CONVERSION_BAR = 3.0
NOISE = 1e-3


def main() -> None:
    """Run the cases and print a line each."""
    parser = argparse.ArgumentParser(description="stabilizer sampling against Aer")
    parser.add_argument("--shots", type=int, default=100_000)
    parser.add_argument("--aer-shots", type=int, default=20)
    parser.add_argument("--gates", type=int, default=1_000_000)
    asked = parser.parse_args()
    print(f"{'case':<28} {'shots':>8} {'qsim [s]':>9} {'Aer [s]':>10} {'ratio':>9}")
    ghz = ghz_circuit(1000)
    compare("GHZ, 1000 qubits", ghz, ghz, asked.shots, asked.aer_shots)
    code = stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=11,
        rounds=11,
        after_clifford_depolarization=NOISE,
        before_measure_flip_probability=NOISE,
        after_reset_flip_probability=NOISE,
    )
    compare("surface code d = 11, noisy", code, as_qiskit(code), asked.shots, asked.aer_shots)
    conversion(asked.gates)


def compare(name: str, ours: Any, circuit: QuantumCircuit, shots: int, aer_shots: int) -> None:
    """One line."""
    taken = seconds(lambda: qsim.run(ours, shots=shots, seed=1, backend="stabilizer").bits)
    simulator = AerSimulator(method="stabilizer", max_parallel_threads=1)
    seconds(lambda: simulator.run(circuit, shots=1).result().get_counts())
    some = seconds(lambda: simulator.run(circuit, shots=aer_shots).result().get_counts())
    theirs = some * shots / aer_shots
    ratio = theirs / taken
    verdict = f"bar {BAR:.0f}: {'met' if ratio >= BAR else 'MISSED'}"
    print(f"{name:<28} {shots:8d} {taken:9.3f} {theirs:10.1f} {ratio:9.0f}   {verdict}; Aer from {aer_shots} shots")


def ghz_circuit(qubits: int) -> QuantumCircuit:
    """A GHZ state, measured."""
    circuit = QuantumCircuit(qubits, qubits)
    circuit.h(0)
    circuit.cx(range(qubits - 1), range(1, qubits))
    circuit.measure(range(qubits), range(qubits))
    return circuit


def as_qiskit(code: stim.Circuit) -> QuantumCircuit:
    """A generated surface-code circuit of stim for Aer, its noise as error instructions."""
    circuit = QuantumCircuit(code.num_qubits, code.num_measurements)
    measured = 0
    errors: dict[tuple[str, float], Any] = {}
    for item in code.flattened():
        targets = [target.value for target in item.targets_copy()] if item.name not in SKIPPED else []
        if item.name in ("DEPOLARIZE1", "DEPOLARIZE2", "X_ERROR"):
            (rate,) = item.gate_args_copy()
            error = errors.setdefault((item.name, rate), error_of(item.name, rate))
            for start in range(0, len(targets), error.num_qubits):
                circuit.append(error.to_instruction(), targets[start : start + error.num_qubits])
        elif item.name in ("H", "CX"):
            step = 2 if item.name == "CX" else 1
            for start in range(0, len(targets), step):
                getattr(circuit, item.name.lower())(*targets[start : start + step])
        else:
            for qubit in targets:
                if "M" in item.name:
                    circuit.measure(qubit, measured)
                    measured += 1
                if "R" in item.name:
                    circuit.reset(qubit)
    return circuit


SKIPPED = {"TICK", "DETECTOR", "OBSERVABLE_INCLUDE", "QUBIT_COORDS", "SHIFT_COORDS"}


def error_of(name: str, rate: float) -> Any:
    """A Pauli error of Aer's."""
    if name == "X_ERROR":
        return pauli_error([("X", rate), ("I", 1 - rate)])
    labels = ["I", "X", "Y", "Z"] if name == "DEPOLARIZE1" else [a + b for a in "IXYZ" for b in "IXYZ"]
    others = len(labels) - 1
    return pauli_error([(labels[0], 1 - rate), *((label, rate / others) for label in labels[1:])])


def conversion(gates: int) -> None:
    """The time of `to_stim` for a random circuit on 1000 qubits."""
    rng, qubits = random.Random(1), 1000
    circuit = QuantumCircuit(qubits)
    for number in range(gates):
        first = rng.randrange(qubits)
        second = (first + 1 + rng.randrange(qubits - 1)) % qubits
        name = ("h", "s", "cx", "rz", "cz", "sx")[number % 6]
        if name == "rz":
            circuit.rz(np.pi / 2, first)
        else:
            getattr(circuit, name)(*((first, second) if name in ("cx", "cz") else (first,)))
    begin = time.process_time()
    wall = seconds(lambda: to_stim(circuit))
    taken = time.process_time() - begin
    verdict = "met" if taken <= CONVERSION_BAR else "MISSED"
    print(
        f"to_stim of {gates} gates: {taken:.2f} s of processor time, {wall:.2f} s by the clock   "
        f"bar {CONVERSION_BAR:.0f} s: {verdict}"
    )


def seconds(action: Callable[[], Any]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
