"""A 27-point sweep of the rotated surface code: `qsim run` against `sinter.collect`, same circuits, same shots.

    python benchmarks/against_sinter.py [--repeat 3] [--distance 3 7] [--scale 1.0]

Both run as fresh processes with two workers, in turn, and everything counts: start-up, circuits, decoders, sampling,
decoding, and writing the results to disk.  sinter runs with its defaults (``save_resume_filepath`` set).  The ratio is
ours over sinter's, pair by pair; the median is the figure.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARS = {3: 0.7, 7: 0.95}
SHOTS = {3: 1_500_000, 5: 200_000, 7: 40_000}
NOISE = [2e-3, 1.2e-2]

OURS = """
from experiments.cli import main
main()
"""
SINTERS = """
import sys
import sinter, stim
distance, shots, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
noise = [float(text) for text in sys.argv[4:]]
def tasks():
    for p in noise:
        circuit = stim.Circuit.generated(
            "surface_code:rotated_memory_z", distance=distance, rounds=distance, after_clifford_depolarization=p,
            before_measure_flip_probability=p, after_reset_flip_probability=p, before_round_data_depolarization=p)
        yield sinter.Task(circuit=circuit, decoder="pymatching", json_metadata={"d": distance, "p": p})
if __name__ == "__main__":
    found = sinter.collect(num_workers=2, tasks=tasks(), max_shots=shots, save_resume_filepath=path)
    assert all(stats.shots >= shots for stats in found)
"""


def main() -> None:
    """Run the pairs and print a line a distance."""
    parser = argparse.ArgumentParser(description="qsim run against sinter.collect")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--distance", type=int, nargs="*", default=[3, 7])
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the shots")
    asked = parser.parse_args()
    print("  d      shots/point    qsim [s]  sinter [s]   ratio (min, max)")
    for distance in asked.distance:
        compare(distance, int(SHOTS[distance] * asked.scale), asked.repeat)


def compare(distance: int, shots: int, repeat: int) -> None:
    """One line: medians and the ratio."""
    noise = [float(f"{NOISE[0] * (NOISE[1] / NOISE[0]) ** (k / 26):.6g}") for k in range(27)]
    ours, sinters = [], []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "sinters.py").write_text(SINTERS)
        (place / "sweep.toml").write_text(sweep_text(distance, shots, noise))
        for attempt in range(repeat):
            out = str(place / f"out-{attempt}")
            ours.append(seconds("-c", OURS, "run", str(place / "sweep.toml"), "--out", out, "--workers", "2"))
            arguments = [str(distance), str(shots), str(place / f"stats-{attempt}.csv"), *map(str, noise)]
            sinters.append(seconds(str(place / "sinters.py"), *arguments))
    ratios = [a / b for a, b in zip(ours, sinters, strict=True)]
    ratio, bar = statistics.median(ratios), BARS.get(distance)
    verdict = "" if bar is None else f"   bar {bar}: {'met' if ratio <= bar else 'MISSED'}"
    print(
        f"{distance:3d} {shots:16,d} {statistics.median(ours):11.2f} {statistics.median(sinters):11.2f} "
        f"{ratio:7.3f} ({min(ratios):.3f}, {max(ratios):.3f}){verdict}",
        flush=True,
    )


def sweep_text(distance: int, shots: int, noise: list[float]) -> str:
    """The same 27 points as a sweep file."""
    return (
        'study = "qec.memory"\nseed = 1\n[params]\ncode = "rotated_surface"\nbasis = "Z"\nrounds = "distance"\n'
        f'noise = "uniform_depolarizing"\ndecoder = "pymatching"\ndistance = {distance}\n'
        f"[grid]\np = {noise}\n[stop]\nmax_shots = {shots}\n"
    )


def seconds(*arguments: str) -> float:
    """Wall time of one Python process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
