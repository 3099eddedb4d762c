"""Spend shots where they make a fitted threshold p_c, or suppression factor Λ, surer: the sweep's ``rule = "fit"``.

`FitAllocation.next_shots` is a pure function of the finished prefixes.  It begins with a pilot, equal shots everywhere,
doubled until the fit is possible.  Every later round spends a fixed fraction more core time than was spent before: it
tops each point of the fit up to an equal share of ``floor`` of the core time, so that lack of fit can show, and spends
the rest by c-optimal design at the present fit.

>>> rule = FitAllocation("threshold", core_seconds=60.0, pilot_shots=1000)
>>> grid = [Point(x, d, 0, 0, cost=1e-6 * d**3) for x in (0.005, 0.007, 0.009) for d in (3, 5)]
>>> rule.next_shots(grid).targets
(1000, 1000, 1000, 1000, 1000, 1000)

Measured on the rotated surface code by ``benchmarks/fit_allocation.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.allocation.c_optimal import c_optimal_shares
from experiments.allocation.decision import Decision, Point
from experiments.allocation.fitted_group import FittedGroup, fit_group, groups_of
from experiments.errors import InputError
from experiments.fits.observations import FloatArray

_VAGUE = 0.25
"""A fit with a larger relative error is too vague to design by: the pilot goes on."""


@dataclass(frozen=True, slots=True)
class FitAllocation:
    """Goal-driven allocation; at least one of ``standard_error`` and ``core_seconds`` ends it.

    Args:
        quantity: ``"threshold"`` or ``"lambda"`` (then one Λ a noise strength, and the sum of their variances counts).
        standard_error: wanted statistical error, absolute for p_c and relative for Λ.  For p_c from three distances or
            more it is the error with a correction d^-2 of free amplitude, whether the fit needs it by now or not (see
            `fitted_group`).  What more shots do not shrink, the fit's widening for lack of fit and the spread over
            exponents, is reported beside it.
        core_seconds: budget, counted by the points' cost formula.
        pilot_shots: shots a point in the first round.
        pilot_cap: shots a point at which a fit that is still impossible is given up.
        growth: core time of a round over that of all rounds before; 0.2 makes about 20 rounds from 2 % to 100 %.
        floor: part of the core time, in [0, 1], spread evenly over the points of the fit.

    Raises:
        InputError: a field outside its range, or no end.
    """

    quantity: str
    standard_error: float | None = None
    core_seconds: float | None = None
    pilot_shots: int = 1024
    pilot_cap: int = 131_072
    growth: float = 0.2
    floor: float = 0.2

    def __post_init__(self) -> None:
        if self.quantity not in ("threshold", "lambda"):
            raise _refusal("quantity", '"threshold" or "lambda"', self.quantity)
        for name in ("standard_error", "core_seconds"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and value > 0):
                raise _refusal(name, "a number above 0", value)
        if self.standard_error is None and self.core_seconds is None:
            raise InputError(
                "the allocation would never end",
                where="allocate",
                expected="standard_error, core_seconds or both",
                got="neither",
                cure="add core_seconds = 600 or standard_error = 1e-4 below [allocate]",
            )
        for name, least in (("pilot_shots", 1), ("pilot_cap", self.pilot_shots)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise _refusal(name, f"a whole number of at least {least}", value)
        if not (_is_number(self.growth) and 0 < self.growth <= 10):
            raise _refusal("growth", "a number in (0, 10]", self.growth)
        if not (_is_number(self.floor) and 0 <= self.floor <= 1):
            raise _refusal("floor", "a number in [0, 1]", self.floor)

    def next_shots(self, points: Sequence[Point]) -> Decision:
        """The next round, from the finished prefixes alone; call again when all targets are reached.

        Raises:
            InputError: no points.
        """
        if not points:
            raise InputError(
                "there is nothing to allocate", where="allocate", expected="at least one point", got="none"
            )
        groups = groups_of(points, self.quantity)
        fitted: list[FittedGroup | None] = []
        refusals: list[str] = []
        for indices in groups:
            try:
                fitted.append(fit_group(points, indices, self.quantity))
            except InputError as refusal:
                fitted.append(None)
                refusals.append(str(refusal))
        present = Decision(
            targets=tuple(point.shots for point in points),
            done=True,
            reason="",
            standard_error=None if refusals else max(group.standard_error for group in fitted if group is not None),
            fits=tuple(None if group is None else group.fit for group in fitted),
        )
        left = self._core_seconds_left(points)
        if left is not None and left < min((point.cost for point in points if point.room >= 1), default=math.inf):
            return replace(present, reason="the budget of core_seconds is spent, or no task has room")
        vague = [
            index
            for indices, group in zip(groups, fitted, strict=True)
            if group is None or group.relative_error > _VAGUE
            for index in indices
            if points[index].room >= 1 and points[index].shots < self.pilot_cap
        ]
        if vague:
            cause = f"fit impossible so far ({refusals[0]})" if refusals else "the fit is still vague"
            return self._pilot(points, vague, present, left, cause)
        wanting = [group for group in fitted if group is not None and not self._reached(group)]
        given_up = f"; given up: {refusals[0]}" if refusals else ""
        if not wanting:
            reason = f"no fit is possible with {self.pilot_cap} shots a point or where tasks ended"
            if any(group is not None for group in fitted):
                reason = f"standard error {self.standard_error:g} reached"
            return replace(present, reason=reason + given_up)
        return self._design(points, wanting, present, left, given_up)

    def _reached(self, group: FittedGroup) -> bool:
        return self.standard_error is not None and group.standard_error <= self.standard_error

    def _core_seconds_left(self, points: Sequence[Point]) -> float | None:
        return None if self.core_seconds is None else self.core_seconds - _spent(points)

    def _pilot(
        self, points: Sequence[Point], chosen: Sequence[int], present: Decision, left: float | None, cause: str
    ) -> Decision:
        """Every chosen point to twice the shots of the least advanced, within the pilot's cap and the budget."""
        level = min(points[index].shots for index in chosen)
        level = min(self.pilot_shots if level < self.pilot_shots else 2 * level, self.pilot_cap)
        wanted = np.zeros(len(points))
        for index in chosen:
            wanted[index] = max(0.0, min(level - points[index].shots, points[index].room))
        cost = float(wanted @ [point.cost for point in points])
        part = 1.0 if left is None or cost <= left else left / cost
        targets = tuple(point.shots + math.ceil(part * more) for point, more in zip(points, wanted, strict=True))
        return replace(present, targets=targets, done=False, reason=f"equal shots, {level} a point: {cause}")

    def _design(
        self,
        points: Sequence[Point],
        wanting: Sequence[FittedGroup],
        present: Decision,
        left: float | None,
        remark: str,
    ) -> Decision:
        """One round of floor and c-optimal spending for the groups in ``wanting``."""
        places = [place for group in wanting for place in group.informative]
        room = np.array([points[place].room for place in places])
        able = room >= 1
        if not able.any():
            return replace(present, reason="no point of the fit can be given more shots" + remark)
        cost = np.array([points[place].cost for place in places])
        spent = cost * [points[place].shots for place in places]
        budget = self.growth * _spent(points)
        budget = budget if left is None else min(budget, left)
        jacobian, known, targets = _stacked(wanting)
        worth = 1.0 / (np.concatenate([group.unit_variance for group in wanting]) * cost)

        even = self.floor * (spent.sum() + budget) / len(places)
        topping = np.where(able, np.clip(even - spent, 0.0, room * cost), 0.0)
        topping *= min(1.0, budget / max(float(topping.sum()), 1e-300))
        free = budget - float(topping.sum())
        spending = topping
        if free > 1e-9 * budget:
            known_then = known + jacobian.T @ (jacobian * (worth * topping)[:, None])
            shares = c_optimal_shares(
                jacobian[able], 1.0 / (worth * cost)[able], cost[able], targets, information=known_then / free
            )
            spending = topping.copy()
            spending[able] += free * shares
        spending = self._last_part(spending, worth, jacobian, known, wanting)
        more = _whole_batches(spending / cost, room, np.array([points[place].batch for place in places]))
        totals = list(present.targets)
        for place, shots in zip(places, more, strict=True):
            totals[place] += int(shots)
        error = f"{present.standard_error:.3g}" if present.standard_error is not None else "unknown"
        reason = f"c-optimal round of {float(spending.sum()):.3g} core seconds at standard error {error}"
        return replace(present, targets=tuple(totals), done=False, reason=reason + remark)

    def _last_part(
        self,
        spending: FloatArray,
        worth: FloatArray,
        jacobian: FloatArray,
        known: FloatArray,
        wanting: Sequence[FittedGroup],
    ) -> FloatArray:
        """The round cut to what the wanted standard error is expected to need, a tenth of it at least."""
        if self.standard_error is None:
            return spending
        round_information = jacobian.T @ (jacobian * (worth * spending)[:, None])
        for part in np.arange(0.1, 1.0, 0.1):
            matrix, start, errors = known + part * round_information, 0, []
            for group in wanting:
                block = slice(start, start + len(group.target))
                errors.append(float(np.sqrt(group.target @ np.linalg.solve(matrix[block, block], group.target))))
                start = block.stop
            if max(errors) <= self.standard_error:
                return spending * part
        return spending


def _stacked(groups: Sequence[FittedGroup]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Jacobian, information and targets of several fits as one fit with all their parameters."""
    rows, columns = sum(len(group.informative) for group in groups), sum(len(group.target) for group in groups)
    jacobian, known, targets = np.zeros((rows, columns)), np.zeros((columns, columns)), np.zeros((len(groups), columns))
    row = column = 0
    for number, group in enumerate(groups):
        points, parameters = group.jacobian.shape
        across = slice(column, column + parameters)
        jacobian[row : row + points, across] = group.jacobian
        known[across, across] = group.information
        targets[number, across] = group.target
        row, column = row + points, across.stop
    return jacobian, known, targets


def _whole_batches(shots: FloatArray, room: FloatArray, batch: FloatArray) -> FloatArray:
    """Whole shots for every point, none where they are less than half a batch; the neediest point gets some always."""
    wanted = np.minimum(np.ceil(shots), room)
    enough = wanted >= np.minimum(0.5 * batch, room)
    if not (enough & (wanted >= 1)).any():
        enough = np.arange(len(wanted)) == int(np.argmax(wanted / batch))
    return np.where(enough, wanted, 0.0)


def _spent(points: Sequence[Point]) -> float:
    return math.fsum(point.cost * point.shots for point in points)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refusal(field: str, expected: str, got: object) -> InputError:
    return InputError("not usable", where=f"allocate.{field}", expected=expected, got=repr(got))
