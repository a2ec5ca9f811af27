"""What files are made of, as bytes: the pieces of extensions, which are kept, and what is around them.

A target is asked for its files with marks in place of the texts of pieces: so these, of many thousands of extensions,
are read and written without looking at them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from policyc.rope import Bytes, Rope, encoded
from policyc.targets import Piece
from policyc.values import value

MOST_LAYERS: Final = 16  # of pieces: reading one more takes longer than to write all of them once more
_MARK: Final = re.compile(b"\0([^\0]*)\0")


@value()
class Made:
    """A piece, its texts as bytes."""

    texts: tuple[Bytes, ...]
    facts: tuple[str, ...]


Pieces = Mapping[str, Made]  # by number
Frame = Mapping[str, Sequence[bytes]]  # by file: what is around pieces, and between each two the mark of one


def made(pieces: Mapping[str, Piece]) -> dict[str, Made]:
    """Return pieces as bytes."""
    return {number: Made(tuple(map(encoded, one.texts)), one.facts) for number, one in pieces.items()}


def marked(pieces: Pieces) -> dict[str, Piece]:
    """Return pieces with marks in place of their texts, for `frame`; what is empty stays so."""

    def marks(number: str, texts: Iterable[Bytes]) -> tuple[str, ...]:
        return tuple([f"\0{number} {at}\0" if text else "" for at, text in enumerate(texts)])

    return {number: Piece(marks(number, one.texts), one.facts) for number, one in pieces.items()}


def frame(files: Mapping[str, str]) -> Frame:
    """Return files that were made with marks, as `filled` wants them."""
    return {name: _MARK.split(encoded(file)) for name, file in files.items()}


def filled(frame: Frame, pieces: Pieces) -> dict[str, Rope] | None:
    """Return files with the texts of pieces in place of marks, None if there are marks for anything else."""
    texts = {f"{number} {at}".encode(): text for number, one in pieces.items() for at, text in enumerate(one.texts)}
    found = {}
    for name, parts in frame.items():
        marks = parts[1::2]
        if not texts.keys() >= set(marks):
            return None
        chunks: list[Bytes] = [*parts]
        chunks[1::2] = [texts[mark] for mark in marks]
        found[name] = Rope(chunks)
    return found


def layer(pieces: Pieces) -> bytes:
    """Return pieces as data to be kept: a line of JSON that says how long each of their texts is, and these."""
    index = [(number, list(map(len, one.texts)), one.facts) for number, one in pieces.items()]
    head = json.dumps(index, separators=(",", ":")).encode()
    return b"".join([head, b"\n", *(text for one in pieces.values() for text in one.texts)])


def of_layers(layers: Iterable[bytes | None]) -> dict[str, Made] | None:
    """Return the pieces of layers, of which later ones count; None if any is lost."""
    found: dict[str, Made] = {}
    for data in layers:
        if data is None:
            return None
        at = data.index(b"\n") + 1
        whole = memoryview(data)
        for number, sizes, facts in json.loads(data[: at - 1]):
            texts = []
            for size in sizes:
                texts.append(whole[at : at + size])
                at += size
            found[number] = Made(tuple(texts), tuple(facts))
    return found
