"""The report in a real browser: it fills its table, draws its plots, answers its buttons, and reports no error."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from made_results import counted, measured, surface
from test_page import evil_results

from experiments.fits.threshold import fit_threshold
from experiments.report import write_report
from experiments.results import Results

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not on PATH: the report was not opened in a browser"
)
BROKEN = 'class="note script-error"'
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]


def opened(page: Path, *options: str) -> str:
    """The page's DOM after its scripts ran (or nothing, when ``options`` ask for a picture)."""
    assert CHROMIUM is not None
    profile = page.parent / "profile"
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *(options or ("--dump-dom",)), page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def count(dom: str, pattern: str) -> int:
    return len(re.findall(pattern, dom))


def fitted() -> Results:
    results = surface()
    rows = list(results.rows)
    rows[18] = counted(rows[18].labels, 400_000, 0, index=18)
    rows[26] = counted(rows[26].labels, 0, 0, index=26, state="waiting")
    some = [row for row in rows if row.shots]
    fit = fit_threshold(
        [row.labels["p"] for row in some],
        [row.labels["distance"] for row in some],
        [row.shots for row in some],
        [row.errors or 0 for row in some],
    )
    return replace(results, rows=rows, fits=(fit,))


def test_table_and_plot_are_drawn_and_the_csv_is_exact(tmp_path: Path) -> None:
    results = fitted()
    dom = opened(write_report(results, tmp_path / "report.html"))
    assert BROKEN not in dom
    assert 'data-drawn="1"' in dom
    assert count(dom, r'<tr id="task-') == 27
    assert count(dom, r'<g class="pt"') == 26
    assert count(dom, r'class="fitted"') == 3
    assert count(dom, r'class="band"') == count(dom, r'class="pc"') == 1
    (link,) = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', dom)
    assert unquote(unescape(link)) == results.to_csv()


def test_ten_panels_and_a_dot_plot_are_drawn(tmp_path: Path) -> None:
    dom = opened(write_report(surface(further={"replica": range(10)}), tmp_path / "ten.html"))
    assert 'data-drawn="10"' in dom
    assert count(dom, r'<g class="pt"') == 270
    dots = opened(write_report(measured([0.3, -0.5, 0.2]), tmp_path / "dots.html"))
    assert BROKEN not in dots
    assert count(dots, r'<g class="pt"') == 3


def test_hostile_labels_are_shown_and_not_run(tmp_path: Path) -> None:
    dom = opened(write_report(evil_results(), tmp_path / "evil.html"))
    assert BROKEN not in dom
    assert count(dom, "<script") == 2
    assert "alert('x')&lt;/script&gt;" in dom.partition('id="rows"')[2]


DRIVER = """<script>
const seen = [], press = (text) => [...document.querySelectorAll("button")].find((b) => b.textContent === text).click();
const cells = (k) => [...document.querySelectorAll("#rows tr")].map((tr) => tr.children[k].textContent);
const say = (name, value) => seen.push(name + "=" + value);
const ticks = () => [...document.querySelectorAll("figure .tick")].map((t) => t.textContent).join(" ");
const field = document.getElementById("filter");
const type = (text) => { field.value = text; field.dispatchEvent(new Event("input")); };
say("log", ticks()); press("log y"); press("log x"); say("linear", ticks()); press("log y"); press("log x");
press("5"); say("points without 5", document.querySelectorAll("figure g.pt").length); press("5");
press("shots"); say("least shots", cells(2)[0]);
press("shots"); say("most shots", cells(2)[0]);
type("distance=5 p<0.003"); say("filtered", cells(0) + " " + cells(1));
type("waiting"); say("waiting", cells(1)); type("");
const svg = document.querySelector("figure svg");
svg.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
say("read", document.querySelector(".tip").textContent); say("row", document.querySelectorAll("tr.on").length);
const mark = document.querySelector("g.pt:not(.on) path:last-child").getBoundingClientRect();
const middle = { clientX: mark.x + mark.width / 2, clientY: mark.y + mark.height / 2 };
svg.dispatchEvent(new PointerEvent("pointermove", middle));
say("hover", document.querySelector(".tip").textContent);
const out = document.createElement("pre"); out.id = "seen";
out.textContent = seen.join("\\n"); document.body.append(out);
</script></body>"""


def test_buttons_sorting_filter_keys_and_hover_answer(tmp_path: Path) -> None:
    results = fitted()
    path = write_report(results, tmp_path / "report.html")
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"<meta http-equiv[^>]*>", "", text).replace("</body>", DRIVER), encoding="utf-8")
    dom = opened(path, "--window-size=1000,900", "--dump-dom")
    assert BROKEN not in dom
    (lines,) = re.findall(r'<pre id="seen">(.*?)</pre>', dom, re.S)
    seen = dict(line.split("=", 1) for line in unescape(lines).splitlines())
    assert seen["log"].startswith("0.002 0.005 0.01 0.02 10⁻⁶ ")
    assert "0.005 0.01 0.015 0.02" in seen["linear"]
    assert "⁻" not in seen["linear"]
    assert seen["points without 5"] == "17"
    shots = sorted(row.shots for row in results.rows if row.shots)
    assert (seen["least shots"], seen["most shots"]) == (f"{shots[0]:,}", f"{shots[-1]:,}")
    assert seen["filtered"] == "5,5 0.002,0.002667"
    assert seen["waiting"] == "0.02"
    first = results.rows[0]
    assert seen["read"] == f"distance = 3, p = 0.002{first.estimate}{first.errors} errors in {first.shots:,} shots"
    assert seen["row"] == "1"
    assert seen["hover"].startswith("distance = 3, p = 0.002667")


def test_page_can_be_photographed_in_light_dark_and_narrow(tmp_path: Path) -> None:
    page = write_report(fitted(), tmp_path / "report.html")
    paper = []
    for name, options in {
        "light": ("--window-size=1100,1600",),
        "dark": ("--window-size=1100,1600", "--blink-settings=preferredColorScheme=0"),
        "narrow": ("--window-size=500,1600",),
    }.items():
        picture = tmp_path / f"{name}.png"
        opened(page, f"--screenshot={picture}", "--hide-scrollbars", *options)
        paper.append(corner(picture))
    assert paper[0] == paper[2] == (255, 255, 255)
    assert max(paper[1]) < 40


def corner(picture: Path) -> tuple[int, ...]:
    """The colour of the picture's upper left pixel, 0 to 255."""
    from matplotlib.image import imread

    return tuple(round(255 * float(part)) for part in imread(picture)[0, 0, :3])
