"""Matrix products that come out right although workers die, stall or lie.

>>> from coding.bilinear import catalog
>>> scheme = catalog.strassen() + catalog.winograd()          # 14 nodes; any one may fail, and most sets of three
>>> A, B = np.arange(12).reshape(3, 4), np.arange(20).reshape(4, 5)
>>> with WorkerPool(2) as pool:
...     result = CodedMatmul(scheme, pool).multiply(A, B)
>>> bool((result.product == A @ B).all()), result.report.dead
(True, {})

The matrices are cut into the scheme's grid of blocks and shipped once; each node encodes and multiplies two factors;
the product is put together from the first answers that suffice.  Dead nodes are erasures, slow ones are abandoned, and
wrong answers are found by Freivalds' check of each (or, with `verify=False`, by the code's own relations as far as they
reach).  Anything with the `submit` of `concurrent.futures` will do; `WorkerPool` is the one that no worker can break.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coding.bilinear.execution.arithmetic import Arithmetic
from coding.bilinear.execution.assembly import assemble, decode_weights
from coding.bilinear.execution.blocks import BlockGrid, cut
from coding.bilinear.execution.freivalds import Freivalds
from coding.bilinear.execution.gathering import Gathering, gather
from coding.bilinear.execution.judges import CheckingJudge, ComparingJudge, Judge
from coding.bilinear.execution.reach import survives, threshold
from coding.bilinear.execution.report import MatmulResult, Report, Seconds
from coding.bilinear.execution.shipping import KINDS, Shipment, shipment, shipping_for, submitter
from coding.bilinear.execution.worker_pool import WorkerPool
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

__all__ = ["CodedMatmul", "WorkerPool"]

Array = NDArray[Any]

PATIENCE = 60.0
SLOWEST = 5e7  # operations a second; no worker is so slow that waiting longer than at this rate makes sense


class CodedMatmul:
    """Coded matrix multiplication by one scheme on one executor; may be used again and again.

    Args:
        scheme: the code; its nodes become tasks.
        executor: anything with the `submit` of `concurrent.futures` (WorkerPool, thread or process pools, loky, MPI,
            RayExecutor), or a Dask client.
        verify: check each answer (Freivalds; a wrong entry beyond rounding is missed with probability <= 2^-20).  If
            False, only the relations among the answers received are checked.
        liars: with `verify=False`, wait for the answers that it takes to locate that many wrong ones for certain.
        deadline: seconds for one product; None allows one minute and all the work at 50 million operations a second.
        shipping: "memory", "shared", "scatter", "store", "messages", or "auto" for what fits the executor.
        seed: of the random columns of the checks; None draws from the system, as it must be where workers are hostile.

    Raises:
        CodingError: an unusable argument, or more `liars` than the scheme can locate.
    """

    def __init__(
        self,
        scheme: BilinearScheme,
        executor: Any,
        *,
        verify: bool = True,
        liars: int = 0,
        deadline: float | None = None,
        shipping: str = "auto",
        seed: int | None = None,
    ) -> None:
        if not isinstance(scheme, BilinearScheme):
            raise CodingError("not a scheme", where="scheme", expected="a BilinearScheme", got=type(scheme).__name__)
        if deadline is not None and not deadline > 0:
            raise CodingError("no time at all", where="deadline", expected="seconds > 0", got=repr(deadline))
        if shipping not in ("auto", *KINDS):
            raise CodingError(
                "unknown shipping", where="shipping", expected=", ".join(("auto", *KINDS)), got=repr(shipping)
            )
        _refuse_liars(scheme, liars, verify)
        self._executor = submitter(executor, tasks=scheme.nodes)
        self._shipping = shipping_for(executor) if shipping == "auto" else shipping
        self._owner = executor
        self._scheme, self._verify, self._liars, self._deadline = scheme, verify, liars, deadline
        self._rng = np.random.default_rng(seed)

    def multiply(self, a: ArrayLike, b: ArrayLike) -> MatmulResult:
        """A @ B and the report of who did what.

        Args:
            a: (..., M, K) integers, float32, float64, complex64 or complex128; any sizes.
            b: (..., K, N); leading dimensions broadcast.

        Raises:
            CodingError: shapes, types or entries that cannot be multiplied; too few right answers, with the number
                needed.
        """
        started = time.perf_counter()
        left, right = np.asarray(a), np.asarray(b)
        grid = BlockGrid.of(left.shape, right.shape, shape=self._scheme.shape)
        arithmetic = Arithmetic.of(left, right, self._scheme)
        room = shipment(self._shipping, self._owner, grid=grid, nodes=self._scheme.nodes, stored=arithmetic.stored)
        try:
            m, k, n = self._scheme.shape
            cut(left, (m, k), room.left)
            cut(right, (k, n), room.right)
            return self._multiply(room, grid, arithmetic, started=started)
        finally:
            room.close()

    def _multiply(self, room: Shipment, grid: BlockGrid, arithmetic: Arithmetic, *, started: float) -> MatmulResult:
        timeout = self._deadline or PATIENCE + self._operations(grid) / SLOWEST
        room.ship(timeout)
        shipped = time.perf_counter()
        u, v = (x.astype(arithmetic.stored) for x in (self._scheme.u, self._scheme.v))
        checks = Freivalds(room.left, room.right, u=u, v=v, arithmetic=arithmetic, rng=self._rng)
        judge = self._judge(checks, grid, arithmetic)
        found = gather(self._executor, room, judge, u=u, v=v, timeout=max(0.0, started + timeout - time.perf_counter()))
        if not found.known:
            raise self._too_few(found, judge, timeout)
        gathered = time.perf_counter()
        weights = decode_weights(judge.decoder, exact=arithmetic.exact)
        product = assemble(judge.decoder, judge.products, grid=grid, arithmetic=arithmetic)
        seconds = Seconds(ship=shipped - started, wait=gathered - shipped, decode=time.perf_counter() - gathered)
        return MatmulResult(product, self._report(found, judge, weights, seconds))

    def _operations(self, grid: BlockGrid) -> float:
        return 2.0 * self._scheme.nodes * float(np.prod(grid.product, dtype=float)) * grid.left[-1]

    def _judge(self, checks: Freivalds, grid: BlockGrid, arithmetic: Arithmetic) -> Judge:
        def acceptable(product: Any) -> bool:
            return (
                isinstance(product, np.ndarray) and product.shape == grid.product and product.dtype == arithmetic.stored
            )

        if self._verify:
            return CheckingJudge(self._scheme, checks, acceptable=acceptable)
        return ComparingJudge(self._scheme, checks, liars=self._liars, acceptable=acceptable)

    def _report(self, found: Gathering, judge: Judge, weights: Array, seconds: Seconds) -> Report:
        sizes = np.linalg.norm(self._scheme.u, axis=0) * np.linalg.norm(self._scheme.v, axis=0)
        return Report(
            self._scheme.name,
            nodes=self._scheme.nodes,
            answers=tuple(found.answers),
            lying=tuple(judge.lying),
            dead=found.dead,
            late=found.late,
            used=tuple(int(node) for node in np.flatnonzero(weights.any(axis=0))),
            amplification=float((np.abs(weights) * sizes).sum(axis=1).max()),
            shipping=self._shipping,
            seconds=seconds,
        )

    def _too_few(self, found: Gathering, judge: Judge, timeout: float) -> CodingError:
        parts = [f"{len(found.answers) - len(judge.lying)} not known to be wrong"]
        if judge.lying:
            parts.append(f"{len(judge.lying)} wrong (nodes {', '.join(map(str, judge.lying))})")
        if found.dead:
            node, reason = next(iter(found.dead.items()))
            parts.append(f"{len(found.dead)} dead (node {node}: {reason})")
        if found.late:
            parts.append(f"{len(found.late)} without an answer (nodes {', '.join(map(str, found.late))})")
        if judge.decoder.decodable:
            return CodingError(
                "answers contradict each other",
                where="executor",
                expected="wrong answers that the code can locate",
                got=", ".join(parts),
                cure="verify=True checks each answer",
            )
        return CodingError(
            f"too few answers within {timeout:.4g} s" if found.late else "too few right answers",
            where="executor",
            expected=threshold(self._scheme),
            got=", ".join(parts),
            cure="take a scheme that survives more, add workers, or raise the deadline"
            if found.late
            else "take a scheme that survives more, or mend the workers",
        )


def _refuse_liars(scheme: BilinearScheme, liars: int, verify: bool) -> None:
    if isinstance(liars, bool) or not isinstance(liars, int) or liars < 0:
        raise CodingError("not a number of liars", where="liars", expected="an integer >= 0", got=repr(liars))
    if liars and verify:
        raise CodingError(
            "each answer is checked already",
            where="liars",
            expected="0 with verify=True",
            got=str(liars),
            cure="drop it",
        )
    if liars and not survives(scheme, range(scheme.nodes), failures=2 * liars):
        raise CodingError(
            f"the scheme cannot locate {liars} wrong answers",
            where="liars",
            expected=f"a scheme that survives any {2 * liars} missing answers",
            got=f"{scheme!r}, which needs {threshold(scheme)}",
            cure="use verify=True, which needs no redundancy to find a liar, or another scheme",
        )
