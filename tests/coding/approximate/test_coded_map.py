"""The map itself: executors, stragglers, crashes, odd answers, and what it refuses."""

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from coding.approximate import Berrut, BerrutCode, CodedMap, DCTCode, FloaterHormann, decode, threshold
from coding.bilinear.execution import WorkerPool
from coding.errors import CodingError

X = np.linspace(-1, 1, 24).reshape(4, 6)


def tanh_or_die(x):
    if x.max() > 0.5:
        os._exit(3)
    return np.tanh(x)


def die_in_the_middle(x):
    if 0.3 < x < 0.36:
        os._exit(3)
    return np.tanh(x)


class Sometimes:
    """f that misbehaves on its n-th calls."""

    def __init__(self, calls, misdeed):
        self.calls, self.misdeed, self.count, self.lock = set(calls), misdeed, 0, threading.Lock()

    def __call__(self, x):
        with self.lock:
            self.count += 1
            mine = self.count
        return self.misdeed(x) if mine in self.calls else np.tanh(x)


def raising(x):
    raise OSError("disk full")


@pytest.mark.parametrize("code", [BerrutCode(4, 60), DCTCode(4, 60)])
def test_values_are_f_of_the_inputs_and_keep_its_shape(code):
    f = lambda x: np.outer(np.sin(x), [1.0, 2.0])  # noqa: E731
    Y, report = CodedMap(f, code=code)(X)
    assert Y.shape == (4, 6, 2)
    assert np.allclose(Y, np.stack([f(x) for x in X]), atol=1e-6)
    assert not report.refused
    assert report.error_estimate < 1e-5


def test_complex_functions_are_followed():
    Y, report = CodedMap(lambda x: np.exp(1j * x), code=BerrutCode(4, 60))(X)
    assert np.allclose(Y, np.exp(1j * X), atol=1e-6)
    assert not report.refused


def test_answers_do_not_depend_on_the_executor():
    alone, _ = CodedMap(np.tanh, code=BerrutCode(4, 40), stragglers=0)(X)
    with ThreadPoolExecutor(3) as pool:
        threaded, _ = CodedMap(np.tanh, code=BerrutCode(4, 40), stragglers=0, executor=pool)(X)
    assert np.array_equal(alone, threaded)


def test_stragglers_are_abandoned_and_named():
    release = threading.Event()
    f = Sometimes([2, 5], lambda x: (release.wait(20), np.tanh(x))[1])
    with ThreadPoolExecutor(4) as pool:
        Y, report = CodedMap(f, code=BerrutCode(4, 40), stragglers=2, executor=pool)(X)
        waited = not release.is_set()
        release.set()
    assert waited
    assert len(report.stragglers) == 2
    assert report.answered == 38
    assert np.allclose(Y, np.tanh(X), atol=1e-3)


def test_the_deadline_ends_the_wait():
    release = threading.Event()
    f = Sometimes([1, 2, 3], lambda x: (release.wait(20), np.tanh(x))[1])
    with ThreadPoolExecutor(4) as pool:
        Y, report = CodedMap(f, code=BerrutCode(4, 40), stragglers=0, deadline=0.5, executor=pool)(X)
        release.set()
    assert len(report.stragglers) == 3
    assert np.allclose(Y, np.tanh(X), atol=1e-3)


def test_liars_failures_and_odd_shapes_are_told_apart():
    def misbehave(x):
        misbehave.count += 1
        if misbehave.count == 1:
            return np.ones(9)
        if misbehave.count == 2:
            return np.full(6, np.nan)
        if misbehave.count == 3:
            raise OSError("disk full")
        return np.tanh(x) + (misbehave.count == 4)

    misbehave.count = 0
    Y, report = CodedMap(misbehave, code=BerrutCode(4, 60), stragglers=0, seed=5)(X)
    order = np.random.default_rng(5).permutation(60)
    assert report.liars == tuple(sorted(order[[0, 1, 3]].tolist()))
    assert report.failed == {int(order[2]): "OSError: disk full"}
    assert np.allclose(Y, np.tanh(X), atol=1e-4)


def test_a_refused_result_is_nan_and_raises_when_strict():
    """Half of 40 workers answer with noise: nothing a majority agrees on."""
    rng = np.random.default_rng(2)
    lies = lambda: Sometimes(range(1, 37, 2), lambda x: rng.normal(size=6))  # noqa: E731
    Y, report = CodedMap(lies(), code=BerrutCode(4, 40))(X)
    assert report.refused
    assert np.isnan(Y).all()
    assert np.isfinite(report.rejected).all()
    with pytest.raises(CodingError, match=r"values refused \(.+\): expected .+, got 36 answers, \d+ of them set aside"):
        CodedMap(lies(), code=BerrutCode(4, 40), strict=True)(X)


def test_a_dead_process_of_our_own_pool_fails_its_task_and_no_other():
    """Workers die of tasks between 0.3 and 0.36; the pool replaces them, and the map reads around the holes."""
    inputs = np.linspace(-0.5, 0.5, 4)
    with WorkerPool(2, preload=()) as pool:
        mapped = CodedMap(die_in_the_middle, code=BerrutCode(4, 40), executor=pool, stragglers=0)
        Y, report = mapped(inputs)
    tasks = mapped.code.encode(inputs)
    assert set(report.failed) == set(np.flatnonzero((tasks > 0.3) & (tasks < 0.36)).tolist())
    assert report.failed
    assert np.allclose(Y, np.tanh(inputs), atol=1e-3)


def test_points_are_dealt_by_lot():
    seen = []
    CodedMap(lambda x: seen.append(float(x)) or x, code=BerrutCode(2, 30), stragglers=0)(np.array([-1.0, 1.0]))
    steps = np.diff(seen)
    assert (steps > 0).any()
    assert (steps < 0).any()


def test_order_of_answers_does_not_matter():
    code, rng = BerrutCode(4, 40), np.random.default_rng(0)
    answers, order = np.tanh(code.encode(X)), rng.permutation(40)
    straight, _ = decode(code, range(40), answers)
    mixed, _ = decode(code, order, answers[order])
    assert np.array_equal(straight, mixed)


def test_constant_and_zero_functions_are_exact():
    for value in (0.0, 7.0):
        Y, report = CodedMap(lambda x, v=value: np.full(3, v), code=BerrutCode(4, 30))(X)
        assert np.allclose(Y, value, atol=1e-12)
        assert not report.refused


def test_an_executor_whose_processes_die_is_an_error_that_says_so():
    with ProcessPoolExecutor(1) as pool, pytest.raises(CodingError, match="executor: died after"):
        CodedMap(tanh_or_die, code=BerrutCode(4, 30), executor=pool)(X)


def test_a_closed_executor_is_refused():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(CodingError, match="executor: takes no tasks"):
        CodedMap(np.tanh, code=BerrutCode(4, 30), executor=pool)(X)


def test_the_threshold_is_named_when_answers_are_too_few():
    with pytest.raises(CodingError, match=r"at least 10 \(threshold 6 answers and 4 stragglers\)"):
        CodedMap(np.tanh, code=BerrutCode(4, 9), stragglers=4)
    slow = ThreadPoolExecutor(1)
    with pytest.raises(CodingError, match="threshold"), slow:
        CodedMap(lambda x: time.sleep(0.05) or x, code=BerrutCode(4, 20), deadline=0.12, executor=slow)(X)


def test_a_function_that_always_raises_is_reported_with_its_words():
    with pytest.raises(CodingError, match="disk full") as caught:
        CodedMap(raising, code=BerrutCode(4, 20))(X)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_function_that_changes_shape_is_refused():
    with pytest.raises(CodingError, match="changes shape"):
        CodedMap(lambda x: x[x > 0], code=BerrutCode(4, 30))(X)
    one = Sometimes([3], lambda x: np.ones(2))
    with pytest.raises(CodingError, match="changes shape"):
        CodedMap(one, code=BerrutCode(4, 30), robust=False)(X)


def test_a_function_without_numbers_is_refused():
    with pytest.raises(CodingError, match="numbers"):
        CodedMap(lambda x: "yes", code=BerrutCode(4, 30))(X)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: CodedMap(3, code=BerrutCode(4, 30)), "callable"),
        (lambda: CodedMap(np.tanh, code=BerrutCode(4, 30), stragglers=-1), "stragglers"),
        (lambda: CodedMap(np.tanh, code=BerrutCode(4, 30), deadline=0.0), "deadline"),
        (lambda: CodedMap(np.tanh, code=BerrutCode(4, 30))(np.full((4, 2), np.nan)), "NaN"),
        (lambda: CodedMap(np.tanh, code=BerrutCode(4, 30), locator="syndromes")(X), "DCTCode"),
        (lambda: decode(BerrutCode(4, 30), range(30), np.ones((29, 2))), "one answer a worker"),
        (lambda: decode(BerrutCode(4, 30), [0, 0, 1, 2, 3, 4, 5], np.ones(7)), "twice"),
        (lambda: decode(BerrutCode(4, 30), range(24, 31), np.ones(7)), r"0 \.\. 29"),
        (lambda: decode(BerrutCode(4, 8), range(8), np.full(8, np.nan)), "at least 6"),
        (lambda: decode(BerrutCode(4, 8), range(8), np.full(8, np.nan), robust=False), "robust=True"),
        (lambda: decode(BerrutCode(4, 8), range(8), np.ones(8), tolerance=np.nan), "tolerance"),
        (lambda: decode(BerrutCode(4, 8), range(8), np.ones(8), locator="guess"), "locator"),
        (lambda: decode(BerrutCode(4, 8), range(8), np.array(["a"] * 8)), "numbers"),
    ],
)
def test_bad_input_is_refused_with_its_cure(call, told):
    with pytest.raises(CodingError, match=told):
        call()


def test_thresholds_grow_with_the_decoder_and_with_doubt():
    code = BerrutCode(4, 30)
    assert threshold(code, robust=False) == 4
    assert threshold(code) == 6
    assert threshold(code, robust=False, decoder=FloaterHormann(6)) == 7
    assert threshold(BerrutCode(1, 30), decoder=Berrut()) == 5


def test_the_report_prints_who_did_what():
    answers = np.tanh(BerrutCode(4, 40).encode(X))
    answers[7] += 3
    _, report = decode(BerrutCode(4, 40), range(40), answers)
    assert str(report).startswith("40 of 40 answers; estimated error ")
    assert str(report).endswith("liars: 7")


def test_syndromes_locate_liars_of_polynomial_functions():
    code = DCTCode(2, 31, resolution=3)
    answers = code.encode(np.array([-0.5, 1.0])) ** 2
    answers[[1, 2, 3, 20]] += [1.0, 2.0, -1.0, 0.5]
    values, report = decode(code, range(31), answers, locator="syndromes")
    assert report.liars == (1, 2, 3, 20)
    assert values == pytest.approx([0.25, 1.0], abs=1e-12)
