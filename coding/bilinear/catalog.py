"""The shipped schemes: Strassen, Winograd, schemes found by our search, and a few published ones for larger grids.

>>> strassen()
BilinearScheme('strassen', 2x2x2, 7 nodes, integer)
>>> load("3x4x5")                                    # 47 products instead of 60
BilinearScheme('3x4x5', 3x4x5, 47 nodes, integer)
>>> credits("3x4x5").licence
'CC-BY-4.0'
>>> best(14), reliability(best(14)).counts[:5]       # any 3 of 14 nodes may fail
(BilinearScheme('found_14', 2x2x2, 14 nodes, integer), (0, 0, 0, 0, 80))

`load` also takes the path of a published file (formats: see `published`), so the thousands of schemes of others need
not be shipped.  Every scheme is verified each time it is loaded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from coding.bilinear import published
from coding.bilinear.combine import copies
from coding.bilinear.reliability import reliability
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError


@dataclass(frozen=True, slots=True)
class Credits:
    """Where a shipped scheme comes from.

    Attributes:
        source: the paper or repository it was taken from, or the command that found it.
        licence: under which it may be passed on.
        found_by: who found it.
    """

    source: str
    licence: str
    found_by: str


def names() -> tuple[str, ...]:
    """Names of all shipped schemes, sorted."""
    return tuple(sorted(_files()))


def load(name: str | Path, *, shape: tuple[int, int, int] | None = None) -> BilinearScheme:
    """A shipped scheme by name, or any scheme file by path.

    Args:
        name: one of `names()`, or a path ending in .json or .npz.
        shape: the member of an archive that holds many shapes.

    Raises:
        CodingError: no such scheme or file, or a file that does not hold a matrix multiplication.
    """
    if isinstance(name, Path) or str(name).endswith((".json", ".npz")):
        return published.read(name, shape=shape)
    scheme = published.from_json(_data(name), name=name)
    if shape is not None and tuple(shape) != scheme.shape:
        raise CodingError("another shape", where="shape", expected=str(scheme.shape), got=str(shape))
    return scheme


def credits(name: str) -> Credits:  # noqa: A001 - the word for it
    """Source, licence and finder of a shipped scheme.

    Raises:
        CodingError: no such scheme.
    """
    data = _data(name)
    return Credits(source=data["source"], licence=data["licence"], found_by=data["found_by"])


def strassen() -> BilinearScheme:
    """Strassen's seven products S1 ... S7.

    Source: Strassen, Numerische Mathematik 13, 354 (1969).
    """
    return load("strassen")


def winograd() -> BilinearScheme:
    """Winograd's seven products W1 ... W7, as numbered in Guney and Arslan, arXiv 2210.04441.

    Source: Winograd, Linear Algebra and its Applications 4, 381 (1971).
    """
    return load("winograd")


@cache
def best(nodes: int, *, shape: tuple[int, int, int] = (2, 2, 2), probability: float = 0.01) -> BilinearScheme:
    """The shipped scheme of `nodes` nodes that fails least often, copies and S + W among the candidates.

    A product with c copies is lost with probability p^c, so c copies of a scheme fail with P_f(p^c) and need no count
    of their own.

    Args:
        nodes: number of workers; for 2x2x2 there are schemes of 7, 9 to 16 and 21 nodes, and copies of them.
        shape: grid of blocks.
        probability: with which each node fails, independently.

    Raises:
        CodingError: no shipped scheme has so many nodes, or a probability outside [0, 1].
    """
    fitting = [scheme for scheme in map(load, names()) if scheme.shape == shape]
    if shape == (2, 2, 2):
        fitting.append(strassen() + winograd())
    candidates = [scheme for scheme in fitting if nodes > 0 and nodes % scheme.nodes == 0]
    if not candidates:
        grid = "x".join(map(str, shape))
        sizes = sorted({scheme.nodes for scheme in fitting})
        raise CodingError(
            "no shipped scheme of this size",
            where="nodes",
            expected=f"one of {sizes} for {grid}, or a multiple" if sizes else f"a shape other than {grid}",
            got=str(nodes),
            cure="make one: codes.entangled_polynomial(...), or a search",
        )
    if not 0 <= probability <= 1:
        raise CodingError("not a probability", where="probability", expected="in [0, 1]", got=repr(probability))

    def fails(scheme: BilinearScheme) -> float:
        return reliability(scheme).failure_probability(probability ** (nodes // scheme.nodes))

    chosen = (
        candidates[0] if len(candidates) == 1 else min(candidates, key=fails)
    )  # one alone may be too large to count
    return chosen if chosen.nodes == nodes else copies(chosen, nodes // chosen.nodes)


def _files() -> dict[str, Any]:
    folder = resources.files("coding.bilinear") / "catalog_data"
    return {file.name.removesuffix(".json"): file for file in folder.iterdir() if file.name.endswith(".json")}


def _data(name: str) -> dict[str, Any]:
    files = _files()
    if name not in files:
        raise CodingError("no such scheme", where="name", expected=f"one of {', '.join(sorted(files))}", got=repr(name))
    data: dict[str, Any] = json.loads(files[name].read_text(encoding="utf-8"))
    return data
