"""One line of a ledger: a batch that was run, or the error it ended in, sealed with a CRC-32.

A line is one JSON object; the checksum covers the bytes before it.

    {"t":"8b9c...","b":0,"n":256,"s":{"counts":[256,31]},"cpu":0.0021,"env":"5f0c2d1a","crc":"d1b0a2f3"}

``t`` task id, ``b`` batch, ``n`` its size, ``s`` the tally's state, ``cpu`` core seconds, ``env`` the environment.
A failed batch has ``err`` (a string) instead of ``s``.  (t, b, n) is the key; ``s`` is a function of it.
"""

from __future__ import annotations

import json
import zlib

import msgspec

from experiments.study import JSON

SEAL_LENGTH = len(b',"crc":"00000000"}')


class Record(
    msgspec.Struct, frozen=True, gc=False, rename={"task": "t", "batch": "b", "size": "n", "state": "s", "error": "err"}
):
    """A decoded line.  ``state`` is still raw JSON: most readers only add it up."""

    task: str
    batch: int
    size: int
    state: msgspec.Raw = msgspec.Raw()
    error: str = ""
    cpu: float = 0.0
    env: str = ""

    @property
    def key(self) -> tuple[str, int, int]:
        """What the record claims to be: (task id, batch, size)."""
        return self.task, self.batch, self.size


_decoder = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """The sealed line of a record, newline included."""
    content = f'"s":{bytes(record.state).decode()}' if record.state else f'"err":{json.dumps(record.error)}'
    body = (
        f'{{"t":"{record.task}","b":{record.batch},"n":{record.size},{content},'
        f'"cpu":{record.cpu:.6g},"env":"{record.env}"'
    ).encode()
    return body + _seal(body) + b"\n"


def decode(line: bytes) -> Record | None:
    """The record in a line (without its newline), or None when the line is not whole."""
    body = line[:-SEAL_LENGTH]
    if line[-SEAL_LENGTH:] != _seal(body):
        return None
    try:
        return _decoder.decode(line)
    except msgspec.MsgspecError:
        return None


def decode_lines(lines: list[bytes]) -> list[Record | None]:
    """`decode` for many lines at once, several times as fast when all of them are whole."""
    crc32, length = zlib.crc32, SEAL_LENGTH
    whole = [line[-length:] == b',"crc":"%08x"}' % crc32(line[:-length]) for line in lines]
    if all(whole):
        try:
            return list(_decoder.decode_lines(b"\n".join(lines)))
        except msgspec.MsgspecError:
            pass  # sealed, yet no record: one by one finds which
    return [decode(line) for line in lines]


def _seal(body: bytes) -> bytes:
    return b',"crc":"%08x"}' % zlib.crc32(body)


def raw_state(state: JSON) -> msgspec.Raw:
    """A tally's state as raw JSON; floats keep every bit, NaN and infinities must have been encoded by the tally."""
    return msgspec.Raw(json.dumps(state, separators=(",", ":"), allow_nan=False).encode())
