"""A permutation of amplitudes as a JAX primitive whose transpose is the inverse permutation.

JAX differentiates an indexed read into a scattered addition, which a CPU does entry by entry; for a permutation it is
another read.  The primitive has rules for jvp, transposition, batching and lowering, so all transformations work.

    permute(state, sources, inverse)[x] == state[sources[x]]
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

Array = Any

permute_p = Primitive("qsim_permute")


def permute(array: Array, sources: Array, inverse: Array, *, axis: int = 0) -> Array:
    """The array with its entries along an axis taken from ``sources``; ``inverse`` undoes it."""
    indices = (jnp.asarray(sources), jnp.asarray(inverse))
    return permute_p.bind(array, *indices, axis=axis)  # type: ignore[no-untyped-call]


def _read(array: Array, sources: Array, inverse: Array, *, axis: int) -> Array:  # noqa: ARG001
    return jnp.take(array, sources, axis=axis, unique_indices=True, mode="clip")


def _shape(array: Any, sources: Any, inverse: Any, *, axis: int) -> ShapedArray:  # noqa: ARG001
    return ShapedArray(array.shape, array.dtype)


def _jvp(primals: Any, tangents: Any, *, axis: int) -> tuple[Array, Array]:
    array, sources, inverse = primals
    moved = permute(array, sources, inverse, axis=axis)
    return moved, permute(tangents[0], sources, inverse, axis=axis)


def _transposed(cotangent: Any, array: Any, sources: Array, inverse: Array, *, axis: int) -> list[Any]:
    if isinstance(cotangent, ad.Zero):
        return [ad.Zero(array.aval), None, None]
    return [permute(cotangent, inverse, sources, axis=axis), None, None]


def _batched(arguments: Any, batch_axes: Any, *, axis: int) -> tuple[Array, int]:
    array, sources, inverse = arguments
    batch = batch_axes[0]
    return permute(array, sources, inverse, axis=axis + (batch <= axis)), batch


permute_p.def_impl(_read)  # type: ignore[no-untyped-call]
permute_p.def_abstract_eval(_shape)  # type: ignore[no-untyped-call]
ad.primitive_jvps[permute_p] = _jvp
ad.primitive_transposes[permute_p] = _transposed
batching.primitive_batchers[permute_p] = _batched
mlir.register_lowering(permute_p, mlir.lower_fun(_read, multiple_results=False))
