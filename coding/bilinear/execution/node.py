"""What one node does: encode its two factors from the shipped blocks, multiply them, and say how long that took.

Only the coefficients (u_i, v_i) travel with the task; the blocks lie in shared memory, on a cluster, or in the task.

>>> blocks = np.arange(8.0).reshape(4, 1, 2)                  # four blocks of 1 x 2, and their transposes
>>> node_product(blocks, blocks.reshape(4, 2, 1), np.array([1.0, 0, 0, -1]), np.array([0, 1.0, 0, 0])).product
array([[-30.]])
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import threading
import time
from collections.abc import Sized
from dataclasses import dataclass
from multiprocessing import resource_tracker, shared_memory
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_ATTACHING = threading.Lock()


@dataclass(frozen=True, slots=True)
class SharedArray:
    """Where an array lies: the name of a shared memory segment of this machine, and how to read it."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def array(self, memory: shared_memory.SharedMemory) -> Array:
        """The array in `memory`, not copied."""
        return np.ndarray(self.shape, self.dtype, buffer=memory.buf)


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """A node's reply: who it was ("host:pid"), the seconds it worked, and the product unless that lies in its slot."""

    worker: str
    seconds: float
    product: Array | None


def node_product(
    left: Array | SharedArray,
    right: Array | SharedArray,
    u: Array,
    v: Array,
    *,
    products: SharedArray | None = None,
    node: int = 0,
) -> NodeAnswer:
    """(sum_a u_a left_a)(sum_b v_b right_b), returned or written among all products.

    Args:
        left: (m*k, ..., r, s) blocks of A.
        right: (k*n, ..., s, t) blocks of B.
        u: (m*k,) coefficients in the type of the blocks.
        v: (k*n,) coefficients.
        products: (N, ..., r, t) of all nodes; None returns the product.
        node: which of them this is.
    """
    started = time.perf_counter()
    memories = {place: attach(place.name) for place in (left, right, products) if isinstance(place, SharedArray)}
    try:
        product = _multiply(left, right, u, v, products, node, memories)
    finally:
        for memory in memories.values():
            with contextlib.suppress(BufferError):  # an error on its way up still holds views; they go with it
                memory.close()
    return NodeAnswer(f"{platform.node()}:{os.getpid()}", time.perf_counter() - started, product)


def _multiply(
    left: Array | SharedArray,
    right: Array | SharedArray,
    u: Array,
    v: Array,
    products: SharedArray | None,
    node: int,
    memories: dict[SharedArray, shared_memory.SharedMemory],
) -> Array | None:
    blocks = [place.array(memories[place]) if isinstance(place, SharedArray) else place for place in (left, right)]
    factors = encode(blocks[0], u), encode(blocks[1], v)
    if products is None:
        return np.asarray(np.matmul(*factors))
    np.matmul(*factors, out=products.array(memories[products])[node])
    return None


def encode(blocks: Array, coefficients: Array) -> Array:
    """sum_a coefficients[a] blocks[a], in the type of the blocks; a view where a single block is taken as it is."""
    total: Array | None = None
    used = np.flatnonzero(coefficients)
    if used.size == 1 and coefficients[used[0]] == 1:
        return np.asarray(blocks[used[0]])
    for index in used:
        factor = coefficients[index]
        if total is None:
            total = blocks[index] * factor
        elif factor == 1:
            total += blocks[index]
        elif factor == -1:
            total -= blocks[index]
        else:
            total += blocks[index] * factor
    return np.zeros_like(blocks[0]) if total is None else total


def attach(name: str) -> shared_memory.SharedMemory:
    """The shared memory of that name, owned by another process: it is for that one alone to remove."""
    if sys.version_info >= (3, 13):
        return shared_memory.SharedMemory(name=name, track=False)
    with _ATTACHING:  # before 3.13 an attaching process registers as owner and removes the segment when it ends
        register = resource_tracker.register
        resource_tracker.register = _unregistered
        try:
            return shared_memory.SharedMemory(name=name)
        finally:
            resource_tracker.register = register


def _unregistered(name: Sized, rtype: str) -> None:
    """Takes the place of the tracker's `register` while a segment of somebody else is opened."""
