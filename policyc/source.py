"""Source text: bytes of a file in, normalised text with exact positions out.

The text of a `SourceFile` is NFC, with plain apostrophes, dashes and blanks, its lines ended by line feeds.
Each replacement keeps the number of characters of the NFC text: columns are those an editor shows.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import field
from functools import lru_cache
from itertools import accumulate, count, filterfalse
from operator import add

from policyc.values import dataclass, value

# One character for one character: columns do not move. U+2028 and friends are not line ends here.
_PLAIN = {
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032\uff07", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u1680\u2007\u202f\u205f\u3000", " "),
    **{chr(code): " " for code in range(0x2000, 0x200B)},
    "\t": " ",
}
_NOT_PLAIN = re.compile(f"[{''.join(_PLAIN)}]")


def plain(text: str) -> str:
    """Return NFC text with typographic apostrophes, dashes and blanks replaced by their plain forms."""
    return _NOT_PLAIN.sub(lambda found: _PLAIN[found[0]], unicodedata.normalize("NFC", text))


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """Return what names and keywords are compared by: no accents, no case, ligatures apart, single blanks."""
    folded = text.casefold()
    if not folded.isascii():
        decomposed = unicodedata.normalize("NFD", folded.replace("œ", "oe").replace("æ", "ae"))
        folded = "".join(filterfalse(unicodedata.combining, decomposed))
    return " ".join(folded.split())


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """One file of a policy: its path as shown in messages and its normalised text."""

    path: str
    text: str
    _indexed: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Have no line starts yet: of some files nobody asks for them."""
        object.__setattr__(self, "_indexed", [])

    @property
    def _starts(self) -> list[int]:
        """Where lines start."""
        if not self._indexed:
            before = accumulate(map(len, self.text.split("\n")[:-1]))
            self._indexed.extend((0, *map(add, before, count(1))))
        return self._indexed

    @property
    def lines(self) -> int:
        """Number of lines; text after the last line feed, even none, is one."""
        return len(self._starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, both from 1, of an offset into the text."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def start_of(self, number: int) -> int:
        """Return the offset of the first character of a line, counted from 1."""
        return self._starts[number - 1]

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1, without its end."""
        start = self.start_of(number)
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end]


@dataclass(frozen=True, slots=True, eq=False)
class Quoted(SourceFile):
    """One line of a text that is not here, and which line it is there; `path` is no path of the project."""

    number: int

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, from 1, of an offset into the line."""
        return self.number, offset + 1

    def start_of(self, number: int) -> int:  # noqa: ARG002 - there is only one
        """Return the offset of the first character of the line."""
        return 0

    def line(self, number: int) -> str:  # noqa: ARG002 - there is only one
        """Return the line."""
        return self.text


def hidden(file: SourceFile) -> SourceFile:
    """Return what stands for a file that is not to be shown: as many lines and columns, and nothing to read."""
    return SourceFile(file.path, hidden_text(file.text))


def hidden_text(text: str) -> str:
    """Return a text of as many lines and columns, and nothing to read."""
    return re.sub(r"[^\n]", "*", text)


@value(eq=False)
class Span:
    """A half-open range of characters, `start` to `end`, in one file."""

    file: SourceFile
    start: int
    end: int

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.file.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1, in characters."""
        return self.file.position(self.start)[1]

    @property
    def end_line(self) -> int:
        """Line of the last character, from 1."""
        return self.file.position(max(self.start, self.end - 1))[0]

    @property
    def end_column(self) -> int:
        """Column after the last character, from 1."""
        column = self.file.position(max(self.start, self.end - 1))[1]
        return column + 1 if self.end > self.start else column

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.file.text[self.start : self.end]

    @property
    def place(self) -> str:
        """`file:line`, as comments of generated files show it."""
        return f"{self.file.path}:{self.line}"

    def to(self, other: "Span") -> "Span":
        """Return the span from the start of this one to the end of another."""
        return Span(self.file, self.start, other.end)
