"""A dialplan in, its parts out: the context of an extension is found by its name, wherever it stands."""

import re
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

from policyc.proof.cutting import Cut, Cutter, Piece
from policyc.proof.parts import Lazily, OneByOne, Parts

_HEADER: Final = re.compile(r"\n[\x01-\x09\x0b-\x20]*\[")
_OWN: Final = re.compile(r"\[policyc-([0-9]+)\][ \t]*\n")
_COMMENT: Final = re.compile(r";(?<!\\;)[^\n]*")
_ELSEWHERE: Final = re.compile(r"\n\ufeff?[\x01-\x20]*#")  # another file
_COMMENT_OF_LINES: Final = re.compile(r";(?<!\\;)--")
_NUMBER: Final = re.compile(r"\b[0-9]+\b")
_MAILBOX: Final = re.compile(r"policyc-mailbox,(?<!\wpolicyc-mailbox,)([0-9]+)\b")


def _cut(text: str, numbers: AbstractSet[str]) -> list[list[Piece]] | None:
    """Return the contexts of a dialplan, None if it cannot be cut; `numbers` are those of the extensions."""
    if _COMMENT_OF_LINES.search(text) or _ELSEWHERE.search("\n" + text):
        return None
    starts = [0, *[found.start() + 1 for found in _HEADER.finditer(text)], len(text)]
    runs: list[list[Piece]] = []
    for start, end in pairwise(starts):
        header = _OWN.match(text, start)
        runs.append([(header[1] if header and header[1] in numbers else None, text[start:end])])
    return runs


def _parts(cut: Cut, numbers: AbstractSet[str]) -> Parts:
    """Return the parts of a dialplan that is cut."""
    own = OneByOne(cut.where, lambda number: _COMMENT.sub("", cut.of(number)))
    leads = Lazily(own, lambda number: numbers & set(_NUMBER.findall(_MAILBOX.sub("", own[number]))))
    boxes = Lazily(own, lambda number: numbers & set(_MAILBOX.findall(own[number])))
    shared = "".join([_COMMENT.sub("", cut.text(at, ())) for at in range(len(cut.runs))])
    return Parts(shared, own, leads, boxes, numbers & set(_NUMBER.findall(shared)), cut.only, cut)


parts: Final = Cutter(_cut, _parts)
