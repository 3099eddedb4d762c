"""What a noise model refuses of a program: missing qubits, unknown gates, operations it says nothing about."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qsim.errors import CircuitError
from qsim.noise.operations import Operation, operations
from qsim.noise.rules import AfterLayer, Around, Idle, Readout, is_class
from qsim.program import Branch, Gate, Loop, Program, Step, Unrolled, flat

if TYPE_CHECKING:
    from qsim.noise.model import NoiseModel


def check(model: NoiseModel, program: Program) -> None:
    """Refuse a program that a model does not fit.

    Raises:
        CircuitError: as `qsim.noise.NoiseModel.apply`.
    """
    _check_qubits(model, program)
    _check_names(model, program)
    named = {name for rule in model.rules if isinstance(rule, Around) for name in rule.gates}
    if model.widest is not None or model.basis is not None or "measure" in named:
        _check_steps(model, program.steps, "", joint="joint" in named or "measure" not in named)


def _check_steps(model: NoiseModel, steps: Sequence[Step], inside: str, *, joint: bool) -> None:
    """Refuse operations about which the model says nothing although it speaks of their kind."""
    for place, operation in enumerate(operations(steps)):
        core, where = operation.core, f"{inside}operation {place}"
        blocks: Sequence[Sequence[Step]] = ()
        if isinstance(core, Branch):
            blocks = [block for _, block in core.cases]
        elif isinstance(core, Loop):
            blocks = [core.body]
        elif isinstance(core, Unrolled):
            blocks = core.bodies
        elif isinstance(core, Gate) and operation.names:
            _check_gate(model, operation, where)
        elif "joint" in operation.names and not joint:
            raise CircuitError(
                "a measurement of a product, about which the noise model says nothing",
                where=f"{where} ({core}, with qubits {', '.join(map(str, operation.qubits))})",
                expected="measurements of single qubits",
                cure='add .before("joint", ...), or measure the product through an ancilla',
            )
        for block in blocks:
            _check_steps(model, block, f"{where}, ", joint=joint)


def _check_gate(model: NoiseModel, operation: Operation, where: str) -> None:
    size, core = len(operation.qubits), operation.core
    if model.widest is not None and size > model.widest:
        raise CircuitError(
            f"a gate on {size} qubits, about which the noise model says nothing",
            where=f"{where} ({core})",
            expected=f"gates on at most {model.widest} qubits",
            cure=f'transpile the circuit to such gates, or build a model with .after("{size}q", ...)',
        )
    if model.basis is not None and isinstance(core, Gate):
        places = model.basis.get(core.name, frozenset())
        if places is not None and operation.qubits not in places:
            raise CircuitError(
                "a gate that the device does not have there, so that its noise is not known",
                where=f"{where} ({core})",
                expected=f"gates {', '.join(sorted(model.basis))} where the device has them",
                cure="transpile the circuit to the device first",
            )


def _check_qubits(model: NoiseModel, program: Program) -> None:
    size = program.num_qubits - program.ancillas
    if model.num_qubits is not None and size > model.num_qubits:
        expected, got = f"at most {model.num_qubits} qubits", f"{size}"
        what = "a circuit larger than the noise model's device"
        raise CircuitError(what, where="circuit", expected=expected, got=got)
    if not model.strict:
        return
    for number, rule in enumerate(model.rules):
        missing = sorted(qubit for qubit in _named_qubits(rule) if qubit >= size)
        if missing:
            raise CircuitError(
                f"noise on a missing qubit, {missing[0]}",
                where=f"noise rule {number}",
                expected=f"qubits 0 to {size - 1}, as the circuit has",
                cure="leave the qubit out, or make the model with strict=False",
            )


def _named_qubits(rule: object) -> set[int]:
    if isinstance(rule, Around):
        pairs = rule.coupling or ()
        return {q for each in (*(rule.qubits or ()), rule.on or (), *pairs) for q in each}
    if isinstance(rule, (Readout, Idle)):
        return set(rule.qubits or ())
    return set(rule.qubits) if isinstance(rule, AfterLayer) else set()


def _check_names(model: NoiseModel, program: Program) -> None:
    """Refuse rules for gates that neither the circuit nor Qiskit's library has: misspellings."""
    if not model.strict:
        return
    asked = {name for rule in model.rules if isinstance(rule, Around) for name in rule.gates if not is_class(name)}
    asked -= {step.name for step in flat(program.steps) if isinstance(step, Gate)}
    if not asked:
        return
    from qiskit.circuit.library import get_standard_gate_name_mapping

    from qsim.interop.stim_gates import COMPOSED

    known = {*get_standard_gate_name_mapping(), *(name.lower() for name in COMPOSED), "unitary", "PauliEvolution"}
    for name in sorted(asked - known):
        close = difflib.get_close_matches(name.lower(), [*known, "measure", "reset", "delay", "joint", "1q", "2q"], n=3)
        raise CircuitError(
            "no gate of this name in the circuit or in Qiskit",
            where="noise model",
            expected=f"one of {', '.join(close)}" if close else 'a gate name such as "cx", or a class such as "2q"',
            got=repr(name),
        )
