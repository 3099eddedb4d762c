"""The circuit-level noise models: how strong each channel is, in units of the physical error rate p.

================================  ====================  ====  ======
channel                           uniform_depolarizing  SD6   SI1000
================================  ====================  ====  ======
DEPOLARIZE2 after 2-qubit gates   p                     p     p
DEPOLARIZE1 after 1-qubit gates   p                     p     p/10
flip after reset                  p                     p     2p
flip before measurement           p                     p     5p
DEPOLARIZE1 on idle qubits        -                     p     p/10
  and while others are measured
  or reset, in addition           -                     -     2p
DEPOLARIZE1 on data qubits,
  at the start of each round      p                     -     -
================================  ====================  ====  ======

A flip is the Pauli that anticommutes with the basis of the reset or measurement; ``MR`` gets both flips.  A qubit is
idle in a layer (what stands between two TICKs) when it is used elsewhere in the circuit and not in that layer.  Gates
are taken as written: SI1000 is not compiled to CZ first.

Source: ``SD6`` and ``SI1000``: Gidney, Newman, Fowler and Broughton, "A Fault-Tolerant Honeycomb Memory", Quantum 5,
605 (2021), arXiv:2108.10457, table 2.  ``uniform_depolarizing``: the four noise arguments of stim's
``Circuit.generated``.

>>> MODELS["SI1000"].largest_p
0.2
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from qsim.qec.input_error import QecInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseModel:
    """Strengths of the channels, each a multiple of p."""

    name: str
    two_qubit: float
    one_qubit: float
    reset: float
    measure: float
    idle: float = 0.0
    resonator_idle: float = 0.0
    round_data: float = 0.0

    @property
    def layered(self) -> bool:
        """True when noise depends on what else happens in a layer."""
        return self.idle > 0 or self.resonator_idle > 0

    @property
    def largest_p(self) -> float:
        """The p at which the first channel reaches its end: 15/16, 3/4 or 1."""
        depolarizing1 = max(self.one_qubit, self.idle, self.resonator_idle, self.round_data)
        return min(15 / 16 / self.two_qubit, 3 / 4 / depolarizing1, 1 / max(self.reset, self.measure))


MODELS: Mapping[str, NoiseModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            NoiseModel(name="uniform_depolarizing", two_qubit=1, one_qubit=1, reset=1, measure=1, round_data=1),
            NoiseModel(name="SD6", two_qubit=1, one_qubit=1, reset=1, measure=1, idle=1),
            NoiseModel(name="SI1000", two_qubit=1, one_qubit=0.1, reset=2, measure=5, idle=0.1, resonator_idle=2),
        )
    }
)
"""Noise models by name."""


def check_strength(model: str, p: float) -> NoiseModel:
    """The model, once it is known to exist at strength ``p``.

    Raises:
        QecInputError: unknown model; ``p`` outside [0, ``largest_p``].
    """
    if model not in MODELS:
        raise QecInputError(
            "unknown noise model", field="noise", expected="one of " + ", ".join(MODELS), got=repr(model)
        )
    known = MODELS[model]
    if math.isnan(p) or not 0 <= p <= known.largest_p:
        raise QecInputError(
            f"{model} has no circuit of this strength",
            field="p",
            expected=f"a number in [0, {known.largest_p:g}]",
            got=repr(p),
            cure="use a smaller p: beyond it one of the model's channels would exceed its largest probability"
            if p > 0
            else "probabilities are not negative",
        )
    return known
