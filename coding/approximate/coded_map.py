"""``map`` that survives its workers: any function, any executor, some workers late, some lying.

Inputs X of shape (K, ...) are K arguments of f.  One curve is drawn through them, worker i applies f to one point of
it, and f(X) is read from the curve of answers.  It is approximate: the smoother f, and the more workers an input, the
better; the report estimates the error.  Inputs that resemble their neighbours along the first axis make a smoother
curve.

>>> from coding.approximate.codes import BerrutCode
>>> mapped = CodedMap(np.tanh, code=BerrutCode(inputs=4, workers=60))
>>> Y, report = mapped(np.linspace(-1, 1, 12).reshape(4, 3))
>>> Y.shape, bool(abs(Y - np.tanh(np.linspace(-1, 1, 12).reshape(4, 3))).max() < 1e-6), report.answered
((4, 3), True, 54)
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from coding.approximate.codes import ApproximateCode
from coding.approximate.decoders import Decoder
from coding.approximate.decoding import TOLERANCE, decode, threshold
from coding.approximate.gathering import Gathered, gather
from coding.approximate.report import Report
from coding.errors import CodingError


@dataclass(frozen=True, slots=True)
class CodedMap:
    """Apply f to K inputs on a code's workers.

    Args:
        f: function of one input (shape X.shape[1:], float64 or complex128), giving numbers of one shape.  A black box.
        code: :class:`BerrutCode` or :class:`DCTCode`.
        decoder: "auto", or one decoder for all inputs.
        robust: locate liars and refuse what does not pass the tests; False believes every answer.
        executor: a ``concurrent.futures`` executor; None computes here, one task after the other.
        stragglers: how many of the latest workers are not waited for; default a tenth of them.
        deadline: seconds after which nobody is waited for; default none.
        liars: how many workers lie, when known; default estimated.
        locator: "regression", or "syndromes" for polynomials on a ``DCTCode``.
        tolerance: relative error estimate above which a robust result is refused.
        strict: raise when a result is refused; otherwise its values are NaN, and the report says why.
        seed: deals the code's points to tasks in the order of submission, so that machines that fail together are not
            neighbours on the curve.
    """

    f: Callable[[Any], Any]
    code: ApproximateCode
    _: KW_ONLY
    decoder: Decoder | Literal["auto"] = "auto"
    robust: bool = True
    executor: Executor | None = None
    stragglers: int | None = None
    deadline: float | None = None
    liars: int | None = None
    locator: Literal["regression", "syndromes"] = "regression"
    tolerance: float = TOLERANCE
    strict: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not callable(self.f):
            raise CodingError(
                "not a function", where="f", expected="a callable of one input", got=type(self.f).__name__
            )
        allowed, least = self._allowed, threshold(self.code, robust=self.robust, decoder=self.decoder)
        if isinstance(allowed, bool) or not 0 <= allowed <= self.code.workers:
            raise CodingError(
                "not a count", where="stragglers", expected=f"0 .. {self.code.workers}", got=repr(allowed)
            )
        if self.code.workers - allowed < least:
            raise CodingError(
                "too few workers",
                where="workers",
                expected=f"at least {least + allowed} (threshold {least} answers and {allowed} stragglers)",
                got=str(self.code.workers),
                cure="add workers, allow fewer stragglers, or send fewer inputs at once",
            )
        if self.deadline is not None and not self.deadline > 0:
            raise CodingError("not a time", where="deadline", expected="seconds > 0", got=repr(self.deadline))

    def __call__(self, X: NDArray[Any]) -> tuple[NDArray[Any], Report]:
        """Estimate f(X_0) .. f(X_{K-1}).

        Args:
            X: K inputs, shape (K, ...), finite numbers.

        Returns:
            Values (K, ...) with the shape of f's answers, and the report.  Refused values are NaN throughout, so that
            they spoil whatever is computed from them; ``report.rejected`` holds what was read.

        Raises:
            CodingError: X unusable, too few answers, answers of many shapes, an executor that died; when ``strict``,
                values that are refused.
        """
        tasks = self.code.encode(X)
        order = np.random.default_rng(self.seed).permutation(self.code.workers).tolist()
        enough = self.code.workers - self._allowed
        gathered = gather(
            self.f, list(tasks), executor=self.executor, order=order, enough=enough, deadline=self.deadline
        )
        if gathered.broken is not None and len(gathered.answers) < enough:
            raise CodingError(
                f"died after {len(gathered.answers)} of {enough} answers ({gathered.broken})",
                where="executor",
                cure="start a new one; a pool falls with any of its processes, so use several where workers may crash",
            ) from gathered.broken
        self._counted(len(gathered.answers), gathered)
        usable, odd = self._alike(gathered.answers)
        workers = sorted(usable)
        values, report = decode(
            self.code,
            workers,
            np.stack([usable[worker] for worker in workers]),
            decoder=self.decoder,
            robust=self.robust,
            liars=None if self.liars is None else max(0, self.liars - len(odd)),
            locator=self.locator,
            tolerance=self.tolerance,
        )
        if report.refused and self.strict:
            raise CodingError(
                f"values refused ({report.reason})",
                where="CodedMap",
                expected="answers that most workers agree on",
                got=f"{report.answered} answers, {len(report.liars) + len(odd)} of them set aside",
                cure="add workers, or set strict=False and look at report.rejected",
            )
        return values, replace(
            report,
            answered=len(gathered.answers),
            liars=tuple(sorted([*report.liars, *odd])),
            stragglers=gathered.late,
            failed={worker: f"{type(e).__name__}: {e}" for worker, e in sorted(gathered.failed.items())},
        )

    @property
    def _allowed(self) -> int:
        return self.code.workers // 10 if self.stragglers is None else self.stragglers

    def _counted(self, answers: int, gathered: Gathered) -> None:
        least = threshold(self.code, robust=self.robust, decoder=self.decoder)
        if answers >= least:
            return
        first = next(iter(gathered.failed.values()), None)
        told = f"; the first of {len(gathered.failed)} failures: {type(first).__name__}: {first}" if first else ""
        raise CodingError(
            "too few answers",
            where="workers",
            expected=f"at least {least} (threshold for {self.code.inputs} inputs, robust={self.robust})",
            got=f"{answers}, {len(gathered.late)} late{told}",
            cure="mend f" if first else "extend the deadline or add workers",
        ) from first

    def _alike(self, answers: dict[int, Any]) -> tuple[dict[int, NDArray[Any]], list[int]]:
        """Answers as arrays of the commonest shape, and the workers whose answers are not of it."""
        arrays = {worker: np.asarray(answer) for worker, answer in answers.items()}
        numeric = {worker: array for worker, array in arrays.items() if array.dtype.kind in "biufc"}
        if not numeric:
            worker, array = next(iter(arrays.items()))
            raise CodingError(
                "f does not return numbers", where=f"answer of worker {worker}", got=f"dtype {array.dtype}"
            )
        (shape, many), *others = Counter(array.shape for array in numeric.values()).most_common()
        alike = {worker: array for worker, array in numeric.items() if array.shape == shape}
        odd = sorted(set(arrays) - set(alike))
        least = threshold(self.code, robust=self.robust, decoder=self.decoder)
        carried = max(0, math.floor((len(arrays) - least) / 2)) if self.robust else 0
        if len(odd) > carried:
            shapes = ", ".join(f"{s} from {n}" for s, n in [(shape, many), *others][:4])
            raise CodingError(
                "f changes shape between workers",
                where="answers",
                expected="one shape of numbers from all workers" + f" but {carried}" * bool(carried),
                got=f"{shapes} workers",
                cure="return arrays whose shape does not depend on the input's values",
            )
        return alike, odd
