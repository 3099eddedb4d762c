"""Noise: channels, models that say where they go, and models of devices.

    model = qsim.noise.depolarizing(1e-3).readout(0.02, 0.05)
    model = qsim.noise.NoiseModel().after("2q", qsim.noise.amplitude_damping(0.01)).idle(qsim.noise.phase_flip(1e-4))
    result = qsim.run(circuit, noise=model)

A model is applied to Qiskit and stim circuits alike, since both are read as programs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsim.noise.aer import from_aer as from_aer
    from qsim.noise.channel import Channel as Channel
    from qsim.noise.channels import biased_pauli as biased_pauli
    from qsim.noise.channels import bit_flip as bit_flip
    from qsim.noise.channels import correlated_pauli as correlated_pauli
    from qsim.noise.channels import depolarizing_channel as depolarizing_channel
    from qsim.noise.channels import leakage as leakage
    from qsim.noise.channels import over_rotation as over_rotation
    from qsim.noise.channels import pauli as pauli
    from qsim.noise.channels import phase_flip as phase_flip
    from qsim.noise.channels import reset_error as reset_error
    from qsim.noise.damping import amplitude_damping as amplitude_damping
    from qsim.noise.damping import phase_damping as phase_damping
    from qsim.noise.damping import thermal_relaxation as thermal_relaxation
    from qsim.noise.devices import from_device as from_device
    from qsim.noise.devices import from_target as from_target
    from qsim.noise.lindblad import from_pauli_lindblad as from_pauli_lindblad
    from qsim.noise.model import NoiseModel as NoiseModel
    from qsim.noise.presets import SD6 as SD6
    from qsim.noise.presets import SI1000 as SI1000
    from qsim.noise.presets import depolarizing as depolarizing
    from qsim.noise.presets import uniform as uniform
    from qsim.noise.twirling import twirl as twirl
    from qsim.noise.twirling import twirled_program as twirled_program

_HOMES = {
    "Channel": "channel",
    "NoiseModel": "model",
    "SD6": "presets",
    "SI1000": "presets",
    "amplitude_damping": "damping",
    "biased_pauli": "channels",
    "bit_flip": "channels",
    "correlated_pauli": "channels",
    "depolarizing": "presets",
    "depolarizing_channel": "channels",
    "from_aer": "aer",
    "from_device": "devices",
    "from_pauli_lindblad": "lindblad",
    "from_target": "devices",
    "leakage": "channels",
    "over_rotation": "channels",
    "pauli": "channels",
    "phase_damping": "damping",
    "phase_flip": "channels",
    "reset_error": "channels",
    "thermal_relaxation": "damping",
    "twirl": "twirling",
    "twirled_program": "twirling",
    "uniform": "presets",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"qsim.noise.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'qsim.noise' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
