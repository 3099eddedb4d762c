"""What `qec.memory` costs over a bare loop of stim and PyMatching, on one core.

    python benchmarks/memory_overhead.py [--seconds 2] [--p 0.006] [--no-sinter]

The bare loop compiles a detector sampler, samples bit-packed and decodes the batch bit-packed: what one would write by
hand.  Both sides take the same batches, in turn, so that a slow moment of the machine hits both.  Times are CPU seconds
of the process.  A ratio below 1 means the study is faster.  The last column is the wall time per shot that sinter
itself reports, start-up excluded, with its default batches and one worker.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pymatching
import stim

from experiments.studies.qec_memory import noisy_circuit, study


def main() -> None:
    """Measure d = 3, 5, 7 and print one line each."""
    parser = argparse.ArgumentParser(description="qec.memory against a bare stim + PyMatching loop, per core")
    parser.add_argument("--seconds", type=float, default=2.0, help="about how long each side of a line takes")
    parser.add_argument("--p", type=float, nargs="*", default=[0.002, 0.006], help="physical error rates")
    parser.add_argument("--no-sinter", action="store_true", help="leave sinter out")
    asked = parser.parse_args()
    print(f"{'d':>2} {'p':>7} {'batch':>8} {'shots':>10} {'bare µs':>9} {'ours µs':>9} {'ratio':>6} {'sinter µs':>10}")
    for p in asked.p:
        for distance in (3, 5, 7):
            params = study.Params(code="rotated_surface", distance=distance, p=p)
            batch, batches = sizes(params, asked.seconds)
            bare, ours = compare(params, batch, batches)
            peer = "" if asked.no_sinter else f"{sinter_seconds(params, batch * batches) * 1e6:10.3f}"
            print(
                f"{distance:2d} {p:7.4f} {batch:8d} {batch * batches:10d} {bare * 1e6:9.3f} {ours * 1e6:9.3f} "
                f"{ours / bare:6.3f} {peer}",
                flush=True,
            )


def sizes(params: Any, seconds: float) -> tuple[int, int]:
    """Shots a batch, as the study's schedule has them once grown to an eighth, and how many of them."""
    batch = max(study.schedule(params).largest // 8, 1024)
    return batch, max(4, round(seconds / (study.cost(params) * batch)))


def compare(params: Any, batch: int, batches: int) -> tuple[float, float]:
    """CPU seconds per shot of the bare loop and of the study, best of three passes in turn."""
    circuit = noisy_circuit(params)
    matching = pymatching.Matching.from_detector_error_model(circuit.detector_error_model(decompose_errors=True))
    sampler = study.prepare(params)
    best = [float("inf"), float("inf")]
    for _ in range(3):
        spent, errors = [0.0, 0.0], [0, 0]
        for k in range(batches):
            seed = np.random.SeedSequence(20261122, spawn_key=(k,))
            start = time.process_time()
            errors[0] += bare_errors(circuit, matching, batch, int(seed.generate_state(1, np.uint64)[0]))
            middle = time.process_time()
            errors[1] += sampler.sample(batch, seed).errors
            spent = [spent[0] + middle - start, spent[1] + time.process_time() - middle]
        best = [min(a, b) for a, b in zip(best, spent, strict=True)]
        agree(errors, batch * batches)
    return best[0] / (batch * batches), best[1] / (batch * batches)


def bare_errors(circuit: stim.Circuit, matching: pymatching.Matching, size: int, seed: int) -> int:
    """Logical errors of one batch, the way one writes it by hand."""
    source = circuit.compile_detector_sampler(seed=seed)
    detections, observables = source.sample(size, bit_packed=True, separate_observables=True)
    predictions = matching.decode_batch(detections, bit_packed_shots=True, bit_packed_predictions=True)
    return int(np.count_nonzero(np.any(predictions != observables, axis=1)))


def agree(errors: list[int], shots: int) -> None:
    """Stop when the two sides did not measure the same thing (beyond 6 standard deviations)."""
    rate = (errors[0] + errors[1]) / (2 * shots)
    if abs(errors[0] - errors[1]) > 6 * (2 * shots * rate * (1 - rate)) ** 0.5 + 1:
        raise SystemExit(f"the two loops disagree: {errors[0]} and {errors[1]} errors in {shots} shots")


def sinter_seconds(params: Any, shots: int) -> float:
    """Wall seconds per shot by sinter's own account, with its default batches and one worker."""
    import sinter

    (found,) = sinter.collect(num_workers=1, tasks=[study.sinter_task(params)], max_shots=shots)
    return float(found.seconds / found.shots)


if __name__ == "__main__":
    main()
