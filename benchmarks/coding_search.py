"""Finds, from nothing, every code of 2 x 2 blocks that the catalogue ships as ``found_...``.

    python benchmarks/coding_search.py [--only found_14 found_16] [--write coding/bilinear/catalog_data]

Seeds are fixed, so every run finds the same codes.  ``found_9``, the partners, the parities and ``found_21`` are the
outcome of exhaustive searches and best in their class; the others come from annealing and may be beaten.  Counts are
exact.  One line a code: seconds, the first counts F[e] of fatal losses of e nodes, P_f at p = 0.01, the counts that had
to be reached (found by an earlier search; compared like words in a dictionary, which is the order of P_f for small p),
and whether the catalogue holds the same products.  ``--write`` saves the codes with the call that found them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from coding.bilinear import catalog, search
from coding.bilinear.search import Found

COMMAND = "python benchmarks/coding_search.py --only {name}: {call}"
FINDER = "the search of this project"

ANNEALED: dict[int, dict[str, int]] = {
    10: {"symmetry": 2, "seed": 7, "restarts": 60, "steps": 60_000, "largest": 4},
    11: {"symmetry": 2, "seed": 8, "restarts": 120, "steps": 60_000, "largest": 4},
    12: {"symmetry": 2, "seed": 8, "restarts": 60, "steps": 60_000, "largest": 4},
    13: {"symmetry": 2, "seed": 8, "restarts": 256, "steps": 60_000, "largest": 4},
    14: {"symmetry": 2, "seed": 7, "restarts": 160, "steps": 60_000, "largest": 5},
    15: {"symmetry": 2, "seed": 7, "restarts": 120, "steps": 60_000, "largest": 5},
    16: {"symmetry": 2, "seed": 7, "restarts": 60, "steps": 60_000, "largest": 5},
}
"""What ``search.scheme`` is asked for, by number of nodes."""

EXHAUSTIVE: dict[str, tuple[str, Callable[[], Found]]] = {
    "found_9": (
        "search.parities(strassen(), count=2, coefficients=2)",
        lambda: search.parities(catalog.strassen(), count=2, coefficients=2),
    ),
    "found_14_partner": ("search.partners(strassen())[0]", lambda: search.partners(catalog.strassen())[0]),
    "found_15_partner_parity": (
        "search.parities(search.partners(strassen())[0].scheme)",
        lambda: search.parities(search.partners(catalog.strassen())[0].scheme),
    ),
    "found_16_parities": (
        "search.parities(strassen() + winograd(), count=2)",
        lambda: search.parities(catalog.strassen() + catalog.winograd(), count=2),
    ),
    "found_16_partner_parities": (
        "search.parities(search.partners(strassen())[0].scheme, count=2)",
        lambda: search.parities(search.partners(catalog.strassen())[0].scheme, count=2),
    ),
    "found_21": ("search.trio(strassen())", lambda: search.trio(catalog.strassen())),
}

WANTED: dict[str, tuple[int, ...]] = {
    "found_9": (0, 0, 35, 84),
    "found_10": (0, 0, 13, 118, 210),
    "found_11": (0, 0, 6, 153, 329),
    "found_12": (0, 0, 0, 40, 270, 792),
    "found_13": (0, 0, 0, 18, 257, 1240),
    "found_14": (0, 0, 0, 0, 88, 1980, 3003),
    "found_15": (0, 0, 0, 0, 42, 3000),
    "found_16": (0, 0, 0, 0, 2, 182, 7981),
    "found_21": (0, 0, 0, 0, 1, 42, 619),
    "found_14_partner": (0, 0, 0, 20, 298, 1722),
    "found_15_partner_parity": (0, 0, 0, 10, 165, 1185),
    "found_16_parities": (0, 0, 0, 4, 100, 1103),
    "found_16_partner_parities": (0, 0, 0, 1, 71, 993),
}


def main() -> None:
    """Search, print a line a code, and save the codes if asked to."""
    parser = argparse.ArgumentParser(description="find the codes that the catalogue ships")
    parser.add_argument("--only", nargs="*", default=list(WANTED), choices=list(WANTED), metavar="NAME")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    asked = parser.parse_args()
    print(f"{'name':26s} {'seconds':>7s}  {'F[0], F[1], ...':34s} {'P_f(0.01)':>9s}  wanted")
    begun = time.perf_counter()
    for name in asked.only:
        started = time.perf_counter()
        call, found = searched(name)
        seconds = time.perf_counter() - started
        wanted = WANTED[name]
        verdict = "met" if found.counts[: len(wanted)] <= wanted else "MISSED"
        shown = " ".join(map(str, found.counts[:8]))
        line = f"{name:26s} {seconds:7.1f}  {shown:34s} {found.failure_probability(0.01):9.3g}"
        print(f"{line}  {' '.join(map(str, wanted))}: {verdict}; {shipped(name, found)}", flush=True)
        if asked.write is not None:
            source = COMMAND.format(name=name, call=call)
            found.save(asked.write / f"{name}.json", source=source, found_by=FINDER)
    print(f"{time.perf_counter() - begun:.0f} s in all")


def searched(name: str) -> tuple[str, Found]:
    """The call that finds a code, and what it finds."""
    if name in EXHAUSTIVE:
        call, search_it = EXHAUSTIVE[name]
        return call, search_it()
    nodes = int(name.removeprefix("found_"))
    arguments = ANNEALED[nodes]
    call = f"search.scheme({nodes}, {', '.join(f'{key}={value}' for key, value in arguments.items())})"
    return call, search.scheme(nodes, **arguments)


def shipped(name: str, found: Found) -> str:
    """Whether the catalogue holds these very products."""
    if name not in catalog.names():
        return "not in the catalogue"
    there = catalog.load(name)
    same = np.array_equal(there.u, found.scheme.u) and np.array_equal(there.v, found.scheme.v)
    return "as shipped" if same else "NOT what is shipped"


if __name__ == "__main__":
    main()
