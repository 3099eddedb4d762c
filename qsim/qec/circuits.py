"""Memory circuits: prepare a logical state, keep it for some rounds of error correction, measure it.

>>> circuit = memory_circuit("repetition", "Z", distance=3, rounds=2)
>>> circuit.num_qubits, circuit.num_detectors, circuit.num_observables
(5, 6, 1)
"""

from __future__ import annotations

import stim

from qsim.qec.codes import check_memory
from qsim.qec.noise import apply_noise
from qsim.qec.noise_models import check_strength


def memory_circuit(code: str, basis: str, *, distance: int, rounds: int) -> stim.Circuit:
    """The noiseless memory circuit of a code, as stim generates it.

    Args:
        code: ``rotated_surface``, ``unrotated_surface``, ``repetition`` or ``color``.
        basis: logical basis that is prepared and measured, ``X`` or ``Z`` (the last two codes: ``Z`` only).
        distance: code distance; odd and >= 3 except for the repetition code, where >= 2 will do.
        rounds: rounds of stabilizer measurement, >= 1 (colour code: >= 2).

    Raises:
        QecInputError: the combination has no circuit; the message names the field and the cure.

    Source: stim's ``Circuit.generated`` (Gidney, "Stim: a fast stabilizer circuit simulator", arXiv:2103.02202).
    """
    known = check_memory(code, basis, distance=distance, rounds=rounds)
    return stim.Circuit.generated(known.tasks[basis], distance=distance, rounds=rounds)


def noisy_memory_circuit(code: str, basis: str, *, distance: int, rounds: int, noise: str, p: float) -> stim.Circuit:
    """The memory circuit of a code under a named noise model of strength ``p``.

    For ``uniform_depolarizing`` the circuit is, character for character, stim's own with its four noise arguments equal
    to ``p``, so that it has the ``strong_id`` other people's sinter files carry.

    Raises:
        QecInputError: see `memory_circuit`; an unknown noise model; a strength the model cannot reach.
    """
    if noise != "uniform_depolarizing":
        return apply_noise(memory_circuit(code, basis, distance=distance, rounds=rounds), noise, p)
    check_strength(noise, p)
    known = check_memory(code, basis, distance=distance, rounds=rounds)
    return stim.Circuit.generated(
        known.tasks[basis],
        distance=distance,
        rounds=rounds,
        after_clifford_depolarization=p,
        before_round_data_depolarization=p,
        before_measure_flip_probability=p,
        after_reset_flip_probability=p,
    )
