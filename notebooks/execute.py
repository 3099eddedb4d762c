"""Run a notebook from top to bottom in a fresh kernel, and keep the outputs that say the same on every machine.

    python notebooks/execute.py notebooks/threshold.ipynb

The kernel works in an empty temporary folder.  Times, the text twins of tables and pictures, and progress lines are not
kept; an output that names a path of this machine is an error, to be mended in the notebook.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CORE_TIME = re.compile(r", [\d.,]+ s of core time")
PATH = re.compile(r"(?<![\w.<:/])/(?:[\w.-]+/)+[\w.-]*|\b[A-Z]:\\\w")


def executed(path: Path, *, folder: Path, timeout: int = 300) -> nbformat.NotebookNode:
    """The notebook with fresh outputs.

    Args:
        path: the notebook; the file is not changed.
        folder: where the kernel works.
        timeout: seconds that one cell may take.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return notebook


def machine_free(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The same notebook without what differs from machine to machine.

    Raises:
        ValueError: an output names a path.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if output.output_type != "display_data"]
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data or "qsim-results" in data.get("text/html", ""):
                data.pop("text/plain", None)
            elif "xr-wrap" in data.get("text/html", ""):
                data.pop("text/html")
            texts = [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
            named = [found.group() for text in texts for found in PATH.finditer(text)]
            if named:
                raise ValueError(f"{cell.source.splitlines()[0]!r}: the output names {named[0]}; print less")
            if "text/html" in data:
                data["text/html"] = CORE_TIME.sub("", data["text/html"])
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main() -> None:
    """Execute the notebooks named on the command line, in place."""
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            notebook = machine_free(executed(Path(name), folder=Path(folder)))
        nbformat.write(notebook, name)
        print(name)


if __name__ == "__main__":
    main()
