"""The notebooks are programs: each runs here as a reader would run it, in a kernel of its own."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def execute() -> ModuleType:
    """The script ``notebooks/execute.py``, with which the committed outputs were made."""
    spec = importlib.util.spec_from_file_location("execute", ROOT / "notebooks" / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _ledgers() -> set[Path]:
    """Every ledger in the checkout, ignored or not; the environment's own folders are left out."""
    return {path for path in ROOT.rglob("manifest.json") if not path.relative_to(ROOT).parts[0].startswith(".")}


def _texts(notebook: nbformat.NotebookNode) -> list[str]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [text for output in outputs for text in (output.get("text", ""), *output.get("data", {}).values())]


SAYS = {  # what each notebook finds out, whatever the machine
    "coded_matmul": r"relative error below 1e-12: True[\s\S]*exact: True[\s\S]*caught lying: \[2",
    "threshold": r"p_c = 0\.00[6-9]",
    "trotter": r"largest difference (0e\+00|\de-1\d)[\s\S]*standard errors from 0\.8520",
}
LEDGERS = {"threshold"}  # notebooks that write some, to their temporary folder


def test_the_notebooks_are_these() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(SAYS)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_top_to_bottom_and_leaves_no_ledger_in_the_checkout(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, execute: ModuleType
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    before = _ledgers()
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    fresh = execute.executed(copy, folder=tmp_path)
    assert _ledgers() == before
    cells = [cell for cell in fresh.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    shown = [key for cell in cells for output in cell.outputs for key in output.get("data", {})]
    assert {"text/html", "image/png"} <= set(shown)
    assert not [key for key in shown if "widget" in key]
    assert re.search(SAYS[path.stem], "\n".join(map(str, _texts(fresh))))
    assert bool(list((tmp_path / "scratch").glob("*/ledger/manifest.json"))) == (path.stem in LEDGERS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_outputs_are_whole_and_name_no_machine(path: Path, execute: ModuleType) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    texts = [text for text in _texts(notebook) if isinstance(text, str)]
    assert not [text for text in texts if execute.PATH.search(text) and "<svg" not in text and not _is_picture(text)]
    assert not [text for text in texts if re.search(r"[\d.]+ s of core time|\d{4}-\d\d-\d\dT", text)]
    assert any(_is_picture(text) for text in texts)
    assert path.stat().st_size < 400_000


def _is_picture(text: str) -> bool:
    return text.startswith("iVBOR")


@pytest.mark.parametrize("leak", ["/ho" + "me/ada/results", "wrote /t" + "mp/x/report.html"])
def test_an_output_that_names_a_path_is_refused(leak: str, execute: ModuleType) -> None:
    cell = nbformat.v4.new_code_cell("show()", outputs=[nbformat.v4.new_output("stream", text=leak)])
    with pytest.raises(ValueError, match="names /"):
        execute.machine_free(nbformat.v4.new_notebook(cells=[cell]))


def test_notebook_dependencies_are_declared() -> None:
    """`pip install .[notebook]` is what a reader is told to do."""
    text = (ROOT / "pyproject.toml").read_text()
    line = next(line for line in text.splitlines() if line.startswith("notebook = "))
    assert all(package in line for package in ("ipykernel", "nbclient", "nbformat"))
