"""Splitting a sweep over jobs: share i of n takes tasks that even out the predicted cost, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.errors import InputError
from experiments.sweep import Task


def parse(text: str) -> tuple[int, int]:
    """``"2/8"`` as (2, 8).

    Raises:
        InputError: another form, or a share outside 0..n-1.
    """
    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit() and 0 <= int(index) < int(count)):
        raise InputError("not a share", where="--shard", expected="I/N with 0 <= I < N, e.g. 0/8", got=repr(text))
    return int(index), int(count)


def share_of(tasks: Sequence[Task], index: int, count: int) -> list[Task]:
    """The tasks of one share, in grid order; the dearest tasks are dealt first, each to the cheapest share so far."""
    totals = [0.0] * count
    mine = []
    for position in sorted(range(len(tasks)), key=lambda k: (-tasks[k].cost, k)):
        share = min(range(count), key=lambda k: (totals[k], k))
        totals[share] += tasks[position].cost
        if share == index:
            mine.append(position)
    return [tasks[position] for position in sorted(mine)]
