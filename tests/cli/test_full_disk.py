"""A disk that fills up: the kernel refuses to let files grow, the run says so, and the next one carries on.

The limit on file size (RLIMIT_FSIZE) makes real writes fail with a real errno in the middle of a shard.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Folder


def _files_end_at(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("engine", ["in-process", "local"])
def test_a_disk_that_fills_during_a_run_stops_it_resumably(folder: Folder, engine: str) -> None:
    folder.coins(batches=60)
    folder.made("coin.toml", "calm")
    words = ["run", "coin.toml", "--out", "out", "--engine", engine]

    full = folder.qsim(*words, preexec_fn=_files_end_at(8000))
    assert full.code == 3
    assert "the ledger cannot be written (File too large)" in full.errors
    assert "make room" in full.errors

    (shard,) = (folder.path / "out" / "shards").glob("*.jsonl")
    kept = shard.read_bytes()
    assert 0 < len(kept) <= 8000
    assert kept.endswith(b'"}\n')  # cut back to its last whole line
    status = folder.qsim("status", "out", "--json")
    assert '"problems": []' in status.output

    assert folder.qsim(*words).code == 0
    assert shard.read_bytes() == kept
    assert folder.csv("out") == folder.csv("calm")
    assert folder.lines("out") == folder.lines("calm") == 3 * 60  # nothing was lost, nothing ran twice


def test_a_disk_that_is_full_before_a_resumed_run_changes_nothing(folder: Folder) -> None:
    folder.coins(batches=4)
    folder.made("coin.toml", "out")
    before = folder.files()
    full = folder.run("coin.toml", "out", "--set", "stop.max_shots=4096", preexec_fn=_files_end_at(100))
    assert full.code in (2, 3)
    assert "out/manifest.json: cannot write (File too large); make room" in full.errors
    assert folder.files() == before
    assert folder.run("coin.toml", "out", "--set", "stop.max_shots=4096").code == 0


def test_a_disk_that_is_full_before_the_first_run_leaves_nothing_in_the_way(folder: Folder) -> None:
    folder.coins(batches=4)
    full = folder.run("coin.toml", "out", preexec_fn=_files_end_at(100))
    assert full.code in (2, 3)
    assert "manifest.json: cannot write (File too large); make room" in full.errors
    (folder.path / "out" / ".manifest.json.0123456789ab").write_text("half a mani")  # as a killed run leaves it
    assert folder.run("coin.toml", "out").code == 0


@pytest.mark.parametrize("words", [["plot", "out"], ["report", "out"], ["export", "out"]], ids=lambda words: words[0])
def test_products_of_a_ledger_that_cannot_be_written_say_so(folder: Folder, words: list[str]) -> None:
    folder.coins(batches=2)
    folder.made("coin.toml", "out")
    full = folder.qsim(*words, preexec_fn=_files_end_at(50))
    assert full.code == 3
    assert "File too large" in full.errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["table", "out"], ["table", "out", "--csv"], ["status", "out"], ["studies"]])
def test_output_into_a_full_disk_is_no_success(folder: Folder, words: list[str]) -> None:
    folder.coins(batches=2)
    folder.made("coin.toml", "out")
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = folder.qsim(*words, stdout=full)
    finally:
        os.close(full)
    assert done.code == 3
    assert "cannot write (No space left on device); make room" in done.errors
