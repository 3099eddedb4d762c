"""Studies ``circuit.sample`` and ``circuit.expectation``: examples, refusals, exact values, files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp, Statevector

import qsim
from experiments.errors import InputError
from experiments.params import Place, convert
from experiments.runner import run
from experiments.studies import circuit_chain, circuit_expectation, circuit_sample
from experiments.studies.circuit_sample import GHZ
from experiments.study import Study
from experiments.sweep import Sweep
from qsim.pauli_measurement import MeasuredObservable, groups

STUDIES = [circuit_sample.study, circuit_expectation.study, circuit_chain.study]
CASES = [(study, raw) for study in STUDIES for raw in study.examples()]
BAD = [(study, raw, word) for study in STUDIES for raw, word in study.bad_examples()]
EXACT = {
    "circuit.sample": [0.5, None, None, 0.25],
    "circuit.expectation": [1.0, None, None, 0.5],
}


def sampler_of(study: Any, raw: dict[str, Any]) -> Any:
    return study.prepare(convert(study.Params, raw, Place("sweep.toml", {})))


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_they_are_studies_and_registered(study: Any) -> None:
    assert isinstance(study, Study)
    assert Sweep(study=study.name, params=study.examples()[0], stop={"max_shots": 10}, seed=1).tasks()


@pytest.mark.parametrize(("study", "raw"), CASES, ids=lambda case: getattr(case, "name", ""))
def test_examples_repeat_their_bits(study: Any, raw: dict[str, Any]) -> None:
    sampler = sampler_of(study, raw)
    first, second, other = (sampler.sample(200, np.random.SeedSequence(seed)) for seed in (1, 1, 2))
    assert first.to_json() == second.to_json()
    assert first.size == other.size == 200
    schedule = study.schedule(convert(study.Params, raw, Place("sweep.toml", {})))
    assert 1 <= schedule.first <= schedule.largest


@pytest.mark.parametrize(("study", "raw", "word"), BAD, ids=lambda case: getattr(case, "name", ""))
def test_every_bad_example_is_refused_with_its_word(study: Any, raw: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError) as refusal:
        convert(study.Params, raw, Place("sweep.toml", {}))
    assert word in str(refusal.value)


@pytest.mark.parametrize("place", range(4))
def test_counts_have_the_exact_probability(place: int) -> None:
    """Oracle: the diagonal of the exact density matrix where there is noise, else known.  5.4 deviations, 20 000
    shots: false alarm 3e-7 in all."""
    raw = circuit_sample.study.examples()[place]
    exact = EXACT["circuit.sample"][place]
    if exact is None:
        noise = (
            qsim.noise.depolarizing(0.05)
            if place == 1
            else qsim.noise.NoiseModel().after("gate", qsim.noise.amplitude_damping(0.1))
        )
        circuit = QuantumCircuit(3)
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.cx(1, 2)
        z = qsim.expectation(circuit, ["ZIZ", "ZII", "IIZ"], noise=noise, backend="density_matrix").values
        exact = (1 - z[0]) / 2 if place == 1 else (1 - z[1] - z[2] + z[0]) / 4
    counts = sampler_of(circuit_sample.study, raw).sample(20_000, np.random.SeedSequence(8))
    assert abs(counts.errors - 20_000 * exact) <= 5.4 * math.sqrt(20_000 * exact * (1 - exact))


@pytest.mark.parametrize("place", range(4))
def test_moments_have_the_exact_mean(place: int) -> None:
    """Oracle: the density matrix backend; within 5.4 standard errors, false alarm 3e-7 in all."""
    raw = circuit_expectation.study.examples()[place]
    exact = EXACT["circuit.expectation"][place]
    if exact is None:
        noise = (
            qsim.noise.depolarizing(0.05)
            if place == 1
            else qsim.noise.NoiseModel().after("gate", qsim.noise.amplitude_damping(0.1))
        )
        circuit = QuantumCircuit(3)
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.cx(1, 2)
        table = raw["observable"] if isinstance(raw["observable"], dict) else {raw["observable"]: 1.0}
        operator = SparsePauliOp(list(table), list(table.values()))
        exact = qsim.expectation(circuit, operator, noise=noise, backend="density_matrix").values[0]
    found = sampler_of(circuit_expectation.study, raw).sample(20_000, np.random.SeedSequence(9))
    assert abs(found.mean - exact) <= 5.4 * math.sqrt(max(found.m2, 1e-12)) / 20_000 + 1e-12


@pytest.mark.parametrize("place", range(4))
def test_chains_have_the_exact_mean(place: int) -> None:
    """Oracles: 1 for the Néel state at rest, Qiskit's state vectors of the definitions, and the density matrix backend.

    Within 5.4 standard errors of 20 000 units: false alarm 3e-7 in all.
    """
    raw = circuit_chain.study.examples()[place]
    sites = raw["sites"]
    ising = raw.get("model") == "ising"
    chain = qsim.dynamics.ising_chain(sites) if ising else qsim.dynamics.heisenberg_chain(sites)
    circuit = QuantumCircuit(sites)
    circuit.x(range(1, sites, 2))
    for _ in range(raw["steps"]):
        for label, qubits, value in _formula(chain, raw.get("order", 1)):
            pauli = SparsePauliOp.from_sparse_list([(label, qubits, value)], num_qubits=sites)
            circuit.append(PauliEvolutionGate(pauli, time=raw["time"] / raw["steps"]), range(sites))
    staggered = SparsePauliOp.from_sparse_list([("Z", [k], (-1) ** k / sites) for k in range(sites)], num_qubits=sites)
    observable = chain / sites if ising else staggered
    if "noise" in raw:
        noisy = qsim.dynamics.trotter(chain, time=raw["time"], steps=raw["steps"], start="neel")
        model = qsim.noise.depolarizing(raw["p"])
        exact = qsim.expectation(noisy, observable, noise=model, backend="density_matrix").values[0]
    else:
        exact = Statevector(circuit).expectation_value(observable).real
    if raw["time"] == 0:
        assert exact == pytest.approx(1.0)
    found = sampler_of(circuit_chain.study, raw).sample(20_000, np.random.SeedSequence(9))
    assert abs(found.mean - exact) <= 5.4 * math.sqrt(max(found.m2, 1e-12)) / 20_000 + 1e-12


def _formula(chain: SparsePauliOp, order: int) -> list[tuple[str, list[int], float]]:
    """The terms of one step with their shares of its time."""
    terms = [(label, qubits, value.real) for label, qubits, value in chain.to_sparse_list()]
    if order == 1:
        return terms
    halves = [(label, qubits, value / 2) for label, qubits, value in terms]
    return halves + halves[::-1]


def test_groups_hold_every_string_once_and_agree_where_both_act() -> None:
    rng = np.random.default_rng(2)
    labels = ["".join(rng.choice(list("IXYZ"), 5)) for _ in range(40)]
    operator = SparsePauliOp(labels, rng.normal(size=40)).simplify()
    found = groups(operator)
    met = {label: value for group in found for label, value in zip(group.labels, group.coefficients, strict=True)}
    assert met == dict(zip(operator.paulis.to_labels(), operator.coeffs.real, strict=True))
    for group in found:
        for label in group.labels:
            assert all(letter in ("I", basis) for letter, basis in zip(label[::-1], group.basis, strict=True))


def test_units_of_an_observable_have_its_mean_and_the_constant_is_added() -> None:
    """Mean of 20 000 units within 5 standard errors: 6e-7."""
    from qsim.backends import make
    from qsim.program import read

    circuit = QuantumCircuit(3)
    circuit.ry(0.4, 0)
    circuit.cx(0, 1)
    circuit.s(1)
    circuit.h(2)
    operator = SparsePauliOp(["III", "YXI", "IZZ", "XII", "IYY"], [2.0, 0.7, -0.3, 1.0, 0.4])
    exact = qsim.expectation(circuit, operator, backend="statevector").values[0]
    measured = MeasuredObservable.of(read(circuit), operator, backend=make("statevector"))
    values = measured.values(20_000, seed=3)
    assert abs(values.mean() - exact) <= 5 * values.std() / math.sqrt(20_000)


@pytest.mark.parametrize("kind", ["qasm", "qpy", "stim"])
def test_files_are_recorded_as_content_and_run_through_the_runner(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"bell.{kind}"
    if kind == "qasm":
        file.write_text(GHZ)
    elif kind == "stim":
        file.write_text("H 0\nCX 0 1 1 2\nM 0 1 2")
    else:
        circuit = QuantumCircuit(3, 3)
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.cx(1, 2)
        circuit.measure(range(3), range(3))
        with file.open("wb") as stream:
            qpy.dump(circuit, stream)
    text = (
        f'study = "circuit.sample"\nseed = 3\n[params]\ncircuit = "bell.{kind}"\nparity = [0, 2]\n'
        'backend = "stabilizer"\n[stop]\nmax_shots = 500\n'
    )
    (tmp_path / "sweep.toml").write_text(text)
    report = run(Sweep.load(tmp_path / "sweep.toml"), tmp_path / "out", engine="in-process")
    assert [(row.shots, row.errors) for row in report.results.rows] == [(500, 0)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.qasm", None, ["no such", "gone.qasm"]),
        ("bad.qasm", "OPENQASM 2.0;\nqreg q[1];\nhop q[0];\n", ["bad.qasm", "line 3"]),
        ("bad.stim", "H 0\nHOP 1\n", ["bad.stim", "line 2"]),
        ("circuit.txt", "H 0\n", ["circuit.txt", ".qasm"]),
    ],
)
def test_bad_files_are_refused_with_name_and_line(
    name: str, content: str | None, words: list[str], tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as refusal:
        circuit_sample.study.resolve({"circuit": name}, tmp_path)
    assert all(word in str(refusal.value) for word in words)


def test_what_cannot_run_is_refused_when_prepared() -> None:
    raw = {"circuit": GHZ.replace("h q[0]", "t q[0]"), "bits": "111", "backend": "stabilizer"}
    with pytest.raises(InputError, match="not a Clifford"):
        sampler_of(circuit_sample.study, raw)
    with pytest.raises(InputError, match="abacus"):
        sampler_of(circuit_sample.study, {"circuit": GHZ, "bits": "111", "backend": "abacus"})
