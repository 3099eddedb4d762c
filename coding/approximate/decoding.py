"""From answers to values: set liars aside, read the curve at the inputs, and say how far to trust it.

No executor and no clock here: a pure function of the answers that arrived.

>>> from coding.approximate.codes import BerrutCode
>>> code = BerrutCode(inputs=4, workers=60)
>>> X = np.array([-1.0, -0.3, 0.4, 0.9])
>>> answers = np.sin(code.encode(X))
>>> answers[[10, 11, 40]] = [5.0, np.nan, -2.0]
>>> values, report = decode(code, range(60), answers)
>>> bool(abs(values - np.sin(X)).max() < 1e-6), report.liars, report.refused
(True, (10, 11, 40), False)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from coding.approximate.answers import condense, lengths
from coding.approximate.codes import ApproximateCode, DCTCode, arrived
from coding.approximate.decoders import Decoder
from coding.approximate.localisation import LEAST, explanations
from coding.approximate.report import Report
from coding.approximate.selection import choose
from coding.approximate.syndromes import find_liars
from coding.approximate.verdict import contradicted, examine, severed
from coding.errors import CodingError

TOLERANCE = 0.25
Mask = NDArray[np.bool_]


def threshold(code: ApproximateCode, *, robust: bool = True, decoder: Decoder | Literal["auto"] = "auto") -> int:
    """Fewest answers that are decoded: one an input and what the decoder needs; two more, and five at least, when one
    of them may be a liar."""
    needed = max(code.inputs, 2, 0 if decoder == "auto" else decoder.least)
    return max(needed + 2, LEAST) if robust else needed


def decode(
    code: ApproximateCode,
    workers: Sequence[int],
    answers: NDArray[Any],
    *,
    decoder: Decoder | Literal["auto"] = "auto",
    robust: bool = True,
    liars: int | None = None,
    locator: Literal["regression", "syndromes"] = "regression",
    tolerance: float = TOLERANCE,
) -> tuple[NDArray[Any], Report]:
    """Estimate f at every input from the answers that arrived.

    Args:
        code: the code that made the tasks.
        workers: index of each answer (M,), in any order.
        answers: f of the tasks, numbers (M, ...).
        decoder: how to read the curve; "auto" rehearses all and takes the best for each input.
        robust: look for liars; False believes every answer.
        liars: how many there are, when known; default: estimated.
        locator: "regression" for any f; "syndromes" (``DCTCode`` only) for polynomials up to the code's resolution.
        tolerance: relative error estimate above which a robust result is refused.

    Returns:
        Values (K, ...), float64 or complex128, all NaN when refused, and the report.

    Raises:
        CodingError: too few answers, non-finite ones with ``robust=False``, a locator that does not fit the code.
    """
    indices = arrived(code, workers)
    table = _table(answers, indices.size)
    _permitted(code, robust, locator, tolerance)
    finite = np.isfinite(table.reshape(indices.size, -1)).all(axis=1)
    if not robust and not finite.all():
        raise CodingError(
            "not finite",
            where=f"answer of worker {indices[~finite][0]}",
            got="NaN or infinity",
            cure="set robust=True to leave such answers out",
        )
    _sufficient(code, int(finite.sum()), robust, decoder)
    order = np.flatnonzero(finite)[np.argsort(indices[finite])]
    table, who = table[order], indices[order]
    points = code.worker_points[who]
    trusted, reason = np.ones(who.size, dtype=bool), ""
    rivals: list[Mask] = []
    if robust:
        hidden = None if liars is None else max(0, liars - int((~finite).sum()))
        trusted, rivals, reason = _trusted(code, who, points, table, hidden, locator)
        if trusted.sum() < threshold(code, robust=False, decoder=decoder):
            trusted, reason = np.ones(who.size, dtype=bool), f"only {trusted.sum()} answers agree"
    rows = condense(table)
    only = None if decoder == "auto" else decoder
    choice = choose(points[trusted], rows[trusted], code.input_points, decoder=only)
    values = np.tensordot(choice.matrix, table[trusted], axes=1)
    total, each = _errors(values, choice.miss)
    if robust and not reason and not total <= tolerance:
        reason = f"estimated relative error {total:.1e} is above the tolerance {tolerance:g}"
    if not reason and rivals:
        kept = choice.matrix @ rows[trusted]
        if any(contradicted(points, rows, code.input_points, choice, rival, kept=kept) for rival in rivals):
            reason = "two accounts of who lies are both sound and contradict each other"
    if robust and not reason and not trusted.all():
        block = severed(points, rows, trusted)
        if block.size:
            reason = (
                f"the neighbours {who[block[0]]} .. {who[block[-1]]} agree among themselves but not with the others"
            )
    accused = np.concatenate([who[~trusted], indices[~finite]])
    report = Report(
        workers=code.workers,
        answered=indices.size,
        error_estimate=total,
        input_errors=each,
        liars=tuple(sorted(accused.tolist())),
        refused=bool(reason),
        reason=reason,
        rejected=values if reason else None,
        decoders=choice.decoders,
    )
    return (np.full_like(values, np.nan) if reason else values), report


def _trusted(
    code: ApproximateCode,
    who: NDArray[np.int64],
    points: NDArray[np.float64],
    table: NDArray[Any],
    liars: int | None,
    locator: str,
) -> tuple[Mask, list[Mask], str]:
    """Mask of the answers believed, those of other accounts that accuse some of them, and a reason to believe none."""
    rivals: list[Mask] = []
    if locator == "syndromes":
        assert isinstance(code, DCTCode)
        trusted = np.ones(who.size, dtype=bool)
        trusted[find_liars(code, who.tolist(), table, liars=liars)] = False
    else:
        best, *others = explanations(points, table, liars=liars)
        trusted = best.trusted
        if not best.majority:
            return trusted, rivals, "no curve is followed by a majority of the answers"
        rivals = [o.trusted for o in others if (trusted & ~o.trusted).any() and o.trusted.sum() >= LEAST]
    if trusted.sum() < LEAST - 1:
        return trusted, [], f"only {trusted.sum()} answers agree"
    verdict = examine(points, table, trusted)
    if verdict.sound:
        return trusted, rivals, ""
    odd = f"the answer of worker {who[verdict.suspect]} misses {verdict.oddity:.0f} times farther than the typical one"
    return trusted, rivals, odd


def _errors(values: NDArray[Any], miss: NDArray[np.float64]) -> tuple[float, tuple[float, ...]]:
    """Relative error of all values and of each, from the misses."""
    size = lengths(condense(values))
    scale = float(np.sqrt(np.mean(size**2)))
    each = miss / scale if scale else np.where(miss > 0, np.inf, 0.0)
    return float(np.sqrt(np.mean(each**2))), tuple(each.tolist())


def _table(answers: NDArray[Any], count: int) -> NDArray[Any]:
    table = np.asarray(answers)
    if table.dtype.kind not in "biufc":
        raise CodingError("not numbers", where="answers", expected="an array of numbers", got=f"dtype {table.dtype}")
    if table.ndim == 0 or table.shape[0] != count:
        raise CodingError(
            "one answer a worker", where="answers", expected=f"shape ({count}, ...)", got=f"shape {table.shape}"
        )
    return table if table.dtype.kind in "fc" else table.astype(np.float64)


def _permitted(code: ApproximateCode, robust: bool, locator: str, tolerance: float) -> None:
    if locator not in ("regression", "syndromes"):
        raise CodingError("unknown", where="locator", expected="'regression' or 'syndromes'", got=repr(locator))
    if robust and locator == "syndromes" and not isinstance(code, DCTCode):
        raise CodingError(
            "needs the grid of the cosine transform",
            where="locator",
            expected="a DCTCode",
            got=type(code).__name__,
            cure="take DCTCode or locator='regression'",
        )
    if not tolerance > 0:
        raise CodingError("not a relative error", where="tolerance", expected="a number > 0", got=repr(tolerance))


def _sufficient(code: ApproximateCode, count: int, robust: bool, decoder: Decoder | Literal["auto"]) -> None:
    least = threshold(code, robust=robust, decoder=decoder)
    if count < least:
        raise CodingError(
            "too few answers",
            where="workers",
            expected=f"at least {least} (threshold for {code.inputs} inputs, robust={robust})",
            got=str(count),
            cure="wait for more answers, add workers, or send fewer inputs at once",
        )
