"""Which backend runs a program: every one is asked what it would do, and the quickest exact one is taken.

Exact ones are preferred while their predicted time is below ten minutes (`LONGEST_EXACT`).  When none is, the quickest
of all is taken; where that is an approximating one (matrix product states with truncation), the reason says so.  The
choice and its reason stand in every result; `explain` shows all forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qsim.backends import make, names
from qsim.backends.protocol import LONGEST_EXACT, Backend, Forecast, Work
from qsim.errors import CircuitError
from qsim.program import Program

MOST_UNROLLED = 1_000_000
"""Longer stim circuits are not unrolled into steps only to choose a backend."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What every backend would do; prints as a table.

    Attributes:
        forecasts: by backend name.
        chosen: the backend that "auto" takes; None when none can.
    """

    forecasts: Mapping[str, Forecast]
    chosen: str | None

    @property
    def why(self) -> str:
        """Why the chosen one."""
        if self.chosen is None:
            return "no backend can run it"
        forecast = self.forecasts[self.chosen]
        able = [name for name, other in self.forecasts.items() if other.can]
        rank = "the only one that can" if len(able) == 1 else self._rank(able)
        return f"{_kind(forecast)}{forecast.why}; {rank}, about {_time(forecast.seconds)}"

    def _rank(self, able: list[str]) -> str:
        """Among which the chosen one was the quickest."""
        assert self.chosen is not None
        alike = [name for name in able if self.forecasts[name].exact == self.forecasts[self.chosen].exact]
        others = [name for name in able if name not in alike]
        if self.forecasts[self.chosen].exact or not others:
            return "the quickest of " + ", ".join(able if _slow(self.forecasts[self.chosen]) else alike)
        quickest = min(others, key=lambda name: self.forecasts[name].seconds)
        return f"exact ones take too long ({quickest} about {_time(self.forecasts[quickest].seconds)})"

    def __str__(self) -> str:
        width = max(map(len, self.forecasts))
        lines = []
        for name, forecast in self.forecasts.items():
            mark = "*" if name == self.chosen else " "
            cost = f"{_time(forecast.seconds)}, {_size(forecast.bytes)}" if forecast.can else "cannot"
            lines.append(f"{mark} {name:<{width}}  {cost:>18}  {_kind(forecast)}{forecast.why}")
        return "\n".join(lines)

    __repr__ = __str__


def explanation(program: Program, work: Work) -> Explanation:
    """All forecasts, and the choice."""
    forecasts = {name: _forecast(make(name), program, work) for name in names()}
    return Explanation(forecasts, choice(forecasts))


def choice(forecasts: Mapping[str, Forecast]) -> str | None:
    """The name of the quickest exact backend if it takes less than ten minutes, else of the quickest; None for none.

    >>> exact, rough = (Forecast(can=True, why="", seconds=3e3 - 2e3 * n, exact=not n) for n in (0, 1))
    >>> choice({"contraction": exact, "truncation": rough})
    'truncation'
    """
    able = {name: forecast for name, forecast in forecasts.items() if forecast.can}
    quick = {name: forecast for name, forecast in able.items() if forecast.exact and not _slow(forecast)}
    among = quick or able
    return min(among, key=lambda name: (among[name].seconds, not among[name].exact), default=None)


def _forecast(backend: Backend, program: Program, work: Work) -> Forecast:
    """What a backend says; one that would have to unroll millions of steps to say it is not asked."""
    unrolls = type(program.source).__module__.startswith("stim") and not getattr(backend, "takes_sources", False)
    if unrolls and program.size > MOST_UNROLLED:
        return Forecast(can=False, why=f"{program.size} operations once unrolled, too many to read one by one")
    return backend.forecast(program, work)


def select(backend: str | Backend, program: Program, work: Work) -> tuple[Backend, str]:
    """The backend for a program, and why.

    Raises:
        CircuitError: it, or none at all, can run the program; the text holds the reasons.
    """
    if backend != "auto":
        made = make(backend)
        forecast = made.forecast(program, work)
        if not forecast.can:
            raise CircuitError(
                forecast.why, where=f"backend {made.name}", cure='see qsim.explain(circuit), or use backend="auto"'
            )
        return made, f"asked for; {forecast.why}"
    found = explanation(program, work)
    if found.chosen is None:
        reasons = "; ".join(f"{name}: {forecast.why}" for name, forecast in found.forecasts.items())
        raise CircuitError("no backend can run it", where="circuit", got=reasons)
    return make(found.chosen), found.why


def _slow(forecast: Forecast) -> bool:
    """Whether an exact way takes so long that a quicker approximation is preferred."""
    return forecast.seconds >= LONGEST_EXACT


def _kind(forecast: Forecast) -> str:
    return "" if forecast.exact or not forecast.can else "approximate; "


def _time(seconds: float) -> str:
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return "<1 µs"


def _size(count: float) -> str:
    for unit, size in (("TiB", 2.0**40), ("GiB", 2.0**30), ("MiB", 2.0**20), ("kiB", 2.0**10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"
