"""Reject and flag: are the answers that were kept fit to be believed?

Locating liars can fail: there may be too many, or they may sit where the curve is free to bend.  So what was kept is
examined afresh.  Each kept answer is foretold from the other kept ones by the best curve of a ladder.  Honest answers
miss by similar amounts; a hidden liar misses by far more than the typical one.  And when another account of who lies
is sound too, but reads the inputs differently, neither is believed.

>>> from coding.approximate.points import first_kind
>>> z = first_kind(60)
>>> answers = np.sin(3 * z)[:, None] * np.ones(4)
>>> answers[7] += 1.0
>>> everyone = np.ones(60, dtype=bool)
>>> examine(z, answers, everyone).sound, examine(z, answers, everyone & (np.arange(60) != 7)).sound
(False, True)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coding.approximate.answers import condense, lengths, resolution
from coding.approximate.decoders import FloaterHormann
from coding.approximate.localisation import ladder
from coding.approximate.points import FloatArray
from coding.approximate.regression import UNHELD, foretold
from coding.approximate.selection import Choice, choose

CONTRADICTION = 3.0  # times the sum of both error estimates
HARMLESS = 0.025  # of a typical answer
CUT_OFF = 3.0  # times the rehearsed miss, median over a block; the honest rarely pass 2.5
ODD = 7.0  # worst miss over typical miss, both over their slack; honest ones that exceed it are harmless


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of the examination.

    Args:
        sound: whether the kept answers agree with one another.
        oddity: worst miss over typical miss among them.
        suspect: position of the answer that misses most.
    """

    sound: bool
    oddity: float
    suspect: int


def examine(
    points: FloatArray, answers: NDArray[np.generic], trusted: NDArray[np.bool_], *, harmless: float = HARMLESS
) -> Verdict:
    """Test whether one smooth curve foretells every kept answer about equally well.

    Args:
        points: places (M,) of all answers.
        answers: numbers (M, ...), finite where trusted.
        trusted: mask (M,) of the answers kept, by whatever means; at least 4.
        harmless: misses below this share of a typical answer's length are never odd.

    Returns:
        The verdict.  Lies that form a smooth curve with their neighbours pass: nothing in the answers betrays them.
    """
    kept = np.flatnonzero(trusted)
    rows, places = condense(answers[kept]), points[kept]
    everyone = np.ones(kept.size, dtype=bool)
    floor = resolution(answers) * float(np.median(lengths(rows)))
    best, slack = np.full(kept.size, np.inf), np.ones(kept.size)
    for terms in ladder(kept.size):
        miss, room = foretold(places, rows, everyone, terms=terms)
        held = (room < UNHELD).all() or not np.isfinite(best).all()
        if held and np.mean(np.maximum(miss, floor) ** 2) < np.mean(best**2):
            best, slack = np.maximum(miss, floor), room
    share = best / slack
    worst = int(np.argmax(share))
    oddity = float(share[worst] / max(float(np.median(share)), floor)) if best[worst] else 1.0
    small = float(best[worst]) <= harmless * float(np.median(lengths(rows)))
    return Verdict(oddity <= ODD or small, oddity, int(kept[worst]))


def contradicted(
    points: FloatArray,
    rows: FloatArray,
    targets: FloatArray,
    believed: Choice,
    rival: NDArray[np.bool_],
    *,
    kept: FloatArray,
) -> bool:
    """Whether another account of who lies is sound and reads some input beyond both error estimates apart.

    Args:
        points: places (M,) of all answers.
        rows: finite answers (M, D), condensed.
        targets: places (K,) of the inputs.
        believed: how the believed account reads the inputs.
        rival: mask (M,) of the answers the other account keeps.
        kept: values (K, D) read by the believed account.
    """
    if not examine(points, rows, rival).sound:
        return False
    other = choose(points[rival], rows[rival], targets)
    apart = lengths(other.matrix @ rows[rival] - kept)
    return bool((apart > CONTRADICTION * (believed.miss + other.miss)).any())


def severed(points: FloatArray, rows: FloatArray, trusted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A block of believed answers, cut off by accused ones, that the others do not foretell; empty when there is none.

    Liars who collude on neighbouring points look smooth among themselves; what betrays them are the edges of their
    block, where honest and lying answers meet and are accused.  Each block between accused answers is foretold from
    outside, and the miss compared with rehearsals of equally wide holes; a block with nobody believed on one side would
    have to be foretold beyond all answers, which nobody can rehearse, and is left alone.  That betrays some such
    blocks, not all: the real defence is to deal points to workers by lot, as :class:`coding.approximate.CodedMap` does.

    Args:
        points: places (M,) of all answers.
        rows: finite answers (M, D), condensed.
        trusted: mask (M,) of the answers believed.

    Returns:
        Positions of the first such block.
    """
    cuts = np.flatnonzero(~trusted).tolist()
    for reach in (1, 2, 3):
        for left, right in zip(cuts, cuts[reach:], strict=False):
            block = np.arange(left + 1, right)[trusted[left + 1 : right]]
            outside = trusted.copy()
            outside[block] = False
            held = outside[:left].any() and outside[right:].any()
            if not held or not 3 <= block.size < outside.sum() / 2:
                continue
            guess = FloaterHormann(1).matrix(points[outside], points[block]) @ rows[outside]
            apart = lengths(guess - rows[block])
            least = HARMLESS * float(np.median(lengths(rows[block])))
            if np.median(apart) <= CUT_OFF * least:
                continue  # near enough, whatever a rehearsal would say
            miss = choose(points[outside], rows[outside], points[block], decoder=FloaterHormann(1)).miss
            if np.median(apart / np.maximum(miss, least)) > CUT_OFF:
                return block
    return np.empty(0, dtype=np.int64)
