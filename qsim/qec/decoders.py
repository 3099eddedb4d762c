"""Decoders by name: the ones sinter knows, or a user's own by import path ``package.module:object``.

>>> check_decoder("pymatching")
>>> check_decoder("pymatchin")
Traceback (most recent call last):
    ...
qsim.qec.input_error.QecInputError: decoder: unknown decoder: expected one of vacuous, pymatching, ...

A user's decoder is a `sinter.Decoder`, as an instance or as a class that needs no arguments, with
``compile_decoder_for_dem``.  If equal detection events always give it equal predictions, let it say so with an
attribute ``deterministic = True``: each distinct syndrome is then decoded once.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from qsim.qec.input_error import QecInputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import stim

PACKAGES = {
    "vacuous": "sinter",
    "pymatching": "pymatching",
    "pymatching-correlated": "pymatching",
    "fusion_blossom": "fusion_blossom",
    "hypergraph_union_find": "mwpf",
    "mw_parity_factor": "mwpf",
}
"""sinter's decoders, with the package that each one needs."""

MATCHING = frozenset({"pymatching", "pymatching-correlated", "fusion_blossom"})
"""Decoders that match pairs of detection events, so that each error may have two symptoms at most."""

DETERMINISTIC = frozenset({"vacuous", "pymatching", "pymatching-correlated"})
"""Built-in decoders whose prediction is a function of the syndrome alone."""


class BatchDecoder(Protocol):
    """Predicts observables from detection events, both bit-packed along the last axis, least significant bit first."""

    def decode(self, detections: npt.NDArray[np.uint8], /) -> npt.NDArray[np.uint8]: ...


@dataclass(frozen=True, slots=True)
class CompiledDecoder:
    """A decoder made ready for one error model.  ``deterministic``: equal syndromes always get equal predictions."""

    decode: Any
    deterministic: bool


def check_decoder(name: str) -> None:
    """Refuse a decoder that cannot be found, without loading any.

    Raises:
        QecInputError: unknown name, a package that is not installed, or an import path whose package does not exist.
    """
    if ":" in name:
        module = name.partition(":")[0]
        if not module or importlib.util.find_spec(module.split(".")[0]) is None:
            raise QecInputError(
                f"no package to import {name!r} from",
                field="decoder",
                expected='an import path "package.module:object"',
                got=repr(name),
                cure="install the package or put it on PYTHONPATH",
            )
        return
    if name not in _known_names(name):
        raise _unknown(name)
    package = PACKAGES.get(name, "sinter")
    if importlib.util.find_spec(package) is None:
        raise QecInputError(
            f"{name} needs the package {package}, which is not installed",
            field="decoder",
            got=repr(name),
            cure=f"pip install {package.replace('_', '-')}",
        )


def compile_decoder(name: str, circuit: stim.Circuit) -> CompiledDecoder:
    """The named decoder, made ready for a noisy circuit's error model.

    The error model is what sinter would use: errors decomposed into pairs of symptoms where stim can, whole otherwise.

    Raises:
        QecInputError: see `check_decoder`; a detector or observable that is random without noise; a matching decoder
            for a circuit whose errors cannot be decomposed; an object that is no decoder.
    """
    check_decoder(name)
    model = error_model(circuit, graphlike=name in MATCHING)
    if name == "pymatching":
        return CompiledDecoder(_matching(model), deterministic=True)
    import sinter

    decoder = _imported(name) if ":" in name else sinter.BUILT_IN_DECODERS[name]
    try:
        compiled = decoder.compile_decoder_for_dem(dem=model)
    except NotImplementedError as error:
        raise QecInputError(
            f"{name!r} has no compile_decoder_for_dem",
            field="decoder",
            cure="implement it; decoding through files is not supported",
        ) from error
    deterministic = name in DETERMINISTIC or bool(getattr(decoder, "deterministic", False))

    def decode(detections: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        predictions: npt.NDArray[np.uint8] = compiled.decode_shots_bit_packed(
            bit_packed_detection_event_data=detections
        )
        return predictions

    return CompiledDecoder(decode, deterministic)


def error_model(circuit: stim.Circuit, *, graphlike: bool = False) -> stim.DetectorErrorModel:
    """The detector error model a decoder gets.

    With ``decompose_errors`` stim writes an error with more than two symptoms as a product of errors with at most two,
    which is what matching needs; ``approximate_disjoint_errors`` treats disjoint channels as independent.

    Raises:
        QecInputError: a detector or observable is random without noise; or ``graphlike`` is asked for and there are
            errors that cannot be decomposed.
    """
    try:
        return circuit.detector_error_model(decompose_errors=True, approximate_disjoint_errors=True)
    except ValueError as error:
        decomposition = error
    try:
        whole = circuit.detector_error_model(approximate_disjoint_errors=True)
    except ValueError as error:
        raise QecInputError(
            f"the circuit has no error model: {str(error).strip().splitlines()[0]}",
            field="circuit",
            expected="detectors and observables that are certain without noise",
            cure="stim's `circuit.detector_error_model()` explains which one is not",
        ) from error
    if graphlike:
        raise QecInputError(
            "the circuit has errors with more than two symptoms, which matching cannot decode",
            field="decoder",
            expected="a decoder for hypergraphs",
            got=str(decomposition).strip().splitlines()[1] if "\n" in str(decomposition).strip() else "",
            cure='use decoder = "hypergraph_union_find" or "mw_parity_factor" (package mwpf)',
        ) from decomposition
    return whole


def _matching(model: stim.DetectorErrorModel) -> Any:
    import pymatching

    matching = pymatching.Matching.from_detector_error_model(model)

    def decode(detections: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        predictions: npt.NDArray[np.uint8] = matching.decode_batch(
            detections, bit_packed_shots=True, bit_packed_predictions=True
        )
        return predictions

    return decode


def _known_names(name: str) -> list[str]:
    """Names to check against; sinter itself is asked only about a name that is not in `PACKAGES`."""
    if name in PACKAGES:
        return list(PACKAGES)
    import sinter

    return [*PACKAGES, *(known for known in sinter.BUILT_IN_DECODERS if known not in PACKAGES)]


def _unknown(name: str) -> QecInputError:
    close = difflib.get_close_matches(name, PACKAGES, n=1)
    return QecInputError(
        "unknown decoder",
        field="decoder",
        expected="one of " + ", ".join(PACKAGES) + ', or an import path "package.module:object"',
        got=repr(name),
        cure=f"did you mean {close[0]!r}?" if close else "",
    )


def _imported(path: str) -> Any:
    module, _, attribute = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise QecInputError(
            f"no decoder at {path!r} ({error})", field="decoder", cure="check the spelling of module and object"
        ) from error
    decoder = found() if isinstance(found, type) else found
    if not hasattr(decoder, "compile_decoder_for_dem"):
        raise QecInputError(
            f"{path!r} is not a decoder",
            field="decoder",
            expected="a sinter.Decoder, as an instance or a class without arguments",
            got=type(decoder).__name__,
        )
    return decoder
