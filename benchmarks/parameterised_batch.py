"""Energies and gradients of a 10-qubit ansatz at 1000 parameter sets: ours, PennyLane on JAX, Aer and parameter shifts.

    python benchmarks/parameterised_batch.py [--sets 1000] [--layers 4] [--repeat 3] [--aer-sets 2]

One process; 64-bit JAX for both.  The circuit has ``layers`` layers of RY and RZ on every qubit and a ladder of CX; the
observable is a transverse-field Ising energy of 19 terms.  Ours and PennyLane (default.qubit, jit of vmap of
value-and-gradient) are compiled first and then timed in turn, warm; best of the repeats counts.  Aer evaluates the two
shifted circuits of every parameter in one call with bound parameter sets, for a few sets only: its time for all of them
is extrapolated linearly, and printed as such.  All three must agree in values and gradients before a time is printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

import qsim

QUBITS = 10
CHUNK = 50
BARS = {"PennyLane": 3.0, "Aer": 50.0}

Run = Callable[[np.ndarray], tuple[Any, Any]]


def main() -> None:
    """Run and print the ratios."""
    parser = argparse.ArgumentParser(description="batched gradients: ours, PennyLane, Aer")
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--aer-sets", type=int, default=2)
    asked = parser.parse_args()
    for peer in ("pennylane", "qiskit_aer"):
        if importlib.util.find_spec(peer) is None:
            raise SystemExit(f"{peer} is missing: pip install '.[benchmark]'")
    jax.config.update("jax_enable_x64", True)
    circuit, energy = ansatz(asked.layers), ising()
    points = np.random.default_rng(0).normal(size=(asked.sets, circuit.num_parameters))
    print(f"{QUBITS} qubits, {circuit.num_parameters} parameters, {asked.sets} sets, gradients of one observable")

    runs = {
        "ours, chunks of 50": ours(circuit, energy, chunked=True),
        "ours, vmap": ours(circuit, energy, chunked=False),
    }
    runs["PennyLane"] = pennylane_run(asked.layers)
    first = {}
    for name, run in runs.items():
        begin = time.perf_counter()
        first[name] = jax.block_until_ready(run(points))
        print(f"{name:20s} compile and first run {time.perf_counter() - begin:8.2f} s", flush=True)
    seconds: dict[str, float] = dict.fromkeys(runs, float("inf"))
    for _ in range(asked.repeat):
        for name, run in runs.items():
            begin = time.perf_counter()
            jax.block_until_ready(run(points))
            seconds[name] = min(seconds[name], time.perf_counter() - begin)

    few = points[: asked.aer_sets]
    values, gradients, spent = aer_shifts(circuit, energy, few)
    seconds["Aer"] = spent * asked.sets / asked.aer_sets
    for found in first.values():
        np.testing.assert_allclose(found[0][: len(few)], values, atol=1e-8)
        np.testing.assert_allclose(found[1][: len(few)], gradients, atol=1e-8)

    best = min(seconds["ours, chunks of 50"], seconds["ours, vmap"])
    for name, spent in seconds.items():
        note = f"   extrapolated from {asked.aer_sets} sets" if name == "Aer" else ""
        bar = BARS.get(name)
        ratio = spent / best
        verdict = "" if bar is None else f"   bar {bar:g}: {'met' if ratio >= bar else 'MISSED'}"
        print(f"{name:20s} warm {spent:10.3f} s   ratio {ratio:9.2f}{verdict}{note}")


def ansatz(layers: int) -> QuantumCircuit:
    """RY and RZ on every qubit, then a ladder of CX, so many times."""
    angles = ParameterVector("t", 2 * QUBITS * layers)
    circuit = QuantumCircuit(QUBITS)
    for layer in range(layers):
        for qubit in range(QUBITS):
            circuit.ry(angles[2 * (layer * QUBITS + qubit)], qubit)
            circuit.rz(angles[2 * (layer * QUBITS + qubit) + 1], qubit)
        for qubit in range(QUBITS - 1):
            circuit.cx(qubit, qubit + 1)
    return circuit


def ising() -> SparsePauliOp:
    """Neighbouring ZZ, and X with weight one half."""
    bonds = [("ZZ", [qubit, qubit + 1], 1.0) for qubit in range(QUBITS - 1)]
    return SparsePauliOp.from_sparse_list([*bonds, *(("X", [qubit], 0.5) for qubit in range(QUBITS))], QUBITS)


def ours(circuit: QuantumCircuit, energy: SparsePauliOp, *, chunked: bool) -> Run:
    """Values and gradients by `qsim.expectation_fn`."""
    function = qsim.expectation_fn(circuit, energy)
    single = jax.value_and_grad(lambda point: function(point)[0])
    if chunked:
        return jax.jit(lambda points: jax.lax.map(single, points, batch_size=CHUNK))
    return jax.jit(jax.vmap(single))


def pennylane_run(layers: int) -> Run:
    """The same circuit by PennyLane, with its JAX interface and backpropagation."""
    import pennylane as qml

    device = qml.device("default.qubit", wires=QUBITS)

    @qml.qnode(device, interface="jax", diff_method="backprop")
    def function(point: Any) -> Any:
        for layer in range(layers):
            for qubit in range(QUBITS):
                qml.RY(point[2 * (layer * QUBITS + qubit)], wires=qubit)
                qml.RZ(point[2 * (layer * QUBITS + qubit) + 1], wires=qubit)
            for qubit in range(QUBITS - 1):
                qml.CNOT(wires=[qubit, qubit + 1])
        bonds = [qml.PauliZ(qubit) @ qml.PauliZ(qubit + 1) for qubit in range(QUBITS - 1)]
        fields = [qml.PauliX(qubit) for qubit in range(QUBITS)]
        return qml.expval(qml.Hamiltonian([1.0] * len(bonds) + [0.5] * len(fields), [*bonds, *fields]))

    compiled = jax.jit(jax.vmap(jax.value_and_grad(function)))
    return lambda points: compiled(jax.numpy.asarray(points))


def aer_shifts(
    circuit: QuantumCircuit, energy: SparsePauliOp, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Values (B,), gradients (B, P), and the seconds they took after a warm-up."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(method="statevector")
    saving = circuit.copy()
    saving.save_expectation_value(energy, range(QUBITS))
    ready = transpile(saving, simulator, optimization_level=1)
    count = circuit.num_parameters
    shifts = np.concatenate([np.zeros((1, count)), np.eye(count) * np.pi / 2, -np.eye(count) * np.pi / 2])

    def evaluate(rows: np.ndarray) -> np.ndarray:
        binds = [{parameter: list(rows[:, place]) for place, parameter in enumerate(circuit.parameters)}]
        result = simulator.run(ready, parameter_binds=binds).result()
        return np.array([result.data(row)["expectation_value"] for row in range(len(rows))])

    evaluate(points[0] + shifts[:3])
    begin = time.perf_counter()
    every = np.array([evaluate(point + shifts) for point in points])
    spent = time.perf_counter() - begin
    return every[:, 0], (every[:, 1 : count + 1] - every[:, count + 1 :]) / 2, spent


if __name__ == "__main__":
    main()
