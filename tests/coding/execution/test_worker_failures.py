"""Workers that die, stop, fail or lie in mid-task: within the code's reach the answer does not change."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from saboteur import LIES, Saboteur

from coding.bilinear import catalog, codes
from coding.bilinear.combine import copies, extended
from coding.bilinear.execution import CodedMatmul, WorkerPool
from coding.errors import CodingError

UNION = catalog.strassen() + catalog.winograd()
P1 = ([0, 0, 1, 0], [0, 1, 0, -1])  # A21 (B12 - B22)
W2 = (catalog.winograd().u[:, 1], catalog.winograd().v[:, 1])
SIXTEEN = extended(UNION, np.transpose([P1[0], W2[0]]), np.transpose([P1[1], W2[1]]))  # any 14 of 16 suffice
CIRCLE = codes.entangled_polynomial((2, 2, 2), nodes=14, points="circle")  # any 9 of 14 suffice
RNG = np.random.default_rng(1)
A, B = RNG.normal(size=(120, 130)), RNG.normal(size=(130, 110))


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(14) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_left_in_shared_memory():
    folder = Path("/dev/shm")
    before = set(folder.iterdir()) if folder.exists() else set()
    yield
    if folder.exists():
        left = {path for path in set(folder.iterdir()) - before if path.name.startswith("psm_") and not foreign(path)}
        assert not left


def foreign(path: Path) -> bool:
    """Whether another process maps it: tests may run side by side."""
    for maps in Path("/proc").glob("[0-9]*/maps"):
        if maps.parent.name != str(os.getpid()):
            try:
                if path.name in maps.read_text():
                    return True
            except OSError:
                continue
    return False


def right(product, a=A, b=B):
    return np.abs(product - a @ b).max() < 1e-12 * np.abs(a @ b).max()


@pytest.mark.parametrize("fate", ["die", "stop", "fail", "sleep"])
def test_three_of_fourteen_workers_may_meet_any_fate(fate, pool):
    fates = {1: fate, 6: fate, 12: fate}
    result = CodedMatmul(CIRCLE, Saboteur(pool, fates), shipping="shared").multiply(A, B)
    assert right(result.product)
    assert set(result.report.dead) | set(result.report.late) >= set(fates)
    assert not set(result.report.used) & set(fates)
    if fate == "fail":
        assert all(
            "MemoryError: no room for two factors" in result.report.dead[n] for n in fates if n in result.report.dead
        )


def test_the_mixture_again_and_again_with_the_same_pool(pool):
    """Each round loses other workers; the next one finds fourteen again."""
    rng = np.random.default_rng(2)
    for _ in range(12):
        fates = dict(zip(rng.permutation(14)[:5], ["die", "stop", "one entry", "sleep", "die"], strict=True))
        result = CodedMatmul(CIRCLE, Saboteur(pool, fates), shipping="shared").multiply(A, B)
        assert right(result.product)
    assert result.report.dead


@pytest.mark.parametrize("pair", [(2, 11), (6, 8), (0, 15), (1, 10)])
def test_any_two_of_the_papers_sixteen_may_die(pair, pool):
    """(S3, W5) and (S7, W2) are the pairs that S + W alone does not survive, research section 1.3."""
    fates = dict.fromkeys(pair, "die")
    assert right(CodedMatmul(SIXTEEN, Saboteur(pool, fates, 16), shipping="shared").multiply(A, B).product)


def test_workers_killed_and_stopped_from_outside_in_mid_run():
    with WorkerPool(14) as pool:
        victims = pool.pids[:3]

        def strike():
            time.sleep(0.02)
            for pid, sign in zip(victims, (signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL), strict=True):
                os.kill(pid, sign)

        thread = threading.Thread(target=strike)
        thread.start()
        a, b = (np.random.default_rng(3).normal(size=(600, 600)) for _ in range(2))
        result = CodedMatmul(CIRCLE, pool).multiply(a, b)
        thread.join()
        assert right(result.product, a, b)
        assert right(CodedMatmul(CIRCLE, pool).multiply(a, b).product, a, b)


def test_leftovers_of_an_abandoned_product_do_not_disturb_the_next(pool):
    """The sleepers of the first product answer while the second, with other numbers, is computed."""
    sleepers = Saboteur(pool, dict.fromkeys((0, 1, 2, 3, 4), "sleep"))
    first = CodedMatmul(CIRCLE, sleepers, shipping="shared").multiply(A, B)
    second = CodedMatmul(CIRCLE, pool).multiply(2 * A, B)
    assert right(first.product)
    assert right(second.product, 2 * A, B)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("shipping", ["shared", "messages"])
def test_liars_are_found_and_named(lie, shipping, pool):
    fates = {3: lie, 9: lie}
    result = CodedMatmul(CIRCLE, Saboteur(pool, fates), shipping=shipping, seed=4).multiply(A, B)
    assert right(result.product)
    assert set(result.report.lying) <= set(fates)
    assert {*result.report.lying, *result.report.late} >= set(fates)
    assert not set(result.report.used) & set(fates)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.int64])
def test_liars_are_found_in_every_arithmetic(dtype, pool):
    a, b = (10 * A).astype(dtype), (10 * B).astype(dtype)
    fates = {0: "one entry", 12: "zero"} if dtype == np.int64 else {0: "sign", 12: "zero"}
    result = CodedMatmul(SIXTEEN, Saboteur(pool, fates, 16), shipping="shared", seed=5).multiply(a, b)
    if dtype == np.int64:
        assert (result.product == a @ b).all()
    else:
        assert np.abs(result.product - a @ b).max() < 1e2 * np.finfo(dtype).eps * np.abs(a @ b).max()
    assert set(result.report.lying) <= set(fates)


@pytest.mark.parametrize("fate", ["nonsense", "wrong shape"])
def test_answers_that_are_no_products_are_not_believed(fate, pool):
    result = CodedMatmul(CIRCLE, Saboteur(pool, {2: fate}), shipping="messages").multiply(A, B)
    assert right(result.product)
    assert 2 not in result.report.used


def test_the_code_itself_locates_liars_when_answers_are_not_checked(pool):
    for lie in ("one entry", "sign", "noise", "nan"):
        fates = {4: lie, 10: lie}
        coded = CodedMatmul(CIRCLE, Saboteur(pool, fates), verify=False, liars=2, shipping="shared", seed=6)
        result = coded.multiply(A, B)
        assert right(result.product)
        assert set(result.report.lying) | set(result.report.late) >= set(fates)


def test_without_checks_a_liar_among_just_enough_answers_goes_unseen():
    """What `verify=False` gives up: seven products of Strassen hold no relation."""
    with ThreadPoolExecutor(1) as threads:
        result = CodedMatmul(catalog.strassen(), Saboteur(threads, {0: "sign"}, 7), verify=False).multiply(A, B)
    assert not right(result.product)
    assert result.report.lying == ()


def test_answers_that_contradict_each_other_without_remedy_are_an_error():
    """Two copies see a lie and cannot say whose it is; S7 of the first copy fails, so the second is waited for."""
    with ThreadPoolExecutor(1) as threads:
        fates = {0: "sign", 6: "fail"}
        coded = CodedMatmul(copies(catalog.strassen(), 2), Saboteur(threads, fates), verify=False, shipping="messages")
        with pytest.raises(CodingError, match=r"contradict each other.*13 not known to be wrong, 1 dead.*verify=True"):
            coded.multiply(A, B)


def test_too_few_workers_are_refused_with_the_threshold(pool):
    fates = dict.fromkeys((0, 3, 5, 8, 9, 13), "die")
    with pytest.raises(
        CodingError, match=r"expected any 9 of 14 right answers, got 8 not known to be wrong, 6 dead \(node .*died\)"
    ):
        CodedMatmul(CIRCLE, Saboteur(pool, fates), shipping="shared").multiply(A, B)
    with pytest.raises(CodingError, match="expected any 13 of 14 right answers, got 12 not known to be wrong, 2 wrong"):
        CodedMatmul(UNION, Saboteur(pool, {2: "sign", 11: "zero"}), shipping="shared").multiply(A, B)


def test_workers_that_all_stand_still_end_at_the_deadline(pool):
    started = time.monotonic()
    with pytest.raises(
        CodingError, match=r"too few answers within 0.5 s.*6 without an answer \(nodes 0, 3, 5, 8, 9, 13\)"
    ):
        CodedMatmul(
            CIRCLE, Saboteur(pool, dict.fromkeys((0, 3, 5, 8, 9, 13), "stop")), shipping="shared", deadline=0.5
        ).multiply(A, B)
    assert time.monotonic() - started < 30  # and not the minute and more of the default


def test_an_executor_that_dies_as_a_whole_is_an_error_not_a_hang():
    with ProcessPoolExecutor(2) as processes:
        coded = CodedMatmul(UNION, Saboteur(processes, dict.fromkeys(range(14), "die")), shipping="shared")
        with pytest.raises(CodingError, match=r"14 dead .*BrokenProcessPool"):
            coded.multiply(A, B)
        with pytest.raises(CodingError, match="14 dead"):
            coded.multiply(A, B)


def test_a_closed_pool_is_an_error():
    pool = WorkerPool(2)
    coded = CodedMatmul(UNION, pool)
    pool.close()
    with pytest.raises(CodingError, match=r"14 dead .*the pool is closed"):
        coded.multiply(A, B)


def test_process_pools_and_fewer_workers_than_nodes_do_as_well():
    with ProcessPoolExecutor(2) as processes:
        result = CodedMatmul(UNION, processes).multiply(A, B)
    assert right(result.product)
    assert result.report.shipping == "shared"
    with WorkerPool(2) as pool:
        result = CodedMatmul(CIRCLE, Saboteur(pool, {0: "die", 1: "stop", 2: "die"}), shipping="shared").multiply(A, B)
    assert right(result.product)
