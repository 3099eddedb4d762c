"""Density matrices: exact noise to about twelve qubits, and Pauli transfer matrices of frozen circuits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsim.backends.density_matrix.backend import DensityMatrix as DensityMatrix

if TYPE_CHECKING:
    from qsim.backends.density_matrix.pauli_transfer import PauliTransfer as PauliTransfer
    from qsim.backends.density_matrix.pauli_transfer import pauli_transfer as pauli_transfer
    from qsim.backends.density_matrix.pauli_transfer import pauli_vector as pauli_vector

__all__ = ["DensityMatrix", "PauliTransfer", "pauli_transfer", "pauli_vector"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # loads Qiskit's operators, which a forecast does not need
        from qsim.backends.density_matrix import pauli_transfer as module

        return getattr(module, name)
    raise AttributeError(f"module 'qsim.backends.density_matrix' has no attribute {name!r}")
