"""The size of a circuit, read off its text without loading stim.

>>> detectors_in("REPEAT 3 {\\n  M 0\\n  DETECTOR rec[-1]\\n}\\nDETECTOR rec[-2]")
4
"""

from __future__ import annotations


def detectors_in(text: str) -> int:
    """Detectors a circuit text declares, REPEAT blocks multiplied out; the text is read and not parsed."""
    totals: list[int] = [0]
    factors: list[int] = []
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words and words[0].upper().startswith("REPEAT"):
            factors.append(int(words[1]) if len(words) > 1 and words[1].isdecimal() else 1)
            totals.append(0)
        elif words and words[0] == "}" and factors:
            inside = totals.pop()
            totals[-1] += inside * factors.pop()
        elif words and words[0].upper().startswith("DETECTOR"):
            totals[-1] += 1
    return totals[0]
