"""Figures: every task has its mark, nothing is averaged, zero errors are limits, and the bytes are always the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from made_results import counted, measured, surface

from experiments.errors import InputError, StorageError
from experiments.fits.from_rows import fit_results
from experiments.fits.threshold import fit_threshold
from experiments.fits.threshold_fit import ThresholdFit
from experiments.interchange.table_csv import data_hash
from experiments.plots import plot, save
from experiments.plots.panels import fitted_curve, panels, threshold_fits
from experiments.plots.theme import style
from experiments.results import Results, Row
from experiments.statistics.estimate import Estimate
from experiments.study import Axes


def with_fit(results: Results) -> Results:
    rows = results.rows
    fit = fit_threshold(
        [row.labels["p"] for row in rows],
        [row.labels["distance"] for row in rows],
        [row.shots for row in rows],
        [row.errors or 0 for row in rows],
    )
    return replace(results, fits=(fit,))


def marks(results: Results) -> list[tuple[float, float]]:
    """(x, y) of every round, square, ... marker in the figure."""
    shapes = {style(i).marker for i in range(11)}
    return [
        (float(x), float(y))
        for axes in plot(results).axes
        for line in axes.lines
        if line.get_marker() in shapes and line.get_linestyle() == "None"
        for x, y in zip(np.atleast_1d(line.get_xdata()), np.atleast_1d(line.get_ydata()), strict=True)
    ]


def test_every_task_is_one_mark_at_its_own_numbers() -> None:
    results = surface()
    expected = sorted((row.labels["p"], row.estimate.value) for row in results.rows if row.estimate)
    assert sorted(marks(results)) == expected


def test_bars_are_the_intervals() -> None:
    results = surface()
    bars = {
        tuple(float(y) for y in line.get_ydata())  # type: ignore[union-attr]
        for line in plot(results).axes[0].lines
        if line.get_marker() == "_" and len(np.atleast_1d(line.get_ydata())) == 2
    }
    assert bars == {(row.estimate.low, row.estimate.high) for row in results.rows if row.estimate}


def test_axes_are_those_of_the_study() -> None:
    axes = plot(surface()).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("physical error rate p", "logical error rate per shot")
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_title().get_text() == "distance"
    assert [text.get_text() for text in legend.get_texts()] == ["3", "5", "7"]


def test_zero_errors_are_an_arrow_at_the_upper_limit() -> None:
    row = counted({"distance": 3, "p": 0.004}, 1000, 0)
    results = replace(surface(), rows=[row, counted({"distance": 3, "p": 0.01}, 1000, 30, index=1)])
    assert row.estimate is not None
    axes = plot(results).axes[0]
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    assert [(arrow.xy[0], arrow.xy[1]) for arrow in arrows] == [(0.004, row.estimate.high)]  # type: ignore[attr-defined]
    assert marks(results) == [(0.01, 0.03)]
    assert axes.get_ylim()[0] < row.estimate.high


def test_zero_errors_are_a_limit_on_a_linear_axis_too() -> None:
    row = counted({"p": 0.004}, 1000, 0)
    (point,) = panels(Results("s", 1, ["p"], [row], Axes(x="p"))).panels[0].curves[0].points
    assert point.upper_limit


def test_tasks_still_running_are_hollow_and_missing_ones_are_counted() -> None:
    rows = list(surface().rows)
    rows[0] = replace(rows[0], state="running")
    rows[1] = counted(rows[1].labels, 0, 0, state="waiting")
    figure = plot(replace(surface(), rows=rows))
    hollow = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "white" and len(line.get_xdata())]  # type: ignore[arg-type]
    assert len(hollow) == 1
    title = figure.get_suptitle()
    assert "1 still running" in title
    assert "1 without data" in title


def test_further_columns_get_a_panel_each_and_nothing_is_averaged() -> None:
    results = surface(further={"basis": ["X", "Z"], "decoder": ["pymatching", "bp"]})
    figure = plot(results)
    assert [axes.get_title() for axes in figure.axes] == [
        f"basis = {basis}, decoder = {decoder}" for basis in "XZ" for decoder in ("pymatching", "bp")
    ]
    assert len(marks(results)) == len(results.rows) == 108


def test_more_than_six_panels_are_refused() -> None:
    with pytest.raises(InputError, match=r"at most 6 combinations of seed.*got 7"):
        plot(surface(further={"seed": range(7)}))


def test_a_sweep_without_data_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to draw"):
        plot(Results("s", 1, ["p"], [counted({"p": 0.1}, 0, 0, state="waiting")]))


def test_rows_without_an_x_axis_become_a_dot_plot() -> None:
    axes = plot(measured([0.3, 0.5, 0.2])).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cell 0", "cell 1", "cell 2"]
    assert axes.yaxis_inverted()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("test loss [nats]", "cell")
    assert sorted(marks(measured([0.3, 0.5, 0.2]))) == [(0.2, 2.0), (0.3, 0.0), (0.5, 1.0)]


def test_curve_column_is_the_x_axis_when_x_is_not_swept() -> None:
    layout = panels(replace(surface(), columns=["distance"], rows=surface().rows[::9]))
    assert (layout.x_column, layout.curve_column, layout.x_label, layout.log_x) == ("distance", None, "distance", False)
    assert [point.x for point in layout.panels[0].curves[0].points] == [3.0, 5.0, 7.0]


def test_text_on_the_x_axis_keeps_grid_order() -> None:
    rows = [counted({"decoder": name}, 100, i + 1, index=i) for i, name in enumerate(["union", "bp", "matching"])]
    axes = plot(Results("s", 1, ["decoder"], rows, Axes(x="decoder", log_x=True))).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["union", "bp", "matching"]
    assert axes.get_xscale() == "linear"


def test_interval_that_reaches_zero_runs_off_a_logarithmic_axis() -> None:
    rows = [
        Row(f"{i}", {"x": i + 1}, {}, 5, None, Estimate(v, v - 1, v + 1), None, "complete")
        for i, v in enumerate([0.5, 5.0])
    ]
    axes = plot(Results("s", 1, ["x"], rows, Axes(x="x", log_value=True))).axes[0]
    low, high = axes.get_ylim()
    assert 0.1 < low < 0.5
    assert high > 6


def test_threshold_line_band_and_curves_are_those_of_the_fit() -> None:
    results = with_fit(surface())
    fit = results.fits[0]
    axes = plot(results).axes[0]
    (line,) = [line for line in axes.lines if line.get_gid() == "threshold"]
    assert list(line.get_xdata()) == [fit.p_c, fit.p_c]
    (band,) = axes.patches
    assert band.get_extents().transformed(axes.transData.inverted()).intervalx == pytest.approx([fit.low, fit.high])
    layout = panels(results)
    for curve in layout.panels[0].curves:
        path = fitted_curve(fit, curve, layout)
        assert fit.window[0] <= path[0][0] < fit.p_c < path[-1][0] <= fit.window[1]
        assert path[7][1] == pytest.approx(float(fit.curve(path[7][0], curve.key)))


def test_each_panel_has_the_threshold_of_its_own_rows() -> None:
    results = surface(further={"basis": ["X", "Z"]})
    groups = fit_results(results, "threshold")
    figure = plot(replace(results, fits=groups))
    for axes, group in zip(figure.axes, groups, strict=True):
        (line,) = [line for line in axes.lines if line.get_gid() == "threshold"]
        assert isinstance(group.fit, ThresholdFit)
        assert next(iter(line.get_xdata())) == group.fit.p_c
        assert axes.get_title().startswith(f"basis = {group.labels['basis']}\nthreshold 0.00")
    assert len({group.fit.p_c for group in groups if isinstance(group.fit, ThresholdFit)}) == 2


def test_a_fit_that_names_no_panel_is_not_drawn_over_several() -> None:
    many = replace(surface(further={"basis": ["X", "Z"]}), fits=with_fit(surface()).fits)
    assert threshold_fits(many, panels(many)) == [None, None]


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_saved_figures_are_the_same_bytes_and_name_their_data(suffix: str, tmp_path: Path) -> None:
    results = with_fit(surface())
    first, second = (save(plot(results), tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert first == second
    assert data_hash(results).encode() in first


def test_svg_is_well_formed_and_undated(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    surface().plot(path)
    assert ElementTree.parse(path).getroot().tag.endswith("svg")
    assert b"<dc:date>" not in path.read_bytes()


def test_text_with_dollars_and_markup_is_drawn_as_it_is(tmp_path: Path) -> None:
    rows = [counted({"name": "$x_1$ <script>"}, 10, 1), counted({"name": "a$"}, 10, 2, index=1)]
    plot(Results("$s$", 1, ["name"], rows, Axes(value_label="$\\frac{$ & <b>"))).savefig(tmp_path / "f.png")


def test_unknown_suffix_and_unwritable_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.svg, \.png or \.pdf"):
        surface().plot(tmp_path / "figure.bmp")
    with pytest.raises(StorageError, match="cannot be written"):
        surface().plot(tmp_path / "absent" / "figure.svg")


def test_notebook_shows_the_figure_as_png() -> None:
    assert plot(surface())._repr_png_().startswith(b"\x89PNG")


def test_drawing_never_imports_pyplot() -> None:
    code = "import sys; sys.path.append('tests/results'); from made_results import surface; surface().plot(); "
    code += "sys.exit('matplotlib.pyplot' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_results_import_nothing_heavy() -> None:
    code = "import sys, experiments.results, experiments.plots, experiments.report, experiments.interchange; "
    code += "sys.exit(' '.join({'matplotlib', 'pandas', 'xarray', 'numpy', 'scipy', 'sinter'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
