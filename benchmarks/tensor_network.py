"""Exact contraction of grid circuits: ours against quimb's Circuit, predictions against the clock.

    python benchmarks/tensor_network.py [--repeat 3] [--largest]

Circuits are layers of random U gates and CZ on a grid, rows and columns in turn.  *First* is a value of a circuit of
new structure, path search included; *again* is the next value of the same structure with other angles, as in a sweep,
with everything from the Qiskit circuit (ours) or the gate list (quimb's) on.  quimb runs with ``optimize="auto-hq"``,
its best preset, which keeps paths too.  The ratio is ours over quimb's.  The last table compares predicted seconds with
the clock on single contractions, ``--largest`` adds a dearer one.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from qiskit import QuantumCircuit

from qsim.backends.tensor_network import Contraction, Exact
from qsim.backends.tensor_network.network import amplitude_network
from qsim.program import read

CASES = ((4, 5, 8), (5, 6, 8), (6, 6, 8))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="exact contraction: ours and quimb's")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--largest", action="store_true")
    asked = parser.parse_args()
    compare(grid(2, 2, 2, seed=0), "warm-up", 1, silent=True)
    print(f"{'':28s} {'ours first':>10s} {'again':>8s}   {'quimb first':>11s} {'again':>8s}   ratio first, again [s]")
    for rows, columns, depth in CASES:
        compare(grid(rows, columns, depth, seed=1), f"{rows} x {columns}, {depth} layers", asked.repeat)
    print(f"\n{'amplitude':28s} {'width':>6s} {'log10':>6s} {'predicted':>10s} {'clock':>8s} [s]")
    larger = ((4, 5, 16),) if asked.largest else ()
    for rows, columns, depth in ((4, 5, 12), (5, 6, 10), (5, 6, 12), *larger):
        predict(grid(rows, columns, depth, seed=2), f"{rows} x {columns}, {depth} layers")


def grid(rows: int, columns: int, depth: int, *, seed: int) -> QuantumCircuit:
    """Layers of random U, and CZ on even or odd bonds of rows or columns."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(rows * columns)
    for layer in range(depth):
        for qubit in range(rows * columns):
            circuit.u(*rng.uniform(0, 6, 3), qubit)
        for qubit in range(rows * columns):
            row, column = divmod(qubit, columns)
            along, odd = layer % 4 < 2, layer % 2
            if along and column % 2 == odd and column + 1 < columns:
                circuit.cz(qubit, qubit + 1)
            if not along and row % 2 == odd and row + 1 < rows:
                circuit.cz(qubit, qubit + columns)
    return circuit


def compare(circuit: QuantumCircuit, name: str, repeat: int, *, silent: bool = False) -> None:
    """A line for an amplitude and one for a local expectation value, checked against each other."""
    size = circuit.num_qubits
    centre = size // 2 + 1
    label = "I" * (size - 1 - centre) + "Z" + "I" * centre
    other = angles_changed(circuit)
    tasks: tuple[tuple[str, Callable[[QuantumCircuit], complex], Callable[[QuantumCircuit], complex]], ...] = (
        ("amplitude", lambda given: complex(ours(given).amplitudes(["0" * size])[0]), quimbs_amplitude),
        ("<Z>", lambda given: ours(given).pauli(label), lambda given: quimbs_value(given, centre)),
    )
    for task, mine, theirs in tasks:
        (first, value), (quimb_first, expected) = timed(mine, circuit), timed(theirs, circuit)
        assert abs(value - expected) < 1e-9 * max(1.0, abs(expected)), (value, expected)
        again = statistics.median(timed(mine, other)[0] for _ in range(repeat))
        quimb_again = statistics.median(timed(theirs, other)[0] for _ in range(repeat))
        if not silent:
            ratios = f"{first / quimb_first:.2f}, {again / quimb_again:.2f}"
            times = f"{first:10.3f} {again:8.3f}   {quimb_first:11.3f} {quimb_again:8.3f}"
            print(f"{name + ' ' + task:28s} {times}   {ratios}", flush=True)


def predict(circuit: QuantumCircuit, name: str) -> None:
    """Predicted and measured time of one amplitude's contraction, the path found beforehand."""
    contraction = Contraction(searches=8)
    network, _ = amplitude_network(read(circuit), batch=1)
    cost = contraction.cost(network)
    seconds, _ = timed(contraction, network)
    print(f"{name:28s} {cost.width:6.0f} {cost.log10_flop:6.2f} {cost.seconds:10.3f} {seconds:8.3f}", flush=True)


def ours(circuit: QuantumCircuit) -> Exact:
    """Our contraction of a circuit."""
    return Exact(read(circuit), Contraction())


def quimbs(circuit: QuantumCircuit):
    """The same gates in quimb's Circuit."""
    import quimb.tensor as qtn

    made = qtn.Circuit(circuit.num_qubits)
    for item in circuit.data:
        sites = [circuit.find_bit(qubit).index for qubit in item.qubits]
        made.apply_gate("U3" if item.operation.name == "u" else "CZ", *item.operation.params, *sites)
    return made


def quimbs_amplitude(circuit: QuantumCircuit) -> complex:
    """<0...0|circuit|0...0>."""
    return complex(quimbs(circuit).amplitude("0" * circuit.num_qubits, optimize="auto-hq"))


def quimbs_value(circuit: QuantumCircuit, qubit: int) -> complex:
    """<Z> of one qubit."""
    import quimb as qu

    return complex(quimbs(circuit).local_expectation(qu.pauli("Z"), qubit, optimize="auto-hq"))


def angles_changed(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same structure with other angles."""
    made = circuit.copy_empty_like()
    for item in circuit.data:
        shifted = [float(angle) + 0.1 for angle in item.operation.params]
        made.append(type(item.operation)(*shifted), item.qubits)
    return made


def timed(work, given):
    """Seconds and result."""
    begin = time.perf_counter()
    found = work(given)
    return time.perf_counter() - begin, found


if __name__ == "__main__":
    main()
