"""Circuits, noise and backends: one circuit, every simulator.

    import qsim

    result = qsim.run(circuit, shots=10_000, noise=qsim.noise.depolarizing(1e-3), seed=7)
    print(qsim.explain(circuit))

Names load what they need on first use, so that ``import qsim`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsim import dynamics as dynamics
    from qsim import interop as interop
    from qsim import mitigation as mitigation
    from qsim import noise as noise
    from qsim.backends.statevector import expectation_fn as expectation_fn
    from qsim.errors import CircuitError as CircuitError
    from qsim.interop import load as load
    from qsim.primitives.estimator import EstimatorV2 as EstimatorV2
    from qsim.primitives.sampler import SamplerV2 as SamplerV2
    from qsim.provider import QsimProvider as QsimProvider
    from qsim.running import Result as Result
    from qsim.running import expectation as expectation
    from qsim.running import explain as explain
    from qsim.running import run as run

_HOMES = {
    "CircuitError": "qsim.errors",
    "EstimatorV2": "qsim.primitives.estimator",
    "QsimProvider": "qsim.provider",
    "Result": "qsim.running",
    "SamplerV2": "qsim.primitives.sampler",
    "expectation": "qsim.running",
    "expectation_fn": "qsim.backends.statevector",
    "explain": "qsim.running",
    "load": "qsim.interop",
    "run": "qsim.running",
}

_ROOMS = ("dynamics", "interop", "mitigation", "noise")

__all__ = sorted([*_HOMES, *_ROOMS])


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"qsim.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'qsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
