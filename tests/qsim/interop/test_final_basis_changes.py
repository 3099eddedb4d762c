"""Final measurements of stim circuits in any basis: apart for sampling, undone for observables."""

from __future__ import annotations

import pytest
import stim
from record_law import chance, law

from qsim.backends import make
from qsim.backends import names as backends
from qsim.interop import read_stim
from qsim.program import split_measurements
from qsim.running import without_final_measurements


def names(steps: object) -> list[str]:
    return [str(step) for step in steps]  # type: ignore[attr-defined]


def test_final_measurement_in_another_basis_is_final() -> None:
    split = split_measurements(read_stim(stim.Circuit("H 0\nMX 0\nMY !1")))
    assert split is not None
    assert names(split.measures) == ["measure 0 -> 0", "measure 1 -> 1"]
    assert names(split.before.steps) == ["h on 0", "h on 0", "sdg on 1", "h on 1", "x on 1"]
    assert names(split.closing) == ["h on 0", "x on 1", "h on 1", "s on 1"]


def test_observables_see_the_state_before_the_basis_change() -> None:
    bare = without_final_measurements(read_stim(stim.Circuit("H 0\nMX 0")))
    assert names(bare.steps) == ["h on 0", "h on 0", "h on 0"]


@pytest.mark.parametrize("text", ["M 0\nMX 0", "MX 0\nX 0", "MXX 0 1", "MR 0", "M 1\nMZZ 0 1", "M 0\nRX 0"])
def test_measurement_whose_qubit_is_used_again_is_not_final(text: str) -> None:
    assert split_measurements(read_stim(stim.Circuit(text))) is None


@pytest.mark.parametrize("backend", backends())
@pytest.mark.parametrize(
    "text", ["H 0\nCX 0 1\nMX 0\nMY !1", "RX 0\nS 0\nMY !0\nM 1", "M 0\nMX 1", "RX 1\nMXX 0 1\nMX 1"]
)
def test_every_backend_measures_in_the_basis_asked_for(backend: str, text: str) -> None:
    """False alarm 1e-8 each, 2e-7 in all."""
    program = read_stim(stim.Circuit(text))
    assert chance(make(backend).sample(program, 4000, seed=5).bits, law(program)) > 1e-8
