"""Random circuits on every backend that can run them, against Qiskit's own linear algebra.

    python benchmarks/backend_agreement.py [--circuits 500] [--family clifford few_t brickwork dynamic]

Each circuit has 2 to 6 qubits.  The exact law of its bits and its expectation values come from an enumeration of
outcomes on ``qiskit.quantum_info.Statevector``, which shares no code with the backends.  A backend takes part when its
forecast says that it can and that it is exact.  Compared are

- expectation values of five random Pauli labels, to 1e-9;
- 4000 shots by a chi-square over outcomes merged to an expected 100 or more, rejected at a nominal 1e-16; with bins of
  that size the true tail (a Poisson law's) is below 1e-11, so 10 000 comparisons raise a false alarm with probability
  below 1e-6.  An outcome that cannot be is an error at once.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ForLoopOp, IfElseOp, SwitchCaseOp
from qiskit.circuit.controlflow import CASE_DEFAULT
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector, random_unitary
from scipy.stats import chi2

from qsim.backends import make, names
from qsim.backends.protocol import Work
from qsim.running import prepare, without_final_measurements

SHOTS, SMALLEST_BIN, LEVEL, TOLERANCE = 4000, 100.0, 1e-16, 1e-9
ONE = ["h", "s", "sdg", "x", "y", "z", "sx", "sxdg"]
TWO = ["cx", "cy", "cz", "swap", "iswap", "ecr", "dcx"]


@dataclass
class Agreement:
    """What one backend made of a family."""

    circuits: int = 0
    worst: float = 0.0
    smallest_p: float = 1.0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def clifford(rng: np.random.Generator) -> QuantumCircuit:
    """Clifford gates, half of the rotations written as angles; measured in any order."""
    qubits = int(rng.integers(2, 7))
    circuit = QuantumCircuit(qubits, qubits)
    _clifford_layers(circuit, rng, int(rng.integers(5, 40)))
    return _measured(circuit, rng)


def few_t(rng: np.random.Generator) -> QuantumCircuit:
    """Clifford gates with one to four T gates or small rotations."""
    qubits = int(rng.integers(2, 7))
    circuit = QuantumCircuit(qubits, qubits)
    for _ in range(int(rng.integers(1, 5))):
        _clifford_layers(circuit, rng, int(rng.integers(3, 12)))
        qubit = int(rng.integers(qubits))
        getattr(circuit, str(rng.choice(["t", "tdg"])))(qubit) if rng.random() < 0.6 else circuit.rz(
            rng.normal(), qubit
        )
    _clifford_layers(circuit, rng, 6)
    return _measured(circuit, rng)


def brickwork(rng: np.random.Generator) -> QuantumCircuit:
    """One to four layers of random two-qubit unitaries on neighbours."""
    qubits = int(rng.integers(2, 7))
    circuit = QuantumCircuit(qubits, qubits)
    for layer in range(int(rng.integers(1, 5))):
        for first in range(layer % 2, qubits - 1, 2):
            unitary = random_unitary(4, seed=int(rng.integers(2**31)))
            circuit.append(UnitaryGate(unitary), [first, first + 1])
    return _measured(circuit, rng)


def dynamic(rng: np.random.Generator) -> QuantumCircuit:
    """Measurements and resets on the way, decisions on bits and registers, loops over values, a T gate at times."""
    qubits = int(rng.integers(2, 5))
    circuit = QuantumCircuit(qubits, qubits)
    for _ in range(int(rng.integers(1, 4))):
        _clifford_layers(circuit, rng, int(rng.integers(2, 8)))
        if rng.random() < 0.3:
            circuit.t(int(rng.integers(qubits)))
        measured, bit, target = (int(rng.integers(qubits)) for _ in range(3))
        circuit.measure(measured, bit)
        kind = rng.random()
        if kind < 0.5:
            condition = (bit, int(rng.integers(2))) if rng.random() < 0.7 else (circuit.cregs[0], int(rng.integers(4)))
            with circuit.if_test(condition) as otherwise:
                getattr(circuit, str(rng.choice(["x", "z", "h", "s"])))(target)
            with otherwise:
                getattr(circuit, str(rng.choice(["y", "sx"])))(target)
        elif kind < 0.7:
            with circuit.switch(circuit.cregs[0]) as case:
                with case(0, 2):
                    circuit.x(target)
                with case(case.DEFAULT):
                    circuit.h(target)
        elif kind < 0.85:
            with circuit.for_loop(range(int(rng.integers(1, 4)))):
                circuit.sx(target)
                circuit.cx(target, (target + 1) % qubits)
        else:
            circuit.reset(target)
    return _measured(circuit, rng) if rng.random() < 0.7 else circuit


FAMILIES = {"clifford": clifford, "few_t": few_t, "brickwork": brickwork, "dynamic": dynamic}


def _clifford_layers(circuit: QuantumCircuit, rng: np.random.Generator, gates: int) -> None:
    for _ in range(gates):
        first, second = (int(qubit) for qubit in rng.choice(circuit.num_qubits, 2, replace=False))
        kind = rng.random()
        if kind < 0.4:
            getattr(circuit, str(rng.choice(TWO)))(first, second)
        elif kind < 0.7:
            getattr(circuit, str(rng.choice(ONE)))(first)
        else:
            getattr(circuit, str(rng.choice(["rx", "ry", "rz", "p"])))(int(rng.integers(-4, 5)) * np.pi / 2, first)


def _measured(circuit: QuantumCircuit, rng: np.random.Generator) -> QuantumCircuit:
    count = int(rng.integers(1, circuit.num_qubits + 1))
    circuit.measure(rng.permutation(circuit.num_qubits)[:count], rng.permutation(circuit.num_qubits)[:count])
    return circuit


def branches(circuit: QuantumCircuit) -> list[tuple[float, Statevector, tuple[int, ...]]]:
    """All histories of a circuit: probability, final state and bits."""
    start = Statevector(np.eye(1, 2**circuit.num_qubits)[0])
    same = {bit: place for place, bit in enumerate(circuit.clbits)}
    where = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    return _walk(circuit, where, same, same, [(1.0, start, (0,) * circuit.num_clbits)])


def _walk(body, qubits, clbits, outer, found):
    for item in body.data:
        on, to = [qubits[qubit] for qubit in item.qubits], [clbits[bit] for bit in item.clbits]
        following = []
        for weight, state, bits in found:
            if item.name in ("measure", "reset"):
                following += _collapsed(weight, state, bits, on[0], to[0] if to else None)
            elif isinstance(item.operation, IfElseOp | SwitchCaseOp | ForLoopOp):
                still = [(weight, state, bits)]
                for block in _taken(item.operation, bits, outer):
                    inner = dict(zip(block.qubits, on, strict=True)), dict(zip(block.clbits, to, strict=True))
                    still = _walk(block, *inner, outer, still)
                following += still
            elif item.name != "barrier":
                following.append((weight, state.evolve(Operator(item.operation), on), bits))
            else:
                following.append((weight, state, bits))
        found = following
    return found


def _taken(operation, bits, outer):
    if isinstance(operation, ForLoopOp):
        return [operation.blocks[0]] * len(operation.params[0])
    subject = operation.condition[0] if isinstance(operation, IfElseOp) else operation.target
    members = list(subject) if hasattr(subject, "size") else [subject]
    value = sum(bits[outer[bit]] << place for place, bit in enumerate(members))
    if isinstance(operation, IfElseOp):
        chosen = 0 if value == int(operation.condition[1]) else 1
        return operation.blocks[chosen : chosen + 1]
    for labels, block in operation.cases_specifier():
        if any(label is CASE_DEFAULT or label == value for label in labels):
            return [block]
    return []


def _collapsed(weight, state, bits, qubit, clbit):
    found = []
    ones = np.arange(len(state.data)) >> qubit & 1
    for outcome in (0, 1):
        kept = np.where(ones == outcome, state.data, 0)
        chance = float(np.sum(np.abs(kept) ** 2))
        if chance < 1e-12:
            continue
        after = Statevector(kept / np.sqrt(chance))
        if clbit is None:
            after = after.evolve(Operator(Pauli("X")), [qubit]) if outcome else after
            found.append((weight * chance, after, bits))
        else:
            found.append((weight * chance, after, (*bits[:clbit], outcome, *bits[clbit + 1 :])))
    return found


def p_value(counts: dict[str, int], law: dict[str, float], shots: int) -> float:
    """Of a chi-square of counts against a law, rare outcomes merged; 0 when an impossible outcome was met."""
    if any(law.get(outcome, 0.0) < 1e-12 for outcome in counts):
        return 0.0
    bins: list[list[float]] = []
    for outcome in sorted(law, key=lambda key: -law[key]):
        if not bins or bins[-1][1] >= SMALLEST_BIN:
            bins.append([0.0, 0.0])
        bins[-1][0] += counts.get(outcome, 0)
        bins[-1][1] += shots * law[outcome]
    if len(bins) > 1 and bins[-1][1] < SMALLEST_BIN:
        last = bins.pop()
        bins[-1] = [bins[-1][0] + last[0], bins[-1][1] + last[1]]
    statistic = sum((met - expected) ** 2 / expected for met, expected in bins)
    return float(chi2.sf(statistic, len(bins) - 1)) if len(bins) > 1 else 1.0


def compare(family: str, *, circuits: int, seed: int) -> dict[str, Agreement]:
    """A family of random circuits on all backends."""
    found: dict[str, Agreement] = {name: Agreement() for name in names()}
    for number in range(circuits):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(list(FAMILIES).index(family), number)))
        circuit = FAMILIES[family](rng)
        labels = ["".join(rng.choice(list("IXYZ"), circuit.num_qubits)) for _ in range(5)]
        program = prepare(circuit, None)
        law: dict[str, float] = defaultdict(float)
        for weight, _, bits in branches(circuit):
            law["".join(map(str, reversed(bits)))] += weight
        bare = circuit.remove_final_measurements(inplace=False) if family != "dynamic" else circuit
        final = branches(bare)
        exact = [
            sum(w * float(state.expectation_value(Pauli(label)).real) for w, state, _ in final) for label in labels
        ]
        averaged = without_final_measurements(program) if family != "dynamic" else program
        for name in names():
            check(found[name], name, program, averaged, law=law, labels=labels, exact=exact, number=number)
    return found


def check(found: Agreement, name: str, program, averaged, *, law, labels, exact, number: int) -> None:
    """One circuit on one backend."""
    backend = make(name)
    begin = time.perf_counter()
    taken = False
    try:
        forecast = backend.forecast(averaged, Work(kind="expectation", observables=len(labels)))
        if forecast.can and forecast.exact:
            taken = True
            many = [SparsePauliOp(label) for label in labels]
            values = backend.expectation(averaged, many, precision=0.0, seed=number).values
            miss = float(np.abs(values - np.array(exact)).max())
            found.worst = max(found.worst, miss)
            if not miss <= TOLERANCE:
                found.faults.append(f"circuit {number}: an expectation value is off by {miss:.2g}")
        forecast = backend.forecast(program, Work(kind="sample", shots=SHOTS))
        if forecast.can and forecast.exact:
            taken = True
            bits = backend.sample(program, SHOTS, seed=number).bits
            counts = Counter("".join("01"[int(bit)] for bit in row[::-1]) for row in bits)
            p = p_value(counts, law, SHOTS)
            found.smallest_p = min(found.smallest_p, p)
            if p < LEVEL:
                found.faults.append(f"circuit {number}: the law of the bits is another one (p = {p:.1g})")
    except Exception as error:  # noqa: BLE001 - one backend's fault must not hide the others
        found.faults.append(f"circuit {number}: {type(error).__name__}: {error}")
    found.circuits += taken
    found.seconds += time.perf_counter() - begin


def main() -> None:
    """Print a line for each family and backend."""
    parser = argparse.ArgumentParser(description="agreement of all backends with exact enumeration")
    parser.add_argument("--circuits", type=int, default=500)
    parser.add_argument("--family", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    parser.add_argument("--seed", type=int, default=20261122)
    asked = parser.parse_args()
    print("family     backend         circuits  worst expectation  smallest p   faults   [s]")
    for family in asked.family:
        for name, found in compare(family, circuits=asked.circuits, seed=asked.seed).items():
            print(
                f"{family:10} {name:15} {found.circuits:8d} {found.worst:18.1e} {found.smallest_p:11.1e} "
                f"{len(found.faults):8d} {found.seconds:6.1f}",
                flush=True,
            )
            for fault in found.faults[:3]:
                print(f"    {fault}")


if __name__ == "__main__":
    main()
