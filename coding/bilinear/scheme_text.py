"""Schemes by a line of text, for sweep files and command lines.

>>> read_scheme("strassen + winograd").nodes, read_scheme("3 * strassen").nodes
(14, 21)
>>> read_scheme("2 * (strassen * strassen)")                       # two copies of a nest: 4 x 4 blocks, 98 nodes
BilinearScheme('2xstrassen*strassen', 4x4x4, 98 nodes, integer)
>>> read_scheme("found_14 + 2x2x2")
Traceback (most recent call last):
...
coding.errors.CodingError: scheme: no such scheme: expected one of catalog.names(), or ep(nodes), got '2x2x2'

`+` is the union, `*` the nest, a number times a scheme are copies; a name is one of `catalog.names()`, and ``ep(14)``
is the entangled polynomial code of 2 x 2 blocks on 14 points of the unit circle.  A text means the same scheme for
ever, so there is no "best" one.
"""

from __future__ import annotations

import re

from coding.bilinear import catalog, codes
from coding.bilinear.combine import copies
from coding.bilinear.scheme import BilinearScheme
from coding.errors import CodingError

TOKEN = re.compile(r"\s*(\w+|[+*()])")
LONGEST = 1000  # characters
MOST_NODES = 1024
"""Larger schemes are refused: to verify them would take many seconds."""
DEEPEST = 20  # brackets in brackets


def read_scheme(text: str) -> BilinearScheme:
    """The scheme that `text` describes.

    Raises:
        CodingError: not such a text, an unknown name, shapes that do not fit, or more than `MOST_NODES` nodes.
    """
    if len(text) > LONGEST:
        raise CodingError(
            "too long a text", where="scheme", expected=f"at most {LONGEST} characters", got=f"{len(text)} characters"
        )
    return _Reader(text).whole()


class _Reader:
    """A recursive descent: sum, then product, then name or bracket."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        self._depth = 0
        at, end = 0, len(text.rstrip())
        while at < end:
            found = TOKEN.match(text, at)
            if found is None:
                raise self._unreadable(repr(text[at:].strip()[0]))
            self._tokens.append(found[1])
            at = found.end()

    def whole(self) -> BilinearScheme:
        scheme = self._sum()
        if self._tokens:
            raise self._unreadable(repr(self._tokens[0]))
        return scheme

    def _sum(self) -> BilinearScheme:
        total = self._product()
        while self._next_is("+"):
            part = self._product()
            _refuse_large(total.nodes + part.nodes)
            total = total + part
        return total

    def _product(self) -> BilinearScheme:
        if self._tokens and self._tokens[0].isdecimal():
            count = int(self._tokens.pop(0))
            if not self._next_is("*"):
                raise self._unreadable("a number that multiplies nothing")
            total = self._copies(count, self._factor())
        else:
            total = self._factor()
        while self._next_is("*"):
            inner = self._factor()
            _refuse_large(total.nodes * inner.nodes)
            total = total * inner
        return total

    def _copies(self, count: int, scheme: BilinearScheme) -> BilinearScheme:
        if count < 1:
            raise self._unreadable("no copies at all")
        _refuse_large(count * scheme.nodes)
        return scheme if count == 1 else copies(scheme, count)

    def _factor(self) -> BilinearScheme:
        if self._next_is("("):
            self._depth += 1
            if self._depth > DEEPEST:
                raise self._unreadable(f"more than {DEEPEST} brackets in each other")
            scheme = self._sum()
            self._close()
            self._depth -= 1
            return scheme
        if not self._tokens or not self._tokens[0][0].isalnum() or self._tokens[0].isdecimal():
            raise self._unreadable(repr(self._tokens[0]) if self._tokens else "its end")
        name = self._tokens.pop(0)
        if name == "ep" and self._next_is("("):
            return self._entangled()
        if name not in catalog.names():
            raise CodingError(
                "no such scheme",
                where="scheme",
                expected="one of catalog.names(), or ep(nodes)",
                got=repr(name),
            )
        return catalog.load(name)

    def _entangled(self) -> BilinearScheme:
        if not self._tokens or not self._tokens[0].isdecimal():
            raise self._unreadable("ep() without a number of nodes")
        nodes = int(self._tokens.pop(0))
        self._close()
        _refuse_large(nodes)
        return codes.entangled_polynomial((2, 2, 2), nodes=nodes, points="circle")

    def _close(self) -> None:
        if not self._next_is(")"):
            raise self._unreadable("a bracket that is not closed")

    def _next_is(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            del self._tokens[0]
            return True
        return False

    def _unreadable(self, found: str) -> CodingError:
        return CodingError(
            "not a scheme",
            where="scheme",
            expected='names joined by + and *, as in "strassen + winograd" or "3 * strassen"',
            got=f"{found} in {self._text!r}",
        )


def _refuse_large(nodes: int) -> None:
    if nodes > MOST_NODES:
        raise CodingError("too large", where="scheme", expected=f"at most {MOST_NODES} nodes", got=f"{nodes} nodes")
