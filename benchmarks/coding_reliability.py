"""Exact reliability of codes for C = A B on 2 x 2 blocks: how long counting takes, and what the codes are worth.

    python benchmarks/coding_reliability.py [--repeat 5]

First table: wall time of ``reliability`` (median, compiled before), beside the plain way: for every one of the 2^N sets
of survivors the rank of their products by numpy, with and without the blocks of C, all sets of a size in one call.

Second table, one line a scheme: how many nodes may fail whichever they are (``any``); the probability that the product
is lost when every node fails with probability p; additions of blocks to encode; and how much the least-norm decoder
amplifies rounding errors at worst: when all answer, when two are missing (``-2``), and when ``any`` are.
Entangled polynomial (EP) codes have the same grid and the same work a node; on the unit circle that work is complex,
three to four times as much.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations

import numpy as np

from coding.bilinear import BilinearScheme, catalog, codes, reliability
from coding.bilinear.combine import copies, extended, union
from coding.bilinear.conditioning import amplification

P = [0.001, 0.01, 0.05, 0.1, 0.2]
BARS = {16: 0.2, 21: 5.0}


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description="exact reliability: time and table")
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    times(repeat)
    table()


def times(repeat: int) -> None:
    """Seconds of `reliability`, and of ranks set by set for 14 nodes."""
    strassen, winograd = catalog.strassen(), catalog.winograd()
    reliability(strassen)  # compiles
    print("seconds to count the fatal sets of every size\n")
    print(f"{'scheme':24s} {'nodes':>5s} {'harmless sets':>13s} {'seconds':>9s}   bar")
    for scheme in (
        strassen + winograd,
        paper_like(),
        catalog.load("found_16"),
        copies(strassen, 3),
        catalog.load("found_21"),
        union(catalog.load("found_14"), catalog.load("found_10")),
        copies(catalog.load("found_12"), 2),
    ):
        counts = reliability(scheme).counts
        seconds = median(partial(reliability, scheme), repeat)
        bar = BARS.get(scheme.nodes)
        verdict = "" if bar is None else f"{bar} s: {'met' if seconds <= bar else 'MISSED'}"
        harmless = 2**scheme.nodes - sum(counts)
        print(f"{scheme.name[:24]:24s} {scheme.nodes:5d} {harmless:13,d} {seconds:9.5f}   {verdict}", flush=True)
    both = strassen + winograd
    fast, slow = median(partial(reliability, both), repeat), median(partial(ranks_set_by_set, both), 3)
    assert ranks_set_by_set(both) == reliability(both).counts
    print(f"\n{both.name}, ranks of all 2^14 sets by numpy: {slow:.2f} s, the same counts; ratio {slow / fast:,.0f}\n")


def ranks_set_by_set(scheme: BilinearScheme) -> tuple[int, ...]:
    """F[0..N] by the definition: a set is fatal when the blocks of C raise the rank of the surviving products."""
    products, targets = scheme.products.astype(float), scheme.targets.astype(float)
    fatal = []
    for lost in range(scheme.nodes):
        kept = np.array(list(combinations(range(scheme.nodes), scheme.nodes - lost)))
        alone = np.moveaxis(products[:, kept], 1, 0)
        joined = np.concatenate([alone, np.broadcast_to(targets, (len(kept), *targets.shape))], axis=2)
        fatal.append(int(np.sum(np.linalg.matrix_rank(joined) > np.linalg.matrix_rank(alone))))
    return (*fatal, 1)


def median(call: Callable[[], object], repeat: int) -> float:
    """Median wall time [s] of a call."""
    seconds = []
    for _ in range(repeat):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def table() -> None:
    """One line a scheme."""
    head = " ".join(f"{'P_f(' + f'{p:g}' + ')':>9s}" for p in P)
    print(f"{'scheme':26s} {'nodes':>5s} {'any':>3s} {head} {'adds':>4s} {'all':>6s} {'-2':>8s} {'-any':>8s}")
    for name, scheme in schemes():
        found = reliability(scheme)
        failing = " ".join(f"{value:9.2e}" for value in found.failure_probability(P))
        additions = f"{scheme.encoding_additions:4d}" if scheme.integral else "   -"
        two = worst(scheme, 2) if found.erasures >= 2 else "-"
        amplified = f"{worst(scheme, 0):>6s} {two:>8s} {worst(scheme, found.erasures):>8s}"
        print(f"{name:26s} {scheme.nodes:5d} {found.erasures:3d} {failing} {additions} {amplified}", flush=True)


def worst(scheme: BilinearScheme, lost: int) -> str:
    """Worst amplification when `lost` nodes are missing."""
    return f"{amplification(scheme, lost).worst:.3g}"


def schemes() -> Iterator[tuple[str, BilinearScheme]]:
    """Copies, the paper's codes, what our search found, and entangled polynomial codes."""
    strassen, winograd = catalog.strassen(), catalog.winograd()
    yield "1 copy", strassen
    yield "2 copies", copies(strassen, 2)
    yield "3 copies", copies(strassen, 3)
    yield "S+W", strassen + winograd
    yield "S+W+P1", extended(strassen + winograd, [[0], [0], [1], [0]], [[0], [1], [0], [-1]])
    yield "S+W+P1+W2 (paper-like)", paper_like()
    found = [catalog.load(name) for name in catalog.names() if name.startswith("found")]
    for scheme in sorted(found, key=lambda scheme: (scheme.nodes, scheme.name)):
        yield scheme.name, scheme
    for nodes in range(10, 17):
        yield f"EP, Chebyshev, {nodes}", codes.entangled_polynomial((2, 2, 2), nodes=nodes)
    for nodes in range(10, 17):
        yield f"EP, unit circle, {nodes}", codes.entangled_polynomial((2, 2, 2), nodes=nodes, points="circle")


def paper_like() -> BilinearScheme:
    """Strassen, Winograd, P1 = A21 (B12 - B22) and a copy of W2 = A12 B21: 16 nodes."""
    both = catalog.strassen() + catalog.winograd()
    return extended(both, [[0, 0], [0, 1], [1, 0], [0, 0]], [[0, 0], [1, 0], [0, 1], [-1, 0]])


if __name__ == "__main__":
    main()
