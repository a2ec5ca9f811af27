"""A dialplan in, its parts out: a line for one destination does nothing for calls to others, in whichever context.

That holds where its first condition is just that destination, where no action is for calls that fail it, and where
nothing is said before it is XML. A line is cut out only where it is well-formed alone: comments and the like, which
could end or begin in it, are for all, from end to end.
"""

import re
from collections.abc import Set as AbstractSet
from typing import Final

from policyc.proof.cutting import Cut, Cutter, Piece
from policyc.proof.parts import Lazily, OneByOne, Parts

_PREPROCESSED: Final = re.compile(r"-(?<=x-)pre-process", re.IGNORECASE)
_ASIDE: Final = r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[!?]"
_LINE: Final = (
    r'  <extension name="[^"<]*">\n    <condition field="destination_number" expression="\^{}\$"/?>\n'
    r"[^<]*+(?:<(?![!?]|/?extension|/?context)[^<]*+)*+(?<=  )</extension>\n"
)
_LINES: Final = _LINE.format("(?P<number>[0-9]+)") + rf"(?:{_LINE.format('(?P=number)')})*+"
_ODD: Final = rf"<extension(?=[\s/>])[^<]*+(?:(?:{_ASIDE}|<(?!/extension))[^<]*+)*+"
_CUT: Final = re.compile(rf"{_LINES}|(?P<context><context )|{_ASIDE}|{_ODD}", re.DOTALL)
"""Lines of one extension beside each other, where a context begins, and what is passed over."""
_NAME: Final = re.compile(r'(  <extension name=")[^"<>]*')  # it decides nothing
_DATA: Final = re.compile(r"""data\s*=\s*("[^"]*"|'[^']*')""")
_NUMBER: Final = re.compile(r"\b[0-9]+\b")
_MAILBOX: Final = re.compile(r'data="(?<= data=")([0-9]+) XML policyc-mailbox(?=")')


def _cut(text: str, numbers: AbstractSet[str]) -> list[list[Piece]] | None:
    """Return what is before all contexts, which is for all, and each context; None if a dialplan cannot be cut.

    `numbers` are those of the extensions.
    """
    if "<anti-action" in text or _PREPROCESSED.search(text):
        return None
    pieces: list[Piece] = []
    found = [pieces]
    done = 0
    for one in _CUT.finditer(text):
        number = one["number"] if len(found) > 1 else None
        if number in numbers or one["context"]:
            start = one.start()
            if start > done:
                pieces.append((None, text[done:start]))
            done = start
            if one["context"]:
                pieces = []
                found.append(pieces)
            else:
                done = one.end()
                pieces.append((number, text[start:done]))
    pieces.append((None, text[done:]))
    return [run for run in found if run]


def _parts(cut: Cut, numbers: AbstractSet[str]) -> Parts | None:
    """Return the parts of a dialplan that is cut, None if they cannot be told apart."""
    around = [cut.text(at, ()) for at in range(len(cut.runs))]
    if len(set(around)) < len(around):  # who could tell in which of two contexts a line is?
        return None
    # In its own order with those that are for all: the first one that matches decides.
    written = OneByOne(cut.where, lambda number: "".join([cut.text(at, (number,)) for at in cut.where[number]]))
    own = OneByOne(written, lambda number: _NAME.sub(r"\1", written[number]))
    leads = Lazily(written, lambda number: _leads(_MAILBOX.sub("", written[number]), numbers))
    boxes = Lazily(written, lambda number: numbers & set(_MAILBOX.findall(written[number])))
    shared = _NAME.sub(r"\1", "".join(around))
    return Parts(shared, own, leads, boxes, _leads(shared, numbers), cut.only, cut)


def _leads(text: str, numbers: AbstractSet[str]) -> AbstractSet[str]:
    """Return the extensions that are named where actions say what they do."""
    if "&#" in text:  # any digit may be written so
        return numbers
    return numbers & {number for data in set(_DATA.findall(text)) for number in _NUMBER.findall(data)}


parts: Final = Cutter(_cut, _parts)
