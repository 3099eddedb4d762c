"""Study ``coding.matmul``: how often a coded matrix product is lost when each node fails with probability p.

One sample is one pattern of failed nodes; it counts as an error when the rest does not determine the product.  Schemes
are written as in `coding.bilinear.scheme_text`: catalogue names joined by + (union) and * (nest, or copies):

    sampler = study.prepare(study.Params(scheme="strassen + winograd", p=0.01))
    sampler.sample(1_000_000, np.random.SeedSequence(7))   # Counts(shots=1000000, errors=...): 2.165e-4 of them

Up to 24 nodes `coding.bilinear.reliability` has the exact answer; this study goes on where sets cannot be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec

from experiments.errors import InputError
from experiments.study import JSON, Axes, Schedule, StudyDefaults

if TYPE_CHECKING:
    import numpy as np

    from coding.bilinear.sampling import FailureSampler
    from coding.bilinear.scheme import BilinearScheme
    from experiments.tally.counts import Counts

Meta = msgspec.Meta

DRAW, LOST_NODE, STEP = 2e-8, 5e-8, 3e-9  # core seconds a pattern, a lost node, and a step of elimination
MOST_TABLED = 24  # nodes up to which verdicts are remembered


class MatmulParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scheme, who decodes it, and how often nodes fail.

    Raises:
        InputError: a scheme that cannot be read, or that the decoder cannot decode.
    """

    scheme: Annotated[str, Meta(description='the code, as in "strassen + winograd", "3 * strassen" or "found_14"')]
    p: Annotated[float, Meta(ge=0, le=1, description="probability with which each node fails, independently [1]")]
    decoder: Annotated[
        Literal["rank", "peeling"],
        Meta(description='"rank": the optimal linear decoder; "peeling": the local +-1 relations of the paper'),
    ] = "rank"

    def __post_init__(self) -> None:
        with _as_input_error():
            scheme = _scheme(self.scheme)
        if self.decoder == "peeling" and not (scheme.integral and scheme.nodes <= MOST_TABLED):
            raise InputError(
                "peeling is not possible",
                where="decoder",
                expected=f"an integer scheme of at most {MOST_TABLED} nodes",
                got=repr(scheme),
                cure='take decoder = "rank"',
            )


@dataclass(frozen=True, slots=True)
class PatternSampler:
    """Patterns of failed nodes of one scheme."""

    failures: FailureSampler

    def sample(self, size: int, seed: np.random.SeedSequence) -> Counts:
        """Counts of ``size`` patterns; errors are those that lose the product."""
        import numpy as np

        from experiments.tally.counts import Counts

        lost = self.failures.failures(size, np.random.Generator(np.random.PCG64(seed)))
        return Counts(shots=size, errors=lost)


class CodingMatmul(StudyDefaults):
    """Study ``coding.matmul``."""

    name, version = "coding.matmul", 1
    Params = MatmulParams
    counting: ClassVar[bool] = True
    preload = ("numpy", "coding.bilinear.sampling")
    axes = Axes(
        x="p",
        curve="scheme",
        x_label="failure probability of a node p",
        value_label="probability that the product is lost",
        log_x=True,
        log_value=True,
    )

    def prepare(self, params: MatmulParams) -> PatternSampler:
        """The scheme with its decoder, ready to judge patterns."""
        from coding.bilinear.sampling import FailureSampler

        with _as_input_error():
            return PatternSampler(FailureSampler(_scheme(params.scheme), params.p, decoder=params.decoder))

    def schedule(self, params: MatmulParams) -> Schedule:
        """From 4096 patterns a batch to about half a second of them."""
        largest = 1 << min(20, max(8, int(0.5 / self.cost(params)).bit_length() - 1))
        return Schedule(first=min(4096, largest), growth=1.25, largest=largest)

    def cost(self, params: MatmulParams) -> float:
        """Core seconds per pattern: of drawing the lost nodes, and beyond 24 nodes of eliminating their rows."""
        nodes = _scheme(params.scheme).nodes
        lost = nodes * params.p
        judging = STEP * lost * (1 + lost) * nodes / 4 if nodes > MOST_TABLED else 0.0
        return DRAW + LOST_NODE * lost + judging

    def examples(self) -> list[dict[str, JSON]]:
        """Unions, copies, a nest, a polynomial code, and the local decoder."""
        return [
            {"scheme": "strassen + winograd", "p": 0.1},
            {"scheme": "strassen + winograd", "p": 0.1, "decoder": "peeling"},
            {"scheme": "2 * strassen", "p": 0.05},
            {"scheme": "2 * (strassen * strassen)", "p": 0.05},
            {"scheme": "ep(12)", "p": 0.2},
            {"scheme": "strassen", "p": 0},
        ]

    def bad_examples(self) -> list[tuple[dict[str, JSON], str]]:
        """Schemes, probabilities and decoders that are none."""
        return [
            ({"scheme": "strassen"}, "p"),
            ({"scheme": "strassen", "p": 1.5}, "p"),
            ({"scheme": "strasen", "p": 0.1}, "scheme"),
            ({"scheme": "strassen + ", "p": 0.1}, "scheme"),
            ({"scheme": "strassen + 3x4x5", "p": 0.1}, "shape"),
            ({"scheme": "strassen", "p": 0.1, "decoder": "guess"}, "decoder"),
            ({"scheme": "strassen * strassen", "p": 0.1, "decoder": "peeling"}, "decoder"),
            ({"scheme": "ep(12)", "p": 0.1, "decoder": "peeling"}, "decoder"),
            ({"scheme": "strassen", "p": 0.1, "nodes": 7}, "nodes"),
        ]


@lru_cache(maxsize=64)
def _scheme(text: str) -> BilinearScheme:
    from coding.bilinear.scheme_text import read_scheme

    return read_scheme(text)


@contextmanager
def _as_input_error() -> Iterator[None]:
    from coding.errors import CodingError

    try:
        yield
    except CodingError as error:
        raise InputError(
            error.what, where=error.where, expected=error.expected, got=error.got, cure=error.cure
        ) from error


study = CodingMatmul()
