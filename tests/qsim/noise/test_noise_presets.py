"""The presets against the models of `qsim.qec` and of stim: the same detector error model on every memory circuit."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import stim
from qiskit import QuantumCircuit

from qsim.backends.stabilizer import to_stim
from qsim.errors import CircuitError
from qsim.noise import SD6, SI1000, NoiseModel, depolarizing, uniform
from qsim.program import Noise, Program, read
from qsim.qec.circuits import memory_circuit
from qsim.qec.codes import CODES
from qsim.qec.noise import apply_noise

PRESETS: dict[str, Callable[[float], NoiseModel]] = {"uniform_depolarizing": uniform, "SD6": SD6, "SI1000": SI1000}
MEMORIES = [(code, basis, 3, rounds) for code in CODES for basis in CODES[code].tasks for rounds in (2, 4)]
MEMORIES.append(("rotated_surface", "X", 5, 3))


def with_detectors_of(clean: stim.Circuit, noisy: stim.Circuit) -> stim.Circuit:
    """``noisy`` with the detectors and observables of ``clean``, whose measurements are the same, at its end."""
    measured, lines = 0, []
    for item in clean.flattened():
        if item.name in ("DETECTOR", "OBSERVABLE_INCLUDE"):
            number = f"({int(item.gate_args_copy()[0])})" if item.name != "DETECTOR" else ""
            places = [measured + target.value - clean.num_measurements for target in item.targets_copy()]
            lines.append(f"{item.name}{number} " + " ".join(f"rec[{place}]" for place in places))
        measured += stim.Circuit(str(item)).num_measurements
    return noisy + stim.Circuit("\n".join(lines))


def errors(circuit: stim.Circuit) -> dict[str, float]:
    """Probability of each set of detectors and observables that flip together."""
    found = {}
    for item in circuit.detector_error_model(flatten_loops=True):
        if item.type == "error":
            found[" ".join(sorted(map(str, item.targets_copy())))] = item.args_copy()[0]
    return found


@pytest.mark.parametrize(("memory", "name"), list(itertools.product(MEMORIES, PRESETS)))
def test_preset_on_a_stim_circuit_is_the_model_of_error_correction(
    memory: tuple[str, str, int, int], name: str
) -> None:
    code, basis, distance, rounds = memory
    clean = memory_circuit(code, basis, distance=distance, rounds=rounds)
    ours = with_detectors_of(clean, to_stim(PRESETS[name](0.003).apply(read(clean))))
    wanted = errors(apply_noise(clean, name, 0.003))
    assert errors(ours) == pytest.approx(wanted, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_puts_every_channel_in_the_order_of_error_correction(name: str) -> None:
    clean = stim.Circuit("R 0\nRX 1\nTICK\nH 0\nTICK\nCX 0 1\nTICK\nMR 0\nTICK\nTICK\nH 1\nTICK\nMX 1 0\nMY 2")

    def channels(program: Program) -> list[tuple[tuple[int, ...], list[float]]]:
        """Qubits and probabilities; a flip of MX is X inside the basis change here, and Z before it there."""
        noise = [step for step in program.steps if isinstance(step, Noise)]
        return [(step.qubits, sorted(round(p, 12) for p in (step.channel.paulis or {}).values())) for step in noise]

    found = channels(PRESETS[name](0.01).apply(read(clean)))
    wanted = channels(read(apply_noise(clean, name, 0.01)))
    assert found == wanted[: len(found)]
    assert len(wanted) - len(found) <= 3  # noise on measured qubits in the last layer shows nowhere


def test_depolarizing_is_after_every_one_and_two_qubit_gate() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.rzz(0.3, 0, 1)
    circuit.measure_all(add_bits=False)
    steps = depolarizing(0.015, one_qubit=0.003).apply(read(circuit)).steps
    noise = [(place, step) for place, step in enumerate(steps) if isinstance(step, Noise)]
    assert [(place, step.qubits) for place, step in noise] == [(1, (0,)), (3, (0, 1))]
    assert noise[0][1].channel.paulis == pytest.approx({"I": 0.997, "X": 0.001, "Y": 0.001, "Z": 0.001})
    assert noise[1][1].channel.paulis is not None
    assert noise[1][1].channel.paulis["ZX"] == pytest.approx(0.001)


def test_no_noise_at_strength_zero() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all(add_bits=False)
    for make in (depolarizing, *PRESETS.values()):
        assert make(0.0).apply(read(circuit)).steps == read(circuit).steps


@pytest.mark.parametrize(("make", "largest"), [(uniform, 0.75), (SD6, 0.75), (SI1000, 0.2)])
def test_strongest_preset_is_a_model_and_more_is_refused(make: Callable[[float], NoiseModel], largest: float) -> None:
    assert make(largest).rules
    for p in (largest * 1.01, -0.1, float("nan"), "0.1"):
        with pytest.raises(CircuitError, match=r"expected p in \[0, "):
            make(p)  # type: ignore[arg-type]


def test_depolarizing_of_no_probability_is_refused() -> None:
    with pytest.raises(CircuitError, match="not a probability"):
        depolarizing(1.1)


def test_gate_on_three_qubits_is_refused_with_its_place() -> None:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.ccx(0, 1, 2)
    with pytest.raises(CircuitError, match=r"operation 1 \(ccx on 0, 1, 2\): a gate on 3 qubits.*transpile"):
        depolarizing(0.01).apply(read(circuit))


def test_measurement_of_a_product_is_refused_with_its_place() -> None:
    with pytest.raises(CircuitError, match="a measurement of a product, about which the noise model says nothing"):
        SD6(0.01).apply(read(stim.Circuit("MXX 0 1")))
