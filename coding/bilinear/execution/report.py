"""What happened to each node during one coded multiplication, and what it cost.

>>> right = Answer(0, worker="host:11", arrived=0.11, worked=0.10)
>>> wrong = Answer(2, worker="host:13", arrived=0.12, worked=0.10)
>>> print(Report("copies", nodes=4, answers=(right, wrong), lying=(2,), dead={1: "worker process 12 died"}, late=(3,),
...              used=(0,), amplification=1.0, shipping="shared", seconds=Seconds(0.01, 0.11, 0.02)))
copies: 2 of 4 nodes answered, 1 used, in 0.140 s (ship 0.010, wait 0.110, decode 0.020); amplification 1.0
  lying: 2 (host:13)
  dead: 1 (worker process 12 died)
  late: 3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Answer:
    """One product that came back.

    Args:
        node: whose, 0-based.
        worker: who computed it, "host:pid".
        arrived: seconds after the first task was submitted.
        worked: seconds the worker itself took.
    """

    node: int
    worker: str
    arrived: float
    worked: float


@dataclass(frozen=True, slots=True)
class Seconds:
    """Where the time went: blocks cut and shipped, answers awaited and checked, product put together."""

    ship: float
    wait: float
    decode: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.ship + self.wait + self.decode


@dataclass(frozen=True, slots=True)
class Report:
    """Who did what.

    Args:
        scheme: its name.
        nodes: how many there are.
        answers: in order of arrival, wrong ones included.
        lying: nodes whose answer was wrong.
        dead: nodes that failed, and how.
        late: nodes abandoned because the product was known without them.
        used: nodes with a part in the product.
        amplification: the factor max_c sum_i |D_ci| |u_i| |v_i| by which rounding errors of the nodes may grow; 1 for a
            plain product of one block.
        shipping: how blocks travelled.
        seconds: where the time went.
    """

    scheme: str
    nodes: int
    answers: tuple[Answer, ...]
    lying: tuple[int, ...]
    dead: Mapping[int, str]
    late: tuple[int, ...]
    used: tuple[int, ...]
    amplification: float
    shipping: str
    seconds: Seconds

    def __str__(self) -> str:
        workers = {answer.node: answer.worker for answer in self.answers}
        spent = self.seconds
        lines = [
            f"{self.scheme or 'unnamed scheme'}: {len(self.answers)} of {self.nodes} nodes answered, "
            f"{len(self.used)} used, in {spent.total:.3f} s (ship {spent.ship:.3f}, wait {spent.wait:.3f}, "
            f"decode {spent.decode:.3f}); amplification {self.amplification:.1f}"
        ]
        if self.lying:
            lines.append("  lying: " + ", ".join(f"{node} ({workers[node]})" for node in self.lying))
        if self.dead:
            lines.append("  dead: " + ", ".join(f"{node} ({reason})" for node, reason in sorted(self.dead.items())))
        if self.late:
            lines.append("  late: " + ", ".join(map(str, self.late)))
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class MatmulResult:
    """A product and the story of its making.

    Args:
        product: (..., M, N), A @ B.
        report: who answered, died, lied or was late.
    """

    product: NDArray[Any]
    report: Report
