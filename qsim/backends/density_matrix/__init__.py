"""Density matrices: exact noise to about twelve qubits, and Pauli transfer matrices of frozen circuits."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from qsim.backends.density_matrix.backend import DensityMatrix as DensityMatrix

if TYPE_CHECKING:
    from qsim.backends.density_matrix.transfer_matrix import PauliTransfer as PauliTransfer
    from qsim.backends.density_matrix.transfer_matrix import pauli_transfer as pauli_transfer
    from qsim.backends.density_matrix.transfer_matrix import pauli_vector as pauli_vector

__all__ = ["DensityMatrix", "PauliTransfer", "pauli_transfer", "pauli_vector"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # loads Qiskit's operators, which a forecast does not need
        return getattr(import_module("qsim.backends.density_matrix.transfer_matrix"), name)
    raise AttributeError(f"module 'qsim.backends.density_matrix' has no attribute {name!r}")
