"""Noisy circuits as JAX functions of their parameters: the blocks of `qsim.backends.statevector` on density matrices.

U rho U^dagger is U acting on the columns of rho, and then on those of the conjugate transpose of what that gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qsim.backends.density_matrix.averaging import averaged_map
from qsim.backends.statevector.angles import Angles
from qsim.backends.statevector.jax_evolution import Values, plan, zero_state
from qsim.backends.statevector.jax_observables import mixed_expectations
from qsim.backends.statevector.layers import Mixing
from qsim.backends.statevector.lowering import Part, lower
from qsim.program import Gate, Program

Array = Any


def noisy_function(program: Program, observables: Sequence[SparsePauliOp], *, real: Any) -> Callable[[Any], Any]:
    """A function from (P,) parameters to (O,) values, exact with noise; differentiable like any JAX function.

    Raises:
        CircuitError: a program that decides on outcomes.
    """
    kind = np.result_type(real, np.complex64)
    n, angles = program.num_qubits, Angles(program.parameters)
    made = plan(noisy_parts(program, angles), n, angles, dtype=real)
    values, measure = made.values(real), mixed_expectations(observables, n)

    def function(parameters: Any) -> Any:
        with jax.default_matmul_precision("highest"):
            known = values(parameters)
            state = zero_state(n, kind) * jnp.zeros((1, 2**n), kind).at[0, 0].set(1)
            for place, act in enumerate(made.acts):
                state = act(state, known) if place in made.whole else _on_both_sides(act, state, known)
            return measure(state)

    return function


def noisy_parts(program: Program, angles: Angles) -> list[Part | Mixing]:
    """Gates' parts and channels; outcomes are averaged.

    Raises:
        CircuitError: a program that decides on outcomes, with the step.
    """
    parts: list[Part | Mixing] = []
    for step in averaged_map(program):
        if isinstance(step, Gate):
            parts.extend(lower(step, angles))
        else:
            parts.append(Mixing(step.channel, step.qubits))
    return parts


def _on_both_sides(act: Callable[[Array, Values], Array], state: Array, values: Values) -> Array:
    once = act(state, values)
    return jnp.conj(act(jnp.conj(once).T, values)).T
