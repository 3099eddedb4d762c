"""Backends by name, found through the entry points ``qsim.backends``.

>>> sorted(names())
['density_matrix', 'near_clifford', 'stabilizer', 'statevector', 'tensor_network']
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from qsim.backends.protocol import Backend
from qsim.errors import CircuitError


def names() -> tuple[str, ...]:
    """Names of all backends installed."""
    return tuple(sorted(_found()))


def make(backend: str | Backend, **options: object) -> Backend:
    """A backend by name, with options of its constructor; an instance is returned as it is.

    Raises:
        CircuitError: no such backend or option; options beside an instance.
    """
    if not isinstance(backend, str):
        if options:
            raise CircuitError("options beside a backend that is made already", where="backend", got=repr(options))
        return backend
    found = _found()
    if backend not in found:
        raise CircuitError(
            "no such backend", where="backend", expected=f"auto, {', '.join(sorted(found))}", got=repr(backend)
        )
    kind = found[backend].load()
    try:
        made: Backend = kind(**options)
    except TypeError as error:
        raise CircuitError("no such option", where=f"backend {backend}", got=repr(sorted(options))) from error
    return made


@cache
def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="qsim.backends")}
