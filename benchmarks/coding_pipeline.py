"""Approximate coded computing against its published forms: errors, liars found, failures flagged.

    python benchmarks/coding_pipeline.py [--quick] [--trials 100] [--seed 1] [--only pipeline flags]

Inputs are K draws of 16 numbers uniform on [-1, 1]; errors are relative (Frobenius), median / maximum over the trials.
``BACC`` and ``SBACC`` decode with Berrut's interpolant and are told who lies; ``pipeline`` is told nothing, neither who
lies nor how many.  Its errors count refused runs too, by the values it did not return.  "Wrong" are runs whose values
are returned although a liar took part in them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coding.approximate import (
    Adversary,
    Berrut,
    BerrutCode,
    ChebyshevLeastSquares,
    ColludingLies,
    CubicSpline,
    DCTCode,
    Decoder,
    FloaterHormann,
    GaussianLies,
    NotANumber,
    SignFlips,
    decode,
    examine,
    find_liars,
    locate,
)
from coding.approximate.codes import ApproximateCode
from coding.approximate.regression import distances
from coding.approximate.simulation import Failure, fail

Array = NDArray[np.float64]
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "x sin x": lambda x: x * np.sin(x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "exp": np.exp,
    "relu": lambda x: np.maximum(x, 0),
}


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description="approximate codes")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="10 trials: a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=[table.__name__ for table in TABLES], help="some of the tables")
    asked = parser.parse_args()
    for table in TABLES:
        if not asked.only or table.__name__ in asked.only:
            start = time.perf_counter()
            table(10 if asked.quick else asked.trials, asked.seed)
            print(f"({table.__name__}: {time.perf_counter() - start:.0f} s)\n", flush=True)


def decoders(trials: int, seed: int) -> None:
    """Only the decoder changes: stragglers, no liars."""
    print("decoders: stragglers only, nobody lies, robust=False")
    for K, N, S, terms in ((8, 40, 4, 20), (8, 100, 10, 40), (16, 200, 20, 80)):
        for name, f in FUNCTIONS.items():
            line = [f"K={K} N={N} S={S} {name:8}"]
            code = BerrutCode(K, N + 1)
            ways: dict[str, Decoder | None] = {
                "BACC": Berrut(),
                "FH3": FloaterHormann(3),
                "spline": CubicSpline(),
                f"Chebyshev{terms}": ChebyshevLeastSquares(terms),
                "auto": None,
            }
            for label, decoder in ways.items():
                line.append(f"{label} {spread([miss(c, code, decoder) for c in draw(code, f, trials, seed, S)])}")
            first = DCTCode(K, N)
            line.append(f"SBACC {spread([miss(c, first, Berrut()) for c in draw(first, f, trials, seed, S)])}")
            print("  ".join(line), flush=True)


def pipeline(trials: int, seed: int) -> None:
    """Stragglers and Gaussian liars of relative size 1."""
    print("pipeline: stragglers and Gaussian liars (size 1), their number unknown to it")
    for K, N, S, A in ((8, 100, 10, 0), (8, 100, 10, 10), (8, 200, 20, 20)):
        for name, f in FUNCTIONS.items():
            first, second = DCTCode(K, N), BerrutCode(K, N + 1)
            told = {
                "BACC+oracle": [oracle(c, second) for c in draw(second, f, trials, seed, S, A)],
                "SBACC+oracle": [oracle(c, first) for c in draw(first, f, trials, seed, S, A)],
                "undefended": [miss(c, first, Berrut()) for c in draw(first, f, trials, seed, S, A)],
            }
            errors, found, accused, refused = [], 0, 0, 0
            for case in draw(first, f, trials, seed, S, A):
                values, report = decode(first, case.workers.tolist(), case.answers)
                best = values if report.rejected is None else report.rejected
                errors.append(relative(best, case.truth))
                found += set(case.liars.tolist()) <= set(report.liars)
                accused += len(set(report.liars) - set(case.liars.tolist()))
                refused += report.refused
            facts = "  ".join(f"{label} {spread(values)}" for label, values in told.items())
            print(
                f"K={K} N={N} S={S} A={A} {name:8} {facts}  pipeline {spread(errors)}  all found {found}/{trials}"
                f"  honest accused {accused / trials:.2f} a run  refused {refused}/{trials}",
                flush=True,
            )


def localisers(trials: int, seed: int) -> None:
    """SBACC's syndromes against regression; both are told how many lie, and the ladder is told nothing."""
    print("localisers: all liars found, runs of", trials)
    for S in (0, 4):
        code, rng, found = DCTCode(4, 31, resolution=11), np.random.default_rng(seed), 0
        for _ in range(trials):
            answers = np.polynomial.chebyshev.chebvander(code.worker_points, 10) @ rng.normal(size=(11, 1))
            workers = np.sort(rng.permutation(31)[: 31 - S])
            liars = np.sort(rng.permutation(31 - S)[: code.capability(S)])
            answers = answers[workers]
            answers[liars] += rng.normal(size=(liars.size, 1))
            found += np.array_equal(find_liars(code, workers.tolist(), answers, liars=liars.size), liars)
        print(
            f"polynomials of degree 10: N=31 k=11 S={S} A={code.capability(S)}: syndromes {found}/{trials}", flush=True
        )
    for N, A, k, name, size in (
        (50, 5, 24, "sigmoid", 1.0),
        (50, 10, 24, "x sin x", 1.0),
        (100, 10, 40, "sigmoid", 1.0),
        (100, 10, 40, "x sin x", 1.0),
        (100, 10, 40, "x sin x", 0.1),
        (100, 10, 40, "relu", 1.0),
        (100, 10, 40, "relu", 0.1),
        (100, 20, 40, "x sin x", 1.0),
        (100, 30, 40, "sigmoid", 1.0),
    ):
        code = DCTCode(8, N, resolution=k)
        one = several = ladder = 0
        for case in draw(code, FUNCTIONS[name], trials, seed, 0, A, GaussianLies(size)):
            points, lying = code.worker_points, set(case.liars.tolist())
            one += set(find_liars(code, case.workers.tolist(), case.answers, liars=A).tolist()) == lying
            far = distances(points, case.answers, terms=k)
            several += set(np.argsort(-far)[:A].tolist()) == lying
            ladder += lying.issubset(locate(points, case.answers).liars.tolist())
        print(
            f"N={N} A={A} k={k} {name:8} size {size}: syndromes {one}  one regression {several}"
            f"  ladder, untold {ladder}",
            flush=True,
        )


def flags(trials: int, seed: int) -> None:
    """What becomes of runs in which locating fails: N = 100, S = 10, Gaussian lies of size 1."""
    code = DCTCode(8, 100)
    print(
        "flags: A=10; one regression of 40 terms, told A, believes a liar in `failing` runs; on these the pipeline ..."
    )
    for name, f in FUNCTIONS.items():
        failing = judged = wrong = refused = hidden = 0
        for case in draw(code, f, 3 * trials, seed, 10, 10):
            points, lying = code.worker_points[case.workers], np.isin(case.workers, case.liars)
            kept = np.ones(lying.size, dtype=bool)
            kept[np.argsort(-distances(points, case.answers, terms=40))[:10]] = False
            if (kept & lying).any():
                failing += 1
                judged += not examine(points, case.answers, kept).sound
                _, report = decode(code, case.workers.tolist(), case.answers)
                refused += report.refused
                wrong += not report.refused and not set(case.liars.tolist()) <= set(report.liars)
            one = ~lying
            one[np.flatnonzero(lying)[0]] = True
            hidden += not examine(points, case.answers, one).sound
        print(
            f"{name:8} failing {failing} of {3 * trials}: pipeline wrong {wrong}, refused {refused}; the verdict alone"
            f" flags {judged} of the {failing}, and {hidden} of {3 * trials} sets with one liar left in",
            flush=True,
        )
    runs = max(5, trials // 2)
    print(f"flags: the pipeline towards the end of its reach, {runs} runs")
    for A in (20, 25, 30):
        for name, f in FUNCTIONS.items():
            missed = wrong = needless = 0
            errors = [0.0]
            for case in draw(code, f, runs, seed, 10, A):
                values, report = decode(code, case.workers.tolist(), case.answers)
                lost = not set(case.liars.tolist()) <= set(report.liars)
                missed += lost
                needless += report.refused and not lost
                if lost and not report.refused:
                    wrong += 1
                    errors.append(relative(values, case.truth))
            print(
                f"A={A} {name:8} missed {missed} of {runs}, of these wrong {wrong} (worst error {max(errors):.1e});"
                f" refused although all found {needless}",
                flush=True,
            )


def adversaries(trials: int, seed: int) -> None:
    """Other lies, and liars side by side: how often the pipeline returns values that a liar took part in."""
    runs = max(5, trials // 4)
    print(f"adversaries: N=100 S=10 A=10, {runs} runs; missed = some liar believed; wrong = of these, not refused")
    code = DCTCode(8, 100)
    kinds = (GaussianLies(), GaussianLies(0.1), SignFlips(), ColludingLies(3), ColludingLies(0), NotANumber())
    for adversary in kinds:
        for adjacent in (False, True):
            for name in ("x sin x", "relu"):
                missed = wrong = refused = 0
                errors = []
                for case in draw(code, FUNCTIONS[name], runs, seed, 10, 10, adversary, adjacent):
                    values, report = decode(code, case.workers.tolist(), case.answers)
                    lost = not set(case.liars.tolist()) <= set(report.liars)
                    missed += lost
                    wrong += lost and not report.refused
                    refused += report.refused
                    if not report.refused:
                        errors.append(relative(values, case.truth))
                where = "adjacent" if adjacent else "anywhere"
                print(
                    f"{adversary!s:34} {where} {name:8} missed {missed} wrong {wrong} refused {refused} of {runs}"
                    f"  error returned {spread(errors) if errors else '-'}",
                    flush=True,
                )


TABLES = (decoders, pipeline, localisers, flags, adversaries)


def draw(
    code: ApproximateCode,
    f: Callable[[Array], Array],
    trials: int,
    seed: int,
    stragglers: int,
    liars: int = 0,
    adversary: Adversary | None = None,
    adjacent: bool = False,
) -> list[Failure]:
    """Independent runs."""
    rng = np.random.default_rng(seed)
    return [
        fail(
            code,
            f,
            rng.uniform(-1, 1, (code.inputs, 16)),
            rng,
            stragglers=stragglers,
            liars=liars,
            adversary=adversary,
            adjacent=adjacent,
        )
        for _ in range(trials)
    ]


def miss(case: Failure, code: ApproximateCode, decoder: Decoder | None) -> float:
    """Relative error when every answer is believed."""
    values, _ = decode(code, case.workers.tolist(), case.answers, decoder=decoder or "auto", robust=False)
    return relative(values, case.truth)


def oracle(case: Failure, code: ApproximateCode) -> float:
    """Relative error of the published decoder when it is told who lies."""
    honest = ~np.isin(case.workers, case.liars)
    values, _ = decode(code, case.workers[honest].tolist(), case.answers[honest], decoder=Berrut(), robust=False)
    return relative(values, case.truth)


def relative(values: Array, truth: Array) -> float:
    """Frobenius error over Frobenius size."""
    return float(np.linalg.norm(values - truth) / np.linalg.norm(truth))


def spread(errors: list[float]) -> str:
    """Median / maximum."""
    return f"{np.median(errors):.1e}/{max(errors):.1e}"


if __name__ == "__main__":
    main()
