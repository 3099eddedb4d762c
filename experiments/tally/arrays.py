"""Arrays inside tallies: how they come in, how they are kept from change, and how they stand in the ledger.

>>> array_to_json(frozen(real_array([1, float("nan")], 1, "values")))
[1.0, 'nan']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.errors import InputError
from experiments.tally.monoid import as_float, written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from experiments.study import JSON


def real_array(values: ArrayLike, dimensions: int, where: str) -> NDArray[np.float64]:
    """Values as a float64 array with the given number of dimensions.

    Raises:
        InputError: not numbers, complex, or of another dimension.
    """
    import numpy as np

    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biuf":
            raise TypeError
    except (TypeError, ValueError):
        raise InputError(
            "not an array of real numbers",
            where=where,
            expected=f"{dimensions} dimension(s) of real numbers of equal length",
            got=repr(values)[:80],
            cure="take the real part, or the absolute value, first",
        ) from None
    if array.ndim != dimensions:
        raise InputError(
            "an array of the wrong shape",
            where=where,
            expected=f"{dimensions} dimension(s)",
            got=f"shape {array.shape}",
            cure="reshape it, e.g. with values.ravel()" if dimensions == 1 else "",
        )
    return array.astype(np.float64)


def frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """The array itself, made read-only: tallies never change."""
    array.setflags(write=False)
    return array


def array_to_json(array: NDArray[np.float64]) -> JSON:
    """A vector as a list of numbers, each to the same bits."""
    return [written(x) for x in array.tolist()]


def array_from_json(state: JSON, where: str) -> NDArray[np.float64]:
    """The vector that `array_to_json` wrote, read-only.

    Raises:
        InputError: not a list of numbers.
    """
    import numpy as np

    if not isinstance(state, (list, tuple)):
        raise InputError("not a list of numbers", where=where, expected="a list", got=repr(state)[:80])
    return frozen(np.array([as_float(x) for x in state], dtype=np.float64))
