"""Raw parameters into a study's typed `Params`, with errors that name the field, the grid cell and the cure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import inspect as shapes

from experiments.errors import InputError, WorkbenchError
from experiments.study import JSON


class Place:
    """Where each raw parameter came from, for error messages: ``sweep.toml: grid.p[2]``."""

    def __init__(self, source: str, cell: Mapping[str, int]) -> None:
        self.source, self.cell = source, cell

    def of(self, field: str) -> str:
        """File and key of one parameter."""
        if not field:
            return f"{self.source}: params"
        name = re.split(r"[.\[]", field, maxsplit=1)[0]
        key = f"grid.{name}[{self.cell[name]}]{field[len(name) :]}" if name in self.cell else f"params.{field}"
        return f"{self.source}: {key}"


def convert(params_type: type, raw: Mapping[str, JSON], place: Place) -> Any:
    """A validated ``Params`` object.

    Raises:
        InputError: naming the offending field, what it accepts, what was found and, where one is evident, the cure.
    """
    try:
        return msgspec.convert(dict(raw), params_type, strict=True)
    except msgspec.ValidationError as error:
        raise _explained(error, params_type, raw, place) from None


def as_json(params: Any) -> dict[str, JSON]:
    """Every parameter, defaults included, as JSON values."""
    return {name: msgspec.to_builtins(getattr(params, name)) for name in _fields(type(params))}


def non_default(params: Any) -> dict[str, JSON]:
    """The parameters that differ from their defaults: what identifies a task."""
    fields = _fields(type(params))
    return {name: value for name, value in as_json(params).items() if not _is_default(fields[name], value)}


def explained_table(
    error: msgspec.ValidationError, kind: type, raw: Mapping[str, JSON], place: Place, table: str
) -> InputError:
    """The same explanation for one table of a sweep file, whose keys stand under ``table.``."""
    found = _explained(error, kind, raw, Place(place.source, {}))
    where = found.where.replace(": params.", f": {table}." if table else ": ").replace(
        ": params", f": {table}" if table else ""
    )
    return InputError(
        found.what,
        where=where,
        expected=found.expected,
        got=found.got,
        cure=found.cure if "[params]" not in found.cure else "",
    )


def describe(params_type: type) -> list[tuple[str, str, str, str]]:
    """Rows (field, what it accepts, default, documentation) of a ``Params`` type, for people."""
    rows = []
    for name, field in _fields(params_type).items():
        default = "required" if field.required else repr(msgspec.to_builtins(_default_of(field)))
        rows.append((name, accepts(field.type), default, _documentation(field.type)))
    return rows


def accepts(kind: shapes.Type) -> str:
    """What a typed field accepts, in words: ``a number in [0, 1]``."""
    if isinstance(kind, shapes.Metadata):
        return accepts(kind.type)
    if isinstance(kind, shapes.UnionType):
        return " or ".join(accepts(option) for option in kind.types)
    if isinstance(kind, shapes.LiteralType):
        return "one of " + ", ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in kind.values)
    if isinstance(kind, shapes.IntType | shapes.FloatType):
        return ("a whole number" if isinstance(kind, shapes.IntType) else "a number") + _range(kind)
    if isinstance(kind, shapes.ListType | shapes.VarTupleType):
        return f"a list of: {accepts(kind.item_type)}"
    names = {"StrType": "a string", "BoolType": "true or false", "NoneType": "nothing", "DictType": "a table"}
    return names.get(type(kind).__name__, type(kind).__name__.removesuffix("Type").lower())


def _range(kind: shapes.IntType | shapes.FloatType) -> str:
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    if low is not None and high is not None:
        return f" in {'[' if kind.ge is not None else '('}{low:g}, {high:g}{']' if kind.le is not None else ')'}"
    if low is not None:
        return f" {'>=' if kind.ge is not None else '>'} {low:g}"
    if high is not None:
        return f" {'<=' if kind.le is not None else '<'} {high:g}"
    return ""


def _fields(params_type: type) -> dict[str, shapes.Field]:
    if params_type not in _known_fields:
        _known_fields[params_type] = _inspected(params_type)
    return _known_fields[params_type]


_known_fields: dict[type, dict[str, shapes.Field]] = {}


def _inspected(params_type: type) -> dict[str, shapes.Field]:
    info = shapes.type_info(params_type)
    if not isinstance(info, shapes.StructType | shapes.DataclassType):
        raise InputError(
            "Params must be a msgspec.Struct or a dataclass", where=params_type.__qualname__, got=type(info).__name__
        )
    return {field.encode_name: field for field in info.fields}


def _default_of(field: shapes.Field) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else cast(Any, field.default_factory)()


def _is_default(field: shapes.Field, value: JSON) -> bool:
    if field.required:
        return False
    default = msgspec.to_builtins(_default_of(field))
    return type(value) is type(default) and bool(value == default)


def _documentation(kind: shapes.Type) -> str:
    if isinstance(kind, shapes.Metadata) and kind.extra_json_schema:
        return str(kind.extra_json_schema.get("description", ""))
    return ""


def _explained(error: msgspec.ValidationError, params_type: type, raw: Mapping[str, JSON], place: Place) -> InputError:
    cause: BaseException | None = error.__cause__
    if isinstance(cause, WorkbenchError):
        return InputError(
            cause.what, where=place.of(cause.where), expected=cause.expected, got=cause.got, cure=cause.cure
        )
    text = str(error)
    fields = _fields(params_type)
    unknown = re.search(r"unknown field `(.+?)`", text)
    if unknown:
        name = unknown.group(1)
        close = difflib.get_close_matches(name, fields, n=1)
        cure = f"did you mean {close[0]!r}?" if close else "remove it"
        return InputError("unknown parameter", where=place.of(name), expected="one of " + ", ".join(fields), cure=cure)
    missing = re.search(r"missing required field `(.+?)`", text)
    if missing:
        name = missing.group(1)
        return InputError(
            f"parameter {name!r} is missing",
            where=place.of(""),
            expected=accepts(fields[name].type),
            got="nothing",
            cure=f"write {name} = ... under [params] or [grid]",
        )
    path = re.search(r"`\$\.?(.*)`$", text)
    field = path.group(1) if path else ""
    name = re.split(r"[.\[]", field, maxsplit=1)[0]
    if name not in fields:
        return InputError(text, where=place.of(""))
    value = raw.get(name)
    return InputError(
        "wrong value" if "got" not in text else "wrong type",
        where=place.of(field),
        expected=accepts(fields[name].type),
        got=_shown(value),
        cure=_cure(fields[name].type, value),
    )


def _shown(value: JSON) -> str:
    kinds = {str: "a string", bool: "a boolean", list: "a list", dict: "a table"}
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"{text} ({kinds[type(value)]})" if type(value) in kinds else text


def _cure(kind: shapes.Type, value: JSON) -> str:
    if not isinstance(value, str):
        return ""
    wanted = accepts(kind)
    if "number" in wanted:
        try:
            float(value)
        except ValueError:
            pass
        else:
            return "remove the quotes"
    names = re.findall(r'"([^"]+)"', wanted)
    close = difflib.get_close_matches(value, names, n=1)
    return f'did you mean "{close[0]}"?' if close else ""
