"""Circuits of the usual experiments: spin chains in time, entanglement by measurement and feed-forward.

circuit = qsim.dynamics.trotter(qsim.dynamics.heisenberg_chain(40), time=2.0, steps=10, start="neel")
ghz = qsim.dynamics.ghz_by_measurement(8)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsim.dynamics.chains import heisenberg_chain as heisenberg_chain
    from qsim.dynamics.chains import ising_chain as ising_chain
    from qsim.dynamics.chains import trotter as trotter
    from qsim.dynamics.feedforward import ghz_by_measurement as ghz_by_measurement
    from qsim.dynamics.feedforward import teleportation as teleportation

_HOMES = {
    "ghz_by_measurement": "feedforward",
    "heisenberg_chain": "chains",
    "ising_chain": "chains",
    "teleportation": "feedforward",
    "trotter": "chains",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"qsim.dynamics.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'qsim.dynamics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
