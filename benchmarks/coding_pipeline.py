"""Approximate coded computing against its published forms: errors, liars found, failures flagged.

    python benchmarks/coding_pipeline.py [--trials 100] [--seed 1]

Inputs are K draws of 16 numbers uniform on [-1, 1]; errors are relative (Frobenius), median / maximum over the trials.
``BACC`` and ``SBACC`` decode with Berrut's interpolant and are told who lies; ``pipeline`` is told nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coding.approximate import (
    Berrut,
    BerrutCode,
    ChebyshevLeastSquares,
    ColludingLies,
    CubicSpline,
    DCTCode,
    Decoder,
    FloaterHormann,
    GaussianLies,
    SignFlips,
    decode,
    examine,
    find_liars,
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
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    decoders(asked.trials, asked.seed)
    pipeline(asked.trials, asked.seed)
    syndrome_decoder(min(asked.trials, 50), asked.seed)
    flags(asked.trials, asked.seed)
    adversaries(asked.trials, asked.seed)


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
                values, report = decode(first, case.workers, case.answers)
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


def syndrome_decoder(trials: int, seed: int) -> None:
    """Polynomials of degree k - 1: exact location at the code's capability, with and without stragglers."""
    for S in (0, 4):
        code, rng, found = DCTCode(4, 31, resolution=11), np.random.default_rng(seed), 0
        for _ in range(trials):
            answers = np.polynomial.chebyshev.chebvander(code.worker_points, 10) @ rng.normal(size=(11, 1))
            workers = np.sort(rng.permutation(31)[: 31 - S])
            liars = np.sort(rng.permutation(31 - S)[: code.capability(S)])
            answers = answers[workers]
            answers[liars] += rng.normal(size=(liars.size, 1))
            found += np.array_equal(find_liars(code, workers, answers, liars=liars.size), liars)
        print(f"syndromes: N=31 k=11 S={S} A={code.capability(S)}: all liars located in {found}/{trials}", flush=True)


def flags(trials: int, seed: int) -> None:
    """Failed localisations, made on purpose, put before the test that should reject them."""
    print("flags: N=100 S=10 A=10, localisations that missed somebody")
    code = DCTCode(8, 100)
    for name, f in FUNCTIONS.items():
        failures = flagged = hidden = 0
        for case in draw(code, f, 4 * trials, seed, 10, 10):
            points = code.worker_points[case.workers]
            lying = np.isin(case.workers, case.liars)
            far = distances(points, case.answers, terms=50)
            kept = np.ones(far.size, dtype=bool)
            kept[np.argsort(-far)[:10]] = False
            if (kept & lying).any():
                failures += 1
                flagged += not examine(points, case.answers, kept).sound
            one = ~lying
            one[np.flatnonzero(lying)[0]] = True
            hidden += not examine(points, case.answers, one).sound
        print(
            f"{name:8} one stiff regression told A: {flagged} of {failures} failures flagged;"
            f"  one liar left in: {hidden} of {4 * trials} flagged",
            flush=True,
        )


def adversaries(trials: int, seed: int) -> None:
    """Other lies, and liars side by side: how often the pipeline returns values that a liar took part in."""
    print("adversaries: N=100 S=10 A=10; missed = some liar believed; unflagged = of these, not refused")
    code = DCTCode(8, 100)
    for adversary in (GaussianLies(), GaussianLies(0.1), SignFlips(), ColludingLies(3)):
        for adjacent in (False, True):
            for name in ("x sin x", "relu"):
                missed = unflagged = refused = 0
                errors = []
                for case in draw(code, FUNCTIONS[name], trials, seed, 10, 10, adversary, adjacent):
                    values, report = decode(code, case.workers, case.answers)
                    lost = not set(case.liars.tolist()) <= set(report.liars)
                    missed += lost
                    unflagged += lost and not report.refused
                    refused += report.refused
                    if not report.refused:
                        errors.append(relative(values, case.truth))
                where = "adjacent" if adjacent else "anywhere"
                print(
                    f"{adversary!s:34} {where} {name:8} missed {missed} unflagged {unflagged} refused {refused}"
                    f" of {trials}  error returned {spread(errors) if errors else '-'}",
                    flush=True,
                )


def draw(
    code: ApproximateCode,
    f: Callable[[Array], Array],
    trials: int,
    seed: int,
    stragglers: int,
    liars: int = 0,
    adversary: GaussianLies | SignFlips | ColludingLies | None = None,
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
    values, _ = decode(code, case.workers, case.answers, decoder=decoder or "auto", robust=False)
    return relative(values, case.truth)


def oracle(case: Failure, code: ApproximateCode) -> float:
    """Relative error of the published decoder when it is told who lies."""
    honest = ~np.isin(case.workers, case.liars)
    values, _ = decode(code, case.workers[honest], case.answers[honest], decoder=Berrut(), robust=False)
    return relative(values, case.truth)


def relative(values: Array, truth: Array) -> float:
    """Frobenius error over Frobenius size."""
    return float(np.linalg.norm(values - truth) / np.linalg.norm(truth))


def spread(errors: list[float]) -> str:
    """Median / maximum."""
    return f"{np.median(errors):.1e}/{max(errors):.1e}"


if __name__ == "__main__":
    main()
