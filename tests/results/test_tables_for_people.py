"""Text and notebook tables: aligned, escaped, and honest about what is missing."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from made_results import counted, measured, surface

from experiments.plots.numbers import distinct, duration, log_ticks, tick_text, wants_powers
from experiments.report.completion import completion
from experiments.report.notebook_table import MOST_ROWS
from experiments.results import Results


def test_text_table_is_aligned_and_ends_with_the_summary() -> None:
    lines = str(surface()).splitlines()
    header, rows = lines[2], lines[3:30]
    end_of_p = header.index(" p ") + 2
    assert all(line[end_of_p - 1].isdigit() and line[end_of_p] == " " for line in rows)
    assert lines[-1].startswith("27 tasks over distance (3, 5, 7) and p (9 values, 0.002 to 0.02): all complete; ")
    assert not any(line.endswith(" ") for line in lines)


def test_summary_adds_up_what_the_rows_hold() -> None:
    results = surface()
    shots, errors = sum(row.shots for row in results.rows), sum(row.errors or 0 for row in results.rows)
    assert f"{shots:,} shots, {errors:,} errors, 54 s of core time." in str(results)


def test_a_task_without_data_shows_a_dash_and_a_failed_one_its_reason() -> None:
    rows = [
        counted({"p": 0.1}, 0, 0, state="waiting"),
        replace(counted({"p": 0.2}, 50, 1, state="failed"), reason="worker died of signal 9\nthree times"),
    ]
    text = str(Results("coin", 1, ["p"], rows))
    assert re.search(r"0\.1 +0 +0 +– +waiting", text)
    assert "failed: worker died of signal 9 three times" in text
    assert "1 waiting, 1 failed" in text


def test_an_empty_sweep_still_prints() -> None:
    assert "0 tasks" in str(Results("coin", 1, ["p"], []))
    assert "<table" in Results("coin", 1, ["p"], [])._repr_html_()


def test_notebook_table_escapes_all_user_text() -> None:
    evil = '<script>alert(1)</script>"&'
    row = replace(counted({evil: evil}, 10, 1), reason=evil, task_id=evil)
    page = Results(evil, 1, [evil], [row], fits=(evil,))._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6


def test_notebook_table_inherits_the_colours_of_the_page() -> None:
    page = surface()._repr_html_()
    colours = set(re.findall(r"[^-]color:([^;\"]+)", page))
    assert colours == {"inherit", "#10975f"}
    assert "background:#fff" not in page


def test_notebook_table_stops_at_its_limit_and_says_so() -> None:
    rows = [counted({"i": i}, 10, 1, index=i) for i in range(MOST_ROWS + 50)]
    page = Results("s", 1, ["i"], rows)._repr_html_()
    assert page.count("<tr title=") == MOST_ROWS
    assert "50 more rows" in page


def test_notebook_bar_is_as_long_as_the_nearest_rule_says() -> None:
    results = replace(surface(), rows=[counted({"distance": 3, "p": 0.1}, 250_000, 20, state="running")])
    assert 'aria-label="25 %"' in results._repr_html_()


@pytest.mark.parametrize(
    ("shots", "errors", "error", "stop", "expected"),
    [
        (500, 10, 0.6, {"max_shots": 1000, "max_errors": 100}, 0.5),
        (100, 80, 0.6, {"max_shots": 1000, "max_errors": 100}, 0.8),
        (100, 1, 0.5, {"relative_error": 0.05}, 0.01),
        (100, 0, math.inf, {"relative_error": 0.05}, 0.0),
        (9, 1, 0.1, {"max_shots": 3}, 1.0),
        (9, None, 0.1, {"max_errors": 3}, None),
        (9, 1, 0.1, {}, None),
    ],
)
def test_completion_is_the_fraction_of_the_nearest_rule(
    shots: int, errors: int | None, error: float, stop: dict[str, float], expected: float | None
) -> None:
    found = completion(shots=shots, errors=errors, relative_error=error, state="running", stop=stop)
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-12))


def test_grid_values_get_as_many_digits_as_tell_them_apart() -> None:
    assert distinct([0.002, 0.0035565588200778457]) == ["0.002", "0.003557"]
    assert distinct([0.123451, 0.123452]) == ["0.123451", "0.123452"]
    assert distinct([1e-7, True, None, "x", [1]]) == ["1e-7", "true", "null", "x", "[1]"]
    assert distinct([]) == []


def test_log_ticks_stand_inside_the_range_and_never_crowd() -> None:
    assert log_ticks(2e-3, 2e-2) == [0.002, 0.005, 0.01, 0.02]
    assert log_ticks(1e-4, 1.0) == [1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert log_ticks(3.6e-3, 1.35e-2) == [0.004, 0.006, 0.008, 0.01]
    assert log_ticks(0.0081, 0.0101) == [0.0085, 0.009, 0.0095, 0.01]
    for decades in range(1, 60):
        ticks = log_ticks(10.0**-decades, 1.0)
        assert 2 <= len(ticks) <= 10
        assert all(10.0**-decades <= tick <= 1 for tick in ticks)


def test_ticks_are_written_one_way_on_an_axis() -> None:
    assert [tick_text(t, powers=wants_powers(1e-4, 0.1)) for t in (1e-4, 2e-3, 0.1)] == ["10⁻⁴", "2×10⁻³", "10⁻¹"]
    assert [tick_text(t, powers=wants_powers(2e-3, 0.1)) for t in (2e-3, 0.1)] == ["0.002", "0.1"]


def test_core_time_is_told_in_a_fitting_unit() -> None:
    assert [duration(s) for s in (3.14159, 600, 36000)] == ["3.14 s", "10 min", "10 h"]


def test_measured_table_names_samples_not_shots() -> None:
    text = str(measured([0.5]))
    assert "32 samples" in text
    assert "errors" not in text
