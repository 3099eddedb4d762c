"""How an estimate prints: digits follow the error, and odd values degrade to something true."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate

inf, nan = math.inf, math.nan


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(1.23e-5, 1.15e-5, 1.31e-5), "1.23(8)e-5 [95 %: 1.15e-5, 1.31e-5]"),
        (Estimate(0.1031, 0.1026, 0.1036), "0.1031(5) [95 %: 0.1026, 0.1036]"),
        (Estimate(123.4, 122.2, 124.6), "123.4(12) [95 %: 122.2, 124.6]"),
        (Estimate(12345.0, 11545.0, 13145.0, 0.9998), "1.23(8)e4 [99.98 %: 1.15e4, 1.31e4]"),
        (Estimate(-2.5, -2.7, -2.3), "-2.5(2) [95 %: -2.7, -2.3]"),
        (Estimate(9.96e-5, 9.5e-5, 1.05e-4), "1.00(5)e-4 [95 %: 9.5e-5, 1.05e-4]"),
        (Estimate(3e-7, 1.1e-8, 1.5e-6), "3.00e-7 [95 %: 1.10e-8, 1.50e-6]"),
        (Estimate(0.0, 0.0, 2.9e-4), "0 [95 %: 0, 2.90e-4]"),
        (Estimate(nan, 0.0, 1.0), "unknown [95 %: 0, 1.00]"),
        (Estimate(nan, nan, nan), "unknown [95 %: unknown]"),
        (Estimate(1.0, nan, nan), "1.00 [95 %: unknown]"),
        (Estimate(1.0, -inf, inf), "1.00 [95 %: -inf, inf]"),
        (Estimate(5.0, 5.0, 5.0), "5.00 [95 %: 5.00, 5.00]"),
        (Estimate(1e-310, 0.9e-310, 1.1e-310), "1.00(10)e-310 [95 %: 9.0e-311, 1.10e-310]"),
        (Estimate(inf, nan, nan), "inf [95 %: unknown]"),
    ],
)
def test_text_shows_the_digits_that_the_error_leaves(estimate, text):
    assert str(estimate) == text


def test_html_writes_the_power_of_ten_as_one():
    html = Estimate(1.23e-5, 1.15e-5, 1.31e-5)._repr_html_()
    assert "1.23(8)&times;10<sup>&minus;5</sup>" in html
    assert "[95 %: 1.15e-5, 1.31e-5]" in html


def test_relative_error_is_half_width_over_size():
    assert Estimate(-2.0, -2.5, -1.5).relative_error == 0.25
    assert Estimate(0.0, 0.0, 0.0).relative_error == inf
    assert Estimate(1.0, -inf, 2.0).relative_error == inf
    assert math.isnan(Estimate(nan, 0.0, 1.0).relative_error)
    assert math.isnan(Estimate(1.0, nan, nan).relative_error)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, nan])
def test_confidence_outside_zero_and_one_is_refused(confidence):
    with pytest.raises(InputError, match=r"0\.95 for 95 %"):
        Estimate(1.0, 0.0, 2.0, confidence)


def test_interval_upside_down_is_refused():
    with pytest.raises(InputError, match="upside down"):
        Estimate(1.0, 2.0, 0.0)


def test_estimate_and_counts_import_nothing_heavy():
    code = (
        "import sys, experiments.statistics.estimate, experiments.statistics.binomial, experiments.tally as t;"
        "t.Counts(3, 1).estimate(); print([m for m in ('numpy', 'scipy', 'mpmath') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
