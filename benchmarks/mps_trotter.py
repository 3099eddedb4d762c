"""Heisenberg dynamics on 40 qubits, depth 20, bond 64: our matrix product states against Aer's and quimb's.

    python benchmarks/mps_trotter.py [--qubits 40] [--depth 20] [--bond 64] [--repeat 3] [--random]

First-order brickwork Trotter steps of 0.2 from the Neel state, one two-qubit unitary a bond; timed are the evolution
and <Z> of the first and the middle qubit.  All simulators run in turn in this process, with one BLAS thread, on one
Qiskit circuit made beforehand, each after a small warm-up.  Aer runs with ``max_memory_mb=-1`` (it refuses otherwise),
quimb with its default cutoff; ours with its default, and with quimb's cutoff.  Accuracy is the distance from our own
run at twice the bond.  Heisenberg gates conserve the number of ones, of which our chain makes use; ``--random`` shows
gates that conserve nothing.  The ratio is our time over the quicker peer's, run by run; the median is the figure, and
the bar is 1.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import SparsePauliOp, random_unitary
from scipy.linalg import expm

from qsim.backends.tensor_network import TensorNetwork
from qsim.program import read

Values = list[float]


def main() -> None:
    """Run all in turn and print a line each."""
    parser = argparse.ArgumentParser(description="matrix product states: ours, Aer's, quimb's")
    parser.add_argument("--qubits", type=int, default=40)
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--bond", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--without-reference", action="store_true")
    parser.add_argument("--random", action="store_true", help="random two-qubit gates, which conserve nothing")
    asked = parser.parse_args()
    made = random_brickwork if asked.random else trotter
    small, circuit = made(8, 3), made(asked.qubits, asked.depth)
    runs: dict[str, Callable[[QuantumCircuit], Values]] = {
        "ours": lambda given: ours(given, max_bond=asked.bond),
        "ours, cutoff 1e-10": lambda given: ours(given, max_bond=asked.bond, cutoff=1e-10),
        "ours, single": lambda given: ours(given, max_bond=asked.bond, single=True),
        "quimb": lambda given: quimbs(given, asked.bond),
    }
    if find_spec("qiskit_aer"):
        runs["aer"] = lambda given: aers(given, asked.bond)
    else:
        print("qiskit-aer is not installed: compared with quimb alone")
    truth = None if asked.without_reference else ours(circuit, max_bond=2 * asked.bond)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    values: dict[str, Values] = {}
    for run in runs.values():
        run(small)
    for _ in range(asked.repeat):
        for name, run in runs.items():
            begin = time.perf_counter()
            values[name] = run(circuit)
            seconds[name].append(time.perf_counter() - begin)
    print(f"{'':20s} {'median [s]':>10s} {'min [s]':>8s}   <Z0>         <Zmid>       error")
    for name, found in values.items():
        error = "-" if truth is None else f"{max(abs(a - b) for a, b in zip(found, truth, strict=True)):.1e}"
        times = f"{statistics.median(seconds[name]):10.2f} {min(seconds[name]):8.2f}"
        print(f"{name:20s} {times}   {found[0]:+.8f}  {found[1]:+.8f}  {error}")
    peers = [name for name in runs if not name.startswith("ours")]
    for name in (each for each in runs if each.startswith("ours")):
        ratios = [mine / min(seconds[peer][turn] for peer in peers) for turn, mine in enumerate(seconds[name])]
        ratio = statistics.median(ratios)
        verdict = "met" if ratio <= 1 else "MISSED"
        print(f"{name}: {ratio:.2f} of the quicker peer ({min(ratios):.2f} to {max(ratios):.2f})   bar 1: {verdict}")


def trotter(qubits: int, depth: int) -> QuantumCircuit:
    """Brickwork of exp(-0.2 i S.S) from the Neel state."""
    matrices = [np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
    step = UnitaryGate(expm(-0.05j * sum(np.kron(each, each) for each in matrices)))
    circuit = QuantumCircuit(qubits)
    circuit.x(range(0, qubits, 2))
    for _ in range(depth):
        for start in (0, 1):
            for site in range(start, qubits - 1, 2):
                circuit.append(step, [site, site + 1])
    return circuit


def random_brickwork(qubits: int, depth: int) -> QuantumCircuit:
    """Brickwork of random two-qubit unitaries."""
    rng = np.random.default_rng(1)
    circuit = QuantumCircuit(qubits)
    for _ in range(depth):
        for start in (0, 1):
            for site in range(start, qubits - 1, 2):
                circuit.append(UnitaryGate(random_unitary(4, seed=rng)), [site, site + 1])
    return circuit


def measured(circuit: QuantumCircuit) -> tuple[int, int]:
    """The qubits whose Z is asked for."""
    return 0, circuit.num_qubits // 2 - 1


def ours(circuit: QuantumCircuit, **options: Any) -> Values:
    """By our backend, reading the circuit included."""
    asked = [SparsePauliOp.from_sparse_list([("Z", [q], 1)], circuit.num_qubits) for q in measured(circuit)]
    found = TensorNetwork(method="mps", **options).expectation(read(circuit), asked, precision=0.0, seed=0)
    return [float(value) for value in found.values]


def quimbs(circuit: QuantumCircuit, bond: int) -> Values:
    """By quimb's CircuitMPS with its default cutoff; the gates' matrices are taken from the Qiskit circuit."""
    import quimb as qu
    import quimb.tensor as qtn

    state = qtn.CircuitMPS(circuit.num_qubits, max_bond=bond)
    for item in circuit.data:
        sites = [circuit.find_bit(qubit).index for qubit in item.qubits]
        state.apply_gate_raw(item.operation.to_matrix(), sites[::-1])
    return [float(np.real(state.local_expectation(qu.pauli("Z"), q))) for q in measured(circuit)]


def aers(circuit: QuantumCircuit, bond: int) -> Values:
    """By Aer's matrix product state method."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(
        method="matrix_product_state",
        matrix_product_state_max_bond_dimension=bond,
        max_memory_mb=-1,
        max_parallel_threads=1,
    )
    asked = circuit.copy()
    for number, qubit in enumerate(measured(circuit)):
        asked.save_expectation_value(SparsePauliOp("Z"), [qubit], label=str(number))
    data = simulator.run(asked, shots=1).result().data(0)
    return [float(data[str(number)]) for number in range(2)]


if __name__ == "__main__":
    main()
