"""Models in one number: depolarizing gates, and the circuit-level models of error correction.

>>> [type(rule).__name__ for rule in SD6(1e-3).rules]
['Around', 'Around', 'Around', 'Around', 'Idle']

================================  ============  =======  ====  ======
channel                           depolarizing  uniform  SD6   SI1000
================================  ============  =======  ====  ======
2-qubit depolarizing after gates  p             p        p     p
1-qubit depolarizing after gates  p             p        p     p/10
flip after reset                  -             p        p     2p
flip before measurement           -             p        p     5p
depolarizing on idle qubits       -             -        p     p/10
  and while others are measured
  or reset, in addition           -             -        -     2p
depolarizing on data qubits, at
  the start of each round         -             p        -     -
================================  ============  =======  ====  ======

On a stim circuit these are the models of `qsim.qec.noise`, channel by channel.  A flip is X within the basis of the
measurement or reset.  Gates on three and more qubits are refused: transpile first.

Source: Gidney, Newman, Fowler and Broughton, "A Fault-Tolerant Honeycomb Memory", Quantum 5, 605 (2021),
arXiv:2108.10457, table 2; ``uniform``: the four noise arguments of stim's ``Circuit.generated``.
"""

from __future__ import annotations

from numbers import Real

from qsim.errors import CircuitError
from qsim.noise.channels import bit_flip, depolarizing_channel
from qsim.noise.model import NoiseModel


def depolarizing(p: float, *, one_qubit: float | None = None) -> NoiseModel:
    """Depolarizing noise after every one- and two-qubit gate, with error probability ``p``.

    Args:
        p: probability of an error.
        one_qubit: probability after one-qubit gates, if another.

    Raises:
        CircuitError: not probabilities.
    """
    single = p if one_qubit is None else one_qubit
    return _gates(p, single)


def uniform(p: float) -> NoiseModel:
    """Gates, resets, measurements, and data qubits once a round, all with error probability ``p``.

    Raises:
        CircuitError: ``p`` outside [0, 3/4].
    """
    _check("uniform", p, 3 / 4)
    return _flips(_gates(p, p), p, p).each_round(depolarizing_channel(p))


def SD6(p: float) -> NoiseModel:  # noqa: N802 - its name in the literature
    """Standard depolarizing noise: gates, resets, measurements and idle qubits, all with error probability ``p``.

    Raises:
        CircuitError: ``p`` outside [0, 3/4].
    """
    _check("SD6", p, 3 / 4)
    return _flips(_gates(p, p), p, p).idle(depolarizing_channel(p))


def SI1000(p: float) -> NoiseModel:  # noqa: N802 - its name in the literature
    """Noise like that of superconducting qubits with cycles of 1000 ns.

    Raises:
        CircuitError: ``p`` outside [0, 1/5].
    """
    _check("SI1000", p, 1 / 5)
    model = _flips(_gates(p, p / 10), 2 * p, 5 * p).idle(depolarizing_channel(p / 10))
    return model.idle(depolarizing_channel(2 * p), during=("measure", "reset"))


def _gates(p: float, one_qubit: float) -> NoiseModel:
    model = NoiseModel(widest=2).after("1q", depolarizing_channel(one_qubit))
    return model.after("2q", depolarizing_channel(p, num_qubits=2))


def _flips(model: NoiseModel, reset: float, measure: float) -> NoiseModel:
    return model.before("measure", bit_flip(measure)).after("reset", bit_flip(reset))


def _check(name: str, p: float, largest: float) -> None:
    if isinstance(p, bool) or not isinstance(p, Real) or not 0 <= p <= largest:
        cure = "beyond it one of the model's channels would exceed its largest probability"
        raise CircuitError("no such strength", where=name, expected=f"p in [0, {largest:g}]", got=repr(p), cure=cure)
