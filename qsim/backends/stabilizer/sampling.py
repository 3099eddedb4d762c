"""Bits of shots from stim's samplers, in batches so that memory stays bounded.

The same seed gives the same bits with the same version of stim on machines with the same width of vector instructions,
which is what stim promises; it promises nothing across versions.
"""

from __future__ import annotations

import numpy as np
import stim
from numpy.typing import NDArray

from qsim.backends.stabilizer.translation import Translation
from qsim.branching import State, by_chance, histories
from qsim.program import Program

Bits = NDArray[np.bool_]

BATCH = 2**31
"""Most outcomes that stim holds at a time, in bits: 256 MiB."""
STEP = 256
"""Batches are multiples of this many shots, which fill stim's words."""


def sample_records(circuit: stim.Circuit, shots: int, *, seed: int) -> Bits:
    """(shots, measurements) outcomes of a stim circuit."""
    sampler = circuit.compile_sampler(seed=seed)
    batch = max(BATCH // max(circuit.num_measurements, 1) // STEP * STEP, STEP)
    if shots <= batch:
        return np.asarray(sampler.sample(shots))
    found = np.empty((shots, circuit.num_measurements), dtype=np.bool_)
    for start in range(0, shots, batch):
        found[start : start + batch] = sampler.sample(min(batch, shots - start))
    return found


def sample_translation(translation: Translation, shots: int, *, seed: int) -> Bits:
    """(shots, clbits) classical bits, readout errors of unequal probabilities applied."""
    records = sample_records(translation.circuit, shots, seed=seed)
    rng = np.random.default_rng([seed, 1])
    for record, (one, zero) in translation.misread.items():
        outcome = records[:, record]
        outcome ^= rng.random(shots) < np.where(outcome, zero, one)
    return translation.classical_bits(records)


def sample_histories(program: Program, start: State, shots: int, *, seed: int) -> tuple[Bits, int]:
    """(shots, clbits) classical bits of a program that decides on single outcomes, and how many histories were met."""
    rng = np.random.default_rng([seed, 2])
    bits = np.empty((shots, program.num_clbits), dtype=np.bool_)
    done, met = 0, 0
    for count, memory, _ in histories(program, start, shots, split=by_chance(rng)):
        bits[done : done + int(count)] = memory.bits
        done, met = done + int(count), met + 1
    return bits[rng.permutation(shots)], met
