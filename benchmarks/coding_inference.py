"""Batched inference of a small trained network while workers stall and lie: coded against replicated at equal cost.

    python benchmarks/coding_inference.py [--trials 20] [--workers 40] [--seed 1]

A network (2-32-32-3, tanh) is trained here on three interleaved spirals.  K = 8 batches of test points are classified
by N workers.  Coded: batches are sorted so that neighbours resemble each other, encoded, and decoded without knowing
who lies.  Replicated: every batch goes to N / K workers and the median of the answers counts.  Bad workers are half
stragglers, half liars, who return the negative of every score; "targeted" puts all liars on one batch (replicas) or
side by side on the curve (coded): the worst for each, out of reach of adversaries when tasks are dealt by lot.

Accuracies are mean and worst over the trials; coded ones are of the runs that were not refused (tolerance 0.5).
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
from numpy.typing import NDArray

from coding.approximate import DCTCode, SignFlips, decode
from coding.approximate.simulation import fail

Array = NDArray[np.float64]
Layers = list[tuple[Array, Array]]
INPUTS = 8


def main() -> None:
    """Print accuracies against the number of bad workers."""
    parser = argparse.ArgumentParser(description="coded inference")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--workers", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    layers = train(*spirals(900, rng), rng)
    points, labels = spirals(240, rng)
    order = np.argsort(points @ np.array([1.0, 0.3]))
    batches, classes = points[order].reshape(INPUTS, -1, 2), labels[order].reshape(INPUTS, -1)
    clean = accuracy(logits(layers, batches), classes)
    code = DCTCode(INPUTS, asked.workers)
    print(f"{asked.workers} workers, {INPUTS} batches of {batches.shape[1]}; accuracy without failures {clean:.4f}")
    print("bad workers  placed    | coded: mean   worst  refused | replicated: mean   worst")
    for bad in (0, asked.workers // 20, asked.workers // 10, asked.workers // 5, 3 * asked.workers // 10):
        for targeted in (False, True):
            coded, refused, copied = [], 0, []
            for _ in range(asked.trials):
                case = fail(
                    code,
                    lambda x: logits(layers, x),
                    batches,
                    rng,
                    stragglers=bad // 2,
                    liars=bad - bad // 2,
                    adversary=SignFlips(),
                    adjacent=targeted,
                )
                values, report = decode(code, case.workers.tolist(), case.answers, tolerance=0.5)
                refused += report.refused
                if not report.refused:
                    coded.append(accuracy(values, classes))
                answers = replicated(logits(layers, batches), asked.workers, bad // 2, bad - bad // 2, targeted, rng)
                copied.append(accuracy(answers, classes))
            told = f"{np.mean(coded):.4f}  {min(coded):.4f}" if coded else "     -       -"
            print(
                f"{bad:11}  {'targeted' if targeted else 'random  '}  |      {told}  {refused:3}/{asked.trials:<3} "
                f"|           {np.mean(copied):.4f}  {min(copied):.4f}",
                flush=True,
            )


def spirals(count: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    """Points (count, 2) on three interleaved spirals, and their classes."""
    label = np.arange(count) % 3
    radius = rng.uniform(0.15, 1.0, count)
    angle = 2.5 * radius + 2 * np.pi * label / 3 + rng.normal(0, 0.12, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), label


def train(points: Array, labels: NDArray[np.int64], rng: np.random.Generator, steps: int = 1500) -> Layers:
    """Layers of a tanh network fitted by Adam on the whole set."""
    sizes = [2, 32, 32, 3]
    weights = [rng.normal(0, a**-0.5, (a, b)) for a, b in itertools.pairwise(sizes)]
    weights += [np.zeros(b) for b in sizes[1:]]
    mean = [np.zeros_like(w) for w in weights]
    square = [np.zeros_like(w) for w in weights]
    target = np.eye(3)[labels]
    for step in range(1, steps + 1):
        layers = list(zip(weights[:3], weights[3:], strict=True))
        hidden = [points]
        for matrix, shift in layers[:-1]:
            hidden.append(np.tanh(hidden[-1] @ matrix + shift))
        score = hidden[-1] @ layers[-1][0] + layers[-1][1]
        chance = np.exp(score - score.max(axis=1, keepdims=True))
        slope = (chance / chance.sum(axis=1, keepdims=True) - target) / len(points)
        gradients: list[Array] = [np.empty(0)] * 6
        for level in (2, 1, 0):
            gradients[level] = hidden[level].T @ slope + 1e-4 * weights[level]
            gradients[level + 3] = slope.sum(axis=0)
            slope = slope @ weights[level].T * (1 - hidden[level] ** 2)
        for i, gradient in enumerate(gradients):
            mean[i] = 0.9 * mean[i] + 0.1 * gradient
            square[i] = 0.999 * square[i] + 0.001 * gradient**2
            rate = 0.01 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            weights[i] = weights[i] - rate * mean[i] / (np.sqrt(square[i]) + 1e-8)
    return list(zip(weights[:3], weights[3:], strict=True))


def logits(layers: Layers, points: Array) -> Array:
    """Scores (..., 3) of points (..., 2)."""
    for matrix, shift in layers[:-1]:
        points = np.tanh(points @ matrix + shift)
    return points @ layers[-1][0] + layers[-1][1]


def replicated(
    truth: Array, workers: int, stragglers: int, liars: int, targeted: bool, rng: np.random.Generator
) -> Array:
    """Median over the answers of each batch's replicas; a batch without answers scores zero."""
    task = np.arange(workers) % INPUTS
    order = rng.permutation(workers)
    late, rest = order[:stragglers], order[stragglers:]
    if targeted:
        rest = rest[np.argsort(task[rest] != 0, kind="stable")]
    answers = truth[task]
    answers[rest[:liars]] *= -1
    here = ~np.isin(np.arange(workers), late)
    return np.stack(
        [
            np.median(answers[here & (task == k)], axis=0) if (here & (task == k)).any() else 0 * truth[k]
            for k in range(INPUTS)
        ]
    )


def accuracy(scores: Array, classes: NDArray[np.int64]) -> float:
    """Share of points whose largest score is their class."""
    return float((scores.argmax(axis=-1) == classes).mean())


if __name__ == "__main__":
    main()
