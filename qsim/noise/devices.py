"""Noise of devices: from a Qiskit target's calibration, and from relaxation and gate times.

    model = from_target(backend.target)             # for circuits transpiled to that target
    model = from_device(100e-6, 80e-6, {"1q": 35e-9, "2q": 300e-9, "measure": 1e-6})

A calibrated error rate r is an average gate infidelity, in which relaxation during the gate is already counted.  What
relaxation does not explain is made up by depolarizing noise.

Source: Nielsen, Phys. Lett. A 303, 249 (2002): average fidelity (d F + 1) / (d + 1) at entanglement fidelity F.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.noise.channels import bit_flip, depolarizing_channel, probability
from qsim.noise.damping import check_times, thermal_relaxation
from qsim.noise.model import NoiseModel
from qsim.noise.rules import SIZE, Rule

if TYPE_CHECKING:
    from qiskit.transpiler import Target

Times: TypeAlias = float | Sequence[float] | Mapping[int, float]


def from_device(
    t1: Times,
    t2: Times,
    gate_times: Mapping[str | tuple[str, tuple[int, ...]], float],
    *,
    errors: Mapping[str, float] | None = None,
    readout: float | tuple[float, float] | None = None,
    excited: float = 0.0,
    dt: float | None = None,
) -> NoiseModel:
    """The model of a device with given relaxation and gate times: qubits relax all the time.

    Args:
        t1, t2: [s], one for all qubits, or one each.
        gate_times: [s] of operations, by (name, operands), name or class ("1q", "2q", "measure", "reset").
        errors: error probability of depolarizing noise on top, by gate name or by class "1q", "2q".
        readout: probability of a wrong record, or a pair (1 for outcome 0, 0 for outcome 1).
        excited: population of |1> in equilibrium.
        dt: [s] of the unit of delays given in ``dt``.

    Raises:
        CircuitError: times, probabilities or names that cannot be.
    """
    first, second = _by_qubit(t1), _by_qubit(t2)
    model = NoiseModel().relaxing(first, second, gate_times, excited=excited, dt=dt)
    for name, p in (errors or {}).items():
        size = _width(name)
        model = model.after(name, depolarizing_channel(p, num_qubits=size))
    if readout is not None:
        up, down = readout if isinstance(readout, tuple) else (readout, readout)
        model = model.readout(up, down)
    return model


def from_target(target: Target, *, clip_t2: bool = False) -> NoiseModel:
    """The model of a Qiskit target's calibration: error rates, T1, T2 and durations.

    Gates err by depolarizing noise, resets by flips, measurements by wrong records; qubits with T1 and T2 relax during
    operations and while they wait.  Operations without a duration take no time, those without an error rate err by
    relaxation alone, and a rate beyond complete mixing counts as complete mixing.

    Args:
        target: of a backend, for circuits transpiled to it.
        clip_t2: take T2 = 2 T1 where the calibration has more, instead of refusing.

    Raises:
        CircuitError: no target, one without a number of qubits, or T2 > 2 T1.
    """
    from qiskit.transpiler import Target

    if not isinstance(target, Target):
        expected, cure = "a qiskit.transpiler.Target", "use backend.target"
        got = type(target).__name__
        raise CircuitError("not a target", where="from_target", expected=expected, got=got, cure=cure)
    if not target.num_qubits:
        cure = "use the target of a device, or from_device"
        raise CircuitError("a target of any number of qubits has no calibration", where="from_target", cure=cure)
    times = _relaxation_times(target, clip_t2=clip_t2)
    durations: dict[str | tuple[str, tuple[int, ...]], float] = {}
    basis: dict[str, frozenset[tuple[int, ...]] | None] = {}
    rules: list[Rule] = []
    for name in target.operation_names:
        table = target[name]
        places = {tuple(qubits): facts for qubits, facts in table.items() if qubits is not None}
        basis[name] = frozenset(places) if places and None not in table else None
        durations[name] = 0.0
        for qubits, facts in places.items():
            seconds = getattr(facts, "duration", None) or 0.0
            durations[name, qubits] = seconds
            rate = getattr(facts, "error", None)
            if rate and name != "delay":
                rules += _error(name, qubits, float(rate), [(*times[q], seconds) for q in qubits])
    model = NoiseModel(rules=tuple(rules), num_qubits=target.num_qubits, strict=False, basis=basis)
    if all(math.isinf(t1) and math.isinf(t2) for t1, t2 in times.values()):
        return model
    first, second = ({qubit: pair[place] for qubit, pair in times.items()} for place in (0, 1))
    return model.relaxing(first, second, durations, dt=target.dt)


def _error(
    name: str, qubits: tuple[int, ...], rate: float, times: Sequence[tuple[float, float, float]]
) -> tuple[Rule, ...]:
    """The rule for one calibrated error, if relaxation does not explain it."""
    if name == "measure":
        return NoiseModel().readout(rate, rate, qubits=qubits).rules
    if name == "reset":
        return NoiseModel().after(name, bit_flip(rate), qubits=qubits).rules
    d = 2 ** len(qubits)
    kept = math.prod(_entanglement_fidelity(thermal_relaxation(*each)) for each in times)
    wanted = max(1.0 - (d + 1) / d * probability(rate, f"error rate of {name} on {qubits}"), 1.0 / d**2)
    # a further Pauli, each of the d^2 - 1 equally likely, leaves (1 - p) F + p (1 - F) / (d^2 - 1) of fidelity F
    p = (kept - wanted) / (kept - (1.0 - kept) / (d * d - 1))
    if p <= 0.0:
        return ()
    channel = depolarizing_channel(min(p, 1.0 - 1.0 / d**2), num_qubits=len(qubits))
    return NoiseModel().after(name, channel, qubits=qubits).rules


def _entanglement_fidelity(channel: Channel) -> float:
    traces = np.einsum("kaa->k", channel.kraus)
    return float(np.sum(np.abs(traces) ** 2)) / 4.0**channel.num_qubits


def _relaxation_times(target: Any, *, clip_t2: bool) -> dict[int, tuple[float, float]]:
    """T1 and T2 [s] of every qubit; infinite where the target does not tell."""
    times = {}
    for qubit in range(target.num_qubits):
        facts = target.qubit_properties[qubit] if target.qubit_properties else None
        t1, t2 = (getattr(facts, name, None) or math.inf for name in ("t1", "t2"))
        if t2 == math.inf or clip_t2:
            t2 = min(t2, 2 * t1)
        try:
            check_times(t1, t2, 0.0, where=f"target: qubit {qubit}")
        except CircuitError as error:
            cure = "use clip_t2=True to take t2 = 2 t1 there"
            raise CircuitError(
                error.what, where=error.where, expected=error.expected, got=error.got, cure=cure
            ) from error
        times[qubit] = (t1, t2)
    return times


def _by_qubit(given: Times) -> float | Mapping[int, float]:
    if isinstance(given, (int, float)):
        return float(given)
    return dict(given) if isinstance(given, Mapping) else dict(enumerate(map(float, given)))


def _width(name: str) -> int:
    """The number of qubits of a gate name or class.

    Raises:
        CircuitError: a name that Qiskit does not have.
    """
    if found := SIZE.fullmatch(name):
        return int(found[1])
    from qiskit.circuit.library import get_standard_gate_name_mapping

    gate = get_standard_gate_name_mapping().get(name)
    if gate is None:
        expected = 'a gate of Qiskit\'s, "1q" or "2q"'
        raise CircuitError("no gate of this name", where="errors", expected=expected, got=repr(name))
    return int(gate.num_qubits)
