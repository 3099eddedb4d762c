"""Coded products against numpy's: every shape, type and scheme; and the refusals."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from coding.bilinear import catalog, codes
from coding.bilinear.combine import copies
from coding.bilinear.execution import CodedMatmul, WorkerPool
from coding.bilinear.execution.arithmetic import Arithmetic
from coding.errors import CodingError

UNION = catalog.strassen() + catalog.winograd()


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(3) as made:
        yield made


def relative_error(found, a, b):
    """Largest error over the largest |A| |B|."""
    assert found.shape == np.matmul(a, b).shape
    exact = np.matmul(a.astype(np.clongdouble), b.astype(np.clongdouble))
    return float(np.abs(found - exact).max() / np.matmul(np.abs(a), np.abs(b)).max())


SHAPES = [
    ((2, 2), (2, 2)),
    ((1, 1), (1, 1)),
    ((7, 5), (5, 9)),
    ((1, 30), (30, 1)),
    ((64, 3), (3, 64)),
    ((40, 41), (41, 42)),
    ((3, 6, 5), (3, 5, 4)),
    ((2, 1, 5, 6), (4, 6, 3)),
    ((5, 6), (2, 3, 6, 2)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_any_shape_is_multiplied(left, right, threads, pool):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=left), rng.normal(size=right)
    for executor in (threads, pool):
        result = CodedMatmul(UNION, executor).multiply(a, b)
        assert relative_error(result.product, a, b) < 1e-14
        assert result.product.dtype == np.float64


@pytest.mark.parametrize("kinds", [*itertools.product([np.float32, np.float64, np.complex64, np.complex128], repeat=2)])
def test_floating_types_follow_numpy(kinds, threads):
    rng = np.random.default_rng(2)
    a, b = (
        (rng.normal(size=(20, 20)) + (1j * rng.normal(size=(20, 20)) if np.dtype(k).kind == "c" else 0)).astype(k)
        for k in kinds
    )
    result = CodedMatmul(UNION, threads).multiply(a, b)
    assert result.product.dtype == (a @ b).dtype
    assert relative_error(result.product, a, b) < 20 * np.finfo((a @ b).dtype).eps


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64])
def test_integers_are_exact_where_numpy_wraps(kind, threads):
    rng = np.random.default_rng(3)
    limit = min(np.iinfo(kind).max, 2**29)
    a = rng.integers(max(np.iinfo(kind).min, -limit), limit, (11, 13)).astype(kind)
    b = rng.integers(0, limit, (13, 7)).astype(kind)
    result = CodedMatmul(UNION, threads).multiply(a, b)
    assert result.product.dtype == np.int64
    assert result.product.tolist() == (a.astype(object) @ b.astype(object)).tolist()


def test_integers_and_floats_mix_as_in_numpy(threads):
    a, b = np.arange(12).reshape(3, 4), np.ones((4, 2), np.float32)
    result = CodedMatmul(UNION, threads).multiply(a, b)
    assert result.product.dtype == np.float64
    np.testing.assert_allclose(result.product, a @ b, rtol=1e-14)


def test_integers_near_the_end_of_their_range_are_exact(threads):
    """Encoded blocks and products overflow on the way; the product itself just fits."""
    rng = np.random.default_rng(4)
    a, b = (rng.integers(-(2**30), 2**30, (6, 6)) for _ in range(2))
    result = CodedMatmul(UNION, threads).multiply(a, b)
    assert result.product.tolist() == (a.astype(object) @ b.astype(object)).tolist()


def test_lists_and_views_are_taken(threads):
    coded = CodedMatmul(UNION, threads)
    assert coded.multiply([[1, 2], [3, 4]], [[5, 6], [7, 8]]).product.tolist() == [[19, 22], [43, 50]]
    a = np.asfortranarray(np.random.default_rng(5).normal(size=(10, 10)))[::-1, ::2]
    np.testing.assert_allclose(coded.multiply(a, a.T).product, a @ a.T, rtol=1e-12)


@pytest.mark.parametrize(
    "scheme",
    [
        catalog.strassen(),
        copies(catalog.winograd(), 2),
        catalog.load("3x4x5"),
        catalog.strassen() * catalog.strassen(),
        codes.entangled_polynomial((2, 2, 2), nodes=12),
        codes.entangled_polynomial((2, 3, 2), nodes=16, points="circle"),
        codes.matdot(3, nodes=8),
        codes.polynomial(2, 3, nodes=8, points="circle"),
    ],
    ids=lambda scheme: scheme.name,
)
def test_every_scheme_gives_the_product(scheme, threads):
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(23, 31)), rng.normal(size=(31, 17))
    result = CodedMatmul(scheme, threads).multiply(a, b)
    assert result.product.dtype == np.float64
    assert relative_error(result.product, a, b) < 1e-14 * result.report.amplification
    if scheme.integral:
        a, b = (100 * a).astype(int), (100 * b).astype(int)
        assert (CodedMatmul(scheme, threads).multiply(a, b).product == a @ b).all()


def test_the_report_accounts_for_every_node(pool):
    report = CodedMatmul(UNION, pool).multiply(np.eye(40), np.eye(40)).report
    answered = [answer.node for answer in report.answers]
    assert sorted([*answered, *report.late]) == list(range(14))
    assert set(report.used) <= set(answered)
    assert [answer.arrived for answer in report.answers] == sorted(answer.arrived for answer in report.answers)
    assert {int(answer.worker.rpartition(":")[2]) for answer in report.answers} <= set(pool.pids)
    assert (report.lying, dict(report.dead), report.shipping) == ((), {}, "shared")
    assert report.seconds.total > 0
    assert str(report).startswith(f"strassen+winograd: {len(answered)} of 14 nodes answered")


def test_amplification_is_that_of_the_textbook_formula(threads):
    """Strassen alone: C11 = S1 + S4 - S5 + S7, so sum |u| |v| = 2 + 2 sqrt 2 + 2, the largest of all."""
    report = CodedMatmul(catalog.strassen(), threads).multiply(np.eye(4), np.eye(4)).report
    assert report.amplification == pytest.approx(4 + 2 * np.sqrt(2), rel=1e-12)


def test_the_product_is_known_before_all_have_answered(pool):
    """Nobody waits for the last of 14 when ten suffice: with one worker for each task the rest is abandoned."""
    for _ in range(5):
        report = CodedMatmul(UNION, pool).multiply(np.ones((100, 100)), np.ones((100, 100))).report
        assert len(report.answers) <= 13


BAD = [
    ([[1.0, np.nan]], [[1.0], [1.0]], r"A: NaN or infinity: got nan at \(0, 1\)"),
    ([[1.0]], [[np.inf]], "B: NaN or infinity"),
    ([[1.0, 2.0]], [[1.0]], "incompatible shapes"),
    ([1.0, 2.0], [[1.0], [2.0]], "A: not a matrix"),
    ([["a"]], [[1]], "a type that is not computed with"),
    ([[True]], [[True]], "a type that is not computed with.*got bool"),
    (np.ones((2, 2), np.float16), np.ones((2, 2)), "got float16"),
    (np.ones((2, 2), np.longdouble), np.ones((2, 2)), "a type that is not computed with"),
    (np.full((2, 2), 1e200), np.full((2, 2), 1e200), "the product may overflow float64"),
    (np.full((2, 2), 1e30, np.float32), np.full((2, 2), 1e30, np.float32), "the product may overflow float32"),
    (np.full((2, 2), 2**31), np.full((2, 2), 2**31), "may not fit in int64"),
    (np.full((1, 1), -(2**63)), np.full((1, 1), 1), "may not fit in int64"),
    (np.full((1, 1), 2**64 - 1, np.uint64), np.full((1, 1), 1, np.uint64), "may not fit in int64"),
]


@pytest.mark.parametrize(("a", "b", "words"), BAD)
def test_what_cannot_be_multiplied_is_refused(a, b, words, threads):
    with pytest.raises(CodingError, match=words):
        CodedMatmul(UNION, threads).multiply(a, b)


def test_integers_need_an_integer_scheme(threads):
    scheme = codes.entangled_polynomial((2, 2, 2), nodes=12)
    with pytest.raises(CodingError, match=r"integer matrices need a scheme with integer coefficients.*float64"):
        CodedMatmul(scheme, threads).multiply(np.eye(2, dtype=int), np.eye(2, dtype=int))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"deadline": 0}, "deadline: no time at all"),
        ({"deadline": float("nan")}, "deadline: no time at all"),
        ({"shipping": "pigeon"}, "expected auto, memory, shared, scatter, store, messages"),
        ({"shipping": "scatter"}, "only Dask scatters"),
        ({"shipping": "store"}, "only Ray has a store"),
        ({"liars": 1}, "expected 0 with verify=True"),
        ({"liars": -1, "verify": False}, "not a number of liars"),
        ({"liars": 1, "verify": False}, "cannot locate 1 wrong answers.*any 13 of 14 right answers"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words, threads):
    with pytest.raises(CodingError, match=words):
        CodedMatmul(UNION, threads, **options).multiply(np.eye(2), np.eye(2))


def test_scheme_and_executor_are_looked_at(threads):
    with pytest.raises(CodingError, match="expected a BilinearScheme, got str"):
        CodedMatmul("strassen", threads)
    with pytest.raises(CodingError, match=r"executor: not an executor.*WorkerPool"):
        CodedMatmul(UNION, object())


def test_small_integers_are_computed_in_floats_and_large_ones_modulo():
    small, large = np.full((4, 4), 100), np.full((4, 4), 2**30)
    assert Arithmetic.of(small, small, UNION).stored == np.float64
    assert Arithmetic.of(large, large, UNION).stored == np.int64
    edge = np.full((1, 1), 2**52)
    plain = catalog.strassen()
    assert Arithmetic.of(edge, np.ones((1, 1), int), plain).stored == np.int64  # S1 sums two entries of each
