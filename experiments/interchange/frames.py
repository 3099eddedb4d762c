"""Results as data frames: pandas, xarray, and the files made from them (CSV, Parquet).

frame = pandas_frame(results)                       # study, task_id, distance, p, shots, errors, value, ...
dataset = xarray_dataset(results)
dataset["value"].sel(distance=5).plot(xscale="log") # dims: distance, p; attrs: long_name, units
write_parquet(results, "surface.parquet")
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from experiments.errors import InputError, MissingExtraError, StorageError
from experiments.interchange.table_csv import csv_text, data_cells, data_columns, data_hash, grid_headers

if TYPE_CHECKING:
    import pandas
    import xarray

    from experiments.results import Results
    from experiments.study import JSON

_WHOLE = {"shots", "errors", "n"}
_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\[\]()]+)[\])]\s*$")


def pandas_frame(results: Results) -> pandas.DataFrame:
    """One line a task in grid order: the columns of the CSV, then ``state, reason, surplus, cpu_seconds``.

    Counts are ``Int64`` (missing where a task has no data); ``frame.attrs`` holds the study and the data hash.
    A grid value that is a list or a table appears as compact JSON text.
    """
    import pandas

    headers = grid_headers(results)
    counting = results.counting
    columns: dict[str, Any] = {
        "study": pandas.Series([results.study] * len(results.rows), dtype="str"),
        "task_id": pandas.Series([row.task_id for row in results.rows], dtype="str"),
    }
    for column, header in headers.items():
        columns[header] = [_scalar(row.labels.get(column)) for row in results.rows]
    cells = [data_cells(row, counting=counting) for row in results.rows]
    for position, name in enumerate(data_columns(results)):
        values = [line[position] for line in cells]
        columns[name] = pandas.Series(values, dtype="Int64" if name in _WHOLE else "float64")
    columns["state"] = [row.state for row in results.rows]
    columns["reason"] = [row.reason for row in results.rows]
    columns["surplus"] = pandas.Series([row.surplus for row in results.rows], dtype="int64")
    columns["cpu_seconds"] = pandas.Series([row.cpu_seconds for row in results.rows], dtype="float64")
    frame = pandas.DataFrame(columns)
    frame.attrs = {"study": results.study, "version": results.version, "data_sha256": data_hash(results)}
    return frame


def xarray_dataset(results: Results) -> xarray.Dataset:
    """Grid columns as dimensions (length = number of distinct values), numbers and state as variables.

    Combinations that are not in the sweep, and tasks without data, hold nan (``""`` for texts).  ``long_name`` and
    ``units`` come from the study's axis labels: ``"latency [s]"`` has the unit ``s``, a label without one ``"1"``.

    Raises:
        MissingExtraError: xarray is not installed.
        InputError: two tasks share all their grid values.
    """
    array = _extra("xarray", "xarray")
    import numpy as np

    headers = grid_headers(results)
    coordinates: dict[str, list[JSON]] = {}
    for column in results.columns:
        coordinates[column] = list(dict.fromkeys(_scalar(row.labels.get(column)) for row in results.rows))
    shape = tuple(len(values) for values in coordinates.values())
    position = {column: {value: i for i, value in enumerate(values)} for column, values in coordinates.items()}

    numbers = {name: np.full(shape, np.nan) for name in data_columns(results)}
    texts = {name: np.full(shape, "", dtype=object) for name in ("task_id", "state", "reason")}
    counting = results.counting
    for row in results.rows:
        where = tuple(position[column][_scalar(row.labels.get(column))] for column in results.columns)
        if texts["task_id"][where]:
            raise InputError(
                "two tasks at one grid point",
                where=f"results of {results.study}",
                expected="distinct grid values",
                got=f"{dict(row.labels)} twice",
                cure="use to_pandas(), which keeps one line a task",
            )
        for name, value in zip(data_columns(results), data_cells(row, counting=counting), strict=True):
            numbers[name][where] = np.nan if value is None else value
        for name in texts:
            texts[name][where] = getattr(row, name)

    dims = tuple(headers[column] for column in results.columns)
    dataset: xarray.Dataset = array.Dataset(
        {name: (dims, values.astype(str) if name in texts else values) for name, values in (numbers | texts).items()},
        coords={headers[column]: _coordinate(values) for column, values in coordinates.items()},
        attrs={"study": results.study, "version": results.version, "data_sha256": data_hash(results)},
    )
    for name in (*numbers, *dims):
        dataset[name].attrs.update(_attributes(name, results, headers))
    return dataset


def write_csv(results: Results, path: str | Path) -> Path:
    """Write `Results.to_csv` to ``path`` byte for byte (no newline translation) and return the path."""
    return _write(Path(path), csv_text(results).encode())


def write_parquet(results: Results, path: str | Path) -> Path:
    """Write `pandas_frame` as a Parquet file and return the path.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    _extra("pyarrow", "parquet")
    path = Path(path)
    frame = pandas_frame(results)
    for name in grid_headers(results).values():
        if len({type(value) for value in frame[name] if value is not None}) > 1:
            frame[name] = frame[name].map(lambda value: value if value is None else str(value))
    try:
        frame.to_parquet(path, engine="pyarrow", index=False)
    except OSError as error:
        raise _refused(path, error) from error
    return path


def _scalar(value: JSON) -> JSON:
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return value


def _coordinate(values: list[JSON]) -> Any:
    import numpy as np

    if len({type(value) for value in values}) > 1 and not all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    ):
        mixed = np.empty(len(values), dtype=object)
        mixed[:] = values
        return mixed
    return np.asarray(values)


def _attributes(name: str, results: Results, headers: dict[str, str]) -> dict[str, str]:
    axes = results.axes
    if name in ("value", "low", "high"):
        long_name, unit = _split_unit(axes.value_label)
        side = {"value": "", "low": ", lower end of the interval", "high": ", upper end of the interval"}[name]
        return {"long_name": long_name + side, "units": unit}
    if name in _WHOLE:
        return {"long_name": f"number of {'units' if name == 'n' else name}", "units": "1"}
    if axes.x is not None and axes.x_label and name == headers.get(axes.x):
        long_name, unit = _split_unit(axes.x_label)
        return {"long_name": long_name, "units": unit}
    return {"long_name": name}


def _split_unit(label: str) -> tuple[str, str]:
    found = _UNIT.match(label)
    return (found["name"], found["unit"]) if found else (label, "1")


def _extra(package: str, extra: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            f"{package} is not installed", cure=f"install it with: pip install 'qsim-workbench[{extra}]'"
        ) from error


def _write(path: Path, content: bytes) -> Path:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise _refused(path, error) from error
    return path


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot be written: {error.strerror or error}", where=str(path), cure="choose another place or free it"
    )
