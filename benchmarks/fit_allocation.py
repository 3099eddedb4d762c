"""How much core time does ``rule = "fit"`` save on the rotated surface code?  Prints one table.

    python benchmarks/fit_allocation.py            # about 6 minutes on one core
    python benchmarks/fit_allocation.py --quick    # about 1 minute, noisier

First a pool: the sweep of `make demo` (rotated surface code, memory Z, d = 3, 5, 7 with d rounds, uniform circuit
depolarizing noise, 9 noise strengths) is sampled with stim and decoded with PyMatching, and the core seconds of a shot
are measured at every point.  Then replay: every rule is run many times on counts drawn from Binomial(shots, pool rate)
(a parametric bootstrap, not the pool's shots themselves), all with the pool's costs, and ``fit`` with the runner's
batch sizes.  A rule's core time for a given standard error of p_c follows from Var ~ 1/time: the column "time for equal
sd" is T sd² / (T sd² of uniform shots), where sd is the empirical standard deviation of p_c over the replicas, and
"by stated" is the same with the mean of the fits' own statistical errors ("stated") for sd.  Every replica of every
rule is fitted as a user's data are: "d^-2" counts those in which plain scaling was refuted and the correction chosen.
Where that is not all or none of them the rule mixes two models: sd then holds the jump of p_c between them as well, and
"stated" the smaller errors of plain scaling, so that neither compares with a rule that does not mix.  The budget is
large enough for uniform shots and for ``fit`` to be all of one kind.  Small codes obey either form only roughly, so
rules that weigh the points differently estimate slightly different p_c: "mean p_c" shows by how much.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.allocation import FitAllocation, Point
from experiments.errors import InputError
from experiments.fits import ThresholdFit, fit_threshold
from experiments.study import Schedule

DISTANCES = (3, 5, 7)
STRENGTHS = np.logspace(np.log10(2e-3), np.log10(2e-2), 9)
SCHEDULE = Schedule()


@dataclass(frozen=True, slots=True)
class Pool:
    """Rates and core seconds per shot of every point, all of shape (27,)."""

    p: np.ndarray
    distance: np.ndarray
    rate: np.ndarray
    cost: np.ndarray
    shots: np.ndarray


def sample_pool(seconds_per_point: float, seed: int) -> Pool:
    """Sample and decode every point for about ``seconds_per_point`` core seconds, 10^6 shots at most."""
    import pymatching
    import stim

    rows = []
    for number, (distance, p) in enumerate((d, p) for d in DISTANCES for p in STRENGTHS):
        circuit = stim.Circuit.generated(
            "surface_code:rotated_memory_z",
            distance=distance,
            rounds=distance,
            after_clifford_depolarization=p,
            before_round_data_depolarization=p,
            before_measure_flip_probability=p,
            after_reset_flip_probability=p,
        )
        matching = pymatching.Matching.from_detector_error_model(circuit.detector_error_model(decompose_errors=True))
        sampler = circuit.compile_detector_sampler(seed=seed + number)
        shots = errors = 0
        begin = time.process_time()
        while shots < 1_000_000 and time.process_time() - begin < seconds_per_point:
            detectors, observables = sampler.sample(10_000, separate_observables=True, bit_packed=True)
            predicted = matching.decode_batch(detectors, bit_packed_shots=True, bit_packed_predictions=True)
            errors += int((predicted != observables).any(axis=1).sum())
            shots += 10_000
        rows.append((p, distance, errors / shots, (time.process_time() - begin) / shots, shots))
    return Pool(*np.array(rows).T)


def uniform(pool: Pool, core_seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Equal shots at all points."""
    shots = np.full(len(pool.p), int(core_seconds / pool.cost.sum()))
    return shots, rng.binomial(shots, pool.rate)


def equal_time(pool: Pool, core_seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Equal core time at all points."""
    shots = (core_seconds / len(pool.p) / pool.cost).astype(int)
    return shots, rng.binomial(shots, pool.rate)


def uniform_in_window(pool: Pool, core_seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Equal shots at the points that the fit uses: what a user who knows the threshold already would run."""
    inside = np.zeros(len(pool.p), dtype=bool)
    inside[list(limit_fit(pool).points_used)] = True
    shots = np.where(inside, int(core_seconds / pool.cost[inside].sum()), 0)
    return shots, rng.binomial(shots, pool.rate)


def max_errors(pool: Pool, core_seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Every point until it has the same number of errors (negative binomial shots)."""
    errors = np.full(len(pool.p), max(1, int(core_seconds / (pool.cost / pool.rate).sum())))
    return errors + rng.negative_binomial(errors, pool.rate), errors


def fit_driven(pool: Pool, core_seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """``rule = "fit"``, whole batches of the runner's schedule."""
    rule = FitAllocation("threshold", core_seconds=core_seconds)
    batches = np.zeros(len(pool.p), dtype=int)
    shots, errors = np.zeros_like(batches), np.zeros_like(batches)
    while True:
        points = [
            Point(p, d, int(n), int(k), cost, batch=SCHEDULE.size(int(b)))
            for p, d, n, k, cost, b in zip(pool.p, pool.distance, shots, errors, pool.cost, batches, strict=True)
        ]
        decision = rule.next_shots(points)
        if decision.done:
            return shots, errors
        for index, target in enumerate(decision.targets):
            while shots[index] < target:
                size = SCHEDULE.size(int(batches[index]))
                errors[index] += rng.binomial(size, pool.rate[index])
                shots[index] += size
                batches[index] += 1


RULES: dict[str, Callable[[Pool, float, np.random.Generator], tuple[np.ndarray, np.ndarray]]] = {
    "uniform shots": uniform,
    "equal core time": equal_time,
    "max_errors": max_errors,
    "uniform, known window": uniform_in_window,
    "fit": fit_driven,
}


def limit_fit(pool: Pool) -> ThresholdFit:
    """The fit to the whole pool."""
    return fit_threshold(pool.p, pool.distance, pool.shots, np.round(pool.rate * pool.shots))


def replay(pool: Pool, core_seconds: float, replicas: int, seed: int) -> None:
    """Run every rule ``replicas`` times and print the table."""
    limit = limit_fit(pool)
    print(f"pool: {pool.shots.sum():.3g} shots, {pool.cost @ pool.shots:.0f} core seconds; its fit:\n  {limit}")
    print(f"replay: {replicas} replicas of about {core_seconds:g} core seconds a rule\n")
    titles = ("core s", "mean p_c", "sd(p_c)", "stated", "refused", "d^-2")
    header = (
        f"{'rule':<22} " + " ".join(f"{title:>9}" for title in titles) + f" {'time for equal sd':>18} {'by stated':>10}"
    )
    print(header + "\n" + "-" * len(header))
    reference = stated_reference = 0.0
    for name, rule in RULES.items():
        spent, found, stated, corrected = [], [], [], 0
        for replica in range(replicas):
            rng = np.random.default_rng([seed, replica, *name.encode()])
            shots, errors = rule(pool, core_seconds, rng)
            spent.append(float(shots @ pool.cost))
            try:
                fit = fit_threshold(pool.p, pool.distance, shots, errors)
            except InputError:
                continue
            found.append(fit.p_c)
            stated.append(fit.statistical_error)
            corrected += fit.correction is not None
        deviation = float(np.std(found, ddof=1))
        price = float(np.mean(spent)) * deviation**2
        stated_price = float(np.mean(spent)) * float(np.mean(stated)) ** 2
        reference, stated_reference = reference or price, stated_reference or stated_price
        error = price / reference * np.sqrt(2 * 2 / (len(found) - 1)) if name != "uniform shots" else 0.0
        print(
            f"{name:<22} {np.mean(spent):>9.2f} {np.mean(found):>9.6f} {deviation:>9.2e} {np.mean(stated):>9.2e} "
            f"{replicas - len(found):>9d} {corrected:>9d} {price / reference:>11.2f} ± {error:.2f} "
            f"{stated_price / stated_reference:>10.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smaller pool and fewer replicas")
    parser.add_argument("--replicas", type=int, help="replicas a rule (default 100, quick 30)")
    parser.add_argument("--core-seconds", type=float, default=40.0, help="budget of a replica (default 40)")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--pool", type=Path, help="keep the pool in this JSON file and read it when it is there")
    options = parser.parse_args()
    if options.pool and options.pool.exists():
        pool = Pool(**{name: np.array(values) for name, values in json.loads(options.pool.read_text()).items()})
    else:
        pool = sample_pool(1.0 if options.quick else 3.0, options.seed)
        if options.pool:
            columns = {name: getattr(pool, name).tolist() for name in Pool.__slots__}
            options.pool.write_text(json.dumps(columns))
    replay(pool, options.core_seconds, options.replicas or (30 if options.quick else 100), options.seed)


if __name__ == "__main__":
    main()
