"""How much memory there is, and refusals that name the numbers.

>>> text_of_bytes(2.0**34)
'16 GiB'
"""

from __future__ import annotations

import os

UNITS = (("TiB", 2.0**40), ("GiB", 2.0**30), ("MiB", 2.0**20), ("kiB", 2.0**10))


def usable_bytes() -> float:
    """Half of this machine's memory [bytes]: what a backend takes unless told otherwise."""
    return 0.5 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def text_of_bytes(count: float) -> str:
    """A number of bytes in the largest unit that is not above it."""
    for unit, size in UNITS:
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"
