"""pandas, xarray and Parquet hold the same numbers as the table."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas
import pytest
from made_results import counted, measured, surface

from experiments.errors import InputError, MissingExtraError, StorageError
from experiments.interchange.frames import write_csv, write_parquet
from experiments.interchange.table_csv import data_hash
from experiments.results import Results


def partial() -> Results:
    rows = list(surface().rows)
    rows[4] = counted(rows[4].labels, 0, 0, index=4, state="waiting")
    return replace(surface(), rows=rows)


def test_frame_is_the_csv_with_state_and_cost() -> None:
    results = partial()
    frame = results.to_pandas()
    table = pandas.read_csv(io.StringIO(results.to_csv()))
    assert list(frame.columns) == [*table.columns, "state", "reason", "surplus", "cpu_seconds"]
    for name in table.columns:
        assert frame[name].isna().equals(table[name].isna())
        assert frame[name].dropna().tolist() == table[name].dropna().tolist()
    assert str(frame["shots"].dtype) == "Int64"
    assert frame.attrs["data_sha256"] == data_hash(results)


def test_uncounted_frame_has_n() -> None:
    assert list(measured([0.5]).to_pandas().columns[:6]) == ["study", "task_id", "cell", "n", "value", "low"]


def test_dataset_has_the_grid_as_dimensions_and_names_its_units() -> None:
    results = partial()
    dataset = results.to_xarray()
    assert dict(dataset.sizes) == {"distance": 3, "p": 9}
    for row in results.rows:
        cell = dataset.sel(distance=row.labels["distance"], p=row.labels["p"])
        assert str(cell["task_id"].item()) == row.task_id
        if row.estimate is None:
            assert np.isnan(cell["value"].item())
        else:
            assert cell["value"].item() == row.estimate.value
            assert cell["errors"].item() == row.errors
    assert dataset["value"].attrs == {"long_name": "logical error rate per shot", "units": "1"}
    assert dataset["p"].attrs["long_name"] == "physical error rate p"
    assert measured([0.5]).to_xarray()["value"].attrs == {"long_name": "test loss", "units": "nats"}


def test_combinations_outside_the_sweep_are_nan() -> None:
    rows = [counted({"a": 1, "b": 1}, 10, 1, index=1), counted({"a": 2, "b": 2}, 10, 2, index=2)]
    values = Results("s", 1, ["a", "b"], rows).to_xarray()["value"].values
    assert np.isnan(values).tolist() == [[False, True], [True, False]]


def test_two_tasks_at_one_grid_point_have_no_dataset() -> None:
    rows = [counted({"a": 1}, 10, 1, index=i) for i in range(2)]
    with pytest.raises(InputError, match="two tasks at one grid point"):
        Results("s", 1, ["a"], rows).to_xarray()


def test_awkward_grid_values_make_frames_too() -> None:
    rows = [counted({"v": v, "n": 1}, 10, 1, index=i) for i, v in enumerate([[1, 2], None, "x", True, {"k": 1}, 0.5])]
    results = Results("s", 1, ["v", "n"], rows)
    assert results.to_pandas()["v"].tolist()[:3] == ["[1,2]", None, "x"]
    assert results.to_xarray().sizes == {"v": 6, "grid.n": 1}


def test_parquet_reads_back_equal(tmp_path: Path) -> None:
    results = partial()
    back = pandas.read_parquet(write_parquet(results, tmp_path / "t.parquet"))
    pandas.testing.assert_frame_equal(back, results.to_pandas(), check_dtype=False, rtol=0, atol=0)


def test_parquet_takes_mixed_grid_values(tmp_path: Path) -> None:
    rows = [counted({"v": v}, 10, 1, index=i) for i, v in enumerate(["x", 1, 0.5, None])]
    back = pandas.read_parquet(write_parquet(Results("s", 1, ["v"], rows), tmp_path / "t.parquet"))
    assert back["v"].tolist()[:3] == ["x", "1", "0.5"]


def test_csv_file_is_the_text_byte_for_byte(tmp_path: Path) -> None:
    results = Results("s", 1, ["name"], [counted({"name": "a\r\nb"}, 10, 1)])
    assert write_csv(results, tmp_path / "t.csv").read_bytes() == results.to_csv().encode()


def test_missing_extras_name_the_command_that_installs_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'qsim-workbench\[xarray\]'"):
        surface().to_xarray()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'qsim-workbench\[parquet\]'"):
        write_parquet(surface(), tmp_path / "t.parquet")
    assert not list(tmp_path.iterdir())


def test_unwritable_place_is_refused(tmp_path: Path) -> None:
    for write in (write_csv, write_parquet):
        with pytest.raises(StorageError, match="cannot be written"):
            write(surface(), tmp_path / "absent" / "t")
