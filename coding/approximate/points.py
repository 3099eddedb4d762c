"""Where inputs and workers sit on [-1, 1].

A coded computation draws one curve through all inputs and asks each worker for one point of it.  Points crowd at the
ends of the interval, as Chebyshev points do, so that curves through them stay tame.  All are listed from +1 down to
-1, and one worker is one index.

>>> first_kind(2).round(3).tolist(), second_kind(3).round(3).tolist()
([0.707, -0.707], [1.0, 0.0, -1.0])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coding.errors import CodingError

FloatArray = NDArray[np.float64]


def first_kind(count: int) -> FloatArray:
    """The zeros cos((2j + 1)π / 2n) of the Chebyshev polynomial T_n, from the largest down.

    Args:
        count: how many, at least 1.

    Returns:
        Array (count,), strictly falling, inside (-1, 1).

    Source: Jahani-Nezhad and Maddah-Ali, arXiv 2009.08327 (data points); Borah and Harshan, arXiv 2507.01330 (workers).
    """
    _counted(count, least=1)
    # The sine of the mirrored angle is odd to the last bit, so the points are exactly symmetric about an exact 0.
    return np.sin((count - 1 - 2 * np.arange(count)) * np.pi / (2 * count))


def second_kind(count: int) -> FloatArray:
    """The extrema cos(iπ / (n - 1)) of the Chebyshev polynomial T_{n-1}, ends included, from 1 down to -1.

    Args:
        count: how many, at least 2; the paper's N is count - 1.

    Returns:
        Array (count,), strictly falling, from 1 to -1.

    Source: Jahani-Nezhad and Maddah-Ali, arXiv 2009.08327 (worker points).
    """
    _counted(count, least=2)
    return np.sin((count - 1 - 2 * np.arange(count)) * np.pi / (2 * (count - 1)))


def _counted(count: int, *, least: int) -> None:
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < least:
        raise CodingError("not a number of points", where="count", expected=f"an integer >= {least}", got=repr(count))
