"""Real counts, sampled with stim 1.16 and decoded with PyMatching 2.4.

Rotated surface code, memory Z, d rounds, uniform circuit depolarizing noise (all four noise arguments of the generator
equal p).
"""

import numpy as np

STRENGTHS = np.logspace(np.log10(2e-3), np.log10(2e-2), 9)
DISTANCE = np.repeat([3, 5, 7], 9)
P = np.tile(STRENGTHS, 3)
# fmt: off
SHOTS = np.array([1_000_000] * 16 + [840_000, 600_000]
                 + [1_000_000] * 3 + [795_000, 550_000, 435_000, 285_000, 230_000, 175_000])
ERRORS = np.array([2999, 5298, 8972, 15531, 26507, 44123, 72888, 115228, 174185,
                   980, 2328, 5376, 12133, 26737, 55781, 109028, 163445, 182610,
                   301, 880, 2802, 6355, 13107, 27247, 40233, 62074, 70840])
# fmt: on
