"""The package offers what its users need, and workers that import it load no compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_importing_the_package_loads_neither_numba_nor_scipy() -> None:
    code = "import sys, coding.bilinear.execution.node; print(sorted({'numba', 'scipy'} & set(sys.modules)))"
    assert run(code) == "[]\n"


def test_reliability_stays_a_function_in_whatever_order_modules_are_imported() -> None:
    """Importing a submodule puts it into its package under its own name, where the function of that name lives."""
    code = """
import coding.bilinear.patterns, coding.bilinear.reliability
from coding.bilinear import catalog, reliability, search, CodedMatmul
print(reliability(catalog.strassen()).counts)
"""
    assert run(code) == "(0, 7, 21, 35, 35, 21, 7, 1)\n"
