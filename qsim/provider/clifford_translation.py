"""The transpiler's translation stage for stabilizer simulators: Clifford gates however they are written.

    transpile(circuit, QsimProvider().get_backend("stabilizer"))       # takes this stage by itself
    transpile(circuit, target=target, translation_method="qsim_clifford")

Qiskit's own translation goes by names, and finds no way from ``rz(π/2)`` to ``s``.  Here a gate outside the target is
replaced by its tableau's circuit of h, s and cx, the same in blocks of control flow; global phases are left out.  A
gate that is no Clifford gate is refused by name.
"""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Gate, Instruction
from qiskit.converters import circuit_to_dag, dag_to_circuit
from qiskit.dagcircuit import DAGCircuit
from qiskit.quantum_info import get_clifford_gate_names
from qiskit.transpiler import PassManager, PassManagerConfig, TransformationPass
from qiskit.transpiler.exceptions import TranspilerError
from qiskit.transpiler.preset_passmanagers.plugin import PassManagerStagePlugin

from qsim.backends.stabilizer.gates import PLAIN, clifford_words, tableau_of

QISKIT = {word: name for name, word in PLAIN.items()}
PAIRS = frozenset({"CX", "CY", "CZ", "SWAP", "ISWAP"})
KEPT = frozenset({"measure", "reset", "delay", "barrier", "store", "break_loop", "continue_loop"})


class CliffordTranslation(PassManagerStagePlugin):  # type: ignore[misc]  # Qiskit has no types
    """Plugin ``qsim_clifford`` of the translation stage."""

    def pass_manager(
        self,
        pass_manager_config: PassManagerConfig,  # noqa: ARG002
        optimization_level: int | None = None,  # noqa: ARG002
    ) -> PassManager:
        """One pass, the same at all levels."""
        return PassManager([CliffordGates()])


class CliffordGates(TransformationPass):  # type: ignore[misc]
    """Every gate outside Qiskit's named Clifford gates is written in h, s and cx."""

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        """The rewritten circuit.

        Raises:
            TranspilerError: a gate that is no Clifford gate, or has unbound parameters.
        """
        names = set(get_clifford_gate_names())
        for node in dag.op_nodes():
            operation = node.op
            if isinstance(operation, ControlFlowOp):
                blocks = [dag_to_circuit(self.run(circuit_to_dag(block))) for block in operation.blocks]
                dag.substitute_node(node, operation.replace_blocks(blocks))
            elif operation.name == "global_phase":
                dag.remove_op_node(node)
            elif operation.name not in names and operation.name not in KEPT:
                composite = operation.num_clbits or not _is_unitary(operation)
                inner = (
                    self.run(circuit_to_dag(_opened(operation))) if composite else circuit_to_dag(_rewritten(operation))
                )
                dag.substitute_node_with_dag(node, inner)
        return dag


def _is_unitary(operation: Any) -> bool:
    return not isinstance(operation, Instruction) or isinstance(operation, Gate)


def _opened(operation: Instruction) -> QuantumCircuit:
    """The definition of an instruction that is no gate."""
    if operation.definition is None:
        raise TranspilerError(f"{operation.name} is neither a gate nor an instruction with a definition")
    return operation.definition


def _rewritten(operation: Any) -> QuantumCircuit:
    """A gate in named Clifford gates."""
    values = ", ".join(map(str, getattr(operation, "params", ())))[:40]
    if getattr(operation, "is_parameterized", lambda: False)():
        raise TranspilerError(f"{operation.name}({values}) has unbound parameters; assign them before transpiling")
    words = clifford_words(operation)
    if words is None:
        cure = "transpile for near_clifford or another backend"
        raise TranspilerError(f"{operation.name}({values}) is not a Clifford gate, as all must be here; {cure}")
    if not all(word in QISKIT for word, _ in words):
        circuit = tableau_of(words, operation.num_qubits).to_circuit("elimination")
        words = tuple((item.name, tuple(target.value for target in item.targets_copy())) for item in circuit)
    made = QuantumCircuit(operation.num_qubits)
    for word, places in words:
        arity = 2 if word in PAIRS else 1
        for first in range(0, len(places), arity):
            getattr(made, QISKIT[word])(*places[first : first + arity])
    return made
