"""The ledger on disk: whole lines only, idempotent union, loud conflicts, nothing lost to a full disk."""

from __future__ import annotations

import errno
import json
import os
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.errors import ConflictError, LedgerError, StorageError
from experiments.ledger import Ledger, Manifest
from experiments.ledger.reader import read_shards
from experiments.ledger.record import Record, decode, encode
from experiments.ledger.shard import ShardWriter

TASK = "ab" * 32


def record(batch: int, errors: int = 3, *, size: int = 10, task: str = TASK, env: str = "e1") -> Record:
    return Record(task, batch, size, msgspec.Raw(b'{"counts":[%d,%d]}' % (size, errors)), cpu=0.25, env=env)


def shard(directory: Path, name: str, *records: Record, tail: bytes = b"") -> Path:
    path = directory / name
    path.write_bytes(b"".join(map(encode, records)) + tail)
    return path


def states(path: Path) -> dict[str, list[tuple[int, int, bytes]]]:
    contents = read_shards(path.glob("*.jsonl"))
    return {
        task: sorted((*key, bytes(found.state)) for key, found in batches.items())
        for task, batches in contents.batches.items()
    }


@given(st.integers(0, 2**40), st.integers(1, 2**40), st.floats(0, 1e6), st.text(max_size=40))
def test_a_record_reads_back_from_its_line(batch: int, size: int, cpu: float, error: str) -> None:
    for written in (
        Record(TASK, batch, size, msgspec.Raw(b'{"counts":[1,0]}'), cpu=cpu, env="e"),
        Record(TASK, batch, size, error=error or "x", cpu=cpu, env="e"),
    ):
        line = encode(written)
        assert line.endswith(b"\n")
        assert json.loads(line)["t"] == TASK
        found = decode(line[:-1])
        assert found is not None
        assert (found.key, found.state, found.error) == (written.key, written.state, written.error)
        assert found.cpu == pytest.approx(cpu, rel=1e-5)


@given(st.integers(0, 200), st.integers(1, 255))
def test_any_changed_byte_is_noticed(position: int, change: int) -> None:
    line = bytearray(encode(record(1))[:-1])
    line[position % len(line)] ^= change
    assert decode(bytes(line)) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30), st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_union_of_shards_ignores_order_and_multiplicity(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[int, int]], rng: random.Random
) -> None:
    once, twice = tmp_path_factory.mktemp("once"), tmp_path_factory.mktemp("twice")
    records = [record(batch, task=f"{task:064x}") for batch, task in keys]
    shard(once, "a.jsonl", *records)
    repeated = records * 2
    rng.shuffle(repeated)
    cut = rng.randrange(len(repeated) + 1)
    shard(twice, "x.jsonl", *repeated[:cut])
    shard(twice, "y.jsonl", *repeated[cut:])
    assert states(once) == states(twice)


def test_a_torn_tail_is_reported_and_skipped(tmp_path: Path) -> None:
    shard(tmp_path, "a.jsonl", record(0), record(1), tail=encode(record(2))[:-9])
    contents = read_shards(tmp_path.glob("*.jsonl"))
    assert sorted(contents.batches[TASK]) == [(0, 10), (1, 10)]
    assert len(contents.problems) == 1
    assert "a.jsonl: torn last line skipped" in contents.problems[0]


def test_a_damaged_line_is_reported_with_its_number_and_skipped(tmp_path: Path) -> None:
    path = shard(tmp_path, "a.jsonl", record(0), record(1), record(2))
    path.write_bytes(path.read_bytes().replace(b'"b":1,', b'"b":7,'))
    contents = read_shards([path])
    assert sorted(contents.batches[TASK]) == [(0, 10), (2, 10)]
    assert contents.problems[0].startswith("a.jsonl:2: damaged line skipped")


def test_two_different_results_for_one_batch_are_a_loud_error_naming_both(tmp_path: Path) -> None:
    shard(tmp_path, "a.jsonl", record(0), record(1, errors=3))
    shard(tmp_path, "b.jsonl", record(1, errors=4, env="e2"))
    with pytest.raises(ConflictError) as conflict:
        read_shards(tmp_path.glob("*.jsonl"))
    message = str(conflict.value)
    for word in ("a.jsonl:2 and b.jsonl:1", "batch 1", "[10,3]", "[10,4]", "environments e1 and e2"):
        assert word in message


def test_the_same_batch_in_two_sizes_is_no_conflict(tmp_path: Path) -> None:
    shard(tmp_path, "a.jsonl", record(1, size=10), record(1, size=7))
    assert sorted(read_shards(tmp_path.glob("*.jsonl")).batches[TASK]) == [(1, 7), (1, 10)]


def test_a_failed_batch_counts_as_failure_until_it_succeeds(tmp_path: Path) -> None:
    failed = Record(TASK, 0, 10, error="boom", env="e")
    shard(tmp_path, "a.jsonl", failed)
    assert read_shards(tmp_path.glob("*.jsonl")).failures[TASK].error == "boom"
    shard(tmp_path, "b.jsonl", record(0))
    assert read_shards(tmp_path.glob("*.jsonl")).failures == {}


def test_a_full_disk_cuts_back_to_whole_lines_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = ShardWriter(tmp_path)
    writer.append([record(0)])
    real_write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) <= 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, bytes(data[: len(data) - 20]))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match=r"No space left on device.*safe.*resume"):
        writer.append([record(1)])
    monkeypatch.undo()
    writer.close()
    contents = read_shards(tmp_path.glob("*.jsonl"))
    assert (sorted(contents.batches[TASK]), contents.problems) == ([(0, 10)], [])


def test_a_writer_without_records_leaves_no_file(tmp_path: Path) -> None:
    with ShardWriter(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_future_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 99, "study": "coin"}')
    with pytest.raises(LedgerError, match=r"newer version: expected manifest format <= 1, got 99; upgrade"):
        Ledger.open(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 1}', '{"format": "one"}'])
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(LedgerError, match="manifest is damaged"):
        Manifest.load(tmp_path)


def test_a_directory_without_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"no ledger here.*qsim run"):
        Ledger.open(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="not a directory"):
        Ledger.open(tmp_path / "file")
