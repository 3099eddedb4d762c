"""Study ``coding.approximate``: how far a coded computation is off when workers are late and others lie.

One unit is one run: fresh inputs, random stragglers, liars among the answers, decoded once.

    sampler = study.prepare(study.Params(workers=100, stragglers=10, liars=10))
    sampler.sample(20, np.random.SeedSequence(7))          # Histogram of relative errors; its estimate is the median

With ``outcome = "wrong"`` (or "missed", "refused") runs are counted instead of measured.  Importing this file loads
neither numpy nor the code package, so that a sweep is checked at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from experiments.errors import InputError
from experiments.study import JSON, Axes, Schedule, StudyDefaults

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coding.approximate import Adversary, BerrutCode, DCTCode, Decoder, Report
    from coding.approximate.simulation import Failure
    from experiments.tally.counts import Counts
    from experiments.tally.histogram import Histogram

Meta = msgspec.Meta
LEAST = {"robust": 1, "auto": 1, "berrut": 1, "berrut_told": 1, "floater_hormann": 4, "spline": 4}
EDGES_A_DECADE, LOWEST, HIGHEST = 10, -17, 4  # of the histogram of relative errors, in powers of ten


class ApproximateParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code, what is computed with it, what goes wrong, and how it is decoded.

    Raises:
        InputError: too few workers for the inputs, too few answers for the decoder, more liars than answers.
    """

    inputs: Annotated[int, Meta(ge=1, le=1000, description="inputs K that are coded together [inputs]")] = 8
    width: Annotated[int, Meta(ge=1, le=100_000, description="numbers an input, uniform on [-1, 1] [numbers]")] = 16
    workers: Annotated[int, Meta(ge=2, le=10_000, description="workers N, one task each [workers]")] = 100
    code: Annotated[
        Literal["berrut", "dct"],
        Meta(description="workers at second-kind points (berrut, as in BACC) or first-kind points (dct, as in SBACC)"),
    ] = "dct"
    function: Annotated[
        Literal["x sin x", "sigmoid", "exp", "tanh", "relu"], Meta(description="what a worker computes, elementwise")
    ] = "x sin x"
    stragglers: Annotated[int, Meta(ge=0, description="workers that are not waited for, at random [workers]")] = 0
    liars: Annotated[int, Meta(ge=0, description="answers that are lies [workers]")] = 0
    adversary: Annotated[
        Literal["gaussian", "sign_flips", "colluding", "nan"],
        Meta(description="lies: independent noise, the opposite sign, one common cubic added by all, or not a number"),
    ] = "gaussian"
    magnitude: Annotated[
        float,
        Meta(gt=0, le=1e12, description="size of gaussian and colluding lies [root mean square of honest answers]"),
    ] = 1.0
    adjacent: Annotated[bool, Meta(description="liars sit side by side on the curve (hardest), not at random")] = False
    decoder: Annotated[
        Literal["robust", "auto", "berrut", "berrut_told", "floater_hormann", "spline"],
        Meta(
            description="robust locates liars without being told and may refuse; berrut_told is the published decoder, "
            "told who lies; the others believe every answer"
        ),
    ] = "robust"
    outcome: Annotated[
        Literal["error", "wrong", "missed", "refused"],
        Meta(
            description="error: relative error, infinite when refused; or the share of runs that are wrong (values "
            "returned with a liar believed), missed (a liar believed, refused or not), refused"
        ),
    ] = "error"

    def __post_init__(self) -> None:
        if self.workers < self.inputs:
            raise InputError(
                "too few workers", where="workers", expected=f"at least {self.inputs} (inputs)", got=str(self.workers)
            )
        if self.stragglers > self.workers - self.threshold:
            raise InputError(
                "too few answers",
                where="stragglers",
                expected=f"at most {max(0, self.workers - self.threshold)} (workers - threshold {self.threshold})",
                got=str(self.stragglers),
                cure="add workers",
            )
        unread = self.liars if self.adversary == "nan" or self.decoder == "berrut_told" else 0
        most = self.workers - self.stragglers - (self.threshold if unread else 0)
        if self.liars > most:
            raise InputError(
                "more liars than answers can spare", where="liars", expected=f"at most {most}", got=str(self.liars)
            )
        if self.adversary == "nan" and self.decoder not in ("robust", "berrut_told"):
            raise InputError(
                "a decoder that believes every answer cannot read NaN",
                where="adversary",
                expected="decoder robust or berrut_told",
                got=f"decoder {self.decoder}",
            )

    @property
    def threshold(self) -> int:
        """Fewest answers that are decoded: one an input, what the decoder needs, two to spare where liars may be."""
        needed = max(self.inputs, 2, LEAST[self.decoder])
        return max(needed + 2, 5) if self.decoder == "robust" else needed


@dataclass(frozen=True, slots=True)
class ApproximateSampler:
    """Runs of one failing cluster."""

    params: ApproximateParams
    code: BerrutCode | DCTCode
    f: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    adversary: Adversary

    def sample(self, size: int, seed: np.random.SeedSequence) -> Counts | Histogram:
        """``size`` runs, each with its own inputs, stragglers and liars."""
        import numpy as np

        from coding.approximate.simulation import fail
        from experiments.tally.counts import Counts
        from experiments.tally.histogram import Histogram

        params = self.params
        rng = np.random.Generator(np.random.PCG64(seed))
        errors: list[float] = []
        seen = {"wrong": 0, "missed": 0, "refused": 0}
        for _ in range(size):
            case = fail(
                self.code,
                self.f,
                rng.uniform(-1, 1, (params.inputs, params.width)),
                rng,
                stragglers=params.stragglers,
                liars=params.liars,
                adversary=self.adversary,
                adjacent=params.adjacent,
            )
            values, report = self._decoded(case)
            missed = not set(case.liars.tolist()) <= set(report.liars)
            seen["missed"] += missed
            seen["refused"] += report.refused
            seen["wrong"] += missed and not report.refused
            apart = np.inf if report.refused else np.linalg.norm(values - case.truth) / np.linalg.norm(case.truth)
            errors.append(float(apart))
        if params.outcome != "error":
            return Counts(size, seen[params.outcome], counters=seen)
        decades = np.arange(EDGES_A_DECADE * LOWEST, EDGES_A_DECADE * HIGHEST + 1) / EDGES_A_DECADE
        return Histogram.of(errors, 10.0**decades)

    def _decoded(self, case: Failure) -> tuple[NDArray[Any], Report]:
        """Values, and the report; told decoders report the liars they were told."""
        from dataclasses import replace

        import numpy as np

        from coding.approximate import Berrut, CubicSpline, FloaterHormann, decode

        name = self.params.decoder
        if name == "robust":
            return decode(self.code, case.workers.tolist(), case.answers)
        if name == "berrut_told":
            honest = ~np.isin(case.workers, case.liars)
            values, report = decode(
                self.code, case.workers[honest].tolist(), case.answers[honest], decoder=Berrut(), robust=False
            )
            return values, replace(report, liars=tuple(case.liars.tolist()))
        workers = case.workers.tolist()
        if name == "auto":
            return decode(self.code, workers, case.answers, robust=False)
        decoders: dict[str, Decoder] = {
            "berrut": Berrut(),
            "floater_hormann": FloaterHormann(3),
            "spline": CubicSpline(),
        }
        return decode(self.code, workers, case.answers, decoder=decoders[name], robust=False)


class Approximate(StudyDefaults):
    """Study ``coding.approximate``."""

    name, version = "coding.approximate", 1
    Params = ApproximateParams
    preload = ("coding.approximate",)
    axes = Axes(
        x="liars",
        curve="decoder",
        x_label="liars [workers]",
        value_label="relative error (median), or share of runs",
        log_value=True,
    )

    def prepare(self, params: ApproximateParams) -> ApproximateSampler:
        """A sampler of runs."""
        import numpy as np

        from coding.approximate import BerrutCode, ColludingLies, DCTCode, GaussianLies, NotANumber, SignFlips

        functions: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
            "x sin x": lambda x: np.asarray(x * np.sin(x)),
            "sigmoid": lambda x: np.asarray(1.0 / (1.0 + np.exp(-x))),
            "exp": lambda x: np.asarray(np.exp(x)),
            "tanh": lambda x: np.asarray(np.tanh(x)),
            "relu": lambda x: np.asarray(np.maximum(x, 0.0)),
        }
        adversaries: dict[str, Adversary] = {
            "gaussian": GaussianLies(params.magnitude),
            "sign_flips": SignFlips(),
            "colluding": ColludingLies(3, params.magnitude),
            "nan": NotANumber(),
        }
        make = BerrutCode if params.code == "berrut" else DCTCode
        return ApproximateSampler(
            params, make(params.inputs, params.workers), functions[params.function], adversaries[params.adversary]
        )

    def schedule(self, params: ApproximateParams) -> Schedule:
        """Batches from one run up to those that take about a second."""
        largest = max(1, min(4096, int(1.0 / self.cost(params))))
        return Schedule(first=min(4, largest), growth=1.5, largest=largest)

    def cost(self, params: ApproximateParams) -> float:
        """Core seconds a run: locating liars refits the curve hundreds of times, choosing a decoder a hundred."""
        a_worker = {"robust": 1.5e-3, "auto": 2e-4}.get(params.decoder, 2e-5)
        return a_worker * params.workers + 1e-8 * params.workers * params.width * params.inputs

    def examples(self) -> list[dict[str, JSON]]:
        """Each decoder, each adversary and each outcome once, on small codes."""
        small: dict[str, JSON] = {"inputs": 4, "width": 4, "workers": 40, "stragglers": 3}
        return [
            {**small, "liars": 3},
            {**small, "code": "berrut", "decoder": "berrut", "function": "sigmoid"},
            {**small, "code": "berrut", "decoder": "berrut_told", "liars": 4, "adversary": "nan"},
            {**small, "decoder": "auto", "function": "exp"},
            {**small, "decoder": "spline", "function": "relu", "liars": 1, "adversary": "colluding"},
            {**small, "decoder": "floater_hormann", "function": "tanh", "liars": 2, "adversary": "sign_flips"},
            {**small, "liars": 3, "adversary": "sign_flips", "adjacent": True, "outcome": "missed"},
            {**small, "liars": 16, "magnitude": 10.0, "outcome": "wrong"},
            {**small, "liars": 17, "outcome": "refused"},
        ]

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Settings that no run can have."""
        return [
            ({"inputs": 9, "workers": 8}, "workers"),
            ({"inputs": 8, "workers": 12, "stragglers": 3}, "threshold 10"),
            ({"workers": 20, "stragglers": 5, "liars": 16}, "at most 15"),
            ({"workers": 20, "liars": 13, "decoder": "berrut_told"}, "at most 12"),
            ({"decoder": "berrut", "adversary": "nan"}, "NaN"),
            ({"function": "cosh"}, "function"),
            ({"magnitude": 0.0}, "magnitude"),
            ({"stragglers": -1}, "stragglers"),
        ]


study = Approximate()
