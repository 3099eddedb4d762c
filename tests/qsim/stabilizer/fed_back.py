"""A small program that corrects by what it reads, for the stabilizer tests."""

from __future__ import annotations

from qiskit import QuantumCircuit

from qsim.program import Measure, Program, read


def read_feedback(readout: tuple[float, float]) -> Program:
    """H, a measurement that may be misread, X when it reads 1, and a second measurement."""
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    circuit.measure(0, 1)
    program = read(circuit)
    return program.with_steps(
        [Measure(0, 0, readout) if isinstance(s, Measure) and s.clbit == 0 else s for s in program.steps]
    )
