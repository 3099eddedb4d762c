"""`qsim.run`, `expectation` and `explain`: results, the choice of a backend, and refusals."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import stim
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

import qsim
from qsim.backends import make, names
from qsim.backends.protocol import Estimates, Forecast, Samples, Work
from qsim.backends.tensor_network import TensorNetwork
from qsim.observables import as_observable, as_observables
from qsim.selection import Explanation, choice


def ghz(size: int, *, measured: bool = True) -> QuantumCircuit:
    circuit = QuantumCircuit(size, size if measured else 0)
    circuit.h(0)
    for qubit in range(size - 1):
        circuit.cx(qubit, qubit + 1)
    if measured:
        circuit.measure(range(size), range(size))
    return circuit


def magic() -> QuantumCircuit:
    circuit = ghz(3, measured=False)
    circuit.t(1)
    circuit.ry(0.3, 2)
    circuit.measure_all()
    return circuit


class Slow:
    """A backend that gives fixed answers."""

    name = "slow"

    def forecast(self, program, work):
        return Forecast(can=True, why="patience", seconds=1e9, bytes=1.0)

    def sample(self, program, shots, *, seed):
        return Samples(np.ones((shots, program.num_clbits), dtype=bool), {"seed": seed})

    def expectation(self, program, observables, *, precision, seed):
        return Estimates(np.full(len(observables), 0.25), np.full(len(observables), precision))


def test_importing_qsim_loads_nothing_heavy() -> None:
    listing = "import json, sys, qsim; dir(qsim); print(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    heavy = {"numpy", "scipy", "qiskit", "stim", "jax", "quimb", "cotengra", "matplotlib", "pandas", "numba"}
    assert not heavy & set(json.loads(done.stdout))


def test_every_public_name_is_there() -> None:
    assert all(getattr(qsim, name) is not None for name in qsim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        qsim.nothing  # noqa: B018


@pytest.mark.parametrize("backend", ["auto", *names()])
def test_bits_have_qiskits_order_on_every_backend(backend: str) -> None:
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(1, "a"), ClassicalRegister(2, "b"))
    circuit.x([0, 2])
    circuit.measure([0, 1, 2], [0, 1, 2])
    result = qsim.run(circuit, shots=6, seed=1, backend=backend)
    assert result.counts() == {"10 1": 6}
    assert result.counts("b") == {"10": 6}
    assert result.bits.tolist() == [[True, False, True]] * 6
    assert result.bitarray.get_counts() == {"101": 6}
    assert result.expectation("IIZ") == pytest.approx(-1.0)
    with pytest.raises(qsim.CircuitError, match="no such register"):
        result.counts("c")


@pytest.mark.parametrize("backend", names())
def test_same_seed_same_bits_on_every_backend(backend: str) -> None:
    first, second, other = (qsim.run(ghz(4), shots=64, seed=seed, backend=backend).bits for seed in (3, 3, 4))
    assert (first == second).all()
    assert (first != other).any()


def test_a_drawn_seed_is_in_the_result_and_repeats_it() -> None:
    first = qsim.run(ghz(3), shots=50)
    assert (qsim.run(ghz(3), shots=50, seed=first.seed).bits == first.bits).all()


def test_stim_circuits_run_as_they_are() -> None:
    result = qsim.run(stim.Circuit("X 0\nM 0 1\nCX rec[-2] 1\nM 1"), shots=4, seed=1)
    assert result.backend == "stabilizer"
    assert result.counts() == {"101": 4}


def test_the_quickest_exact_backend_is_chosen_and_says_why() -> None:
    assert qsim.run(ghz(40), shots=10, seed=1).backend == "stabilizer"
    found = qsim.run(magic(), shots=10, seed=1)
    assert found.backend != "stabilizer"
    assert "quickest" in found.why
    assert found.metadata is not None
    assert "asked for" in qsim.run(magic(), shots=10, seed=1, backend="statevector").why


def test_choice_is_the_quickest_among_exact_ones_before_any_approximate_one() -> None:
    forecasts = {
        "a": Forecast(can=True, why="x", seconds=1e-3, bytes=1, exact=False),
        "b": Forecast(can=True, why="y", seconds=5.0, bytes=2048),
        "c": Forecast(can=False, why="too large"),
    }
    assert choice(forecasts) == "b"
    text = str(Explanation(forecasts, "b"))
    assert "* b" in text
    assert "cannot" in text
    assert "too large" in text
    assert "approximate; x" in text
    assert "2 kiB" in text
    assert Explanation({"c": forecasts["c"]}, None).why == "no backend can run it"


@pytest.mark.parametrize(
    ("exact", "rough", "chosen", "words"),
    [
        (599.0, 1.0, "exact", "quickest of exact"),
        (600.0, 1.0, "rough", "approximate; cut; exact ones take too long (exact about 10 min), about 1 s"),
        (7200.0, 9000.0, "exact", "quickest of exact, rough"),
        (None, 1.0, "rough", "approximate; cut; the only one that can, about 1 s"),
        (7200.0, None, "exact", "the only one that can, about 2 h"),
    ],
)
def test_exact_backends_are_preferred_for_ten_minutes_only(exact, rough, chosen, words) -> None:
    forecasts = {
        "exact": Forecast(can=exact is not None, why="contraction", seconds=exact or np.inf),
        "rough": Forecast(can=rough is not None, why="cut", seconds=rough or np.inf, exact=False),
    }
    assert choice(forecasts) == chosen
    assert words in Explanation(forecasts, chosen).why


def test_auto_runs_the_quickest_approximate_one_and_says_that_it_is(monkeypatch) -> None:
    monkeypatch.setattr("qsim.selection.names", lambda: ("slow", "tensor_network"))
    monkeypatch.setattr("qsim.selection.make", lambda name: Slow() if name == "slow" else TensorNetwork(max_bond=2))
    circuit = qsim.dynamics.trotter(qsim.dynamics.heisenberg_chain(30), time=0.5, steps=10, start="neel")
    found = qsim.expectation(circuit, ["I" * 15 + "Z" + "I" * 14], seed=1)
    assert (found.metadata["backend"], found.metadata["exact"]) == ("tensor_network", False)
    assert found.metadata["why"].startswith("approximate; ")
    assert "exact ones take too long (slow about 2.78e+05 h)" in found.metadata["why"]
    assert found.metadata["fidelity"] < 1


def test_explain_tells_of_every_backend_with_gate_and_numbers() -> None:
    found = qsim.explain(magic())
    assert set(found.forecasts) == set(names())
    assert "t on 1" in found.forecasts["stabilizer"].why
    wide = qsim.explain(ghz(60))
    assert not wide.forecasts["statevector"].can
    assert "60 qubits" in wide.forecasts["statevector"].why
    assert wide.chosen == "stabilizer"
    assert np.isfinite(wide.forecasts["stabilizer"].seconds)


def test_an_instance_is_taken_as_it_is() -> None:
    result = qsim.run(ghz(2), shots=3, backend=Slow(), seed=9)
    assert (result.backend, result.metadata["seed"], result.counts()) == ("slow", 9, {"11": 3})
    assert result.expectation(["ZZ", "XX"]).tolist() == [0.25, 0.25]
    with pytest.raises(qsim.CircuitError, match="made already"):
        make(Slow(), width=3)


@pytest.mark.parametrize("backend", ["near_clifford", "statevector", "density_matrix", "tensor_network"])
def test_expectations_leave_final_measurements_out_and_average_the_others(backend: str) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.ry(0.6, 0)
    circuit.measure(0, 0)
    circuit.cx(0, 1)
    circuit.h(1)
    circuit.measure(1, 1)
    found = qsim.expectation(circuit, ["IZ", "XI", "XZ"], backend=backend)
    np.testing.assert_allclose(found.values, [np.cos(0.6), np.cos(0.6), 1.0], atol=1e-9)


def test_expectation_of_a_result_uses_its_noise() -> None:
    """<ZZ> behind X's readout is untouched; one-qubit depolarizing of H and two-qubit of CX shrink <XX>."""
    noise = qsim.noise.depolarizing(0.15, one_qubit=0.0)
    result = qsim.run(ghz(2), noise=noise, seed=1)
    assert result.expectation("XX") == pytest.approx(1 - 16 * 0.15 / 15, abs=1e-9)
    assert result.estimates(["ZZ"]).errors.tolist() == [0.0]


@pytest.mark.parametrize("given", ["ZX", Pauli("ZX"), SparsePauliOp("ZX"), SparseObservable.from_label("ZX")])
def test_observables_are_taken_in_all_of_qiskits_forms(given: object) -> None:
    assert as_observable(given, num_qubits=2) == SparsePauliOp("ZX")


def test_signs_and_projectors_keep_their_value() -> None:
    assert as_observable(Pauli("-ZX"), num_qubits=2) == SparsePauliOp("ZX", -1)
    projector = as_observable(SparseObservable.from_label("01"), num_qubits=2)
    assert np.allclose(projector.to_matrix(), np.diag([0, 1, 0, 0]))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("ZZZ", ["another size", "2 qubits", "3"]),
        ("ZW", ["not an observable"]),
        (7, ["not an observable"]),
        (SparsePauliOp("ZZ", 1j), ["not Hermitian"]),
        (Pauli("iZZ"), ["not Hermitian"]),
        (SparsePauliOp("ZZ", np.array([Parameter("a")])), ["not Hermitian"]),
    ],
)
def test_bad_observables_are_refused_with_their_place(given: object, words: list[str]) -> None:
    with pytest.raises(qsim.CircuitError) as refusal:
        as_observables(["ZZ", given], num_qubits=2)
    assert all(word in str(refusal.value) for word in [*words, "observable 1"])


def test_no_observables_are_refused() -> None:
    with pytest.raises(qsim.CircuitError, match="no observables"):
        qsim.expectation(ghz(2), [])


def unbound() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    for letter in "abcdefg":
        circuit.rx(Parameter(letter), 0)
    circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: qsim.run(unbound()), ["unbound parameters", "a, b, c, d, e and 2 more", "assign_parameters"]),
        (lambda: qsim.run(ghz(2), shots=0), ["shots", "0"]),
        (lambda: qsim.run(ghz(2), shots=True), ["shots"]),
        (lambda: qsim.run(ghz(2), shots=1.0), ["shots"]),
        (lambda: qsim.run(ghz(2), seed=-3), ["seed", "-3"]),
        (lambda: qsim.run(ghz(2), seed=2**63), ["seed"]),
        (lambda: qsim.run(ghz(2, measured=False)), ["nothing is measured", "measure_all"]),
        (lambda: qsim.run("H 0"), ["not a circuit", "qsim.load"]),
        (lambda: qsim.run(ghz(2), backend="abacus"), ["no such backend", "abacus", "tensor_network"]),
        (lambda: qsim.run(magic(), backend="stabilizer"), ["t on 1", "gate 3"]),
        (lambda: qsim.run(ghz(60), backend="statevector"), ["60 qubits", "TiB"]),
        (lambda: qsim.expectation(ghz(2), "ZZ", precision=-1.0), ["precision", "-1.0"]),
        (lambda: qsim.expectation(ghz(2), "ZZ", precision=float("nan")), ["precision"]),
        (lambda: qsim.run(ghz(2), noise=qsim.noise.NoiseModel().after("cx", qsim.noise.bit_flip(0.1), on=5)), ["5"]),
    ],
)
def test_bad_input_is_refused_with_place_and_cure(call: object, words: list[str]) -> None:
    with pytest.raises(qsim.CircuitError) as refusal:
        call()
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_where_nothing_can_run_it_every_reason_is_told() -> None:
    circuit = QuantumCircuit(60, 1)
    rng = np.random.default_rng(1)
    for _ in range(30):
        for qubit in range(60):
            circuit.ry(float(rng.normal()), qubit)
        circuit.reset(range(60))
    work = Work(kind="expectation", observables=1)
    forecasts = {name: make(name) for name in ("stabilizer", "statevector", "density_matrix")}
    from qsim.running import prepare

    for backend in forecasts.values():
        forecast = backend.forecast(prepare(circuit, None), work)
        assert not forecast.can
        assert forecast.why


@pytest.mark.parametrize("backend", ["near_clifford", "statevector", "density_matrix", "tensor_network", "stabilizer"])
def test_final_measurements_are_left_out_behind_decisions_and_joined_bases_too(backend: str) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(0)
    circuit.h(0)
    circuit.barrier()
    circuit.measure([0, 1], [0, 1])
    np.testing.assert_allclose(qsim.expectation(circuit, ["IX", "ZI"], backend=backend).values, [1, 1], atol=1e-9)
    by_stim = stim.Circuit("RX 0\nM 1\nCX rec[-1] 1\nH 1\nMX 0 1")
    np.testing.assert_allclose(qsim.expectation(by_stim, ["IX", "XI"], backend=backend).values, [1, 1], atol=1e-9)


def test_a_measurement_that_a_decision_reads_stays() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    np.testing.assert_allclose(qsim.expectation(circuit, ["IX", "ZZ"]).values, [0, 1], atol=1e-9)


def test_a_projector_is_its_probability_and_too_many_are_refused() -> None:
    """Oracle: |<00|GHZ>|^2 on two of three qubits."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    projector = SparseObservable.from_sparse_list([("00", [0, 1], 1.0)], num_qubits=3)
    assert qsim.expectation(circuit, projector).values == pytest.approx([0.5])
    wide = SparseObservable.from_label("0" * 17)
    with pytest.raises(qsim.CircuitError, match=r"observable 0: too many projectors: .*at most 16.*got a term of 17"):
        qsim.expectation(QuantumCircuit(17), wide)
