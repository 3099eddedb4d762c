"""A sweep in a sentence or two: what was swept, how far it is, what was found.

27 tasks over distance (3, 5, 7) and p (9 values, 0.002 to 0.02): all complete;
1,234,567 shots, 9,876 errors, 3.1 min of core time.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from experiments.plots.numbers import distinct, duration, grouped

if TYPE_CHECKING:
    from experiments.results import Results
    from experiments.study import JSON

_FEW = 5
_ORDER = ("complete", "running", "waiting", "failed")


def summary(results: Results) -> str:
    """Tasks and grid, states, totals."""
    return f"{tasks(results)}{over(results)}: {states(results)}; {totals(results)}."


def tasks(results: Results) -> str:
    """``27 tasks``."""
    count = len(results.rows)
    return f"{grouped(count)} task{'s' * (count != 1)}"


def over(results: Results) -> str:
    """`` over distance (3, 5, 7) and p (9 values, 0.002 to 0.02)``; empty without grid columns."""
    phrases = [f"{column} ({_values([row.labels.get(column) for row in results.rows])})" for column in results.columns]
    if not phrases:
        return ""
    *first, last = phrases
    return f" over {', '.join(first)} and {last}" if first else f" over {last}"


def states(results: Results) -> str:
    """``all complete``, or how many tasks are in each state."""
    counts = Counter(row.state for row in results.rows)
    if set(counts) <= {"complete"}:
        return "all complete" if counts else "none yet"
    named = [state for state in _ORDER if counts[state]] + sorted(set(counts) - set(_ORDER))
    return ", ".join(f"{grouped(counts[state])} {state}" for state in named)


def totals(results: Results) -> str:
    """Shots, errors and core time of the published prefixes."""
    shots = sum(row.shots for row in results.rows)
    parts = [f"{grouped(shots)} {'shots' if results.counting else 'samples'}"]
    if results.counting:
        parts.append(f"{grouped(sum(row.errors or 0 for row in results.rows))} errors")
    seconds = sum(row.cpu_seconds for row in results.rows)
    if seconds > 0:
        parts.append(f"{duration(seconds)} of core time")
    return ", ".join(parts)


def _values(values: list[JSON]) -> str:
    texts = list(dict.fromkeys(distinct(values)))
    if len(texts) <= _FEW:
        return ", ".join(texts)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return f"{len(texts)} values, {distinct([min(values)])[0]} to {distinct([max(values)])[0]}"
    return f"{len(texts)} values"
