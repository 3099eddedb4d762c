"""Relaxation in time: every qubit decays for as long as has passed since its last operation, and during it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qsim.errors import CircuitError
from qsim.noise.damping import relaxation_of
from qsim.noise.operations import Operation, is_feedback
from qsim.noise.rules import Relaxation
from qsim.noise.schedule import longest, schedule
from qsim.program import Barrier, Branch, Delay, Gate, Loop, Noise, Unrolled


class Waiting:
    """The relaxation that goes before each operation of a program, and at its end.

    Args:
        rule: times, durations.
        found: operations.
        physical: qubits from this number on do not relax.

    Raises:
        CircuitError: an operation without duration, or a qubit without T1 and T2.
    """

    def __init__(self, rule: Relaxation, found: Sequence[Operation], physical: int) -> None:
        self.rule, self.found, self.physical = rule, found, physical
        self.times = schedule(found, self.duration)
        used = {q for each in found if each.takes_time for q in each.qubits if q < physical}
        self.since = dict.fromkeys(sorted(used), 0.0)

    def before(self, place: int) -> Iterator[Noise]:
        """The noise before an operation; to be asked for every operation in order."""
        operation, start, end = self.found[place], self.times.starts[place], self.times.ends[place]
        if isinstance(operation.core, Barrier):
            return
        for qubit in operation.qubits:
            if qubit in self.since:
                yield from self.relax(qubit, start)
                blocked = isinstance(operation.core, (Branch, Loop, Unrolled)) and not is_feedback(operation.core)
                counts = isinstance(operation.core, Delay) or (self.rule.in_gates and not blocked)
                self.since[qubit] = start if counts else end

    def at_end(self) -> Iterator[Noise]:
        """The noise between each qubit's last operation and the end of all."""
        for qubit in self.since:
            yield from self.relax(qubit, self.times.end)

    def relax(self, qubit: int, now: float) -> Iterator[Noise]:
        passed = now - self.since[qubit]
        if passed > 1e-15:
            yield Noise(relaxation_of(self.rule, qubit, passed), (qubit,))

    def duration(self, operation: Operation) -> float:
        """[s] of an operation."""
        core = operation.core
        if isinstance(core, Delay):
            return self.delay(core)
        if isinstance(core, (Branch, Loop, Unrolled)):
            return 0.0 if is_feedback(core) else longest(core, self.duration)
        if not operation.takes_time or (isinstance(core, Gate) and not operation.names):
            return 0.0
        if all(qubit >= self.physical for qubit in operation.qubits):
            return 0.0
        durations = self.rule.durations
        name = core.name if isinstance(core, Gate) else next(iter(operation.names))
        for key in ((name, operation.qubits), name, f"{len(operation.qubits)}q", "gate"):
            if key in durations and (isinstance(core, Gate) or key in (name, (name, operation.qubits))):
                return durations[key]
        raise CircuitError(
            "no duration for it",
            where=str(core),
            expected=f'durations with {name!r}, or with a class such as "1q", "measure"',
            got=", ".join(sorted(map(str, durations))) or "none",
            cure=f"add {name!r} to the durations, 0 if it takes no time",
        )

    def delay(self, delay: Delay) -> float:
        if delay.seconds is not None:
            return delay.seconds
        if self.rule.dt is None or delay.dt is None:
            raise CircuitError(
                "a delay in units of dt, whose length is not known",
                where=f"delay on {', '.join(map(str, delay.qubits))}",
                cure="give dt to the noise model, or the delay in seconds",
            )
        return delay.dt * self.rule.dt
