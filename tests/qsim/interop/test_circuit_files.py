"""Circuit files: what is written is read back as the same circuit, and what is broken is told with its line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import stim
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Operator

import qsim
from qsim.errors import CircuitError
from qsim.interop import dump, load


def written(circuit: object, path: Path, **options: int) -> QuantumCircuit:
    dump(circuit, path, **options)  # type: ignore[arg-type]
    return load(path)


@pytest.mark.parametrize("seed", range(25))
def test_random_circuits_survive_openqasm_2(seed: int, tmp_path: Path) -> None:
    circuit = random_circuit(4, 6, max_operands=4, seed=seed)
    assert Operator(written(circuit, tmp_path / "a.qasm")).equiv(Operator(circuit), atol=1e-8)


@pytest.mark.parametrize("seed", range(25))
def test_random_circuits_survive_openqasm_3(seed: int, tmp_path: Path) -> None:
    pytest.importorskip("qiskit_qasm3_import")
    circuit = random_circuit(4, 6, max_operands=3, seed=seed)
    assert Operator(written(circuit, tmp_path / "a.qasm", qasm=3)).equiv(Operator(circuit), atol=1e-8)


@pytest.mark.parametrize("seed", range(25))
def test_random_circuits_survive_qpy(seed: int, tmp_path: Path) -> None:
    circuit = random_circuit(4, 6, max_operands=4, measure=True, conditional=True, reset=True, seed=seed)
    circuit.rx(Parameter("a"), 0)
    assert written(circuit, tmp_path / "a.qpy") == circuit


def test_stim_circuits_survive_their_own_format(tmp_path: Path) -> None:
    circuit = stim.Circuit.generated(
        "surface_code:rotated_memory_x", distance=3, rounds=9, before_measure_flip_probability=0.01
    )
    dump(circuit, tmp_path / "a.stim")
    assert load(tmp_path / "a.stim") == circuit


def test_stim_circuit_goes_through_qasm_with_its_tableau(tmp_path: Path) -> None:
    circuit = stim.Tableau.random(4).to_circuit()
    circuit.append("CXSWAP", [0, 2])
    back = written(written(circuit, tmp_path / "a.qasm"), tmp_path / "b.stim")
    assert isinstance(back, stim.Circuit)
    assert stim.Tableau.from_circuit(back) == stim.Tableau.from_circuit(circuit)


def test_clifford_circuit_goes_into_stim_text(tmp_path: Path) -> None:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.ecr(0, 1)
    circuit.rz(-3.141592653589793 / 2, 2)
    circuit.iswap(2, 1)
    back = written(circuit, tmp_path / "a.stim")
    found = stim.Tableau.from_circuit(back).to_unitary_matrix(endian="little")  # type: ignore[arg-type]
    assert Operator(found).equiv(Operator(circuit), atol=1e-7)


def test_dynamic_circuits_survive_openqasm_3(tmp_path: Path) -> None:
    pytest.importorskip("qiskit_qasm3_import")
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    assert "if_else" in written(circuit, tmp_path / "a.qasm", qasm=3).count_ops()


def test_load_is_the_front_doors(tmp_path: Path) -> None:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    dump(circuit, tmp_path / "a.qpy")
    assert qsim.load(str(tmp_path / "a.qpy")) == circuit


def test_comments_may_stand_before_the_version(tmp_path: Path) -> None:
    (tmp_path / "a.qasm").write_text("// a\n\n // b\n OPENQASM 2.0;\nqreg q[1];\nU(0,0,0) q[0];\n")
    assert load(tmp_path / "a.qasm").num_qubits == 1


BROKEN = [
    ("a.qasm", b'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\nhh q[0];\n', r"a\.qasm: line 4: malformed: .*'hh'"),
    ("a.qasm", b"OPENQASM 2.0;\nqreg q[2]\n", r"a\.qasm: line \d: malformed: "),
    ("a.qasm", b"qreg q[2];\n", r"line 1: which version of OpenQASM.*'qreg q\[2\];'"),
    ("a.qasm", b"OPENQASM 4.0;\n", "which version of OpenQASM"),
    ("a.stim", b"H 0\nHH 1\n", r"a\.stim: line 2: malformed: .*HH"),
    ("a.stim", b"H 0\nREPEAT 3 {\nCX 0\n}\n", r"a\.stim: line 3: malformed: .*even number"),
    ("a.stim", b"H 0\nREPEAT 3 {\n", r"a\.stim: malformed: "),
    ("a.qasm", b"\xff\xfe", "not text in UTF-8"),
    ("a.stim", b"\xff\xfe", "not text in UTF-8"),
    ("a.qpy", b"", r"a\.qpy: malformed"),
    ("a.qpy", b"nothing of this kind", r"a\.qpy: malformed"),
    ("a.txt", b"", "unknown kind of circuit file: expected .qasm, .qpy or .stim, got '.txt'"),
]

BROKEN_3 = [
    (b'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nhh q[0];\n', r"line 4: malformed: .*'hh' is not defined"),
    (b'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nh q[0]\nx q[1];\n', "line 5: malformed: unexpected 'x'"),
    (b"OPENQASM 3;\n ?? ;\n", "line 2: malformed: "),
]


@pytest.mark.parametrize(("name", "content", "word"), BROKEN)
def test_broken_file_is_refused_with_its_line(name: str, content: bytes, word: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CircuitError, match=word):
        load(tmp_path / name)


@pytest.mark.parametrize(("content", "word"), BROKEN_3)
def test_broken_openqasm_3_is_refused_with_its_line(
    content: bytes, word: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("qiskit_qasm3_import")
    (tmp_path / "a.qasm").write_bytes(content)
    with pytest.raises(CircuitError, match=word):
        load(tmp_path / "a.qasm")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_qpy_file_that_ends_too_early_is_refused(part: float, tmp_path: Path) -> None:
    dump(random_circuit(3, 3, seed=1), tmp_path / "whole.qpy")
    content = (tmp_path / "whole.qpy").read_bytes()
    (tmp_path / "part.qpy").write_bytes(content[: int(part * len(content))])
    with pytest.raises(CircuitError, match=r"part\.qpy: malformed"):
        load(tmp_path / "part.qpy")


def test_openqasm_3_without_its_importer_is_refused_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "qiskit_qasm3_import", None)
    monkeypatch.setattr("qiskit.utils.optionals.HAS_QASM3_IMPORT._bool", False)
    (tmp_path / "a.qasm").write_text("OPENQASM 3.0;\nqubit q;\n")
    with pytest.raises(CircuitError, match=r'qiskit-qasm3-import; pip install "qsim-workbench\[qasm3\]"'):
        load(tmp_path / "a.qasm")


def test_qpy_file_of_two_circuits_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "two.qpy").open("wb") as stream:
        qpy.dump([QuantumCircuit(1), QuantumCircuit(2)], stream)
    with pytest.raises(CircuitError, match="expected 1 circuit, got 2"):
        load(tmp_path / "two.qpy")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CircuitError, match="no such file"):
        load(tmp_path / "none.qasm")


def test_what_a_format_cannot_hold_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    dynamic = QuantumCircuit(1, 1)
    dynamic.measure(0, 0)
    with dynamic.if_test((dynamic.clbits[0], 1)):
        dynamic.x(0)
    with pytest.raises(CircuitError, match=r"OpenQASM 2 cannot hold.*use qasm=3"):
        dump(dynamic, tmp_path / "a.qasm")
    t_gate = QuantumCircuit(1)
    t_gate.t(0)
    with pytest.raises(CircuitError, match="t on"):
        dump(t_gate, tmp_path / "a.stim")
    with pytest.raises(CircuitError, match="unknown kind of circuit file"):
        dump(t_gate, tmp_path / "a.txt")
    with pytest.raises(CircuitError, match="expected 2 or 3, got 4"):
        dump(t_gate, tmp_path / "a.qasm", qasm=4)  # type: ignore[arg-type]
    with pytest.raises(CircuitError, match="noise"):
        dump(stim.Circuit("X_ERROR(0.1) 0"), tmp_path / "a.qpy")
    assert list(tmp_path.iterdir()) == []
