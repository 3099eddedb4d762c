"""Results with their fits: the threshold or suppression factor a sweep is about, when there is one."""

from __future__ import annotations

from dataclasses import replace

from experiments.errors import InputError
from experiments.results import Results


def with_fits(results: Results, quantity: str = "auto") -> Results:
    """The same results with ``fits`` filled in.

    ``"auto"`` takes the quantity that the sweep's allocation names, else a threshold where study and grid have the axes
    for one; data that support no fit then simply get none.  A named quantity that cannot be fitted is refused.

    Raises:
        InputError: a named quantity that these results cannot determine.
    """
    if quantity == "none":
        return replace(results, fits=())
    named = quantity if quantity != "auto" else results.manifest.get("allocate", {}).get("quantity")
    if named is None and not _has_axes(results):
        return replace(results, fits=())
    from experiments.fits.from_rows import fit_results

    try:
        groups = fit_results(results, named or "threshold")
    except InputError:
        if quantity != "auto":
            raise
        return replace(results, fits=())
    return replace(results, fits=tuple(groups))


def _has_axes(results: Results) -> bool:
    axes = results.axes
    return results.counting and axes.x in results.columns and axes.curve in results.columns
