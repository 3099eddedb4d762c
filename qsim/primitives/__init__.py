"""Qiskit's primitives, version 2, on our backends: drop-in replacements for those that come with Qiskit.

sampler = qsim.SamplerV2(backend="stabilizer", noise=qsim.noise.depolarizing(1e-3), seed=7)
estimator = qsim.EstimatorV2(backend="tensor_network")
counts = sampler.run([circuit], shots=10_000).result()[0].data.meas.get_counts()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsim.primitives.estimator import EstimatorV2 as EstimatorV2
    from qsim.primitives.sampler import SamplerV2 as SamplerV2

__all__ = ["EstimatorV2", "SamplerV2"]


_HOMES = {"EstimatorV2": "estimator", "SamplerV2": "sampler"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"qsim.primitives.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'qsim.primitives' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
