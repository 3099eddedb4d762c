"""The examples of the documents are programs: each runs here as it stands on the page."""

from __future__ import annotations

import importlib
import math
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from house_documents import ROOT, blocks
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

import qsim
from experiments.ledger.record import Record, encode
from experiments.runner import run
from experiments.study import Study, Tally
from experiments.sweep import Sweep


@pytest.fixture
def buffon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The study of CONTRIBUTING.md as a module ``buffon`` on the path, where worker processes find it too."""
    source, _ = blocks(ROOT / "CONTRIBUTING.md", "python")
    (tmp_path / "buffon.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module("buffon").study
    sys.modules.pop("buffon", None)


def test_example_study_keeps_to_the_protocol_and_repeats_its_bits(buffon: Any) -> None:
    assert isinstance(buffon, Study)
    for raw in buffon.examples():
        sampler = buffon.prepare(buffon.Params(**raw))
        first, second = (sampler.sample(1000, np.random.SeedSequence(5, spawn_key=(1,))) for _ in range(2))
        assert isinstance(first, Tally)
        assert first == second


@pytest.mark.parametrize("engine", ["in-process", "local"])
def test_example_study_finds_pi_through_the_runner(buffon: Any, tmp_path: Path, engine: str) -> None:
    """Oracle: Buffon's 2 length/pi.  Seed fixed; |z| <= 5.6 on three points is a false-alarm rate of 6.4e-8."""
    lengths = [0.25, 0.5, 1.0]
    sweep = Sweep(study="buffon:study", grid={"length": lengths}, stop={"max_shots": 100_000}, seed=3)
    report = run(sweep, tmp_path / "out", engine=engine)
    assert report.exit_code == 0
    for row, length in zip(report.results.rows, lengths, strict=True):
        exact = 2 * length / math.pi
        assert row.shots == 100_000
        assert abs(row.errors / row.shots - exact) <= 5.6 * math.sqrt(exact * (1 - exact) / row.shots)


def test_examples_are_registered_by_one_line_each() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line, group in zip(blocks(ROOT / "CONTRIBUTING.md", "toml"), ("qsim.studies", "qsim.backends"), strict=True):
        assert len(line.strip().splitlines()) == 1
        assert project["entry-points"][group].keys().isdisjoint(tomllib.loads(line))


def test_example_backend_serves_the_front_door_and_the_primitives() -> None:
    """Oracle: closed forms of a rotated qubit.  |k - np| <= 6 sqrt(np(1-p)): a false-alarm rate below 1e-8."""
    _, source = blocks(ROOT / "CONTRIBUTING.md", "python")
    names: dict[str, Any] = {}
    exec(compile(source, "CONTRIBUTING.md", "exec"), names)
    assert len(source.splitlines()) <= 50
    product = names["Product"]()
    circuit = QuantumCircuit(1000)
    circuit.ry(1.0, 0)
    circuit.x(999)
    circuit.measure_all()
    result = qsim.run(circuit, shots=2000, seed=3, backend=product)
    ones = result.bits.sum(axis=0)
    expected = math.sin(0.5) ** 2
    assert abs(ones[0] - 2000 * expected) <= 6 * math.sqrt(2000 * expected * (1 - expected))
    assert (ones[1], ones[999]) == (0, 2000)
    z = SparsePauliOp.from_sparse_list([("Z", [0], 1.0), ("XZ", [0, 999], 2.0)], num_qubits=1000)
    assert result.expectation(z) == pytest.approx(math.cos(1.0) - 2 * math.sin(1.0))
    estimator = qsim.EstimatorV2(backend=product)
    bare = circuit.remove_final_measurements(inplace=False)
    assert estimator.run([(bare, z)]).result()[0].data.evs == pytest.approx(math.cos(1.0) - 2 * math.sin(1.0))
    circuit.cx(0, 1)
    with pytest.raises(qsim.CircuitError, match=r"backend product.*not at the end"):
        qsim.run(circuit, backend=product)
    entangled = QuantumCircuit(2, 1)
    entangled.cx(0, 1)
    entangled.measure(0, 0)
    with pytest.raises(qsim.CircuitError, match=r"step 0 \(cx on 0, 1\): not a gate on one qubit"):
        qsim.run(entangled, backend=product)


def test_readme_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    source, _, _ = blocks(ROOT / "README.md", "python")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), names)
    assert len(names["frame"]) == 4
    assert (tmp_path / "threshold.svg").stat().st_size > 1000
    assert "0.008" in capsys.readouterr().out
    assert len(source.strip().splitlines()) <= 15


def test_readme_circuit_runs_on_the_backend_it_should(capsys: Any) -> None:
    """Oracle: half of the shots are all zeros unless one of 39 gates flips a bit (12 of 15 errors).  6 sigma: 2e-9."""
    _, source, _ = blocks(ROOT / "README.md", "python")
    names: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), names)
    assert names["result"].backend == "near_clifford"
    zeros = names["result"].counts()["0" * 40]
    assert abs(zeros - 10_000 * 0.5 * (1 - 39 * 1e-3 * 12 / 15)) < 6 * 50
    assert "stabilizer" in capsys.readouterr().out


def test_readme_coded_product_and_map_come_out_right(capsys: Any) -> None:
    """Oracles: the plain product to rounding, and tanh itself; a shipped code without fatal triples."""
    _, _, source = blocks(ROOT / "README.md", "python")
    names: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), names)
    assert np.abs(names["result"].product - names["A"] @ names["B"]).max() < 1e-10
    assert np.abs(names["values"] - np.tanh(np.linspace(-1, 1, 8))).max() < 1e-6
    assert not names["report"].refused
    assert "(0, 0, 0, 0, 80)" in capsys.readouterr().out


def test_readme_sweep_is_a_valid_sweep(tmp_path: Path) -> None:
    (source,) = blocks(ROOT / "README.md", "toml")
    (tmp_path / "sweep.toml").write_text(source, encoding="utf-8")
    sweep = Sweep.load(tmp_path / "sweep.toml")
    assert len(sweep.tasks()) == 27
    assert sweep.seed == 20261122


def test_runner_page_shows_a_line_the_ledger_would_write() -> None:
    (line,) = blocks(ROOT / "docs" / "runner.md", "json")
    shown = re.findall(r'"(\w+)":', line)
    assert shown == ["t", "b", "n", "s", "counts", "cpu", "env", "crc"]
    written = encode(Record("8b9c", 0, 256, msgspec.Raw(b'{"counts":[256,31]}'), cpu=0.0021, env="5f0c2d1a")).decode()
    assert re.findall(r'"(\w+)":', written) == shown


def test_coding_page_runs_and_its_figures_are_true() -> None:
    """Oracles: the exact counts of the shipped scheme, the plain product, tanh."""
    names: dict[str, Any] = {}
    for source in blocks(ROOT / "docs" / "coding.md", "python"):
        exec(compile(source, "coding.md", "exec"), names)
    assert names["r"].counts[:6] == (0, 0, 0, 0, 80, 2000)
    assert f"{names['r'].failure_probability(0.01):.1e}" == "9.1e-07"
    assert (names["r"].erasures, names["r"].byzantine) == (3, 1)
    assert names["search"].parities(names["union"], count=1).counts[:4] == (0, 0, 1, 22)
    assert len(names["search"].relations(names["union"]).checks) == 10
    assert np.abs(names["result"].product - names["A"] @ names["B"]).max() < 1e-10
    assert not names["report"].refused
    assert np.abs(names["values"] - np.tanh(names["X"])).max() < 1e-5


def test_backends_page_runs_and_its_figures_are_true() -> None:
    """Oracles: stabilizers of the GHZ state, Qiskit's shapes, and product states at angle zero."""
    names: dict[str, Any] = {}
    for source in blocks(ROOT / "docs" / "backends.md", "python"):
        exec(compile(source, "backends.md", "exec"), names)
    result = names["result"]
    assert result.backend == "stabilizer"
    assert result.expectation(["ZZI", "XXX"]) == pytest.approx([1, 1], abs=0.01)
    assert names["slopes"].shape == (2, 6)
    assert names["values"] == pytest.approx(np.ones(10))
