"""Finding studies by name: entry points of group ``qsim.studies``, or an import path ``"package.module:object"``."""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from experiments.errors import InputError
from experiments.study import Study, StudyDefaults

GROUP = "qsim.studies"


def registered() -> dict[str, EntryPoint]:
    """Every study that an installed package offers, by name; nothing is imported."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def find_study(reference: str, *, where: str = "study") -> Any:
    """The study object behind a name or an import path.

    Raises:
        InputError: unknown name (with the closest known one), a module that cannot be imported, an object that is no
            study, or an object that lives in ``__main__``, where worker processes cannot find it.
    """
    if ":" in reference:
        return _checked(_import_object(reference, where), reference, where)
    known = registered()
    if reference not in known:
        close = difflib.get_close_matches(reference, known, n=1)
        raise InputError(
            "unknown study",
            where=where,
            expected=f"one of {', '.join(known)}, or an import path 'package.module:object'",
            got=repr(reference),
            cure=f"did you mean {close[0]!r}?" if close else "`qsim studies` lists them",
        )
    try:
        study = known[reference].load()
    except ImportError as error:
        raise InputError(
            f"study {reference!r} cannot be imported ({error})",
            where=where,
            cure=f"repair or reinstall {known[reference].value.split(':')[0]!r}",
        ) from error
    return _checked(study, reference, where)


def _import_object(reference: str, where: str) -> Any:
    module_name, _, attribute = reference.partition(":")
    if module_name == "__main__":
        raise InputError(
            "a study defined in __main__ cannot be found by worker processes",
            where=where,
            got=repr(reference),
            cure="move it to a module that can be imported",
        )
    try:
        found: Any = importlib.import_module(module_name)
        for name in attribute.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"no study there ({error})",
            where=where,
            expected="an import path 'package.module:object'",
            got=repr(reference),
            cure="check the spelling, and that the package is installed or on PYTHONPATH",
        ) from error
    return found


def _checked(study: Any, reference: str, where: str) -> Any:
    if isinstance(study, type):
        study = study()
    if not isinstance(study, Study):
        missing = [name for name in ("name", "version", "Params", "prepare") if not hasattr(study, name)]
        raise InputError(
            "this object is not a study",
            where=where,
            expected="members name, version, Params and prepare",
            got=f"{reference!r} without {', '.join(missing)}",
        )
    return study if isinstance(study, StudyDefaults) else _with_defaults(study)


def _with_defaults(study: Any) -> Any:
    """The same study with the members of `StudyDefaults` it leaves out."""
    merged = type(f"{type(study).__name__}WithDefaults", (type(study), StudyDefaults), {})
    complete: Any = object.__new__(merged)
    complete.__dict__.update(vars(study))
    return complete
