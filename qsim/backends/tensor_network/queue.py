"""Operators waiting to act on a chain, taken in an order that moves the chain's centre little.

Operators on different qubits commute, so any one that stands first on all of its qubits may be next; the nearest to
the centre is taken.  The order depends on the circuit alone, never on chance.  An operator that follows another on
the same qubits, or on some of them, is multiplied into it, so RXX, RYY and RZZ on one pair make one split.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from qsim.backends.tensor_network.operators import Operator, merged


class Queue:
    """Operators in order, with one line of waiting numbers for each qubit."""

    def __init__(self) -> None:
        self._operators: dict[int, Operator] = {}
        self._lines: dict[int, deque[int]] = {}
        self._ready: set[int] = set()
        self._added = 0

    def add(self, operator: Operator) -> None:
        """Put an operator at the end."""
        lines = [self._lines.setdefault(qubit, deque()) for qubit in operator.qubits]
        last = {line[-1] if line else -1 for line in lines}
        if len(last) == 1 and -1 not in last:
            before = last.pop()
            self._operators[before] = merged(self._operators[before], operator)
            return
        number = self._added
        self._added += 1
        self._operators[number] = operator
        for line in lines:
            line.append(number)
        if all(line[0] == number for line in lines):
            self._ready.add(number)

    def take(self, site_of: Sequence[int], centre: int) -> Operator | None:
        """The next operator, removed; None when none is left.

        Args:
            site_of: the site of each qubit.
            centre: where the centre is or will be.
        """
        if not self._ready:
            return None
        chosen, nearest = -1, len(site_of) + 1
        for number in sorted(self._ready):
            operator = self._operators[number]
            if len(operator.qubits) == 1:  # needs no centre
                chosen = number
                break
            sites = [site_of[qubit] for qubit in operator.qubits]
            distance = max(min(sites) - centre, centre - max(sites), 0)
            if distance < nearest:
                chosen, nearest = number, distance
        self._ready.remove(chosen)
        operator = self._operators.pop(chosen)
        for qubit in operator.qubits:
            line = self._lines[qubit]
            line.popleft()
            if line and all(self._lines[other][0] == line[0] for other in self._operators[line[0]].qubits):
                self._ready.add(line[0])
        return operator
