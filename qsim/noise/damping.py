"""Damping: decay of energy and of phase, and both for a time.

>>> float(amplitude_damping(0.36).kraus[0][1, 1].real)
0.8

Source: Nielsen and Chuang, Quantum Computation and Quantum Information (2010), section 8.3.5 and 8.3.6; T1 and T2
there, equation 8.144: 1/T2 = 1/(2 T1) + 1/T_phi.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache

import numpy as np

from qsim.errors import CircuitError
from qsim.noise.channel import Channel
from qsim.noise.channels import probability
from qsim.noise.rules import Relaxation


def amplitude_damping(gamma: float, *, excited: float = 0.0) -> Channel:
    """Decay from |1> to |0> with probability ``gamma``; with ``excited``, towards a mixture.

    Args:
        gamma: probability of relaxing, in [0, 1].
        excited: population of |1> in the equilibrium that is approached.

    Raises:
        CircuitError: not probabilities.
    """
    return _damped(probability(gamma, "amplitude_damping"), 1.0, probability(excited, "excited"), "amplitude_damping")


def phase_damping(lam: float) -> Channel:
    """Loss of phase: coherences shrink by sqrt(1 - ``lam``), which is a phase flip of probability (1 - sqrt(1-lam))/2.

    Raises:
        CircuitError: ``lam`` outside [0, 1].
    """
    kept = math.sqrt(1.0 - probability(lam, "phase_damping"))
    return Channel.pauli({"Z": (1.0 - kept) / 2.0}, name="phase_damping")


def thermal_relaxation(t1: float, t2: float, time: float, *, excited: float = 0.0) -> Channel:
    """What T1 and T2 do to a qubit in a time.

    Args:
        t1, t2: relaxation and dephasing times [s], t2 <= 2 t1; infinite for none.
        time: [s].
        excited: population of |1> in equilibrium.

    Raises:
        CircuitError: times that are not positive, t2 > 2 t1, a negative time, a population outside [0, 1].
    """
    check_times(t1, t2, excited, where="thermal_relaxation")
    if not 0 <= time < math.inf:
        expected = "0 or more seconds"
        raise CircuitError("not a time", where="thermal_relaxation", expected=expected, got=repr(time))
    dephasing = max(1.0 / t2 - 0.5 / t1, 0.0)
    kept = math.exp(-time * dephasing)
    if t1 == math.inf:
        return Channel.pauli({"Z": (1.0 - kept) / 2.0}, name="thermal_relaxation")
    return _damped(-math.expm1(-time / t1), kept, excited, "thermal_relaxation")


def check_times(t1: float, t2: float, excited: float, *, where: str) -> None:
    """Refuse times and populations that no qubit has.

    Raises:
        CircuitError: as `thermal_relaxation`.
    """
    if not (t1 > 0 and t2 > 0):
        raise CircuitError("not relaxation times", where=where, expected="t1, t2 > 0", got=f"t1={t1!r}, t2={t2!r}")
    if t2 > 2 * t1 * (1 + 1e-12):
        cure = "dephasing cannot be slower than relaxation allows; use t2 = 2 t1 at most"
        raise CircuitError("t2 above 2 t1", where=where, expected=f"t2 <= {2 * t1:g}", got=f"{t2:g}", cure=cure)
    probability(excited, f"{where}: excited population")


def relaxation_of(rule: Relaxation, qubit: int, time: float) -> Channel:
    """The relaxation of one qubit in a time [s], by a rule.

    Raises:
        CircuitError: the rule has no T1, T2 or population for the qubit.
    """
    values = []
    for name, each in (("t1", rule.t1), ("t2", rule.t2), ("excited", rule.excited)):
        if isinstance(each, Mapping) and qubit not in each:
            expected = f"qubits {', '.join(map(str, sorted(each)))}"
            raise CircuitError(f"no {name} for qubit {qubit}", where="noise model", expected=expected)
        values.append(float(each[qubit] if isinstance(each, Mapping) else each))
    return _cached(*values, time)


def relaxations(rule: Relaxation) -> Iterator[Channel]:
    """The relaxation of every qubit during every duration of a rule."""
    tables = [each for each in (rule.t1, rule.t2, rule.excited) if isinstance(each, Mapping)]
    for qubit in sorted({qubit for table in tables for qubit in table}) or [0]:
        for seconds in sorted({seconds for seconds in rule.durations.values() if seconds > 0}):
            yield relaxation_of(rule, qubit, seconds)


@cache
def _cached(t1: float, t2: float, excited: float, time: float) -> Channel:
    return thermal_relaxation(t1, t2, time, excited=excited)


def _damped(gamma: float, kept: float, excited: float, name: str) -> Channel:
    """Damping towards a mixture, then a phase flip that leaves ``kept`` of the coherence."""
    down = [np.diag([1.0, math.sqrt(1.0 - gamma)]), math.sqrt(gamma) * np.array([[0.0, 1.0], [0.0, 0.0]])]
    up = [np.diag([math.sqrt(1.0 - gamma), 1.0]), math.sqrt(gamma) * np.array([[0.0, 0.0], [1.0, 0.0]])]
    damping = [math.sqrt(1.0 - excited) * each for each in down] + [math.sqrt(excited) * each for each in up]
    flips = [math.sqrt((1.0 + kept) / 2.0) * np.eye(2), math.sqrt((1.0 - kept) / 2.0) * np.diag([1.0, -1.0])]
    operators = [flip @ each for flip in flips for each in damping]
    return Channel.from_kraus([each for each in operators if np.abs(each).max() > 1e-12], name=name)
