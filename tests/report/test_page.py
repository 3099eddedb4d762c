"""The HTML report as text: self-contained, small, escaped, reproducible.  `test_browser` opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_results import counted, measured, surface

from experiments.errors import StorageError
from experiments.fits.threshold import fit_threshold
from experiments.interchange.table_csv import data_hash
from experiments.report import write_report
from experiments.report.document import embedded
from experiments.report.page import page
from experiments.report.provenance import commands
from experiments.results import Results

EVIL = "</script><script>alert('x')</script><!-- \" ' & @@data@@ \u2028"


class Elements(HTMLParser):
    """Tags with their attributes, and the text inside each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts.append(data)


def test_ten_plots_fit_in_300_kilobytes() -> None:
    ten = surface(further={"seed_set": range(10)})
    text = page(ten)
    assert len(json.loads(Elements(text).scripts[0])["plot"]["panels"]) == 10
    assert len(text.encode()) < 300_000


def test_page_loads_nothing() -> None:
    text = page(surface())
    elements = Elements(text).found
    assert not [tag for tag, _ in elements if tag in {"link", "iframe", "img", "object", "embed", "base", "form"}]
    assert not [attributes for _, attributes in elements if {"src", "href", "action"} & set(attributes)]
    assert not re.search(r"@import|url\(|https?://(?!www\.w3\.org/2000/svg)", text)


def test_only_the_pages_own_script_may_run() -> None:
    text = page(surface())
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text


def evil_results() -> Results:
    row = replace(counted({EVIL: EVIL, "p": 0.1}, 100, 3, state="failed"), reason=EVIL, task_id=EVIL)
    axes = replace(surface().axes, x_label=EVIL, value_label=EVIL)
    manifest = {
        "source": EVIL,
        "sweep": EVIL,
        "seed": EVIL,
        "problems": [EVIL],
        "environment": {"command": [EVIL], "git": {"commit": EVIL}},
    }
    return Results(EVIL, 1, [EVIL, "p"], [row], axes, manifest, (EVIL,))


def test_text_that_looks_like_a_script_stays_text() -> None:
    elements = Elements(page(evil_results(), title=EVIL))
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert len(elements.scripts) == 2
    data = json.loads(elements.scripts[0])
    assert data["study"] == EVIL
    assert data["rows"][0]["t"][0] == EVIL
    assert "alert('x')" not in elements.scripts[1]


def test_embedded_json_reads_back_and_holds_no_markup() -> None:
    value = {"text": EVIL, "number": 0.1}
    assert json.loads(embedded(value)) == value
    assert not set("<>&\u2028\u2029") & set(embedded(value))


def test_every_element_is_closed_and_ids_are_unique() -> None:
    text = page(surface())
    ids = [attributes["id"] for _, attributes in Elements(text).found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag in ("section", "header", "main", "table", "ul", "li", "dl", "dd", "pre", "script", "style"):
        assert text.count(f"<{tag}") == text.count(f"</{tag}>"), tag
    assert "@@" not in text


def test_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_report(surface(), tmp_path / f"{name}.html").read_bytes() for name in "ab")
    assert first == second


def test_page_carries_the_cells_of_the_csv() -> None:
    results = surface()
    data = json.loads(Elements(page(results)).scripts[0])
    lines = [data["headers"], *([data["study"], *row["c"]] for row in data["rows"])]
    assert "".join(",".join(line) + "\n" for line in lines) == results.to_csv()


def test_page_says_how_to_get_the_same_table() -> None:
    results = surface()
    assert commands(results) == [
        "# the same source",
        "git checkout 0123456789abcdef0123456789abcdef01234567",
        "# the sweep is printed below, under Manifest",
        "qsim run surface_threshold.toml --out again",
        "qsim table again --csv | sha256sum",
        f"# must print {data_hash(results)}",
    ]
    text = page(results)
    for fact in ("20261122", "GenuineIntel avx2 fma", "stim 1.15.0", "logspace = [2e-3, 2e-2, 9]", data_hash(results)):
        assert fact in text


def test_a_drawn_seed_is_named_in_the_command_and_a_partial_sweep_promises_no_hash() -> None:
    manifest = {**surface().manifest, "sweep": 'study = "qec.memory"\n', "seed": "99"}
    rows = [*surface().rows[:-1], replace(surface().rows[-1], state="running")]
    lines = commands(replace(surface(), manifest=manifest, rows=rows))
    assert "qsim run surface_threshold.toml --out again --seed 99" in lines
    assert not [line for line in lines if "must print" in line]


def test_fit_problems_and_totals_stand_at_the_top() -> None:
    results = surface()
    fit = fit_threshold(
        [row.labels["p"] for row in results.rows],
        [row.labels["distance"] for row in results.rows],
        [row.shots for row in results.rows],
        [row.errors or 0 for row in results.rows],
    )
    manifest = {**results.manifest, "problems": ["shard 3: torn last line, skipped"]}
    head = page(replace(results, fits=(fit,), manifest=manifest)).partition("<main>")[0]
    assert str(fit).partition(";")[0] in head
    assert "torn last line" in head
    assert f"{sum(row.shots for row in results.rows):,}" in head


@pytest.mark.parametrize(
    "results", [measured([0.5]), Results("empty", 1, [], []), Results("w", 1, ["p"], [counted({"p": 1}, 0, 0)])]
)
def test_small_results_still_make_a_page(results: Results) -> None:
    assert json.loads(Elements(page(results)).scripts[0])["study"] == results.study


def test_unwritable_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        write_report(surface(), tmp_path / "absent" / "report.html")
