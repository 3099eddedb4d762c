"""How blocks travel: nothing is left behind, and too little room is an error before it is a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from coding.bilinear import catalog
from coding.bilinear.execution import CodedMatmul, WorkerPool, shipping
from coding.bilinear.execution.blocks import BlockGrid
from coding.bilinear.execution.node import encode, node_product
from coding.errors import CodingError

GRID = BlockGrid.of((4, 6), (6, 2), shape=(2, 2, 2))


def test_each_executor_gets_what_fits_it():
    class Elsewhere:
        """Like MPI's: tasks are all it takes."""

    with ThreadPoolExecutor(1) as threads, ProcessPoolExecutor(1) as processes, WorkerPool(1, preload=()) as pool:
        kinds = [shipping.shipping_for(executor) for executor in (threads, processes, pool, Elsewhere())]
    assert kinds == ["memory", "shared", "shared", "messages"]


@pytest.mark.parametrize("kind", ["memory", "shared", "messages"])
def test_a_node_computes_the_same_however_blocks_travel(kind):
    rng = np.random.default_rng(1)
    room = shipping.shipment(kind, None, grid=GRID, nodes=7, stored=np.dtype(np.float32))
    room.left[...], room.right[...] = rng.normal(size=GRID.left), rng.normal(size=GRID.right)
    room.ship(1.0)
    u, v = np.array([1, 0, -1, 2], np.float32), np.array([0, -1, 1, 0], np.float32)
    arguments, options = room.arguments(5, u, v)
    answer = node_product(*arguments, **options)
    expected = (room.left[0] - room.left[2] + 2 * room.left[3]) @ (room.right[2] - room.right[1])
    np.testing.assert_allclose(room.product(5, answer), expected, rtol=1e-5)
    assert answer.worker.endswith(f":{os.getpid()}")
    room.close()


def test_encoding_uses_each_coefficient():
    blocks = np.random.default_rng(2).normal(size=(4, 3, 3))
    for coefficients in ([0, 0, 0, 0], [0, 1, 0, 0], [0, -1, 0, 0], [1, -1, 2, 0.5]):
        expected = np.tensordot(coefficients, blocks, 1)
        np.testing.assert_allclose(encode(blocks, np.array(coefficients, float)), expected, atol=1e-15)
    kept = blocks.copy()
    encode(blocks, np.array([1.0, 1.0, 0, 0]))
    np.testing.assert_array_equal(blocks, kept)


def test_shared_memory_is_removed_also_after_an_error():
    room = shipping.shipment("shared", None, grid=GRID, nodes=7, stored=np.dtype(float))
    places = [Path("/dev/shm") / memory.name for memory in room._memories]
    held = room.product(3, None)  # as the frames of an error on its way up do
    room.close()
    room.close()
    assert held.shape == GRID.product
    assert not any(place.exists() for place in places)


@pytest.mark.skipif(not Path("/dev/shm").exists(), reason="shared memory is no file system here")
def test_too_little_shared_memory_is_an_error_not_a_crash(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    before = set(Path("/dev/shm").iterdir())
    with pytest.raises(CodingError, match=r'no room in shared memory: expected .* bytes.*shipping="messages"'):
        shipping.shipment("shared", None, grid=GRID, nodes=7, stored=np.dtype(float))
    assert set(Path("/dev/shm").iterdir()) <= before


def test_workers_of_a_process_pool_do_not_claim_the_memory_for_themselves():
    """Before Python 3.13 whoever opens a segment registers as its owner, and complains or removes it at its end."""
    script = (
        "import numpy as np\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from coding.bilinear import catalog\n"
        "from coding.bilinear.execution import CodedMatmul\n"
        "with ProcessPoolExecutor(2) as pool:\n"
        "    pool.submit(abs, 1).result()\n"
        "    for _ in range(3):\n"
        "        print(CodedMatmul(catalog.strassen(), pool).multiply(np.eye(9), np.eye(9)).product.sum())\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("9.0\n" * 3, "")


def test_a_script_without_main_guard_may_use_a_worker_pool(tmp_path):
    """`multiprocessing` would import the script again in each worker, and start pools without end."""
    script = tmp_path / "naive.py"
    script.write_text(
        "import numpy as np\n"
        "from coding.bilinear import catalog\n"
        "from coding.bilinear.execution import CodedMatmul, WorkerPool\n"
        "pool = WorkerPool(2)\n"
        "print(CodedMatmul(catalog.strassen(), pool).multiply(np.eye(3), np.eye(3)).product.sum())\n"
    )
    folder = str(Path(shipping.__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": folder}
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, env=environment)
    assert (ran.stdout, ran.stderr) == ("3.0\n", "")


def test_messages_serve_executors_without_shared_memory():
    with WorkerPool(2) as pool:
        coded = CodedMatmul(catalog.strassen(), pool, shipping="messages")
        result = coded.multiply(np.arange(6).reshape(2, 3), np.eye(3))
    np.testing.assert_allclose(result.product, np.arange(6).reshape(2, 3))
    assert result.report.shipping == "messages"
