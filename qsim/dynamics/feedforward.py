"""Entanglement by measurement and feed-forward, in circuits whose depth does not grow with the distance.

    ghz_by_measurement(n)        # n qubits and n - 1 between them, three layers of two-qubit gates
    teleportation()              # one qubit to another by two bits

Corrections are Pauli operators conditioned on parities of outcomes, which a stabilizer simulator follows for all shots
at once.

Source: Bennett et al., Phys. Rev. Lett. 70, 1895 (1993) (teleportation); Bäumer et al., arXiv:2308.13065 (GHZ states by
dynamic circuits).
"""

from __future__ import annotations

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.classical import expr

from qsim.errors import CircuitError


def ghz_by_measurement(size: int) -> QuantumCircuit:
    """A GHZ state of qubits ``data`` in constant depth; register ``link`` holds the outcomes between them.

    Args:
        size: number of data qubits, n; n - 1 further ones measure the parities of neighbours.

    Raises:
        CircuitError: fewer than two.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 2:
        raise CircuitError("not a GHZ state", where="size", expected="2 or more qubits", got=repr(size))
    data, between = QuantumRegister(size, "data"), QuantumRegister(size - 1, "between")
    link = ClassicalRegister(size - 1, "link")
    circuit = QuantumCircuit(data, between, link)
    circuit.h(data)
    for place in range(size - 1):
        circuit.cx(data[place], between[place])
    for place in range(size - 1):
        circuit.cx(data[place + 1], between[place])
    circuit.measure(between, link)
    odd: expr.Expr | None = None
    for place in range(size - 1):
        odd = expr.lift(link[place]) if odd is None else expr.bit_xor(odd, link[place])
        with circuit.if_test(odd):
            circuit.x(data[place + 1])
    return circuit


def teleportation(prepared: QuantumCircuit | None = None) -> QuantumCircuit:
    """Qubit 0 teleported to qubit 2; bits ``z`` and ``x`` hold the outcomes.

    Args:
        prepared: a circuit of one qubit that prepares what is sent; |0> without.

    Raises:
        CircuitError: not a circuit of one qubit without bits.
    """
    z, x = ClassicalRegister(1, "z"), ClassicalRegister(1, "x")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), z, x)
    if prepared is not None:
        if prepared.num_qubits != 1 or prepared.num_clbits:
            got = f"{prepared.num_qubits} qubits and {prepared.num_clbits} bits"
            raise CircuitError("cannot be sent", where="prepared", expected="a circuit of one qubit, no bits", got=got)
        circuit.compose(prepared, [0], inplace=True)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.cx(0, 1)
    circuit.h(0)
    circuit.measure(0, z[0])
    circuit.measure(1, x[0])
    with circuit.if_test((x, 1)):
        circuit.x(2)
    with circuit.if_test((z, 1)):
        circuit.z(2)
    return circuit
