"""All backends agree with an enumeration of outcomes, on a few of the circuits of benchmarks/backend_agreement.py.

Expectation values to 1e-9; samples by a chi-square whose false-alarm rate over this file is below 1e-8.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from qsim.backends import names

TAKEN = {
    "clifford": set(names()),
    "few_t": set(names()) - {"stabilizer"},
    "brickwork": set(names()) - {"stabilizer"},
    "dynamic": set(names()),
}


@pytest.fixture(scope="module")
def agreement() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "backend_agreement.py"
    spec = importlib.util.spec_from_file_location("backend_agreement", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["backend_agreement"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("family", list(TAKEN))
def test_backends_agree_on_random_circuits(family: str, agreement: ModuleType) -> None:
    found = agreement.compare(family, circuits=10, seed=7)
    assert {name: each.faults for name, each in found.items() if each.faults} == {}
    assert {name for name, each in found.items() if each.circuits} == TAKEN[family]
    assert max(each.worst for each in found.values()) <= 1e-9


def test_the_comparison_sees_wrong_laws(agreement: ModuleType) -> None:
    law = {"00": 0.5, "11": 0.5}
    assert agreement.p_value({"00": 2000, "11": 2000}, law, 4000) == pytest.approx(1.0)
    assert agreement.p_value({"00": 2400, "11": 1600}, law, 4000) < agreement.LEVEL
    assert agreement.p_value({"00": 2000, "11": 1999, "01": 1}, law, 4000) == 0.0
