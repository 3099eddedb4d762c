"""Programs that keep their source: long circuits are read late, and nothing that is made from them keeps it."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import stim
from qiskit import QuantumCircuit

import qsim
from qsim.backends.protocol import Work
from qsim.backends.stabilizer import Stabilizer
from qsim.errors import CircuitError
from qsim.program import Program, read
from qsim.unread import Unread


@pytest.fixture
def unreadable(monkeypatch):
    """Readers that fail when they are called."""

    def fail(*_):
        raise AssertionError("read")

    monkeypatch.setattr("qsim.interop.from_stim.read_stim", fail)


HUGE = "REPEAT 2000000000 {\n    H 0\n    CX 0 1\n    R 1\n}\nM 0"
LONG = "REPEAT 20000 {\n    H 0\n    CX 0 1\n    R 1\n}\nM 0 1"


def test_size_is_counted_without_unrolling():
    assert read(stim.Circuit(HUGE)).size == 6_000_000_001
    assert read(stim.Circuit("H 0 1 2\nCX 0 1 2 3\nREPEAT 3 {\n REPEAT 2 {\n  M 0\n }\n}")).size == 3 + 2 + 6


def test_long_stim_circuit_is_sampled_without_being_read(unreadable):
    program = read(stim.Circuit(LONG))
    assert (program.num_qubits, program.num_clbits, program.size) == (2, 2, 60_002)
    assert program.registers == {"rec": (0, 1)}
    assert Stabilizer().forecast(program, Work(kind="sample", shots=5)).can
    assert Stabilizer().sample(program, 5, seed=1).bits.shape == (5, 2)
    with pytest.raises(AssertionError, match="read"):
        len(program.steps)


def test_steps_are_read_on_first_use_and_are_those_of_the_reader():
    from qsim.interop.from_stim import read_stim

    program = read(stim.Circuit(LONG))
    assert isinstance(program, Unread)
    assert program.steps[:50] == read_stim(stim.Circuit(LONG[:7] + "60" + LONG[12:])).steps[:50]
    assert not program.is_dynamic


def test_program_made_from_it_has_no_source():
    program = read(stim.Circuit("H 0\nM 0"))
    assert program.source is not None
    fewer = program.with_steps(program.steps[:1])
    assert type(fewer) is Program
    assert fewer.source is None
    assert replace(program, steps=program.steps[:1]).source is None
    assert replace(program, steps=program.steps[:1]).size == 1
    assert pickle.loads(pickle.dumps(program)).steps == program.steps


def test_later_changes_to_the_circuit_do_not_reach_the_program():
    circuit = stim.Circuit("H 0\nM 0")
    program = read(circuit)
    circuit.append("M", [0])
    assert program.source.num_measurements == 1


def test_long_qiskit_circuit_is_translated_without_steps(monkeypatch):
    circuit = QuantumCircuit(2, 2)
    for _ in range(30_000):
        circuit.h(0)
        circuit.cx(0, 1)
    circuit.measure([0, 1], [1, 0])
    program = read(circuit)
    assert isinstance(program, Unread)
    assert program.registers == {"c": (0, 1)}
    assert Stabilizer().sample(program, 5, seed=1).metadata["method"] == "frames"
    assert "steps" not in vars_of(program)
    assert len(program.steps) == 60_002


def vars_of(program: Program) -> set[str]:
    """Slots that hold a value."""
    found = set()
    for name in Program.__slots__:
        try:
            object.__getattribute__(program, name)
        except AttributeError:
            continue
        found.add(name)
    return found


def test_what_is_wrong_with_a_short_circuit_is_said_at_once():
    with pytest.raises(CircuitError, match="sweep bit"):
        read(stim.Circuit("CX sweep[0] 0\nM 0"))


def test_circuits_that_need_a_carrier_qubit_have_it_at_once():
    program = read(stim.Circuit("REPEAT 50001 {\n    HERALDED_ERASE(0.1) 0\n}"))
    assert program.num_qubits == 2
    assert program.num_clbits == 50_001


def test_choosing_a_backend_for_a_long_stim_circuit_reads_nothing(unreadable):
    circuit = stim.Circuit("H 0\nREPEAT 400000 {\n    CX 0 1\n    X_ERROR(0.001) 0\n    R 1\n}\nM 0 1")
    result = qsim.run(circuit, shots=20, seed=1)
    assert result.backend == "stabilizer"
    assert sum(result.counts().values()) == 20
    assert "1200003 operations" in str(qsim.explain(circuit))
