"""A dialplan in, its parts out: the context of an extension is found by its name, wherever it stands."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import pairwise
from typing import Final

from policyc.proof.parts import Lazily, Parts, Piece, only

_HEADER: Final = re.compile(r"\n[\x01-\x09\x0b-\x20]*\[")
_OWN: Final = re.compile(r"\[policyc-([0-9]+)\][ \t]*\n")
_COMMENT: Final = re.compile(r";(?<!\\;)[^\n]*")
_ELSEWHERE: Final = re.compile(r"\n\ufeff?[\x01-\x20]*#")  # another file
_COMMENT_OF_LINES: Final = re.compile(r";(?<!\\;)--")
_NUMBER: Final = re.compile(r"\b[0-9]+\b")
_MAILBOX: Final = re.compile(r"policyc-mailbox,(?<!\wpolicyc-mailbox,)([0-9]+)\b")


def parts(files: Mapping[str, str], numbers: AbstractSet[str]) -> Parts | None:
    """Return the parts of a dialplan, None if it cannot be cut; `numbers` are those of the extensions."""
    [(name, text)] = files.items()
    if _COMMENT_OF_LINES.search(text) or _ELSEWHERE.search("\n" + text):
        return None
    starts = [0, *[found.start() + 1 for found in _HEADER.finditer(text)], len(text)]
    pieces: list[Piece] = []
    shared: list[str] = []
    written: dict[str, str] = {}
    for start, end in pairwise(starts):
        header = _OWN.match(text, start)
        owner = header[1] if header and header[1] in numbers else None
        piece = text[start:end]
        pieces.append((owner, piece))
        if owner is None:
            shared.append(_COMMENT.sub("", piece))
        else:
            written[owner] = written.get(owner, "") + piece
    own = Lazily(written, lambda number: _COMMENT.sub("", written[number]))
    leads = Lazily(written, lambda number: numbers & set(_NUMBER.findall(_MAILBOX.sub("", own[number]))))
    boxes = Lazily(written, lambda number: numbers & set(_MAILBOX.findall(own[number])))
    together = "".join(shared)
    to = numbers & set(_NUMBER.findall(together))
    return Parts(together, written, own, leads, boxes, to, partial(only, name, pieces))
