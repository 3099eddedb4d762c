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
from experiments.tally import Counts, from_state

BLOCK = 256
_raw_to_json = msgspec.json.Decoder().decode


class _CountsState(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The state of a `Counts` without discards or counters."""

    counts: tuple[int, int]


_raw_to_counts = msgspec.json.Decoder(list[_CountsState]).decode


def _plain_counts(records: list[Record]) -> Counts | None:
    """The sum of records that hold nothing but shots and errors, or None when any holds more."""
    try:
        states = _raw_to_counts(b"[" + b",".join([record.state for record in records]) + b"]")
    except msgspec.MsgspecError:
        return None
    return Counts(sum([state.counts[0] for state in states]), sum([state.counts[1] for state in states]))


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
        while self._fold_block():
            pass
        while not self.reason and self.granted:
            size = self.size_of(self.prefix, self.shots)
            record = self.waiting.pop((self.prefix, size), None)
            if record is None:
                return
            tally = from_state(_raw_to_json(record.state))
            self._extend(tally, [record], getattr(tally, "kept", size))
            assert self.tally is not None
            self.reason = self.stop.reached(self.tally)

    def _fold_block(self) -> bool:
        """Fold a run of plain counts at once, when no rule holds after it and so, rules being monotone, none within."""
        if self.reason or not self.stop.monotone or len(self.waiting) < BLOCK:
            return False
        block: list[Record] = []
        shots = self.shots
        while len(block) < BLOCK and (self.limit is None or shots < self.limit):
            size = self.size_of(self.prefix + len(block), shots)
            record = self.waiting.get((self.prefix + len(block), size))
            if record is None:
                return False
            block.append(record)
            shots += size
        counts = _plain_counts(block)
        if counts is None or len(block) < BLOCK:
            return False
        total = counts if self.tally is None else self.tally.merge(counts)
        if self.stop.reached(total):
            return False
        for record in block:
            del self.waiting[record.batch, record.size]
        self._extend(counts, block, block[-1].size)
        return True

    def _extend(self, tally: Tally, records: list[Record], last_kept: int) -> None:
        self.tally = tally if self.tally is None else self.tally.merge(tally)
        self.prefix += len(records)
        self.last_kept = last_kept
        for record in records:
            self.shots += record.size
            self.cpu += record.cpu

    @property
    def surplus(self) -> int:
        """Shots in the ledger beyond the published prefix."""
        return sum(size for _, size in self.waiting)
