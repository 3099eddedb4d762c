"""The conserved charge of a matrix product state: the number of ones, its parity, or nothing.

Every index of a bond carries the charge of the qubits to its left.  As long as operators change the charge of their
qubits by a fixed amount, tensors are block diagonal in it.  An operator that conserves only the parity reduces charges
modulo two; one that conserves nothing ends the matter, once and for all.

>>> charge = ConservedCharge(2)
>>> charge.rows(0), charge.columns(2, 1)
(array([0, 1]), array([ 0, -1]))

Source: Schollwöck, Annals of Physics 326, 96 (2011), section 5 (good quantum numbers); found here from the matrices.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from qsim.backends.tensor_network.operators import Complex
from qsim.backends.tensor_network.splitting import Array, Charges

ONES = np.array([bin(number).count("1") for number in range(16)])


class ConservedCharge:
    """Charges of all bonds of a chain of qubits in |0...0>.

    Attributes:
        parity: whether only parities are kept.
    """

    def __init__(self, num_qubits: int) -> None:
        self._bonds: list[Charges] | None = [np.zeros(1, dtype=np.int64)] * (num_qubits + 1)
        self.parity = False

    @property
    def kind(self) -> str:
        """What is conserved: ``number``, ``parity`` or ``nothing``."""
        return "nothing" if self._bonds is None else "parity" if self.parity else "number"

    def copy(self) -> Self:
        """An independent copy."""
        made = object.__new__(type(self))
        made._bonds = None if self._bonds is None else self._bonds.copy()
        made.parity = self.parity
        return made

    def give_up(self) -> None:
        """Track nothing any more."""
        self._bonds = None

    def bond(self, bond: int) -> Charges | None:
        """(D,) charges of a bond, None when nothing is conserved."""
        return None if self._bonds is None else self._bonds[bond]

    def put(self, bond: int, charges: Charges | None) -> None:
        """Set the charges of a bond that was split anew."""
        if self._bonds is not None and charges is not None:
            self._bonds[bond] = charges

    def rows(self, site: int) -> Charges | None:
        """(2 D,) charges of the bond left of a site together with its qubit."""
        if self._bonds is None:
            return None
        return self._reduced((self._bonds[site][:, None] + ONES[:2]).ravel())

    def columns(self, bond: int, count: int) -> Charges | None:
        """(2^count D,) charges left of ``count`` qubits, from their values and the bond to their right."""
        if self._bonds is None:
            return None
        return self._reduced((self._bonds[bond][None, :] - ONES[: 2**count, None]).ravel())

    def follow(self, matrix: Complex, theta: Array, first: int, size: int) -> None:
        """Keep the charges true after an operator on neighbouring sites.

        Args:
            matrix: (2^size, 2^size) operator.
            theta: (left, 2^size, right) tensor of the sites, the operator applied.
            first, size: which sites.
        """
        if self._bonds is None:
            return
        after, before = np.nonzero(matrix)
        changes = self._distinct(ONES[after] - ONES[before])
        if len(changes) > 1:  # it may yet change this state by a fixed amount, as X does |0>
            left, middle, right = np.nonzero(theta)
            changes = self._distinct(self._bonds[first][left] + ONES[middle] - self._bonds[first + size][right])
        if len(changes) > 1 and not self.parity and len({change % 2 for change in changes}) == 1:
            self.parity = True
            self._bonds = [self._reduced(bond) for bond in self._bonds]
            changes = {change % 2 for change in changes}
        if len(changes) > 1:
            self.give_up()
            return
        change = changes.pop()
        if change:
            for bond in range(first + size, len(self._bonds)):
                self._bonds[bond] = self._reduced(self._bonds[bond] + change)

    def _reduced(self, charges: Charges) -> Charges:
        return charges % 2 if self.parity else charges

    def _distinct(self, changes: Charges) -> set[int]:
        return set(self._reduced(changes).tolist())
