"""Stim circuits read as programs, against stim itself: unitaries by tableau, records by sampling.

Chi-square tests are at 1e-8 each, so that a false alarm anywhere here has probability below 1e-6.
"""

from __future__ import annotations

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator
from record_law import chance, law

from qsim.errors import CircuitError
from qsim.interop import read_stim, stim_to_qiskit
from qsim.program import Barrier, Gate, Noise, Program

UNITARY = sorted(name for name, gate in stim.gate_data().items() if gate.is_unitary and not name.startswith("SPP"))
SHOTS = 20_000
FALSE_ALARM = 1e-8


def unitary(program: Program) -> Operator:
    circuit = QuantumCircuit(program.num_qubits)
    for step in program.steps:
        assert isinstance(step, Gate)
        circuit.append(step.operation, step.qubits)
    return Operator(circuit)


def stims_unitary(circuit: stim.Circuit) -> Operator:
    return Operator(stim.Tableau.from_circuit(circuit).to_unitary_matrix(endian="little"))


@pytest.mark.parametrize("name", UNITARY)
def test_every_unitary_gate_of_stim_is_read_as_itself(name: str) -> None:
    targets = "1 0" if stim.gate_data(name).is_two_qubit_gate else "0"
    circuit = stim.Circuit(f"{name} {targets}")
    assert unitary(read_stim(circuit)).equiv(stims_unitary(circuit), atol=1e-9)
    assert len(read_stim(circuit).steps) == 1


@pytest.mark.parametrize(
    "text",
    ["SPP X0*Y1*Z2", "SPP_DAG X0*Y1*Z2", "SPP !Y1*Z0", "SPP X0*Y0*Z1*Z0*Z2*X1*Y1", "SPP X1 Z0*Y2\nSPP_DAG !X0 Y1"],
)
def test_square_roots_of_products_are_read_as_evolutions(text: str) -> None:
    assert unitary(read_stim(stim.Circuit(text))).equiv(stims_unitary(stim.Circuit(text)), atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_random_unitary_circuits_have_stims_tableau_as_programs_and_as_qiskit_circuits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = stim.Circuit()
    for name in rng.choice(UNITARY, size=40):
        wires = rng.permutation(4)[: 2 if stim.gate_data(name).is_two_qubit_gate else 1]
        circuit.append(str(name), wires.tolist())
    circuit.append("I", [3])
    wanted = stims_unitary(circuit)
    assert unitary(read_stim(circuit)).equiv(wanted, atol=1e-8)
    assert Operator(stim_to_qiskit(circuit)).equiv(wanted, atol=1e-8)


MEASURING = [
    "H 0\nCX 0 1\nM 0 !1",
    "RX 0\nRY 1\nMX 0\nMY !1\nM 0 1",
    "RX 0\nS 0\nMY 0\nMX 0",
    "H 0\nMR 0\nM 0\nX 1\nMR !1\nM 1",
    "RX 0\nMRX !0 0\nMRY 1 1\nM 0",
    "MXX 0 1\nMZZ !0 1\nMYY 0 !1\nM 0 1",
    "RX 0 1 2\nMPP X0*X1*X2 !Z0*Z1 Y0*Y1*X2\nMPP X0*Y0*Z1*Z0*Z2*X1*Y1\nM 0 1 2",
    "MPP X0*X0 !Z1*Z1\nM 0",
    "H 0\nM 0\nCX rec[-1] 1\nM 1\nCY rec[-2] 2\nMY 2\nM 2",
    "RX 0 1\nM 1\nCZ 0 rec[-1]\nMX 0\nXCZ 0 rec[-2]\nYCZ 1 rec[-2]\nM 0 1\nCZ rec[-1] rec[-2]",
    "M(0.2) 0 !1\nMX(0.1) 0\nMPP(0.3) Z0*Z1 X0",
    "MR(0.25) 0\nMXX(0.1) 0 1\nMXX 0 1\nM 0",
    "MPAD 0 1 1\nMPAD(0.2) 0 1",
    "RX 0\nREPEAT 3 {\nH 0\nM 0\nTICK\n}\nM 0",
]

NOISY = [
    "X_ERROR(0.3) 0\nY_ERROR(0.2) 1\nZ_ERROR(0.4) 0\nM 0 1",
    "H 0\nZ_ERROR(0.3) 0\nMX 0\nI_ERROR(0.1) 0\nII_ERROR(0.1) 0 1\nM 0",
    "DEPOLARIZE1(0.3) 0\nM 0\nDEPOLARIZE2(0.4) 0 1\nM 0 1",
    "H 0\nCX 0 1\nPAULI_CHANNEL_1(0.1,0.2,0.15) 0\nMXX 0 1\nMZZ 0 1",
    "H 0\nCX 0 1\nPAULI_CHANNEL_2(0.01,0.02,0.03,0.04,0.05,0.06,0.07,0.08,0.02,0.03,0.04,0.05,0.06,0.07,0.08) 1 0\n"
    "CX 0 1\nH 0\nM 0 1",
    "E(0.2) X0 Y1\nELSE_CORRELATED_ERROR(0.5) X1 Z2\nELSE_CORRELATED_ERROR(0.25) X2 X0\nM 0 1 2",
    "H 0\nE(0.3) Z0\nE(0.2) Z0 X1\nDETECTOR\nELSE_CORRELATED_ERROR(0.4) X1\nMX 0\nM 1",
    "HERALDED_ERASE(0.4) 0 1\nM 0 1",
    "H 0\nHERALDED_PAULI_CHANNEL_1(0.1,0.2,0.05,0.3) 0\nMX 0\nHERALDED_ERASE(0.3) 0\nM 0",
]


@pytest.mark.parametrize("text", MEASURING + NOISY)
def test_record_has_stims_law(text: str) -> None:
    circuit = stim.Circuit(text)
    assert chance(circuit.compile_sampler(seed=3).sample(SHOTS), law(read_stim(circuit))) > FALSE_ALARM


@pytest.mark.parametrize("text", [text for text in MEASURING if "(" not in text] + ["MPAD 0 1 1\nX 0\nM 0"])
def test_qiskit_circuit_of_a_stim_circuit_has_the_same_law(text: str) -> None:
    from qsim.reading import read_qiskit

    circuit = stim.Circuit(text)
    assert law(read_qiskit(stim_to_qiskit(circuit))) == pytest.approx(law(read_stim(circuit)), abs=1e-12)


def test_annotations_are_left_out_and_ticks_end_layers() -> None:
    program = read_stim(stim.Circuit("QUBIT_COORDS(1) 0\nH 0 1\nTICK\nM 1\nDETECTOR rec[-1]\nOBSERVABLE_INCLUDE(0) X0"))
    assert [type(step).__name__ for step in program.steps] == ["Gate", "Gate", "Barrier", "Measure"]
    assert program.steps[2] == Barrier((0, 1))
    assert (program.num_qubits, program.num_clbits, program.registers) == (2, 1, {"rec": (0,)})


@pytest.mark.parametrize(("place", "label"), [(0, "XI"), (2, "ZI"), (3, "IX"), (6, "ZX"), (11, "IZ")])
def test_two_qubit_pauli_channel_has_its_first_letter_on_its_first_target(place: int, label: str) -> None:
    rates = ["0"] * 15
    rates[place] = "0.25"
    noise = read_stim(stim.Circuit(f"PAULI_CHANNEL_2({','.join(rates)}) 3 1")).steps[0]
    assert isinstance(noise, Noise)
    assert noise.qubits == (3, 1)
    assert noise.channel.paulis == {"II": 0.75, label: 0.25}


def test_correlated_chain_is_one_channel_on_the_qubits_it_names() -> None:
    program = read_stim(stim.Circuit("E(0.5) X3\nELSE_CORRELATED_ERROR(0.5) Z1 Y3\nH 0"))
    noise = program.steps[0]
    assert isinstance(noise, Noise)
    assert noise.qubits == (1, 3)
    assert noise.channel.paulis == {"II": 0.25, "XI": 0.5, "YZ": 0.25}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("CX sweep[0] 1", r"CX sweep\[0\] 1: a sweep bit"),
        ("ELSE_CORRELATED_ERROR(0.1) X0", "no CORRELATED_ERROR directly before it"),
        ("E(0.1) X0\nH 0\nELSE_CORRELATED_ERROR(0.1) X0", "no CORRELATED_ERROR directly before it"),
        ("MPP Z0*X0*Y0*X2", r"Z0\*X0\*Y0\*X2: an anti-Hermitian product"),
        ("REPEAT 10000000 {\nH 0\nX 1 2\n}", "too long to unroll: .*got 30000000"),
    ],
)
def test_circuit_that_has_no_program_is_refused(text: str, word: str) -> None:
    with pytest.raises(CircuitError, match=word):
        read_stim(stim.Circuit(text))


@pytest.mark.parametrize("text", ["DEPOLARIZE1(0.1) 0", "M(0.1) 0", "MPAD(0.1) 1", "HERALDED_ERASE(0.1) 0"])
def test_noise_has_no_qiskit_circuit(text: str) -> None:
    with pytest.raises(CircuitError, match=r"step 1 .*without_noise\(\)"):
        stim_to_qiskit(stim.Circuit("H 0\n" + text))
