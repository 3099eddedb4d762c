"""What a circuit may consist of, as a Qiskit ``Target``: all-to-all, of any number of qubits, control flow included.

>>> sorted(set(clifford_target().operation_names) & {"h", "rz", "ecr", "if_else"})
['ecr', 'h', 'if_else']
>>> "rz" in universal_target().operation_names
True

The number of qubits is left open, since what fits depends on the circuit; a circuit that is too large is refused with
the numbers when it is run.
"""

from __future__ import annotations

from qiskit.circuit import (
    BreakLoopOp,
    ContinueLoopOp,
    Delay,
    ForLoopOp,
    IfElseOp,
    Measure,
    Parameter,
    Reset,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.controlflow import BoxOp
from qiskit.circuit.library import UnitaryGate, get_standard_gate_name_mapping
from qiskit.quantum_info import get_clifford_gate_names
from qiskit.transpiler import Target

CONTROL_FLOW = {
    "if_else": IfElseOp,
    "switch_case": SwitchCaseOp,
    "for_loop": ForLoopOp,
    "while_loop": WhileLoopOp,
    "break_loop": BreakLoopOp,
    "continue_loop": ContinueLoopOp,
    "box": BoxOp,
}


def clifford_target() -> Target:
    """Qiskit's Clifford gates by name.

    Rotations by multiples of π/2 run as well, but a Target cannot say so; `clifford_translation` rewrites them.
    """
    return _target(get_clifford_gate_names(), "Clifford gates")


def universal_target() -> Target:
    """All of Qiskit's standard gates, and unitary matrices."""
    gates = [name for name in get_standard_gate_name_mapping() if name not in ("delay", "reset", "measure")]
    made = _target(gates, "all standard gates")
    made.add_instruction(UnitaryGate, name="unitary")
    return made


def _target(gates: list[str], description: str) -> Target:
    made = Target(description=description, num_qubits=None)  # not the default, which is 0
    standard = get_standard_gate_name_mapping()
    for name in gates:
        made.add_instruction(standard[name], None)
    for operation in (Measure(), Reset(), Delay(Parameter("duration"))):
        made.add_instruction(operation, None)
    for name, kind in CONTROL_FLOW.items():
        made.add_instruction(kind, name=name)
    return made
