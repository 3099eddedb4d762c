"""Answers of noisy circuits brought nearer to those without noise: zero-noise extrapolation, readout mitigation.

found = qsim.mitigation.zero_noise(circuit, ["ZZI"], noise=model, scales=(1, 2, 3), method="exponential")
readout = qsim.mitigation.ReadoutMitigation.calibrated(5, noise=model, shots=20_000, seed=1)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsim.mitigation.extrapolation import Extrapolation as Extrapolation
    from qsim.mitigation.extrapolation import extrapolate as extrapolate
    from qsim.mitigation.folding import folded as folded
    from qsim.mitigation.noise_scaling import ZeroNoise as ZeroNoise
    from qsim.mitigation.noise_scaling import zero_noise as zero_noise
    from qsim.mitigation.readout import ReadoutMitigation as ReadoutMitigation

_HOMES = {
    "Extrapolation": "extrapolation",
    "ReadoutMitigation": "readout",
    "ZeroNoise": "noise_scaling",
    "extrapolate": "extrapolation",
    "folded": "folding",
    "zero_noise": "noise_scaling",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"qsim.mitigation.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'qsim.mitigation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
