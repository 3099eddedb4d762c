"""A matrix product state with its centre of orthogonality, acted on by small matrices, truncated, and kept normalised.

Qubits sit on the sites of a chain.  Left of the centre every tensor is an isometry from the left, right of it from the
right, so what is cut at the centre is cut optimally and probabilities near it are local.  Operators wait in a queue;
when the state is looked at, those that may act are taken in the order that moves the centre least.  Distant qubits are
swapped together and stay where they were brought: ``site_of`` says where each qubit is.

As long as every operator conserves the number of ones, or its parity, tensors stay block diagonal in that charge and
are split one block at a time; this is found out from the matrices and given up at the first that conserves nothing.

>>> state = Chain(2)
>>> state.add(Operator(np.array([[1, 1], [1, -1]]) / 2**0.5, (0,)))
>>> state.add(Operator(np.eye(4)[[0, 3, 2, 1]], (0, 1)))
>>> state.bond_dimensions(), round(float(state.local_density((1,))[1, 1].real), 6)
([2], 0.5)

Source: Vidal, Phys. Rev. Lett. 91, 147902 (2003); Schollwöck, Annals of Physics 326, 96 (2011), section 4.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from qsim.backends.tensor_network.charges import ConservedCharge
from qsim.backends.tensor_network.operators import Complex, Operator
from qsim.backends.tensor_network.queue import Queue
from qsim.backends.tensor_network.splitting import NOTHING, Array, Charges, split_by_weight, split_exactly

DEFAULT_CUTOFF = 1e-20
NOTEWORTHY = 1e-16
"""Discarded weights above it are logged one by one; all of them enter the fidelity."""

SWAP: Complex = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]]


@dataclass(frozen=True, slots=True)
class Truncation:
    """A split that discarded weight.

    Attributes:
        gate: name of the gate split.
        bond: sites to its left.
        kept: bond dimension left.
        discarded: share of the squared norm that went.
    """

    gate: str
    bond: int
    kept: int
    discarded: float


class Chain:
    """The state of ``num_qubits`` qubits, |0...0> at first.

    Args:
        num_qubits: 1 or more.
        max_bond: largest bond dimension kept; None for no limit.
        cutoff: largest discarded weight of a single split (`qsim.backends.tensor_network.splitting`).
        single: whether tensors are complex64 rather than complex128.
        order: qubits from the first site to the last; by number when None.

    Attributes:
        fidelity: product of the kept weights of all splits: an estimate of |<exact|state>|^2.
        truncations: the splits that discarded more than 1e-16.
        site_of, qubit_at: where each qubit is, and which qubit each site holds.
    """

    def __init__(
        self,
        num_qubits: int,
        *,
        max_bond: int | None = None,
        cutoff: float = DEFAULT_CUTOFF,
        single: bool = False,
        order: Sequence[int] | None = None,
    ) -> None:
        zero = np.zeros((1, 2, 1), dtype=np.complex64 if single else np.complex128)
        zero[0, 0, 0] = 1.0
        self.tensors: list[Array] = [zero] * num_qubits
        self.charges = ConservedCharge(num_qubits)
        self.centre = 0
        self.max_bond = 2 ** min(num_qubits // 2, 62) if max_bond is None else max_bond
        self.cutoff = cutoff
        self.fidelity = 1.0
        self.truncations: list[Truncation] = []
        self.largest_bond = 1
        self.qubit_at = list(range(num_qubits)) if order is None else list(order)
        self.site_of = [0] * num_qubits
        for site, qubit in enumerate(self.qubit_at):
            self.site_of[qubit] = site
        self.queue = Queue()
        self.loose: set[int] = set()  # bonds that may have lost rank in a projection

    def copy(self) -> Self:
        """An independent copy; tensors are shared, for they are never changed in place."""
        self.settle()
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.tensors, made.qubit_at, made.site_of = self.tensors.copy(), self.qubit_at.copy(), self.site_of.copy()
        made.charges = self.charges.copy()
        made.truncations, made.loose, made.queue = self.truncations.copy(), self.loose.copy(), Queue()
        return made

    def add(self, operator: Operator) -> None:
        """Let a unitary act."""
        self.queue.add(operator)

    def settle(self) -> None:
        """Let everything act that waits."""
        following = self.queue.take(self.site_of, self.centre)
        while following is not None:
            operator = following
            sites = [self.site_of[qubit] for qubit in operator.qubits]
            following = self.queue.take(self.site_of, max(sites))
            aim = max(sites) if following is None else self.site_of[following.qubits[0]]
            if len(operator.qubits) == 1:
                self._act_alone(operator.matrix, sites[0])
            else:
                self._act(operator.matrix, operator.qubits, operator.name, aim=aim)

    def collapse(self, matrix: Complex, qubits: tuple[int, ...], name: str = "") -> None:
        """Let any matrix act, and normalise."""
        self.settle()
        self._act(matrix, qubits, name, aim=0)
        self.loose.update(range(1, len(self.tensors)))

    def local_density(self, qubits: tuple[int, ...]) -> Complex:
        """(2^k, 2^k) density matrix of k qubits, the first of them least significant."""
        self.settle()
        first = self._gather(qubits)
        size = len(qubits)
        theta = self._theta(first, size)
        flat = theta.transpose(1, 0, 2).reshape(2**size, -1)
        density = (flat @ flat.conj().T).reshape((2,) * (2 * size))
        order = [self.site_of[qubit] - first for qubit in reversed(qubits)]
        made = density.transpose(order + [size + axis for axis in order]).reshape(2**size, 2**size)
        return np.asarray(made, dtype=np.complex128)

    def centre_on(self, site: int) -> None:
        """Put the centre of orthogonality on a site."""
        self.settle()
        self._move(site, site)

    def bond_dimensions(self) -> list[int]:
        """Bond dimensions from the first bond to the last."""
        self.settle()
        return [tensor.shape[2] for tensor in self.tensors[:-1]]

    def _act_alone(self, matrix: Complex, site: int) -> None:
        """A unitary on one qubit needs no centre and no split."""
        left, _, right = self.tensors[site].shape
        theta = self._times(matrix, self.tensors[site])
        self.charges.follow(matrix, theta, site, 1)
        self.tensors[site] = theta.reshape(left, 2, right)

    def _act(self, matrix: Complex, qubits: tuple[int, ...], name: str, *, aim: int) -> None:
        first, size = self._gather(qubits), len(qubits)
        theta = self._theta(first, size)
        axes = [size - 1 - place for place in np.argsort([self.site_of[qubit] for qubit in qubits])]
        if axes != list(range(size)):
            legs = matrix.reshape((2,) * (2 * size))
            matrix = legs.transpose(axes + [size + axis for axis in axes]).reshape(2**size, 2**size)
        theta = self._times(matrix, theta)
        self.charges.follow(matrix, theta, first, size)
        self._replace(theta / np.linalg.norm(theta), first, size, name, aim)

    def _replace(self, theta: Array, first: int, size: int, name: str, aim: int) -> None:
        """Split a block of sites into tensors again, from the left."""
        for site in range(first, first + size - 1):
            left, right = theta.shape[0], theta.shape[2]
            rest = first + size - 1 - site
            matrix = theta.reshape(left * 2, 2**rest * right)
            rows, columns = self.charges.rows(site), self.charges.columns(site + 1 + rest, rest)
            u, values, v, bond, lost = split_by_weight(
                matrix, rows, columns, max_bond=self.max_bond, cutoff=self.cutoff
            )
            self._account(lost, site + 1, len(values), name)
            kept = len(values)
            weights = values.astype(values.dtype if matrix.dtype == np.complex128 else np.float32)
            if size == 2 and aim <= first:
                u, self.centre = u * weights, site
            else:
                v, self.centre = weights[:, None] * v, site + 1
            self.tensors[site] = u.reshape(left, 2, kept)
            theta = v.reshape(kept, 2**rest, right)
            self.charges.put(site + 1, bond)
            self.loose.discard(site + 1)
        self.tensors[first + size - 1] = theta
        if size == 1:
            self.centre = first

    def _account(self, lost: float, bond: int, kept: int, name: str) -> None:
        self.largest_bond = max(self.largest_bond, kept)
        self.fidelity *= 1.0 - lost
        if lost > NOTEWORTHY:
            self.truncations.append(Truncation(name, bond, kept, lost))

    def _gather(self, qubits: tuple[int, ...]) -> int:
        """Swap qubits onto neighbouring sites; the first of these sites."""
        sites = sorted(self.site_of[qubit] for qubit in qubits)
        anchor = len(sites) // 2
        for place in range(anchor - 1, -1, -1):
            for site in range(sites[place], sites[anchor] - anchor + place):
                self._swap(site, aim=site + 1)
        for place in range(anchor + 1, len(sites)):
            for site in range(sites[place], sites[anchor] - anchor + place, -1):
                self._swap(site - 1, aim=site - 1)
        return sites[anchor] - anchor

    def _swap(self, site: int, *, aim: int) -> None:
        one, other = self.qubit_at[site], self.qubit_at[site + 1]
        self._act(SWAP, (other, one), "swap", aim=aim)
        self.qubit_at[site], self.qubit_at[site + 1] = other, one
        self.site_of[one], self.site_of[other] = site + 1, site

    def _theta(self, first: int, size: int) -> Array:
        """(left, 2^size, right) tensor of a block of sites, the centre in it; the first site most significant."""
        self._move(first, first + size - 1)
        theta = self.tensors[first]
        for site in range(first + 1, first + size):
            left, middle, bond = theta.shape
            following = self.tensors[site]
            theta = theta.reshape(left * middle, bond) @ following.reshape(bond, -1)
            theta = theta.reshape(left, middle * 2, following.shape[2])
        return theta

    def _times(self, matrix: Complex, theta: Array) -> Array:
        left, size, right = theta.shape
        flat = theta.transpose(1, 0, 2).reshape(size, -1)
        made = matrix.astype(theta.dtype, copy=False) @ flat
        return made.reshape(size, left, right).transpose(1, 0, 2)

    def _move(self, low: int, high: int) -> None:
        """Move the centre into a range of sites."""
        while self.centre < low:
            site, tensor = self.centre, self.tensors[self.centre]
            matrix = tensor.reshape(-1, tensor.shape[2])
            isometry, rest, bond = self._split(site + 1, matrix, self.charges.rows(site), self.charges.bond(site + 1))
            self.tensors[site] = isometry.reshape(tensor.shape[0], 2, -1)
            following = self.tensors[site + 1]
            made = rest @ following.reshape(following.shape[0], -1)
            self.tensors[site + 1] = made.reshape(-1, 2, following.shape[2])
            self.charges.put(site + 1, bond)
            self.centre += 1
        while self.centre > high:
            site, tensor = self.centre, self.tensors[self.centre]
            matrix = tensor.reshape(tensor.shape[0], -1)
            isometry, rest, bond = self._split(
                site, matrix.T, self.charges.columns(site + 1, 1), self.charges.bond(site)
            )
            self.tensors[site] = isometry.T.reshape(-1, 2, tensor.shape[2])
            before = self.tensors[site - 1]
            self.tensors[site - 1] = (before.reshape(-1, before.shape[2]) @ rest.T).reshape(before.shape[0], 2, -1)
            self.charges.put(site, bond)
            self.centre -= 1

    def _split(
        self, bond: int, matrix: Array, rows: Charges | None, columns: Charges | None
    ) -> tuple[Array, Array, Charges | None]:
        """An isometry and the rest; a bond that may have lost rank is cut down to what it holds."""
        if bond not in self.loose:
            return split_exactly(matrix, rows, columns)
        self.loose.discard(bond)
        limit = matrix.shape[1]
        left, values, right, charges, _ = split_by_weight(matrix, rows, columns, max_bond=limit, cutoff=NOTHING)
        return left, (values[:, None] * right).astype(matrix.dtype), charges
