"""Writing a sweep back as TOML, so that a sweep built in Python leaves the same record as one read from a file.

>>> print(to_toml({"study": "coin", "grid": {"p": [0.1]}}), end="")
study = "coin"
<BLANKLINE>
[grid]
p = [0.1]
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from experiments.errors import InputError


def to_toml(table: Mapping[str, Any]) -> str:
    """TOML text of a two-level table; keys whose value is None, and empty tables, are left out.

    Raises:
        InputError: for a value that TOML cannot hold.
    """
    top = {key: value for key, value in table.items() if value is not None and not isinstance(value, Mapping)}
    text = "".join(f"{_key(key)} = {_value(value, key)}\n" for key, value in top.items())
    for name, section in table.items():
        if isinstance(section, Mapping):
            lines = [
                f"{_key(key)} = {_value(value, f'{name}.{key}')}\n"
                for key, value in section.items()
                if value is not None
            ]
            text += f"\n[{_key(name)}]\n{''.join(lines)}" if lines else ""
    return text


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _value(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item, where) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item, where)}" for key, item in value.items()) + " }"
    raise InputError(
        "a sweep cannot hold this value",
        where=where,
        expected="numbers, strings, booleans, lists, tables",
        got=repr(value),
    )
