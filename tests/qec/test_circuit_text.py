"""Text of circuits: what stim cannot simulate is refused with file, line and gate."""

from __future__ import annotations

import pytest
import stim

from qsim.qec.circuit_text import parse_circuit, readable_circuit
from qsim.qec.circuit_text_size import detectors_in
from qsim.qec.circuits import memory_circuit
from qsim.qec.input_error import QecInputError


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("H 0\nT 0\nM 0", r"a\.stim, line 2: T is not a Clifford gate"),
        ("# CCX 1\nREPEAT 2 {\n  H 0\n  CCX 0 1 2\n}", r"a\.stim, line 4: CCX is not a Clifford gate"),
        ("RX(0.3) 0", r"a\.stim, line 1: Gate RX was given 1 parens arguments"),
        ("H 0\n\nCX 0", r"a\.stim, line 3: Two qubit gate CX"),
        ("H 0\nREPEAT 3 {\nX 0", r"a\.stim, line 2: this block is never closed"),
        ("H 0\n}", r"a\.stim, line 2: a block is closed that was never opened"),
        ("REPEAT 0 {\nX 0\n}", r"a\.stim, line 1: "),
        ("qreg q[3];", r"a\.stim, line 1: "),
    ],
)
def test_bad_circuit_is_refused_with_file_and_line(text: str, word: str) -> None:
    with pytest.raises(QecInputError, match=word):
        parse_circuit(text, name="a.stim")


def test_circuit_without_observable_is_refused() -> None:
    with pytest.raises(QecInputError, match="OBSERVABLE_INCLUDE"):
        readable_circuit("M 0\nDETECTOR rec[-1]", name="a.stim")


@pytest.mark.parametrize("rounds", [1, 2, 9])
def test_good_text_parses_as_stim_parses_it_and_its_detectors_are_counted(rounds: int) -> None:
    circuit = memory_circuit("unrotated_surface", "X", distance=3, rounds=rounds)
    assert parse_circuit(str(circuit), name="a.stim") == circuit
    assert detectors_in(str(circuit)) == circuit.num_detectors


def test_nested_blocks_multiply_out() -> None:
    text = "REPEAT 3 {\nREPEAT 5 {\nM 0\nDETECTOR rec[-1] # DETECTOR\n}\nDETECTOR(1, 2) rec[-1]\n}\nDETECTOR"
    assert detectors_in(text) == stim.Circuit(text).num_detectors == 19
