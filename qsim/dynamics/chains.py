"""Spin chains and their evolution in time as circuits of two-qubit rotations.

>>> chain = heisenberg_chain(4)
>>> circuit = trotter(chain, time=1.0, steps=2, start="neel")
>>> {name: count for name, count in circuit.count_ops().items() if name != "x"}
{'rxx': 6, 'ryy': 6, 'rzz': 6}

Terms are ordered by bonds, even ones before odd ones, so that a Trotter step is a brick wall of depth two.  A coupling
J for a time step t is a rotation by 2 J t: at J t = π/4 it is a Clifford gate, and a Heisenberg bond is a SWAP.

Source: H. F. Trotter, Proc. Am. Math. Soc. 10, 545 (1959); M. Suzuki, J. Math. Phys. 32, 400 (1991) (second order).
"""

from __future__ import annotations

from typing import Literal

from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp
from qiskit.synthesis import LieTrotter, SuzukiTrotter

from qsim.errors import CircuitError


def heisenberg_chain(
    sites: int, *, jx: float = 1.0, jy: float = 1.0, jz: float = 1.0, field: float = 0.0
) -> SparsePauliOp:
    """H = Σ_i (jx X_i X_{i+1} + jy Y_i Y_{i+1} + jz Z_i Z_{i+1}) + field Σ_i Z_i, open ends, in Pauli operators.

    Raises:
        CircuitError: fewer than two sites, or no term at all.
    """
    return _chain(sites, {"XX": jx, "YY": jy, "ZZ": jz}, {"Z": field})


def ising_chain(sites: int, *, coupling: float = 1.0, field: float = 1.0) -> SparsePauliOp:
    """H = Σ_i coupling Z_i Z_{i+1} + field Σ_i X_i, open ends.

    Raises:
        CircuitError: fewer than two sites, or no term at all.
    """
    return _chain(sites, {"ZZ": coupling}, {"X": field})


def trotter(
    hamiltonian: SparsePauliOp,
    *,
    time: float,
    steps: int,
    order: Literal[1, 2] = 1,
    start: Literal["zero", "neel"] = "zero",
) -> QuantumCircuit:
    """exp(-i H time) on a product state by a product formula, in rotations of one and two qubits.

    Args:
        hamiltonian: its terms in the order in which they are applied.
        time: in units of 1/H.
        steps: of time / steps each.
        order: 1 (Lie-Trotter) or 2 (Suzuki-Trotter).
        start: all qubits in |0>, or those of odd number in |1>.

    Raises:
        CircuitError: no steps, or another order or start.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise CircuitError("not a number of steps", where="steps", expected="1 or more", got=repr(steps))
    if order not in (1, 2):
        raise CircuitError("no such formula", where="order", expected="1 or 2", got=repr(order))
    if start not in ("zero", "neel"):
        raise CircuitError("no such state", where="start", expected="zero or neel", got=repr(start))
    options = {"reps": steps, "preserve_order": True}
    formula = LieTrotter(**options) if order == 1 else SuzukiTrotter(order=2, **options)
    circuit = QuantumCircuit(hamiltonian.num_qubits)
    if start == "neel":
        circuit.x(range(1, hamiltonian.num_qubits, 2))
    return circuit.compose(formula.synthesize(PauliEvolutionGate(hamiltonian, time=time)))


def _chain(sites: int, bond: dict[str, float], single: dict[str, float]) -> SparsePauliOp:
    if isinstance(sites, bool) or not isinstance(sites, int) or sites < 2:
        raise CircuitError("not a chain", where="sites", expected="2 or more", got=repr(sites))
    terms: list[tuple[str, list[int], float]] = []
    for first in (0, 1):
        for site in range(first, sites - 1, 2):
            terms += [(label, [site, site + 1], value) for label, value in bond.items() if value]
    terms += [(label, [site], value) for label, value in single.items() if value for site in range(sites)]
    if not terms:
        raise CircuitError("a Hamiltonian without terms", where="chain", expected="a coupling or field other than 0")
    return SparsePauliOp.from_sparse_list(terms, num_qubits=sites)
