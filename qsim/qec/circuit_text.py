"""Circuits from ``.stim`` text, refused with file, line and gate when stim cannot simulate them.

>>> parse_circuit("H 0\\nT 0\\nM 0", name="magic.stim")
Traceback (most recent call last):
    ...
qsim.qec.input_error.QecInputError: circuit: magic.stim, line 2: T is not a Clifford gate: ...
"""

from __future__ import annotations

import stim

from qsim.qec.input_error import QecInputError

NON_CLIFFORD = frozenset(
    {"T", "T_DAG", "TDG", "CCX", "CCZ", "TOFFOLI", "CSWAP", "CS", "RZ", "RXX", "RYY", "RZZ", "U", "U3"}
)
"""Names under which other formats know gates that no stabilizer simulator can run."""


def parse_circuit(text: str, *, name: str) -> stim.Circuit:
    """A circuit from stim's text format.

    Args:
        text: the content of a ``.stim`` file.
        name: what to call it in messages, usually the file's name.

    Raises:
        QecInputError: the text is not a stim circuit; the message gives line and gate.
    """
    try:
        return stim.Circuit(text)
    except ValueError as error:
        number, line, complaint = _first_bad_line(text, str(error))
    where = f"{name}, line {number}" if number else name
    gate = line.split("(")[0].split()[0].split("[")[0].upper() if line else ""
    what = f"{where}: {gate} is not a Clifford gate" if gate in NON_CLIFFORD else f"{where}: {complaint.rstrip('.')}"
    raise QecInputError(
        what,
        field="circuit",
        expected="stim's Clifford gates, measurements, resets and Pauli noise",
        got=repr(line) if line else "",
        cure="replace the gate by Clifford gates" if gate in NON_CLIFFORD else "correct this line",
    )


def readable_circuit(text: str, *, name: str) -> stim.Circuit:
    """A circuit that a logical error rate can be asked of: parsed, and with at least one observable.

    Raises:
        QecInputError: see `parse_circuit`; or the circuit declares no observable.
    """
    circuit = parse_circuit(text, name=name)
    if circuit.num_observables == 0:
        raise QecInputError(
            f"{name} declares no observable, so no shot of it can be a logical error",
            field="circuit",
            expected="at least one OBSERVABLE_INCLUDE",
            cure="declare the measurements whose parity the code protects",
        )
    return circuit


def _first_bad_line(text: str, complaint: str) -> tuple[int, str, str]:
    """Number (from 1), text and complaint of the first line stim refuses; number 0 where no single line is at fault."""
    open_blocks: list[tuple[int, str]] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#")[0].strip()
        if line.endswith("{"):
            open_blocks.append((number, line))
            line += "\nTICK\n}"
        elif line == "}":
            if not open_blocks:
                return number, line, "a block is closed that was never opened"
            open_blocks.pop()
            continue
        try:
            stim.Circuit(line)
        except ValueError as error:
            return number, line.split("\n")[0], str(error).splitlines()[0]
    if open_blocks:
        return open_blocks[-1][0], open_blocks[-1][1], "this block is never closed"
    return 0, "", complaint.splitlines()[0]
