"""Stim circuits as Qiskit circuits.

>>> import stim
>>> stim_to_qiskit(stim.Circuit("H 0\\nCX 0 1\\nM 0 1")).count_ops()["measure"]
2

What becomes of each instruction is told in `qsim.interop.from_stim`: one classical bit a measurement, in the register
``rec``; REPEAT unrolled; feedback as ``if_test``; MPAD as stored values; TICK as a barrier.  Qiskit circuits hold no
noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qsim.classical import Bit
from qsim.errors import CircuitError
from qsim.interop.from_stim import read_stim
from qsim.program import Barrier, Branch, Gate, Measure, Noise, Reset, Step

if TYPE_CHECKING:
    import stim

CONSTANT = {(0.0, 1.0): False, (1.0, 0.0): True}
"""What is recorded whatever the outcome: how MPAD is read."""


def stim_to_qiskit(circuit: stim.Circuit) -> QuantumCircuit:
    """The Qiskit circuit with a stim circuit's gates and measurements; qubit numbers and bit numbers stay.

    Raises:
        CircuitError: noise, which Qiskit circuits cannot hold; or what `qsim.interop.read_stim` refuses.
    """
    program = read_stim(circuit)
    made = QuantumCircuit(
        QuantumRegister(program.num_qubits, "q"),
        *[ClassicalRegister(len(bits), name) for name, bits in program.registers.items()],
    )
    for place, step in enumerate(program.steps):
        _append(made, step, place)
    return made


def _append(made: QuantumCircuit, step: Step, place: int) -> None:
    if isinstance(step, Gate):
        made.append(step.operation, step.qubits)
    elif isinstance(step, Measure) and not any(step.readout):
        made.measure(step.qubit, step.clbit)
    elif isinstance(step, Measure) and step.readout in CONSTANT:
        made.store(made.clbits[step.clbit], CONSTANT[step.readout])
    elif isinstance(step, Reset):
        made.reset(step.qubit)
    elif isinstance(step, Barrier):
        made.barrier(*step.qubits)
    elif isinstance(step, Branch):
        for condition, block in step.cases:
            assert isinstance(condition, Bit)
            with made.if_test((made.clbits[condition.index], True)):
                for inner in block:
                    _append(made, inner, place)
    else:
        raise CircuitError(
            "noise, which a Qiskit circuit cannot hold",
            where=f"step {place} ({step if isinstance(step, Noise) else f'{step}, wrong with a probability'})",
            expected="gates, measurements, resets and feedback",
            cure="convert circuit.without_noise(), and give the noise to qsim.run as a noise model",
        )
