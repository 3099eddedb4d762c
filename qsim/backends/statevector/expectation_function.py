"""``qsim.expectation_fn``: a parameterised circuit as a JAX function of its parameters.

    energy = qsim.expectation_fn(ansatz, hamiltonian)                  # (P,) -> (1,)
    with jax.enable_x64(True):
        step = jax.jit(jax.vmap(jax.value_and_grad(lambda p: energy(p)[0])))
        values, gradients = step(parameters)                           # (B,), (B, P)

Reverse mode keeps one state for each block of the circuit, and a circuit has few blocks, so plain automatic
differentiation is used: it serves second derivatives and forward mode as well.  For many parameter sets on a CPU,
``jax.lax.map(..., batch_size=50)`` in place of ``vmap`` keeps those states in cache.

float64 needs JAX's 64-bit mode where the function is traced, differentiated and run.  It is the caller's setting, and
is not changed here: JAX traces a derivative after the function has returned, when a setting made inside it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.statevector.angles import Angles
from qsim.backends.statevector.jax_evolution import evolve, plan, zero_state
from qsim.backends.statevector.jax_observables import pure_expectations
from qsim.backends.statevector.layers import gather
from qsim.backends.statevector.lowering import Part, lower
from qsim.backends.statevector.memory import text_of_bytes, usable_bytes
from qsim.errors import CircuitError
from qsim.observables import ObservableLike, as_observables
from qsim.program import Barrier, Delay, Gate, Measure, Program, flat, read, split_measurements

REAL = {"float64": np.float64, "float32": np.float32}


def expectation_fn(
    circuit: Any,
    observables: ObservableLike | Sequence[ObservableLike],
    *,
    dtype: Literal["float64", "float32"] = "float64",
) -> Callable[[Any], Any]:
    """A pure function from parameters to expectation values in the circuit's final state, to be transformed by JAX.

    Args:
        circuit: a unitary Qiskit circuit; final measurements are left out.
        observables: one or a list, O in all.
        dtype: real precision of the result; amplitudes have the complex one.

    Returns:
        A function of an array (P,) in the order of ``circuit.parameters``, or of a mapping from parameters or their
        names to numbers; it returns (O,) values.

    Raises:
        CircuitError: noise, resets, mid-circuit measurements or control flow; observables that do not fit; too many
            qubits for the memory; when called, another number of parameters, or float64 without JAX's 64-bit mode.
    """
    program = read(circuit)
    many = as_observables(observables, num_qubits=program.num_qubits)
    inner = pure_function(program, many, dtype=dtype)
    names = [parameter.name for parameter in program.parameters]

    def function(parameters: Any) -> Any:
        if dtype == "float64" and jnp.result_type(float) != np.float64:
            raise CircuitError(
                "JAX is in 32-bit mode",
                where="expectation_fn",
                expected="64-bit mode, for dtype float64",
                cure='use "with jax.enable_x64(True):", jax.config.update("jax_enable_x64", True), or dtype="float32"',
            )
        return inner(_flat(parameters, names))

    return function


def pure_function(program: Program, observables: Sequence[SparsePauliOp], *, dtype: str) -> Callable[[Any], Any]:
    """The same for a program and checked observables: from (P,) to (O,), whatever JAX's mode.

    Raises:
        CircuitError: as `expectation_fn`.
    """
    if dtype not in REAL:
        expected = " or ".join(REAL)
        raise CircuitError("not a precision", where="dtype", expected=expected, got=repr(dtype))
    real = REAL[dtype]
    kind = np.result_type(real, np.complex64)
    angles = Angles(program.parameters)
    parts = unitary_parts(program, angles)
    states = 2 + len(gather(parts))  # reverse mode keeps one for each block
    need, limit = 2.0**program.num_qubits * kind.itemsize * states, usable_bytes()
    if need > limit:
        raise CircuitError(
            "too large for state vectors",
            where="circuit",
            expected=f"at most {text_of_bytes(limit)}",
            got=f"{program.num_qubits} qubits, {text_of_bytes(need)} for {states} states",
            cure='use backend="tensor_network"',
        )
    made = plan(parts, program.num_qubits, angles, dtype=real)
    values, measure = made.values(real), pure_expectations(observables, program.num_qubits)

    def function(parameters: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            return measure(evolve(made, values(parameters), zero_state(program.num_qubits, kind)))

    return function


def unitary_parts(program: Program, angles: Angles) -> list[Part]:
    """The parts of a program without its final measurements.

    Raises:
        CircuitError: something in it that is no gate, named with its position.
    """
    split = split_measurements(program)
    parts: list[Part] = []
    for position, step in enumerate(program.steps):
        if isinstance(step, Gate):
            parts.extend(lower(step, angles, position=position))
        elif not isinstance(step, (Barrier, Delay)) and not (isinstance(step, Measure) and split is not None):
            inner = any(isinstance(each, Measure) for each in flat((step,)))
            raise CircuitError(
                "not unitary",
                where=f"step {position} ({'measurement before the end' if inner else step})",
                expected="gates, and measurements at the end",
                cure='use qsim.expectation, or expectations of backend="density_matrix" for noise',
            )
    return parts


def _flat(parameters: Any, names: Sequence[str]) -> Any:
    """(P,) from an array or a mapping."""
    if isinstance(parameters, Mapping):
        given = {getattr(key, "name", key): value for key, value in parameters.items()}
        missing = [name for name in names if name not in given]
        unknown = [str(name) for name in given if name not in names]
        if missing or unknown:
            got = f"missing {', '.join(missing) or 'none'}; unknown {', '.join(unknown) or 'none'}"
            raise CircuitError("parameters do not match", where="parameters", expected=", ".join(names), got=got)
        return jnp.stack([jnp.asarray(given[name]) for name in names]) if names else jnp.zeros(0)
    array = jnp.asarray(parameters)
    if array.shape != (len(names),):
        raise CircuitError(
            "not the circuit's parameters",
            where="parameters",
            expected=f"shape ({len(names)},), in the order of circuit.parameters",
            got=f"shape {array.shape}",
            cure="use jax.vmap for many parameter sets",
        )
    return array
