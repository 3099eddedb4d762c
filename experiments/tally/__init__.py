"""Tallies: mergeable summaries of what was sampled, one kind a file, all of them commutative monoids.

A batch returns one, the ledger keeps its state, and the runner folds them in batch order.  A user's own class serves as
well, as long as it keeps to `experiments.study.Tally`: the ledger then names it "package.module:Class".

>>> to_state(Counts(1000, 3))
{'counts': [1000, 3]}
>>> fold([Counts(1000, 3), Counts(2000, 5)])
Counts(shots=3000, errors=8, discards=0, counters={})
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from experiments.errors import InputError
from experiments.tally.counts import Counts as Counts

if TYPE_CHECKING:
    from experiments.study import JSON, Tally
    from experiments.tally.histogram import Histogram as Histogram
    from experiments.tally.moments import Moments as Moments
    from experiments.tally.ratio import Ratio as Ratio
    from experiments.tally.record import Record as Record
    from experiments.tally.series import Series as Series
    from experiments.tally.weighted import Weighted as Weighted

__all__ = [
    "Counts",
    "Histogram",
    "Moments",
    "Ratio",
    "Record",
    "Series",
    "Weighted",
    "fold",
    "from_state",
    "to_state",
]

_CLASS_OF_KIND = {
    "counts": "Counts",
    "histogram": "Histogram",
    "moments": "Moments",
    "ratio": "Ratio",
    "record": "Record",
    "series": "Series",
    "weighted": "Weighted",
}
_KIND_OF_CLASS = {name: kind for kind, name in _CLASS_OF_KIND.items()}
_known: dict[str, type[Tally]] = {"counts": Counts}

T = TypeVar("T", bound="Tally")


def __getattr__(name: str) -> Any:
    if name not in _KIND_OF_CLASS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_KIND_OF_CLASS[name]}"), name)


def to_state(tally: Tally) -> dict[str, JSON]:
    """The tally as the ledger keeps it: ``{kind: json}``, the kind of a user's class being its import path.

    Raises:
        InputError: a user's class that no other process could import.
    """
    return {_kind(type(tally)): tally.to_json()}


def from_state(state: dict[str, JSON]) -> Tally:
    """The tally that `to_state` wrote.  A kind with a colon imports that module: read only ledgers you trust.

    Raises:
        InputError: not ``{kind: json}``, an unknown kind, a class that cannot be imported, or a state it refuses.
    """
    try:
        ((kind, json),) = state.items()
    except (AttributeError, ValueError):
        raise InputError(
            "not the state of a tally", where="tally", expected="{kind: state}", got=repr(state)[:80]
        ) from None
    known = _known.get(kind)
    if known is None:
        known = _known[kind] = _class_of(kind)
    return known.from_json(json)


def fold(tallies: Iterable[T]) -> T:
    """All tallies merged, first to last: floats depend on the order in their last bits, so keep to batch order.

    Raises:
        InputError: nothing to fold, or tallies of different classes.
    """
    items = iter(tallies)
    total = next(items, None)
    if total is None:
        raise InputError("nothing to fold", where="fold", expected="at least one tally", cure="start from zero()")
    for tally in items:
        if type(tally) is not type(total):
            raise InputError(
                "tallies of different kinds",
                where="fold",
                expected=type(total).__name__,
                got=type(tally).__name__,
                cure="let a study return the same kind of tally for every batch",
            )
        total = total.merge(tally)
    return total


def _kind(cls: type) -> str:
    kind = _KIND_OF_CLASS.get(cls.__name__)
    if kind is not None and cls.__module__ == f"{__name__}.{kind}":
        return kind
    if cls.__module__ == "__main__" or "<locals>" in cls.__qualname__:
        raise InputError(
            "a tally that no other process can import",
            where=f"{cls.__module__}:{cls.__qualname__}",
            expected="a class at the top level of an importable module",
            cure="move the class into a module of its own",
        )
    return f"{cls.__module__}:{cls.__qualname__}"


def _class_of(kind: Any) -> type[Tally]:
    if kind in _CLASS_OF_KIND:
        module, name = f"{__name__}.{kind}", _CLASS_OF_KIND[kind]
    elif isinstance(kind, str) and kind.count(":") == 1 and all(kind.split(":")):
        module, name = kind.split(":")
    else:
        raise InputError(
            "an unknown kind of tally",
            where="tally",
            expected=", ".join(_CLASS_OF_KIND) + ' or "package.module:Class"',
            got=repr(kind),
            cure="read it with the version of the workbench that wrote it",
        )
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as reason:
        raise InputError(
            "a tally's class that cannot be imported",
            where=kind,
            got=str(reason),
            cure="install the package that defines it, in the version that wrote the ledger",
        ) from reason
    if not (isinstance(found, type) and all(hasattr(found, each) for each in ("from_json", "to_json", "merge"))):
        raise InputError(
            "not a tally", where=kind, expected="a class with merge, to_json and from_json", got=repr(found)
        )
    return cast("type[Tally]", found)
