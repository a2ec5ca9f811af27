"""A dialplan in, its parts out: the context of an extension is found by its name, wherever it stands."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import pairwise
from typing import Final

from policyc.proof.parts import Parts, Piece, only

_HEADER: Final = re.compile(r"^\[", re.MULTILINE)
_OWN: Final = re.compile(r"\[policyc-([0-9]+)\][ \t]*\n")
_COMMENT: Final = re.compile(r"(?<!\\);[^\n]*")
_NOT_PLAIN: Final = re.compile(r"(?<!\\);--|^[ \t]*#", re.MULTILINE)  # a comment of several lines, or another file
_NUMBER: Final = re.compile(r"\b[0-9]+\b")
_MAILBOX: Final = re.compile(r"\bpolicyc-mailbox,([0-9]+)\b")


def parts(files: Mapping[str, str], numbers: AbstractSet[str]) -> Parts | None:
    """Return the parts of a dialplan, None if it cannot be cut; `numbers` are those of the extensions."""
    [(name, text)] = files.items()
    if _NOT_PLAIN.search(text):
        return None
    starts = [0, *(found.start() for found in _HEADER.finditer(text)), len(text)]
    pieces: list[Piece] = []
    shared: list[str] = []
    own: dict[str, str] = {}
    for start, end in pairwise(starts):
        header = _OWN.match(text, start)
        owner = header[1] if header and header[1] in numbers else None
        pieces.append((owner, text[start:end]))
        said = _COMMENT.sub("", pieces[-1][1])
        if owner is None:
            shared.append(said)
        else:
            own[owner] = own.get(owner, "") + said
    leads = {number: numbers & set(_NUMBER.findall(_MAILBOX.sub("", said))) for number, said in own.items()}
    mailboxes = {number: numbers & set(_MAILBOX.findall(said)) for number, said in own.items()}
    together = "".join(shared)
    return Parts(together, own, leads, mailboxes, numbers & set(_NUMBER.findall(together)), partial(only, name, pieces))
