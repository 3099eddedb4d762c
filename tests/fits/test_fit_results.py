"""Fits of a sweep's rows: the grouping, the rounds, and what is said of groups that cannot be fitted."""

import numpy as np
import pytest
from surface_code_counts import DISTANCE, ERRORS, SHOTS, P

from experiments.errors import InputError
from experiments.fits import fit_results, fit_suppression, fit_threshold
from experiments.results import Results, Row
from experiments.study import Axes


class Tallied:
    """Stands for any tally: a row that has one has been run."""


def row(p, distance, shots, errors, *, tally=True, rounds="distance", **labels):
    labels = {"distance": distance, "p": p} | labels
    return Row(
        task_id=f"{p}-{distance}",
        labels=labels,
        params=labels | {"rounds": rounds},
        shots=shots,
        errors=errors,
        estimate=None,
        tally=Tallied() if tally else None,
        state="complete",
    )


def results(rows, columns=("distance", "p"), axes=Axes(x="p", curve="distance")):  # noqa: B008
    return Results("qec.memory", 1, columns, rows, axes=axes)


SURFACE = [row(float(p), int(d), int(n), int(k)) for p, d, n, k in zip(P, DISTANCE, SHOTS, ERRORS, strict=True)]


def test_threshold_of_rows_is_that_of_their_counts():
    (found,) = fit_results(results(SURFACE), "threshold")
    assert found.fit == fit_threshold(P, DISTANCE, SHOTS, ERRORS)
    assert found.labels == {}
    assert str(found) == str(found.fit)


def test_rows_without_a_tally_are_left_out():
    waiting = [row(0.007, d, 0, 0, tally=False) for d in (3, 5, 7)]
    assert fit_results(results(SURFACE + waiting), "threshold") == fit_results(results(SURFACE), "threshold")


def test_one_lambda_a_noise_strength_with_rounds_equal_to_the_distance():
    found = fit_results(results(SURFACE), "lambda")
    assert [group.labels["p"] for group in found] == pytest.approx(sorted(set(P)))
    first = np.isclose(P, P[0])
    assert found[0].fit == fit_suppression(DISTANCE[first], DISTANCE[first], SHOTS[first], ERRORS[first])
    assert str(found[0]).startswith("p = 0.002")


def test_rounds_given_as_a_number_are_used():
    rows = [row(0.002, d, 10**6, k, rounds=10) for d, k in ((3, 9000), (5, 3000))]
    (found,) = fit_results(results(rows), "lambda")
    assert found.fit == fit_suppression([3, 5], [10, 10], [10**6] * 2, [9000, 3000])


def test_other_grid_columns_make_groups():
    rows = [
        row(one.labels["p"], one.labels["distance"], one.shots, one.errors, decoder=decoder)
        for decoder in ("pymatching", "other")
        for one in SURFACE
    ]
    found = fit_results(results(rows, columns=("decoder", "distance", "p")), "threshold")
    assert [group.labels for group in found] == [{"decoder": "pymatching"}, {"decoder": "other"}]
    assert found[0].fit == found[1].fit


def test_a_group_that_cannot_be_fitted_is_reported_beside_the_others():
    rows = [row(0.002, 3, 1000, 30), row(0.002, 5, 1000, 10), row(0.001, 3, 1000, 5), row(0.001, 5, 1000, 0)]
    fitted, refused = fit_results(results(rows), "lambda")
    assert fitted.fit is not None
    assert refused.fit is None
    assert "no finite best value" in str(refused)


@pytest.mark.parametrize(
    ("given", "quantity", "words"),
    [
        (results(SURFACE), "slope", "unknown quantity"),
        (results(SURFACE, axes=Axes(x="p")), "threshold", "axes.x and axes.curve"),
        (results([row(0.002, 3, 0, 0, tally=False)]), "threshold", "no task has any shots"),
        (results([row(0.002, 3, 10, None), row(0.002, 5, 10, None)]), "lambda", "only counts"),
        (results([row(0.002, 3, 100, 9, rounds="many"), row(0.002, 5, 100, 3)]), "lambda", "rounds"),
        (results([row("low", 3, 100, 9), row("low", 5, 100, 3)]), "threshold", "not a number"),
        (results([row(0.002, 3, 100, 9)]), "threshold", "at least 2 distances"),
    ],
)
def test_results_that_cannot_be_fitted_are_refused_by_name(given, quantity, words):
    with pytest.raises(InputError, match=words):
        fit_results(given, quantity)
