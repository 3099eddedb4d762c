"""How long a shot of ``qec.memory`` takes on a typical core: fixed formulas, so that batch sizes never read a clock.

Sampling costs time per detector; matching costs time per detection event, of which there are about ``20 p`` a detector.

>>> f"{seconds_per_shot(code='rotated_surface', distance=7, rounds=7, p=0.008):.1e}"
'1.8e-05'
"""

from __future__ import annotations

from functools import lru_cache

from experiments.study import Schedule
from qsim.qec.circuit_text_size import detectors_in
from qsim.qec.codes import CODES

_SHOT = 4e-8
_SAMPLE_PER_DETECTOR = 3.7e-9
_SAMPLE_PER_EVENT = 3.3e-7
_MATCH_PER_EVENT = 6e-6
_TABLE_DETECTORS = 24
_TABLE_MATCH_PER_EVENT = 3e-7
_ASSUMED_P = 0.005

_NOISE = {"uniform_depolarizing": 1.0, "SD6": 1.6, "SI1000": 1.6, "as_written": 1.0}
_CODE = {"repetition": 0.35}
_DECODER = {
    "vacuous": 0.0,
    "pymatching": 1.0,
    "pymatching-correlated": 3.0,
    "fusion_blossom": 4.0,
    "hypergraph_union_find": 300.0,
    "mw_parity_factor": 1000.0,
}
_OWN_DECODER = 30.0


def seconds_per_shot(
    *,
    code: str | None = None,
    distance: int = 0,
    rounds: int = 0,
    circuit: str | None = None,
    noise: str = "uniform_depolarizing",
    p: float | None = None,
    decoder: str = "pymatching",
) -> float:
    """Core seconds per shot; within a factor of about two for surface codes under PyMatching.

    Calibrated against PyMatching 2.4 and stim 1.16 at d = 3 to 11 and p = 0.001 to 0.02, on one 2020s server core.  A
    circuit's own noise is taken for p = 0.005; a user's decoder for 30 times slower than PyMatching.
    """
    detectors = _detectors(circuit) if code is None else CODES[code].detectors(distance=distance, rounds=rounds)
    events = detectors * _NOISE[noise] * min(_ASSUMED_P if p is None else p, 0.03)
    matching = events * _MATCH_PER_EVENT * _CODE.get(code or "", 1.0) * _DECODER.get(decoder, _OWN_DECODER)
    if detectors <= _TABLE_DETECTORS and decoder.startswith("pymatching"):
        matching = events * _TABLE_MATCH_PER_EVENT
    return _SHOT + detectors * _SAMPLE_PER_DETECTOR + events * _SAMPLE_PER_EVENT + matching


def work_schedule(cost: float) -> Schedule:
    """Batches that grow by a quarter from about 10 ms of work to between a quarter and half a second."""
    largest = _power_of_two(0.5 / cost, 64, 1 << 22)
    return Schedule(first=min(_power_of_two(0.01 / cost, 64, 1 << 16), largest), growth=1.25, largest=largest)


def _power_of_two(wanted: float, least: int, most: int) -> int:
    return min(max(1 << max(int(wanted).bit_length() - 1, 0), least), most)


@lru_cache(maxsize=32)
def _detectors(circuit: str | None) -> int:
    return detectors_in(circuit or "")
