"""Standard output and error when nobody reads them any more, or the disk behind them is full.

try:
    click.echo(text)
except BrokenPipeError:
    abandon_output()                 # the interpreter's last flush goes nowhere, and says nothing
"""

from __future__ import annotations

import errno
import os
import sys

REFUSED_BY_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Errors of a write that are the disk's doing, not the program's."""


def abandon_output() -> None:
    """Point standard output at nothing, so that what is still buffered can be thrown away."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
