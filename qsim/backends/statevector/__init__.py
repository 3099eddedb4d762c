"""State vectors: pure states, noise by trajectories, and circuits as differentiable functions of their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsim.backends.statevector.backend import Statevector as Statevector

if TYPE_CHECKING:
    from qsim.backends.statevector.expectation_function import expectation_fn as expectation_fn

__all__ = ["Statevector", "expectation_fn"]


def __getattr__(name: str) -> Any:
    if name == "expectation_fn":  # loads JAX, which sampling does not need
        from qsim.backends.statevector.expectation_function import expectation_fn as found

        return found
    raise AttributeError(f"module 'qsim.backends.statevector' has no attribute {name!r}")
