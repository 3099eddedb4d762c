"""In which numbers a product is computed, and when it is exact.

float32 and float64, real or complex, stay what they are (mixed inputs follow numpy's rules); a scheme with complex
coefficients computes in complex numbers and gives the real part where both matrices are real.  Integers of any width
give the exact product in int64: by float64 arithmetic while every number on the way stays below 2^53, which is ten
times as fast, otherwise modulo 2^64, which is exact as long as the product itself fits in int64.

>>> from coding.bilinear.scheme import BilinearScheme
>>> plain = BilinearScheme([[1]], [[1]], [[1]], shape=(1, 1, 1))
>>> Arithmetic.of(np.array([[2]]), np.array([[3]]), plain)
Arithmetic(stored=dtype('float64'), result=dtype('int64'), exact=True, bound=6)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

Array = NDArray[Any]
FLOATS = (np.float32, np.float64, np.complex64, np.complex128)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How one product is computed.

    Args:
        stored: the type of the blocks and of each node's product.
        result: the type of A @ B.
        exact: whether the numbers are integers and nothing is rounded.
        bound: for integers, what no entry of A @ B exceeds; else 0.
    """

    stored: np.dtype[Any]
    result: np.dtype[Any]
    exact: bool
    bound: int = 0

    @classmethod
    def of(cls, a: Array, b: Array, scheme: BilinearScheme) -> Self:
        """The arithmetic for A, B and a scheme.

        Raises:
            CodingError: a type that is not computed with, NaN or infinity, a product that may overflow, or integers
                with a scheme whose coefficients are none.
        """
        for name, array in (("A", a), ("B", b)):
            _refuse_entries(name, array)
        if a.dtype.kind in "iu" and b.dtype.kind in "iu":
            return cls._of_integers(a, b, scheme)
        result = np.result_type(a, b)
        stored = np.result_type(result, np.complex64) if _is_complex(scheme) else result
        with np.errstate(over="ignore"):
            largest = _growth(scheme) * a.shape[-1] * float(np.abs(a).max()) * float(np.abs(b).max())
        if not largest < float(np.finfo(stored).max):
            raise CodingError(
                f"the product may overflow {result}", where="A, B", got="entries too large", cure="scale the matrices"
            )
        return cls(stored=stored, result=result, exact=False)

    @classmethod
    def _of_integers(cls, a: Array, b: Array, scheme: BilinearScheme) -> Self:
        if not scheme.integral:
            raise CodingError(
                "integer matrices need a scheme with integer coefficients",
                where="scheme",
                got=repr(scheme),
                cure="convert the matrices to float64, or take a scheme such as Strassen's",
            )
        largest = a.shape[-1] * _magnitude(a) * _magnitude(b)
        if largest >= 2**63:
            raise CodingError(
                "the product may not fit in int64",
                where="A, B",
                expected="(columns of A) max|A| max|B| < 2^63",
                got=f"about 2^{largest.bit_length() - 1}",
                cure="split the matrices into high and low digits, or convert them to float64",
            )
        on_the_way = int(_growth(scheme)) * largest * b.shape[-1]  # the check adds up whole rows of a product
        stored = np.dtype(np.float64 if on_the_way < 2**53 else np.int64)
        return cls(stored=stored, result=np.dtype(np.int64), exact=True, bound=largest)


def _refuse_entries(name: str, array: Array) -> None:
    if array.dtype.kind not in "iu" and array.dtype not in FLOATS:
        raise CodingError(
            "a type that is not computed with",
            where=name,
            expected="integers, float32, float64, complex64 or complex128",
            got=str(array.dtype),
            cure="convert it",
        )
    if array.dtype.kind not in "iu" and not np.isfinite(array).all():
        place = tuple(int(x) for x in np.argwhere(~np.isfinite(array))[0])
        raise CodingError("NaN or infinity", where=name, got=f"{array[place]} at {place}", cure="clean the input")


def _is_complex(scheme: BilinearScheme) -> bool:
    return any(np.iscomplexobj(array) for array in (scheme.u, scheme.v))


def _growth(scheme: BilinearScheme) -> float:
    """By how much a node's product may exceed that of the largest entries."""
    return float((np.abs(scheme.u).sum(axis=0) * np.abs(scheme.v).sum(axis=0)).max())


def _magnitude(array: Array) -> int:
    return max(abs(int(array.max())), abs(int(array.min())))
