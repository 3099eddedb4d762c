"""The report page: a template filled with escaped text, our own style and script, and the data as JSON.

    write_page(results, Path("surface.html"), title="Surface code threshold")

The page may run one script only, named by its hash in the page's own content security policy; a label that looks like a
script is text, and nothing is ever fetched.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.errors import StorageError
from experiments.interchange.table_csv import data_hash
from experiments.plots.numbers import distinct, duration, grouped
from experiments.plots.panels import panels, threshold_fits, threshold_text
from experiments.report.document import document, embedded
from experiments.report.provenance import manifest_html, reproduce_html
from experiments.report.summary import summary

if TYPE_CHECKING:
    from experiments.results import Results


_HASH = "data SHA-256"


def write_page(results: Results, path: str | Path, *, title: str | None = None) -> Path:
    """`experiments.report.write_report`."""
    path = Path(path)
    try:
        path.write_text(page(results, title=title), encoding="utf-8", newline="\n")
    except OSError as error:
        raise StorageError(
            f"cannot be written: {error.strerror}", where=str(path), cure="choose another place or make room"
        ) from error
    return path


def page(results: Results, *, title: str | None = None) -> str:
    """The whole page as text."""
    layout = panels(results)
    script = "\n" + _asset("report.js")
    source = results.manifest.get("source") or results.study
    slots = {
        "title": escape(title or f"{results.study}: {results.axes.value_label}"),
        "eyebrow": escape(_eyebrow(results)),
        "summary": "\n".join(_paragraphs(results)),
        "facts": "".join(_fact(name, fact) for name, fact in _facts(results)),
        "plots_title": "Plots" if len(layout.panels) > 1 else "Plot",
        "filter_example": escape(_filter_example(results)),
        "csv_name": escape(re.sub(r"[^A-Za-z0-9._-]+", "_", Path(str(source)).stem) + ".csv"),
        "reproduce": reproduce_html(results),
        "manifest": manifest_html(results),
        "style": _asset("report.css").strip(),
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "data_hash": data_hash(results),
        "data": embedded(document(results)),
        "script": script,
    }
    return re.sub(r"@@(\w+)@@", lambda slot: slots[slot[1]], _asset("report.html"))


def _asset(name: str) -> str:
    return (files("experiments.report") / name).read_text(encoding="utf-8")


def _eyebrow(results: Results) -> str:
    source = results.manifest.get("source")
    return " · ".join([*([str(source)] if source else []), f"study {results.study} version {results.version}"])


def _paragraphs(results: Results) -> Iterable[str]:
    yield f'<p class="summary">{escape(summary(results))}</p>'
    for fit in results.fits:
        found, separator, quality = str(fit).partition(";")
        yield f'<p class="fit"><strong>{escape(found)}</strong>{separator}{escape(quality)}</p>'
    for problem in results.manifest.get("problems") or ():
        yield f'<p class="note">{escape(str(problem))}</p>'


def _facts(results: Results) -> Iterable[tuple[str, str]]:
    thresholds = [threshold_text(fit) for fit in threshold_fits(results, panels(results)) if fit is not None]
    if len(thresholds) == 1:
        yield "threshold", thresholds[0].removeprefix("threshold ")
    complete = sum(row.state == "complete" for row in results.rows)
    yield "complete tasks", f"{grouped(complete)} of {grouped(len(results.rows))}"
    yield "shots" if results.counting else "samples", grouped(sum(row.shots for row in results.rows))
    seconds = sum(row.cpu_seconds for row in results.rows)
    if seconds > 0:
        yield "core time", duration(seconds)
    if results.manifest.get("seed") is not None:
        yield "root seed", str(results.manifest["seed"])
    yield _HASH, data_hash(results)[:10]


def _fact(name: str, fact: str) -> str:
    style = ' class="hash"' if name == _HASH else ""
    return f"<li><span>{escape(name)}</span><b{style}>{escape(fact)}</b></li>"


def _filter_example(results: Results) -> str:
    if not results.columns or not results.rows:
        return "complete"
    column = results.columns[0]
    value = distinct([row.labels.get(column) for row in results.rows])[0]
    return "complete" if " " in value or " " in column else f"{column}={value}"
