"""Circuits from elsewhere and to elsewhere: files of OpenQASM 2 and 3, QPY and stim.

    circuit = qsim.load("ghz.qasm")
    qsim.interop.dump(circuit, "ghz.qpy")

`load` gives a ``QuantumCircuit``, or a ``stim.Circuit`` for ``.stim``, which `stim_to_qiskit` turns into the former.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsim.interop.files import dump as dump
    from qsim.interop.files import load as load
    from qsim.interop.from_stim import read_stim as read_stim
    from qsim.interop.to_qiskit import stim_to_qiskit as stim_to_qiskit

_HOMES = {
    "dump": "qsim.interop.files",
    "load": "qsim.interop.files",
    "read_stim": "qsim.interop.from_stim",
    "stim_to_qiskit": "qsim.interop.to_qiskit",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'qsim.interop' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
