"""Results in other people's formats: CSV, JSON, data frames, Parquet, and sinter's statistics files both ways.

    from experiments.interchange import export_sinter_csv, read_sinter_csv
    tasks = read_sinter_csv(["stats.csv"])

Names load when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.interchange.frames import (
        pandas_frame as pandas_frame,
    )
    from experiments.interchange.frames import (
        write_csv as write_csv,
    )
    from experiments.interchange.frames import (
        write_parquet as write_parquet,
    )
    from experiments.interchange.frames import (
        xarray_dataset as xarray_dataset,
    )
    from experiments.interchange.sinter_csv import (
        ImportedTask as ImportedTask,
    )
    from experiments.interchange.sinter_csv import (
        SinterImport as SinterImport,
    )
    from experiments.interchange.sinter_csv import (
        export_sinter_csv as export_sinter_csv,
    )
    from experiments.interchange.sinter_csv import (
        read_sinter_csv as read_sinter_csv,
    )

_HOME = {
    "ImportedTask": "sinter_csv",
    "SinterImport": "sinter_csv",
    "export_sinter_csv": "sinter_csv",
    "read_sinter_csv": "sinter_csv",
    "pandas_frame": "frames",
    "write_csv": "frames",
    "write_parquet": "frames",
    "xarray_dataset": "frames",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
