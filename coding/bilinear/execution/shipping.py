"""How blocks reach the workers and products come back: once for all tasks wherever the executor allows.

| kind     | executors                                   | blocks travel           | encoded by | products          |
|----------|---------------------------------------------|-------------------------|------------|-------------------|
| memory   | threads                                     | not at all              | workers    | not moved         |
| shared   | processes of this machine, Dask's too       | once, to shared memory  | workers    | in shared memory  |
| scatter  | Dask on several machines                    | once, to every worker   | workers    | in the replies    |
| store    | Ray                                         | once, to its store      | workers    | in the replies    |
| messages | anything else with `submit` (MPI, ...)      | two encoded a task      | the driver | in the replies    |
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from math import prod
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.execution.blocks import BlockGrid
from coding.bilinear.execution.dask_cluster import DaskExecutor, dask_client, on_this_machine, scatter
from coding.bilinear.execution.node import NodeAnswer, SharedArray, encode
from coding.bilinear.execution.ray_cluster import RayExecutor
from coding.bilinear.execution.worker_pool import WorkerPool
from coding.errors import CodingError

Array = NDArray[Any]
KINDS = ("memory", "shared", "scatter", "store", "messages")


class Shipment(Protocol):
    """The blocks of one multiplication on their way: room for them, then arguments for tasks, then products."""

    left: Array
    right: Array

    def ship(self, timeout: float) -> None:
        """Send the blocks, now that they are filled in; at most `timeout` seconds."""

    def arguments(self, node: int, u: Array, v: Array) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What `node_product` is called with."""

    def product(self, node: int, answer: NodeAnswer) -> Any:
        """The product that came with, or was announced by, `answer`."""

    def close(self) -> None:
        """Give back memory; products must not be used afterwards."""


class InMemory:
    """For threads: workers see the driver's arrays."""

    def __init__(self, grid: BlockGrid, nodes: int, stored: np.dtype[Any]) -> None:  # noqa: ARG002
        self.left, self.right = np.empty(grid.left, stored), np.empty(grid.right, stored)

    def ship(self, timeout: float) -> None:
        """Nothing moves."""

    def arguments(self, node: int, u: Array, v: Array) -> tuple[tuple[Any, ...], dict[str, Any]]:  # noqa: ARG002
        """The blocks themselves."""
        return (self.left, self.right, u, v), {}

    def product(self, node: int, answer: NodeAnswer) -> Any:  # noqa: ARG002
        """What the answer carries."""
        return answer.product

    def close(self) -> None:
        """Nothing was taken."""


class Messages(InMemory):
    """For anything that takes tasks: each carries its own two factors, encoded here."""

    def arguments(self, node: int, u: Array, v: Array) -> tuple[tuple[Any, ...], dict[str, Any]]:  # noqa: ARG002
        """The encoded factors, as single blocks."""
        one = np.ones(1, self.left.dtype)
        factors = (encode(blocks, x)[None] for blocks, x in ((self.left, u), (self.right, v)))
        return (*factors, one, one), {}


class Scattered(InMemory):
    """For Dask: each worker has its own copy of the blocks, so that no death loses them."""

    def __init__(self, grid: BlockGrid, nodes: int, stored: np.dtype[Any], *, client: Any) -> None:
        super().__init__(grid, nodes, stored)
        self._client, self._nodes = client, nodes
        self._futures: list[Any] = []
        self._holders: list[str] = []

    def ship(self, timeout: float) -> None:
        """Copy the blocks to the workers."""
        self._futures, self._holders = scatter(self._client, [self.left, self.right], timeout=timeout)

    def arguments(self, node: int, u: Array, v: Array) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The scattered blocks, which Dask puts in place, and the worker whose turn it is."""
        chosen = self._holders[node % len(self._holders)]
        movable = len(self._holders) < self._nodes
        return (*self._futures, u, v), {"workers": [chosen], "allow_other_workers": movable}

    def close(self) -> None:
        """Let the cluster forget the blocks."""
        self._futures = []


class Stored(InMemory):
    """For Ray: the blocks lie in its object store, from which each machine takes them once."""

    def __init__(self, grid: BlockGrid, nodes: int, stored: np.dtype[Any], *, executor: RayExecutor) -> None:
        super().__init__(grid, nodes, stored)
        self._executor = executor
        self._references: list[Any] = []

    def ship(self, timeout: float) -> None:  # noqa: ARG002
        """Copy the blocks into the store."""
        self._references = [self._executor.put(blocks) for blocks in (self.left, self.right)]

    def arguments(self, node: int, u: Array, v: Array) -> tuple[tuple[Any, ...], dict[str, Any]]:  # noqa: ARG002
        """References to the stored blocks, which Ray puts in place."""
        return (*self._references, u, v), {}

    def close(self) -> None:
        """Let the store forget the blocks."""
        self._references = []


class Shared:
    """For processes of this machine: blocks and products lie in shared memory and are never sent."""

    def __init__(self, grid: BlockGrid, nodes: int, stored: np.dtype[Any]) -> None:
        self._memories: list[shared_memory.SharedMemory] = []
        try:
            self._places = [self._make(shape, stored) for shape in (grid.left, grid.right, (nodes, *grid.product))]
        except BaseException:
            self.close()
            raise
        self.left, self.right, self._products = (
            place.array(memory) for place, memory in zip(self._places, self._memories, strict=True)
        )

    def ship(self, timeout: float) -> None:
        """The blocks were written where workers read them."""

    def arguments(self, node: int, u: Array, v: Array) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Where the blocks are, and where the product goes."""
        left, right, products = self._places
        return (left, right, u, v), {"products": products, "node": node}

    def product(self, node: int, answer: NodeAnswer) -> Any:  # noqa: ARG002
        """The node's slot."""
        return self._products[node]

    def close(self) -> None:
        """Remove the segments; a worker that still writes has its own hold of them and harms nobody."""
        self.left = self.right = self._products = np.empty(0)
        for memory in self._memories:
            memory.unlink()
            with contextlib.suppress(BufferError):  # an error on its way up still holds views; they go with it
                memory.close()
        self._memories = []

    def _make(self, shape: tuple[int, ...], stored: np.dtype[Any]) -> SharedArray:
        size = prod(shape) * stored.itemsize
        memory = shared_memory.SharedMemory(create=True, size=size)
        self._memories.append(memory)
        _reserve(memory.name, size)
        return SharedArray(memory.name, shape, stored.str)


def _reserve(name: str, size: int) -> None:
    """Claim the pages now: writing to memory that is not there would kill the process."""
    place = Path("/dev/shm") / name
    if not place.exists():  # only Linux shows shared memory as files
        return
    try:
        with place.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        raise CodingError(
            "no room in shared memory",
            where="/dev/shm",
            expected=f"{size:,} bytes",
            got=str(error),
            cure='enlarge it (docker: --shm-size), or pass shipping="messages"',
        ) from error


def shipping_for(executor: Any) -> str:
    """The kind of shipping that fits an executor."""
    family = type(executor).__module__.partition(".")[0]
    if isinstance(executor, ThreadPoolExecutor):
        return "memory"
    if isinstance(executor, (WorkerPool, ProcessPoolExecutor)) or family == "loky":
        return "shared"
    if isinstance(executor, RayExecutor):
        return "store"
    client = dask_client(executor)
    if client is not None:
        return "shared" if on_this_machine(client) else "scatter"
    return "messages"


def shipment(kind: str, executor: Any, *, grid: BlockGrid, nodes: int, stored: np.dtype[Any]) -> Shipment:
    """Room for the blocks of one multiplication."""
    if kind == "scatter":
        client = dask_client(executor)
        if client is None:
            raise CodingError("only Dask scatters", where="shipping", got=type(executor).__name__, cure='use "auto"')
        return Scattered(grid, nodes, stored, client=client)
    if kind == "store":
        if not isinstance(executor, RayExecutor):
            raise CodingError("only Ray has a store", where="shipping", got=type(executor).__name__, cure='use "auto"')
        return Stored(grid, nodes, stored, executor=executor)
    makers: dict[str, Callable[..., Shipment]] = {"memory": InMemory, "shared": Shared, "messages": Messages}
    return makers[kind](grid, nodes, stored)


def submitter(executor: Any, *, tasks: int) -> Executor:
    """What the `tasks` of a product are submitted to: the executor itself, or that of a Dask client.

    Raises:
        CodingError: no `submit` there.
    """
    client = dask_client(executor)
    if client is not None:
        return DaskExecutor(client, tasks=tasks)
    if not callable(getattr(executor, "submit", None)):
        raise CodingError(
            "not an executor",
            where="executor",
            expected="an object with the submit of concurrent.futures, or a Dask client",
            got=type(executor).__name__,
            cure="for processes on this machine pass WorkerPool(n)",
        )
    return executor  # type: ignore[no-any-return]
