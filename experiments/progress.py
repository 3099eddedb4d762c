"""One task's way to its end: the contiguous prefix of its batches, the merged tally, and the rule that ended it.

Batches may arrive in any order; they are folded in batch order, and the stop rule is asked after each.  Whoever folds
the same records — a live run, a resumed one, ``qsim table`` — gets the same numbers, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from experiments.ledger.record import Record
from experiments.stopping import Stop
from experiments.study import Tally
from experiments.sweep import Task
from experiments.tally import from_state

_raw_to_json = msgspec.json.Decoder().decode


@dataclass(slots=True, eq=False)
class Progress:
    """The prefix of one task.

    ``prefix`` batches are folded into ``tally``; ``reason`` names the rule that ended the task (empty while it runs);
    ``limit`` is the number of shots that an allocation grants so far (None: no limit).
    """

    task: Task
    stop: Stop
    limit: int | None = None
    prefix: int = 0
    shots: int = 0
    last_kept: int = 0
    cpu: float = 0.0
    tally: Tally | None = None
    reason: str = ""
    failure: str = ""
    waiting: dict[tuple[int, int], Record] = field(default_factory=dict)

    def size_of(self, batch: int, shots_before: int) -> int:
        """Size of a batch that starts after ``shots_before`` shots: the schedule's, cut to meet ``max_shots``."""
        size = self.task.schedule.size(batch)
        return size if self.stop.max_shots is None else min(size, self.stop.max_shots - shots_before)

    @property
    def granted(self) -> bool:
        """True while the allocation grants the next batch."""
        return self.limit is None or self.shots < self.limit

    @property
    def ended(self) -> bool:
        """True when a rule ended the task or it failed."""
        return bool(self.reason or self.failure)

    def load(self, records: Mapping[tuple[int, int], Record]) -> None:
        """Take a ledger's records of this task and fold what is contiguous."""
        self.waiting.update(records)
        self.advance()

    def offer(self, record: Record) -> None:
        """Take one finished batch."""
        self.waiting[record.batch, record.size] = record
        self.advance()

    def advance(self) -> None:
        """Fold every next batch that is there, as far as rules and allocation allow."""
        while not self.reason and self.granted:
            size = self.size_of(self.prefix, self.shots)
            record = self.waiting.pop((self.prefix, size), None)
            if record is None:
                return
            tally = from_state(_raw_to_json(record.state))
            self.tally = tally if self.tally is None else self.tally.merge(tally)
            self.prefix += 1
            self.shots += size
            self.last_kept = getattr(tally, "kept", size)
            self.cpu += record.cpu
            self.reason = self.stop.reached(self.tally)

    @property
    def surplus(self) -> int:
        """Shots in the ledger beyond the published prefix."""
        return sum(size for _, size in self.waiting)
