"""Circuits made noisier without changing what they compute: gates G become G G† G.

>>> from qiskit import QuantumCircuit
>>> circuit = QuantumCircuit(2)
>>> _ = circuit.h(0), circuit.cx(0, 1)
>>> dict(folded(circuit, 3).count_ops())
{'cx': 3, 'h': 1}

At scale s = 1 + 2k every gate is folded k times; in between, as many gates once more as bring the total nearest to s,
spread evenly over the circuit.  A transpiler that cancels inverse gates must not run afterwards.

Source: Giurgica-Tiron, Hindy, LaRose, Mari and Zeng, arXiv:2005.10921, section III A (unitary folding of gates).
"""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Gate

from qsim.errors import CircuitError


def folded(circuit: QuantumCircuit, scale: float, *, fewest_qubits: int = 2) -> QuantumCircuit:
    """The same computation with about ``scale`` times as many noisy gates.

    Args:
        circuit: without control flow.
        scale: 1 or more.
        fewest_qubits: gates on fewer qubits are left alone, as those with little noise.

    Raises:
        CircuitError: a scale below 1, control flow, or no gate to fold.
    """
    if not 1 <= scale < float("inf"):
        raise CircuitError("not a noise scale", where="scale", expected="a number of 1 or more", got=repr(scale))
    for place, item in enumerate(circuit.data):
        if isinstance(item.operation, ControlFlowOp):
            where = f"instruction {place} ({item.name})"
            raise CircuitError("control flow cannot be folded", where=where, expected="gates and measurements")
    count = sum(_foldable(item, fewest_qubits) for item in circuit.data)
    if count == 0 and scale > 1:
        expected = f"gates on {fewest_qubits} or more qubits"
        raise CircuitError("nothing to fold", where="circuit", expected=expected, cure="lower fewest_qubits")
    extra = round(count * (scale - 1) / 2)
    made = circuit.copy_empty_like()
    met = 0
    for item in circuit.data:
        made.append(item)
        if not _foldable(item, fewest_qubits):
            continue
        pairs = (met + 1) * extra // count - met * extra // count
        met += 1
        for _ in range(pairs):
            made.append(item.replace(operation=item.operation.inverse()))
            made.append(item)
    return made


def realised_scale(circuit: QuantumCircuit, scale: float, *, fewest_qubits: int = 2) -> float:
    """The scale that `folded` reaches: a whole number of gates is folded."""
    count = sum(_foldable(item, fewest_qubits) for item in circuit.data)
    return 1.0 + 2.0 * round(count * (scale - 1) / 2) / count if count else 1.0


def _foldable(item: object, fewest_qubits: int) -> bool:
    operation = getattr(item, "operation", None)
    return isinstance(operation, Gate) and operation.num_qubits >= fewest_qubits
