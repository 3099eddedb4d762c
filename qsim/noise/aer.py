"""Noise models of Qiskit Aer as noise models of ours.

    model = qsim.noise.from_aer(qiskit_aer.noise.NoiseModel.from_backend(backend))

Errors of an operation on given qubits take the place of those on all qubits, as in Aer; errors of measurements come
before them, all others after their operation.  Aer itself is not needed to read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from qsim.errors import CircuitError
from qsim.noise.channel import Channel, Complex
from qsim.noise.model import NoiseModel
from qsim.noise.rules import Around, Readout, Rule

PAULIS = {"id": "I", "x": "X", "y": "Y", "z": "Z"}
RESET = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=np.complex128)


def from_aer(noise_model: Any) -> NoiseModel:
    """The noise model that does to circuits what an Aer ``NoiseModel`` does.

    Args:
        noise_model: a ``qiskit_aer.noise.NoiseModel``, or the dictionary that its ``to_dict()`` gives.

    Raises:
        CircuitError: no such model, or an error in it that has no counterpart (readout errors of several qubits at
            once, instructions that are neither gates, resets nor Kraus operators).
    """
    given = noise_model if isinstance(noise_model, Mapping) else getattr(noise_model, "to_dict", dict)()
    if "errors" not in given:
        expected, got = "a qiskit_aer.noise.NoiseModel", type(noise_model).__name__
        raise CircuitError("not a noise model of Aer", where="from_aer", expected=expected, got=got)
    errors = given["errors"]
    local: dict[tuple[str, str], set[tuple[int, ...]]] = {}
    for error in errors:
        for name in error["operations"]:
            local.setdefault((error["type"], name), set()).update(map(tuple, error.get("gate_qubits", [])))
    rules: list[Rule] = []
    for number, error in enumerate(errors):
        for name in error["operations"]:
            rules += _rules(error, name, f"error {number} ({name})", local[error["type"], name])
    return NoiseModel(rules=tuple(rules), strict=False)


def _rules(error: Mapping[str, Any], name: str, where: str, local: set[tuple[int, ...]]) -> list[Rule]:
    places = [tuple(map(int, qubits)) for qubits in error.get("gate_qubits", [])]
    on, unless = (frozenset(places), frozenset[tuple[int, ...]]()) if places else (None, frozenset(local))
    if error["type"] == "qerror":
        when: Literal["before", "after"] = "before" if name == "measure" else "after"
        return [Around(when=when, gates=frozenset({name}), channel=_channel(error, where), qubits=on, unless=unless)]
    table = np.asarray(error["probabilities"], dtype=np.float64)
    if error["type"] != "roerror" or table.shape != (2, 2) or any(len(qubits) != 1 for qubits in places):
        expected, got = "quantum errors, and readout errors of one qubit", f"{error['type']} of shape {table.shape}"
        raise CircuitError("an error without counterpart", where=where, expected=expected, got=got)
    single = None if on is None else frozenset(qubit for (qubit,) in on)
    flips = (float(table[0, 1]), float(table[1, 0]))
    return [Readout(flips=flips, qubits=single, unless=frozenset(qubit for (qubit,) in unless))]


def _channel(error: Mapping[str, Any], where: str) -> Channel:
    """The channel of a mixture of little circuits."""
    size = 1 + max((int(q) for circuit in error["instructions"] for item in circuit for q in item["qubits"]), default=0)
    size = max([size, *(len(qubits) for qubits in error.get("gate_qubits", []))])
    branches = list(zip(map(float, error["probabilities"]), error["instructions"], strict=True))
    name = f"Aer's {where}"
    labels = [_label(circuit, size) for _, circuit in branches]
    if all(label is not None for label in labels):
        rates: dict[str, float] = {}
        for (p, _), label in zip(branches, labels, strict=True):
            rates[str(label)] = rates.get(str(label), 0.0) + p
        return Channel.pauli(rates, name=name)
    operators = [np.sqrt(p) * each for p, circuit in branches for each in _kraus(circuit, size, where)]
    return Channel.from_kraus(_fewest(np.array(operators)), name=name)


def _label(circuit: Sequence[Mapping[str, Any]], size: int) -> str | None:
    """The Pauli label of a circuit of Paulis; None for any other."""
    bits = np.zeros((2, size), dtype=np.bool_)
    for item in circuit:
        name = item["name"]
        if name not in PAULIS and name != "pauli":
            return None
        letters = item["params"][0] if name == "pauli" else PAULIS[name]
        for letter, qubit in zip(reversed(letters), item["qubits"], strict=True):
            bits[:, qubit] ^= (letter in "XY", letter in "YZ")
    return "".join("IXZY"[int(x) + 2 * int(z)] for x, z in bits.T[::-1])


def _kraus(circuit: Sequence[Mapping[str, Any]], size: int, where: str) -> Complex:
    """(K, 2^n, 2^n) operators of a circuit."""
    from qiskit.quantum_info import Operator

    total = np.eye(2**size, dtype=np.complex128)[None]
    for item in circuit:
        wide = [
            Operator(np.eye(2**size)).compose(Operator(each), qargs=list(item["qubits"])).data
            for each in _operators(item, where)
        ]
        total = np.array([each @ before for each in wide for before in total])
    return total


def _operators(item: Mapping[str, Any], where: str) -> Any:
    from qiskit.circuit.library import get_standard_gate_name_mapping
    from qiskit.quantum_info import Pauli

    name, params = item["name"], item.get("params") or []
    if name in ("kraus", "unitary"):
        return [np.asarray(each, dtype=np.complex128) for each in params]
    if name == "reset":
        return RESET
    if name == "pauli":
        return [Pauli(params[0]).to_matrix()]
    gates = get_standard_gate_name_mapping()
    if name not in gates or not hasattr(gates[name], "to_matrix"):
        expected = "gates, resets and Kraus operators"
        raise CircuitError("an instruction without counterpart", where=where, expected=expected, got=repr(name))
    return [gates[name].base_class(*params).to_matrix()]


def _fewest(operators: Complex) -> Complex:
    """As few operators as the rank of the channel, when there are more than (2^n)^2."""
    count, size, _ = operators.shape
    if count <= size * size:
        return operators
    rows = operators.reshape(count, size * size)
    values, vectors = np.linalg.eigh(rows.T @ rows.conj())
    kept = values > 1e-14
    return np.asarray((vectors[:, kept] * np.sqrt(values[kept])).T.reshape(-1, size, size))
