"""Fits of a sweep's results: rows are gathered into groups that share every label but the fitted axes.

For ``"threshold"`` a group is all rows equal in every grid column but the noise strength (``axes.x``) and the distance
(``axes.curve``); for ``"lambda"`` the noise strength is fixed as well, so that there is one Λ a noise strength.

    for found in fit_results(results, "threshold"):
        print(found)                                   # decoder = pymatching: p_c = 0.0067(3) ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from experiments.errors import InputError
from experiments.fits.suppression import SuppressionFit, fit_suppression
from experiments.fits.threshold import fit_threshold
from experiments.fits.threshold_fit import ThresholdFit
from experiments.results import Results, Row
from experiments.study import JSON

QUANTITIES = ("threshold", "lambda")
Fit: TypeAlias = ThresholdFit | SuppressionFit


@dataclass(frozen=True, slots=True)
class GroupFit:
    """The fit of one group of rows: ``labels`` are what the rows share; without ``fit``, ``refusal`` says why."""

    quantity: str
    labels: Mapping[str, JSON]
    fit: Fit | None
    refusal: str = ""

    def __str__(self) -> str:
        shared = ", ".join(f"{name} = {value}" for name, value in self.labels.items())
        text = str(self.fit) if self.fit is not None else self.refusal
        return f"{shared}: {text}" if shared else text


def fit_results(results: Results, quantity: str, *, confidence: float = 0.95) -> tuple[GroupFit, ...]:
    """Fits of ``quantity`` (``"threshold"`` or ``"lambda"``) to the finished prefix of every row, one a group.

    Rows without a tally are left out.  A group that cannot be fitted is reported with its refusal beside the others.

    Raises:
        InputError: an unknown quantity, a study without the axes or the counts a fit needs, nothing run yet, or no
            group that can be fitted (then with the first group's cause).
    """
    if quantity not in QUANTITIES:
        raise InputError("unknown quantity", where="fit", expected=" or ".join(QUANTITIES), got=repr(quantity))
    x, curve = _axes(results)
    fixed = [name for name in results.columns if name != curve and not (quantity == "threshold" and name == x)]
    groups: dict[str, list[Row]] = {}
    for row in results.rows:
        if row.tally is not None:
            groups.setdefault(repr([row.labels.get(name) for name in fixed]), []).append(row)
    if not groups:
        raise InputError("no task has any shots yet", where=results.study, cure="run the sweep first")
    found = [_fit_group(rows, quantity, x, curve, fixed, confidence) for rows in groups.values()]
    if all(group.fit is None for group in found):
        raise InputError(found[0].refusal)
    return tuple(found)


def _fit_group(
    rows: Sequence[Row], quantity: str, x: str, curve: str, fixed: Sequence[str], confidence: float
) -> GroupFit:
    labels = {name: rows[0].labels[name] for name in fixed if name in rows[0].labels}
    shots = [row.shots for row in rows]
    errors = [_errors(row) for row in rows]
    distances = [_number(row, curve) for row in rows]
    fit: Fit
    try:
        if quantity == "threshold":
            fit = fit_threshold([_number(row, x) for row in rows], distances, shots, errors, confidence=confidence)
        else:
            fit = fit_suppression(
                distances, [rounds_of(row.params, curve) for row in rows], shots, errors, confidence=confidence
            )
    except InputError as refusal:
        return GroupFit(quantity, labels, None, str(refusal))
    return GroupFit(quantity, labels, fit)


def rounds_of(params: Mapping[str, JSON], curve: str) -> float:
    """Rounds of a shot: the parameter ``rounds``, or the distance (parameter ``curve``) where it says ``"distance"``.

    Raises:
        InputError: neither is a number.
    """
    rounds = params.get("rounds")
    if rounds == "distance":
        rounds = params.get(curve)
    if isinstance(rounds, bool) or not isinstance(rounds, int | float):
        raise InputError(
            "a suppression factor is counted per round",
            where="params.rounds",
            expected='a number of rounds or "distance"',
            got=repr(params.get("rounds")),
        )
    return float(rounds)


def _axes(results: Results) -> tuple[str, str]:
    x, curve = results.axes.x, results.axes.curve
    if x is None or curve is None:
        raise InputError(
            "the study names no noise strength and distance to fit over",
            where=results.study,
            expected="axes.x and axes.curve",
            got=f"{x} and {curve}",
        )
    return x, curve


def _number(row: Row, name: str) -> float:
    value = row.labels.get(name, row.params.get(name))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError("not a number to fit over", where=name, expected="a number in every task", got=repr(value))
    return float(value)


def _errors(row: Row) -> int:
    if row.errors is None:
        raise InputError(
            "only counts can be fitted", where=f"task {row.task_id[:12]}", expected="shots and errors", got="no errors"
        )
    return row.errors
