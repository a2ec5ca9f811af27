"""The text of a policy in, where the blocks of its extensions stand out: by how lines begin, none of them read.

A *block* is a line `pour`, an extension, and the lines of its rules and comments. All else is the *frame*. As lines are
read one by one, and what stands behind a block here closes it, the text says what its blocks and its frame do.
"""

import re
from functools import lru_cache
from typing import Final

from policyc.values import value

_BLOCK: Final = re.compile(
    r"^pour (?!(?i:tous)\b)[^\n]*\n((?: *(?:depuis [^\n]*|#[^\n]*)?\n)+)",
    re.MULTILINE,
)
# A line that begins so starts a statement, or is none of the language; `fériés` may be a line of a block, too.
_STATEMENT: Final = re.compile(
    r"(?:pour|poste|extension|groupe|file|svi|liste|horaires|fermeture|test|garantie|politique|fuseau) "
)

Part = tuple[int, int]  # of a text


@value()
class Block:
    """A block: where it stands, its first line, and the others."""

    start: int
    end: int
    header: str
    body: str


@value()
class Blocks:
    """The blocks of a text, and the parts of it that are its frame."""

    blocks: tuple[Block, ...]
    frame: tuple[Part, ...]


@lru_cache(maxsize=2)
def split(text: str) -> Blocks | None:
    """Return the blocks of a text and its frame, or None if it is not plain where a block ends."""
    blocks: list[Block] = []
    frame: list[Part] = []
    end = 0
    for found in _BLOCK.finditer(text):
        if found.start() > end:
            frame.append((end, found.start()))
        start, end = found.span()
        blocks.append(Block(start, end, text[start : found.start(1) - 1], found[1]))
        if end < len(text) and not _STATEMENT.match(text, end):
            return None
    if end < len(text):
        frame.append((end, len(text)))
    return Blocks(tuple(blocks), tuple(frame))
