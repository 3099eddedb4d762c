"""What a run looks like on a terminal, in a log file, and to a reader that left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import termios

import pytest
from command_line import Folder

OFTEN = "import experiments.watch as watch; watch.QUIET_INTERVAL = 0.1"


def _on_terminal(folder: Folder, *words: str, columns: int = 100) -> tuple[int, str]:
    """Exit code and everything drawn, of a command whose streams are a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    terminal = {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "24"}
    process = folder.start(*words, stdin=theirs, stdout=theirs, stderr=theirs, env=terminal)
    os.close(theirs)
    drawn = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal nobody holds with an error
        while data := os.read(ours, 65536):
            drawn += data
    os.close(ours)
    return process.wait(60), drawn.decode()


def test_a_terminal_shows_a_live_table_and_is_left_clean(folder: Folder) -> None:
    folder.coins(work=0.01, batches=40)
    code, drawn = _on_terminal(folder, "run", "coin.toml", "--out", "out", "--workers", "2")
    assert code == 0
    assert "Traceback" not in drawn
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)
    assert re.search(r"p +shots +errors +estimate \(anytime-valid interval\) +state", plain)
    assert re.search(r"0\.2 +[\d,]+ +[\d,]+ +0\.\d+\(\d+\) \[95 %: 0\.\d+, 0\.\d+\] +(running|max_shots)", plain)
    assert re.search(r"\d/3 tasks, [\d,]+ shots, \d+ batches, \d+ s, 2 workers", plain)
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h") == 1  # the cursor hidden, and shown again
    last = plain[plain.rindex("3 of 3 tasks complete") :]
    assert "every task has ended" in last
    assert "waiting" not in last


def test_a_narrow_terminal_breaks_nothing(folder: Folder) -> None:
    folder.coins(work=0.01, batches=20)
    code, drawn = _on_terminal(folder, "run", "coin.toml", "--out", "out", columns=30)
    assert code == 0
    assert "Traceback" not in drawn


def test_a_log_gets_plain_lines_without_escape_codes(folder: Folder) -> None:
    folder.coins(work=0.01, batches=40)
    done = folder.run("coin.toml", "out", before=OFTEN)
    assert (done.code, done.output) == (0, "")
    assert "\x1b" not in done.errors
    assert "\r" not in done.errors
    *lines, last = done.errors.splitlines()
    assert len(lines) >= 2
    assert all(re.fullmatch(r"\d/3 tasks, [\d,]+ shots, [\d,]+ batches, \d+ s, 1 workers", line) for line in lines)
    assert last.startswith("3 of 3 tasks complete, 30,720 shots published; 120 batches run in ")


def test_a_short_run_says_one_line(folder: Folder) -> None:
    folder.coins()
    done = folder.run("coin.toml", "out")
    assert done.output == ""
    assert re.fullmatch(
        r"3 of 3 tasks complete, 6,144 shots published; 24 batches run in [\d.]+ s: every task has ended\n", done.errors
    )


@pytest.mark.parametrize(
    "words", [["table", "out"], ["table", "out", "--csv"], ["table", "out", "--json"], ["status", "out"], ["studies"]]
)
def test_a_reader_that_left_is_no_error(folder: Folder, words: list[str]) -> None:
    """As in ``qsim table out | head -1``, with the reader gone for certain before the first line."""
    folder.coins(batches=2)
    folder.made("coin.toml", "out")
    theirs, ours = os.pipe()
    os.close(theirs)
    try:
        done = folder.qsim(*words, stdout=ours)
    finally:
        os.close(ours)
    assert (done.code, done.errors) == (0, "")


@pytest.mark.parametrize("before", ["", OFTEN], ids=["at the end", "while it runs"])
@pytest.mark.parametrize(("words", "code"), [([], 0), (["--max-seconds", "0.1"], 3)])
def test_a_run_that_nobody_reads_ends_with_its_own_exit_code(
    folder: Folder, words: list[str], code: int, before: str
) -> None:
    folder.coins(work=0.02, batches=10)
    theirs, ours = os.pipe()
    os.close(theirs)
    try:
        done = folder.run("coin.toml", "out", *words, stdout=ours, stderr=ours, before=before)
    finally:
        os.close(ours)
    assert done.code == code
    assert folder.lines("out") > 0
