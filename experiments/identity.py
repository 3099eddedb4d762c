"""What a task *is*: its content-addressed id, and the random stream of each of its batches.

A task is (study, version, parameters) and nothing else; labels, file names and hosts do not count.  Parameters that
stand at their default are left out, so a study may gain a parameter with a default without orphaning old ledgers
(changing a default changes the meaning: bump the version).

>>> task_id("coin", 1, {"p": 0.5})[:8]
'8b9cd0d6'
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from experiments.study import JSON

if TYPE_CHECKING:
    import numpy as np


def canonical_json(value: JSON) -> bytes:
    """The one byte string of a JSON value: keys sorted, no spaces, ASCII, shortest float that reads back the same.

    Raises:
        ValueError: for NaN and infinities, which JSON does not have.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True).encode()


def task_id(study: str, version: int, params: Mapping[str, JSON]) -> str:
    """SHA-256, in hex, of the canonical JSON of study, version and non-default parameters."""
    return hashlib.sha256(canonical_json({"study": study, "version": version, "params": dict(params)})).hexdigest()


def batch_seed(root: int, task: str, batch: int) -> np.random.SeedSequence:
    """The random stream of one batch: ``SeedSequence(root, spawn_key=(eight words of the task id, batch))``.

    Streams of different batches, tasks and roots are independent, whoever draws them and in whatever order.
    """
    import numpy as np

    words = (int(task[i : i + 8], 16) for i in range(0, 64, 8))
    return np.random.SeedSequence(root, spawn_key=(*words, batch))


def draw_root_seed() -> int:
    """128 bits of entropy from the operating system, for a sweep that names no seed."""
    import secrets

    return secrets.randbits(128)
