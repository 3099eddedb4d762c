"""Circuit files read and written: the ending says which kind, and the first line of a QASM file which version.

circuit = load("ghz.qasm")
dump(circuit, "ghz.qpy")
dump(circuit, "ghz.qasm", qasm=3)
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qsim.errors import CircuitError

if TYPE_CHECKING:
    import stim
    from qiskit import QuantumCircuit

ENDINGS = ".qasm, .qpy or .stim"
HEADER = re.compile(r"\A(?:\s|//[^\n]*\n|/\*.*?\*/)*OPENQASM\s+(\d+)(?:\.\d+)?\s*;", re.DOTALL)
PLACE = re.compile(r"(?:^|:|\bL)(\d+)(?:,|:C)")
LONGEST = 200


def load(path: str | Path) -> QuantumCircuit | stim.Circuit:
    """The circuit of a file: OpenQASM 2 or 3 (``.qasm``), QPY (``.qpy``), or stim (``.stim``).

    Returns:
        A ``stim.Circuit`` for ``.stim``, else a ``QuantumCircuit``.

    Raises:
        CircuitError: no such file, another ending, a malformed file (with line and complaint), a QPY file of several
            circuits, or OpenQASM 3 without its importer being installed.
    """
    file = Path(path)
    readers: Mapping[str, Callable[[Path], Any]] = {".qasm": _load_qasm, ".qpy": _load_qpy, ".stim": _load_stim}
    if file.suffix not in readers:
        raise CircuitError("unknown kind of circuit file", where=str(path), expected=ENDINGS, got=repr(file.suffix))
    if not file.is_file():
        raise CircuitError("no such file", where=str(path))
    return readers[file.suffix](file)


def dump(circuit: QuantumCircuit | stim.Circuit, path: str | Path, *, qasm: Literal[2, 3] = 2) -> None:
    """Write a circuit to a file, whose ending says the kind: ``.qasm``, ``.qpy`` or ``.stim``.

    A stim circuit goes into ``.qasm`` and ``.qpy`` as `stim_to_qiskit` makes it, a Qiskit circuit into ``.stim`` if it
    is a Clifford circuit.  Nothing is written when that fails.

    Args:
        circuit: what to write.
        path: a file, which is overwritten.
        qasm: version of OpenQASM; 2 has no control flow.

    Raises:
        CircuitError: another ending or version, or a circuit that the format cannot hold.
    """
    file = Path(path)
    from_stim = type(circuit).__module__.split(".")[0] == "stim"
    if file.suffix == ".stim":
        text = str(circuit) if from_stim else _as_stim(circuit)
        file.write_text(text + "\n", encoding="utf-8")
        return
    if file.suffix not in (".qasm", ".qpy"):
        raise CircuitError("unknown kind of circuit file", where=str(path), expected=ENDINGS, got=repr(file.suffix))
    if qasm not in (2, 3):
        raise CircuitError("no such version of OpenQASM", where="qasm", expected="2 or 3", got=repr(qasm))
    if from_stim:
        from qsim.interop.to_qiskit import stim_to_qiskit

        circuit = stim_to_qiskit(circuit)
    file.write_bytes(_as_qpy(circuit) if file.suffix == ".qpy" else _as_qasm(circuit, file, qasm).encode())


def _load_qasm(file: Path) -> QuantumCircuit:
    text = _text(file)
    header = HEADER.match(text)
    if header is None or header[1] not in ("2", "3"):
        got = repr(text.lstrip().split("\n", 1)[0][:40])
        expected = '"OPENQASM 2.0;" or "OPENQASM 3.0;" as the first statement'
        raise CircuitError("which version of OpenQASM is this", where=f"{file}: line 1", expected=expected, got=got)
    return _load_qasm2(file, text) if header[1] == "2" else _load_qasm3(file, text)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CircuitError("malformed: not text in UTF-8", where=str(file), cure="mend the file") from error


def _load_qasm2(file: Path, text: str) -> QuantumCircuit:
    from qiskit import qasm2

    known = qasm2.LEGACY_CUSTOM_INSTRUCTIONS
    try:
        return qasm2.loads(text, include_path=(str(file.parent),), custom_instructions=known)
    except qasm2.QASM2ParseError as error:
        raise _malformed(file, error) from error


def _load_qasm3(file: Path, text: str) -> QuantumCircuit:
    from qiskit import qasm3
    from qiskit.exceptions import MissingOptionalLibraryError, QiskitError

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # the parser prints its complaints besides raising them
            return qasm3.loads(text)
    except MissingOptionalLibraryError as error:
        raise CircuitError(
            "OpenQASM 3 is read by a package that is not installed",
            where=str(file),
            expected="the package qiskit-qasm3-import",
            cure='pip install "qsim-workbench[qasm3]"',
        ) from error
    except QiskitError as error:
        raise _malformed(file, error) from error
    except Exception as error:
        # the parser underneath raises errors of its own, which have no base class in common with Qiskit's
        if type(error).__module__.split(".")[0] not in ("openqasm3", "antlr4", "qiskit_qasm3_import"):
            raise
        # a syntax error keeps its place in the token that the grammar stopped at
        cause = next(iter(getattr(error.__context__, "args", ())), None)
        token = getattr(cause, "offendingToken", None)
        if token is None:
            raise _malformed(file, error) from error
        raise CircuitError(
            f"malformed: unexpected {token.text!r}", where=f"{file}: line {token.line}", cure="mend the file"
        ) from error


def _load_qpy(file: Path) -> QuantumCircuit:
    from qiskit import qpy
    from qiskit.exceptions import QiskitError

    try:
        with file.open("rb") as stream:
            found = qpy.load(stream)
    except (QiskitError, ValueError, KeyError, TypeError, EOFError, OSError) as error:
        raise _malformed(file, error) from error
    except Exception as error:
        if type(error).__name__ != "error":  # struct.error: the file ends too early
            raise
        raise _malformed(file, error) from error
    if len(found) != 1:
        cure = "use qiskit.qpy.load and choose"
        raise CircuitError("not one circuit", where=str(file), expected="1 circuit", got=f"{len(found)}", cure=cure)
    return found[0]


def _load_stim(file: Path) -> stim.Circuit:
    import stim

    text = _text(file)
    try:
        return stim.Circuit(text)
    except ValueError as error:
        raise _malformed(file, error, line=_first_bad_line(text)) from error


def _first_bad_line(text: str) -> int | None:
    """The number of the first line that stim cannot read by itself; None when only the blocks are wrong."""
    import stim

    for number, line in enumerate(text.splitlines(), start=1):
        if not set("{}") & set(line):
            try:
                stim.Circuit(line)
            except ValueError:
                return number
    return None


def _as_stim(circuit: QuantumCircuit) -> str:
    from qsim.backends.stabilizer import to_stim

    return str(to_stim(circuit))


def _as_qpy(circuit: QuantumCircuit) -> bytes:
    from qiskit import qpy

    stream = io.BytesIO()
    qpy.dump(circuit, stream)
    return stream.getvalue()


def _as_qasm(circuit: QuantumCircuit, file: Path, version: int) -> str:
    from qiskit import qasm2, qasm3
    from qiskit.exceptions import QiskitError

    try:
        return str(qasm2.dumps(circuit) if version == 2 else qasm3.dumps(circuit))
    except QiskitError as error:
        cure = "use qasm=3" if version == 2 else "write .qpy, which holds every circuit"
        what = f"a circuit that OpenQASM {version} cannot hold ({_complaint(error)})"
        raise CircuitError(what, where=str(file), cure=cure) from error


def _malformed(file: Path, error: Exception, *, line: int | None = None) -> CircuitError:
    text = _complaint(error)
    place = PLACE.search(text)
    number = line if line is not None else place and place[1]
    return CircuitError(
        f"malformed: {text}", where=f"{file}: line {number}" if number else str(file), cure="mend the file"
    )


def _complaint(error: Exception) -> str:
    """The words of an error on one line, without a backtrace."""
    words = str(error.args[0]) if len(error.args) == 1 else str(error)
    words = " ".join(words.replace("\\n", " ").split("╺")[0].split())
    return words[:LONGEST] or type(error).__name__
