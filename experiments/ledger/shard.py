"""Writing a ledger: one shard file per process, appended to, never rewritten.

A write is one ``os.write`` of whole lines, so a process that is killed loses at most the line under way; ``fdatasync``
follows at most once a second and at the end, so a power cut loses at most the last second.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from experiments.errors import StorageError
from experiments.ledger.record import Record, encode

SYNC_INTERVAL = 1.0
T = TypeVar("T")


_flush_to_disk = getattr(os, "fdatasync", os.fsync)  # macOS has fsync alone


class ShardWriter:
    """The shard of this process; the file is made at the first record.

    Raises:
        StorageError: the disk refuses a write.  The shard is cut back to its last whole line, so what was acknowledged
            stays readable and the sweep can be resumed once there is room.
    """

    def __init__(self, directory: Path) -> None:
        host = "".join(c if c.isalnum() or c == "-" else "-" for c in socket.gethostname())[:40]
        self.path = directory / f"{host}-{os.getpid()}-{time.time_ns():x}-{secrets.token_hex(3)}.jsonl"
        self._file: int | None = None
        self._length = 0
        self._synced_at = time.monotonic()
        self._dirty = False

    def append(self, records: Sequence[Record]) -> None:
        """Append records in order; they survive the death of this process once the call returns."""
        if not records:
            return
        if self._file is None:
            self._file = self._guarded(
                lambda: os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            )
        data = b"".join(encode(record) for record in records)
        file = self._file
        self._guarded(lambda: self._write_all(file, data))
        self._length += len(data)
        self._dirty = True
        if time.monotonic() - self._synced_at >= SYNC_INTERVAL:
            self.sync()

    def sync(self) -> None:
        """Force what was appended to the disk itself."""
        if self._file is not None and self._dirty:
            file = self._file
            self._guarded(lambda: _flush_to_disk(file))
            self._dirty = False
        self._synced_at = time.monotonic()

    def close(self) -> None:
        """Sync and close; an empty shard leaves no file."""
        if self._file is not None:
            try:
                self.sync()
            finally:
                os.close(self._file)
                self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_all(self, file: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]

    def _guarded(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except OSError as error:
            if self._file is not None:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, self._length)
            raise StorageError(
                f"the ledger cannot be written ({error.strerror or error})",
                where=str(self.path),
                cure="what was acknowledged is safe; make room or permit writing, then run the same command to resume",
            ) from error
