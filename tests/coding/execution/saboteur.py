"""Workers that die, stop, lie or fail in the middle of a task, at will.

`Saboteur(pool, {3: "die"})` is an executor whose fourth task (of every fourteen) meets that fate inside the worker.
"""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np

from coding.bilinear.execution.node import NodeAnswer, attach


class Saboteur(Executor):
    """Passes tasks on to `inner`, the chosen ones wrapped in their fate; tasks are numbered modulo `nodes`."""

    def __init__(self, inner: Any, fates: dict[int, str], nodes: int = 14) -> None:
        self.inner, self.fates, self.nodes, self.count = inner, fates, nodes, 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        fate = self.fates.get(self.count % self.nodes)
        self.count += 1
        return self.inner.submit(meet, fate, fn, args, kwargs) if fate else self.inner.submit(fn, *args, **kwargs)


def meet(fate: str, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run the task and let the fate befall it."""
    if fate == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if fate == "fail":
        raise MemoryError("no room for two factors")
    if fate == "sleep":
        time.sleep(1.0)
    answer = fn(*args, **kwargs)
    if fate == "nonsense":
        return "forty-two"
    if fate == "wrong shape":
        return NodeAnswer(answer.worker, answer.seconds, answer.product[..., :-1])
    if fate in LIES:
        return tampered(answer, kwargs, LIES[fate])
    return answer


def tampered(answer: NodeAnswer, kwargs: dict[str, Any], lie: Any) -> NodeAnswer:
    """The answer with a wrong product, wherever the product lies."""
    if answer.product is not None:
        return NodeAnswer(answer.worker, answer.seconds, lie(answer.product.copy()))
    place = kwargs["products"]
    memory = attach(place.name)
    whole = place.array(memory)
    whole[kwargs["node"]] = lie(whole[kwargs["node"]].copy())
    del whole
    memory.close()
    return answer


def _one_entry(product: Any) -> Any:
    product[(0,) * product.ndim] += 1
    return product


class Homebody(Exception):
    """An error that pickle takes apart and cannot put together."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def stay_at_home() -> None:
    raise Homebody("st", "ays")


LIES = {
    "one entry": _one_entry,
    "sign": lambda product: -product,
    "noise": lambda product: product + np.random.default_rng(0).normal(size=product.shape).astype(product.dtype),
    "nan": lambda product: np.full_like(product, np.nan),
    "infinity": lambda product: np.full_like(product, np.inf),
    "zero": lambda product: np.zeros_like(product),
}
