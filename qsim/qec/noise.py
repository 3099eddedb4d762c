"""Noise rewritten onto a clean circuit: REPEAT blocks stay blocks, detectors and observables stay untouched.

What each model does to each gate is the table of `qsim.qec.noise_models`.

>>> print(apply_noise(stim.Circuit("R 0 1\\nTICK\\nCX 0 1\\nTICK\\nM 1"), "SI1000", 0.01))
R 0 1
X_ERROR(0.02) 0 1
TICK
CX 0 1
DEPOLARIZE2(0.01) 0 1
TICK
X_ERROR(0.05) 1
M 1
DEPOLARIZE1(0.001) 0
DEPOLARIZE1(0.02) 0
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import stim

from qsim.qec.input_error import QecInputError
from qsim.qec.layers import ANNOTATIONS, align_loops, data_qubits, has_tick, qubits_acted_on, walk, without_reuse
from qsim.qec.noise_models import NoiseModel, check_strength


def apply_noise(circuit: stim.Circuit, model: str, p: float) -> stim.Circuit:
    """The circuit with a noise model's channels of strength ``p`` put around its gates.

    A round, for ``uniform_depolarizing``, starts with the first layer of gates after a layer that measures or resets;
    its data qubits are those never reset after use and not used again once measured.  On stim's generated circuits this
    gives stim's own noise.  ``SD6`` and ``SI1000`` read layers, so a qubit may be used once between two TICKs.

    Args:
        circuit: noiseless; Clifford gates, single-qubit resets and measurements, classically controlled Paulis.
        model: ``uniform_depolarizing``, ``SD6`` or ``SI1000``.
        p: physical error rate, at most the model's ``largest_p``.

    Raises:
        QecInputError: the circuit is noisy already, uses a qubit twice in a layer (``SD6``, ``SI1000``), or has a gate
            for which the models state no rule (multi-qubit measurements, ``SPP``).
    """
    known = check_strength(model, p)
    already = noise_in(circuit)
    if already:
        raise QecInputError(
            "the circuit is noisy already",
            field="noise",
            expected="a circuit without noise",
            got=already,
            cure='use noise = "as_written", or remove the noise from the circuit',
        )
    if p == 0:
        return circuit.copy()
    qubits = sorted({qubit for instruction in walk(circuit) for qubit in qubits_acted_on(instruction)})
    rewriting = _Rewriting(known, p, qubits, data_qubits(circuit) if known.round_data else [])
    noisy, _ = rewriting.circuit(align_loops(circuit), round_due=False)
    return noisy


def noise_in(circuit: stim.Circuit) -> str:
    """The first noisy instruction of a circuit, as text; empty when there is none."""
    for instruction in walk(circuit):
        kind = stim.gate_data(instruction.name)
        channel = kind.is_noisy_gate and (not kind.produces_measurements or instruction.name.startswith("HERALDED"))
        if channel or (kind.produces_measurements and any(instruction.gate_args_copy())):
            return str(instruction)
    return ""


@dataclass(slots=True)
class _Layer:
    """What one layer has done so far."""

    body: stim.Circuit = field(default_factory=stim.Circuit)
    uses: Counter[int] = field(default_factory=Counter)
    measured_or_reset: set[int] = field(default_factory=set)
    has_gates: bool = False


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """One pass over an aligned circuit; ``round_due`` holds from a measurement or reset to the next layer of gates."""

    model: NoiseModel
    p: float
    qubits: list[int]
    data: list[int]

    def circuit(self, aligned: stim.Circuit, *, round_due: bool) -> tuple[stim.Circuit, bool]:
        result, layer = stim.Circuit(), _Layer()
        for instruction in aligned:
            if isinstance(instruction, stim.CircuitRepeatBlock) and has_tick(instruction):
                body, count = instruction.body_copy(), instruction.repeat_count
                noisy, due_after = self.circuit(body, round_due=round_due)
                if due_after != round_due and count > 1:
                    result += noisy
                    count, round_due = count - 1, due_after
                    noisy, due_after = self.circuit(body, round_due=round_due)
                result.append(stim.CircuitRepeatBlock(count, noisy))
                round_due = due_after
            elif instruction.name == "TICK":
                round_due = self.close(layer, result, round_due)
                result.append(instruction)
                layer = _Layer()
            else:
                self.put(instruction, layer, 1)
        return result, self.close(layer, result, round_due)

    def put(
        self, instruction: stim.CircuitInstruction | stim.CircuitRepeatBlock, layer: _Layer, repetitions: int
    ) -> None:
        """Append one instruction with its own noise; a block without TICK keeps its form."""
        if isinstance(instruction, stim.CircuitRepeatBlock):
            outside, layer.body = layer.body, stim.Circuit()
            for inner in instruction.body_copy():
                self.put(inner, layer, repetitions * instruction.repeat_count)
            outside.append(stim.CircuitRepeatBlock(instruction.repeat_count, layer.body))
            layer.body = outside
            return
        if instruction.name in ANNOTATIONS:
            layer.body.append(instruction)
            return
        for piece in without_reuse(instruction):
            self.put_gate(piece, layer, repetitions)

    def put_gate(self, instruction: stim.CircuitInstruction, layer: _Layer, repetitions: int) -> None:
        """Append one instruction that acts on no qubit twice."""
        kind, name, acted = stim.gate_data(instruction.name), instruction.name, qubits_acted_on(instruction)
        flip = "Z_ERROR" if name.endswith("X") else "X_ERROR"
        layer.uses.update({qubit: repetitions * times for qubit, times in Counter(acted).items()})
        if kind.is_unitary and (kind.is_single_qubit_gate or kind.is_two_qubit_gate):
            layer.body.append(instruction)
            layer.has_gates = layer.has_gates or bool(acted)
            if kind.is_single_qubit_gate:
                self.channel(layer.body, "DEPOLARIZE1", acted, self.model.one_qubit)
            else:
                self.channel(layer.body, "DEPOLARIZE2", acted, self.model.two_qubit)
        elif kind.is_single_qubit_gate and (kind.produces_measurements or kind.is_reset):
            if kind.produces_measurements:
                self.channel(layer.body, flip, acted, self.model.measure)
            layer.body.append(instruction)
            if kind.is_reset:
                self.channel(layer.body, flip, acted, self.model.reset)
            layer.measured_or_reset.update(acted)
        else:
            raise QecInputError(
                f"{self.model.name} states no rule for {name}",
                field="noise",
                expected="one- and two-qubit Clifford gates, single-qubit resets and measurements",
                got=str(instruction),
                cure='write the noise into the circuit and use noise = "as_written"',
            )

    def close(self, layer: _Layer, result: stim.Circuit, round_due: bool) -> bool:
        """Append a finished layer with its round and idle noise; whether a round is due afterwards."""
        if self.model.layered:
            self.refuse_reuse(layer)
        if round_due and layer.has_gates:
            self.channel(result, "DEPOLARIZE1", self.data, self.model.round_data)
            round_due = False
        result += layer.body
        if layer.uses:
            idle = [qubit for qubit in self.qubits if qubit not in layer.uses]
            self.channel(result, "DEPOLARIZE1", idle, self.model.idle)
        if layer.measured_or_reset:
            waiting = [qubit for qubit in self.qubits if qubit not in layer.measured_or_reset]
            self.channel(result, "DEPOLARIZE1", waiting, self.model.resonator_idle)
        return round_due or bool(layer.measured_or_reset)

    def channel(self, circuit: stim.Circuit, name: str, qubits: list[int], strength: float) -> None:
        if qubits and strength:
            circuit.append(name, qubits, strength * self.p)

    def refuse_reuse(self, layer: _Layer) -> None:
        twice = sorted(qubit for qubit, times in layer.uses.items() if times > 1)
        if twice:
            raise QecInputError(
                f"qubit {twice[0]} is used twice between two TICKs, so {self.model.name} cannot tell which qubits idle",
                field="noise",
                expected="one operation a qubit in each layer",
                got=" / ".join(str(layer.body).splitlines()[:4]),
                cure="put a TICK between the operations (measure and reset at once is MR)",
            )
