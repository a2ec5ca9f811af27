"""A dialplan in, its parts out: a line for one destination does nothing for calls to others, in whichever context.

That holds where its first condition is just that destination, where no action is for calls that fail it, and where
nothing is said before it is XML.
"""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import pairwise
from typing import Final

from policyc.proof.parts import Lazily, Parts, Piece, only

_LINE: Final = '  <extension name="'
_END: Final = "  </extension>\n"
_CONTEXT: Final = re.compile(r"<context ")
_OWN: Final = re.compile(
    r'  <extension name="[^"]*">\n    <condition field="destination_number" expression="\^([0-9]+)\$"/?>\n'
)
_NAME: Final = re.compile(r'(  <extension name=")[^"]*')  # it decides nothing
_DATA: Final = re.compile(r' data="([^"]*)"')
_NUMBER: Final = re.compile(r"\b[0-9]+\b")
_MAILBOX: Final = re.compile(r'(?<= data=")([0-9]+) XML policyc-mailbox(?=")')


def parts(files: Mapping[str, str], numbers: AbstractSet[str]) -> Parts | None:
    """Return the parts of a dialplan, None if it cannot be cut; `numbers` are those of the extensions."""
    [(name, text)] = files.items()
    if "<anti-action" in text or "x-pre-process" in text.lower():
        return None
    pieces: list[Piece] = []
    written: dict[str, str] = {}
    starts = [*(found.start() for found in _CONTEXT.finditer(text)), len(text)]
    pieces.append((None, text[: starts[0]]))
    for start, end in pairwise(starts):
        lines = _lines(text[start:end], numbers)
        pieces += lines
        for number in dict.fromkeys(owner for owner, _ in lines if owner is not None):
            # In its own order with those that are for all: the first one that matches decides.
            mine = "".join([said for owner, said in lines if owner is None or owner == number])
            written[number] = written.get(number, "") + mine
    own = Lazily(written, lambda number: _NAME.sub(r"\1", written[number]))
    leads = Lazily(written, lambda number: _leads(_MAILBOX.sub("", written[number]), numbers))
    boxes = Lazily(written, lambda number: numbers & set(_MAILBOX.findall(written[number])))
    shared = _NAME.sub(r"\1", "".join(piece for owner, piece in pieces if owner is None))
    return Parts(shared, written, own, leads, boxes, _leads(shared, numbers), partial(only, name, pieces))


def _lines(context: str, numbers: Collection[str]) -> list[Piece]:
    """Return the lines of a context, and what is between them."""
    found: list[Piece] = []
    done = 0
    while (start := context.find(_LINE, done)) >= 0 and (end := context.find(_END, start)) >= 0:
        end += len(_END)
        line = _OWN.match(context, start)
        if line and line[1] in numbers and "<!" not in context[start:end]:
            found += ((None, context[done:start]), (line[1], context[start:end]))
        else:
            found.append((None, context[done:end]))
        done = end
    found.append((None, context[done:]))
    return [(owner, piece) for owner, piece in found if piece]


def _leads(text: str, numbers: AbstractSet[str]) -> AbstractSet[str]:
    return numbers & {number for data in _DATA.findall(text) for number in _NUMBER.findall(data)}
