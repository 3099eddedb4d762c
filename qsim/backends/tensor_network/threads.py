"""One BLAS thread while small matrices are split: with more, their decompositions take many times longer.

A 128 x 128 complex singular-value decomposition on a busy machine of two cores took 3.6 ms with one thread and 25 ms
with two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec


@contextmanager
def one_blas_thread() -> Iterator[str]:
    """Hold BLAS to one thread inside the block; yields what was done, for a run's metadata."""
    if find_spec("threadpoolctl") is None:
        yield "as the environment says (threadpoolctl is not installed)"
        return
    with import_module("threadpoolctl").threadpool_limits(limits=1, user_api="blas"):
        yield "1"
