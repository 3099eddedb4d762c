"""Scheme files of others, read without trusting them: data only, and the tensor identity decides.

Three formats are told apart by what is in them.

- Ours: JSON with "shape", "u", "v" and perhaps "w", arrays as in `BilinearScheme`; "name", "source", "licence",
  "found_by" and "labels" beside.
- Perminov's FastMatrixMultiplication: JSON with "n": [m, k, n] and "m" products; one row a product; C transposed.
- AlphaTensor's archives: .npz with members named "3,4,5", each three arrays with one column a product; C transposed.
  Most members are pickles.  They are read by an unpickler that knows nothing but arrays, so a file cannot run code.

>>> import json, tempfile
>>> from pathlib import Path
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder) / "outer.json"
...     outer = {"n": [1, 1, 2], "m": 2, "u": [[1], [1]], "v": [[1, 0], [0, 1]], "w": [[1, 0], [0, 1]]}
...     _ = path.write_text(json.dumps(outer))
...     read(path)
BilinearScheme('outer', 1x1x2, 2 nodes, integer)
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np

from coding.bilinear.scheme import Array, BilinearScheme, checked_shape
from coding.errors import CodingError


def read(path: str | Path, *, shape: tuple[int, int, int] | None = None) -> BilinearScheme:
    """The scheme in a file of any of the three formats.

    Args:
        path: a .json or .npz file.
        shape: which member of an archive of several; optional where there is only one.

    Raises:
        CodingError: no such file, a file of another kind, a shape that is not in it, or data that are not a matrix
            multiplication (schemes modulo 2 are not, over the reals).
    """
    file = Path(path)
    if not file.is_file():
        raise CodingError("no such file", where="path", got=str(path))
    try:
        if zipfile.is_zipfile(file):
            return _from_archive(file, shape)
        data = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise CodingError("not a scheme", where=str(path), expected="a JSON object", got=type(data).__name__)
        scheme = from_json(data, name=file.stem)
    except CodingError as error:
        raise CodingError(f"{file.name}: {error}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CodingError("not a scheme file", where=file.name, expected="JSON or .npz", got=str(error)) from error
    if shape is not None and scheme.shape != checked_shape(shape):
        raise CodingError("another shape", where=file.name, expected=str(shape), got=str(scheme.shape))
    return scheme


def from_json(data: dict[str, Any], *, name: str = "") -> BilinearScheme:
    """The scheme of parsed JSON, ours or Perminov's; fractions may be strings like "1/2".

    Raises:
        CodingError: keys are missing, or the data are not a matrix multiplication.
    """
    if "shape" in data:
        _require(data, ("u", "v"))
        return BilinearScheme(
            _numbers(data["u"], "u"),
            _numbers(data["v"], "v"),
            None if data.get("w") is None else _numbers(data["w"], "w"),
            shape=data["shape"],
            name=data.get("name", name),
            labels=tuple(data.get("labels", ())),
        )
    _require(data, ("n", "m", "u", "v", "w"))
    u, v, w = (_numbers(data[key], key).T for key in ("u", "v", "w"))
    if u.ndim == 2 and u.shape[1] != data["m"]:
        raise CodingError("wrong number of products", where="u", expected=f'"m" = {data["m"]}', got=str(u.shape[1]))
    return _with_transposed_product(u, v, w, shape=checked_shape(data["n"]), name=name)


def _from_archive(file: Path, shape: tuple[int, int, int] | None) -> BilinearScheme:
    with zipfile.ZipFile(file) as archive:
        members = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        wanted = members[0] if shape is None and len(members) == 1 else ",".join(map(str, shape or ()))
        if wanted not in members:
            raise CodingError(
                "no such member",
                where="shape",
                expected="one of " + " ".join(f"({member})" for member in members[:100]),
                got=str(shape),
            )
        with archive.open(wanted + ".npy") as stream:
            factors = _arrays(stream)
    if len(factors) != 3:
        raise CodingError("not a factorization", where=wanted, expected="3 arrays u, v, w", got=str(len(factors)))
    try:
        m, k, n = (int(size) for size in wanted.split(","))
    except ValueError as error:
        raise CodingError("not a shape", where="member", expected='a name like "3,4,5"', got=repr(wanted)) from error
    return _with_transposed_product(*factors, shape=(m, k, n), name=f"{file.stem}:{wanted}")


def _with_transposed_product(u: Array, v: Array, w: Array, *, shape: tuple[int, int, int], name: str) -> BilinearScheme:
    """A scheme whose w numbers the blocks of C column by column."""
    m, _, n = shape
    if w.ndim != 2 or w.shape[0] != m * n:
        raise CodingError("wrong shape", where="w", expected=f"{m * n} coefficients a product", got=f"shape {w.shape}")
    row_major = w.reshape(n, m, -1).transpose(1, 0, 2).reshape(m * n, -1)
    return BilinearScheme(u, v, row_major, shape=shape, name=name)


class _ArraysOnly(pickle.Unpickler):
    """Unpickles numpy arrays of numbers; refuses every other name, so nothing in the file is called."""

    ALLOWED = frozenset({("multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")})

    def find_class(self, module: str, name: str) -> Any:
        if (module.rpartition(".")[2], name) not in self.ALLOWED or module.partition(".")[0] != "numpy":
            raise CodingError(
                "refused to unpickle", where="member", expected="arrays of numbers", got=f"{module}.{name}"
            )
        return np._core.multiarray._reconstruct if name == "_reconstruct" else getattr(np, name)  # type: ignore[attr-defined]


def _arrays(stream: IO[bytes]) -> Sequence[Array]:
    """The arrays of one .npy stream: the planes of a numeric one, or the items of one of objects."""
    try:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(stream)
        if dtype.hasobject:
            return [np.asarray(item) for item in _ArraysOnly(stream).load()]
        return list(np.frombuffer(stream.read(), dtype=dtype).reshape(shape))
    except (ValueError, EOFError, pickle.UnpicklingError, TypeError, AttributeError) as error:
        if isinstance(error, CodingError):
            raise
        raise CodingError("damaged member", where="member", got=str(error)) from error


def _require(data: dict[str, Any], keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if key not in data]
    if missing:
        raise CodingError(
            "keys are missing",
            where="scheme",
            expected='"shape", "u", "v" (ours) or "n", "m", "u", "v", "w"',
            got="no " + ", ".join(missing),
        )


def _numbers(rows: Any, where: str) -> Array:
    """A float array of nested lists, with "p/q" read as the fraction."""
    try:
        return np.array([[float(Fraction(entry)) for entry in row] for row in rows])
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise CodingError("not numbers", where=where, expected='rows of numbers or "p/q"', got=str(error)) from error
