"""What every report for programs needs of a diagnostic: a place in a file, and what it is recognised by next time."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from policyc.diagnostics import Diagnostic
from policyc.report import Catalogue, visible
from policyc.source import Quoted, SourceFile, Span


@dataclass(frozen=True, slots=True)
class Report:
    """What a command found, with paths as they are shown.

    `files` are the policy files, of which the first stands for what has no place; `strict` says that warnings are
    failures too.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    catalogue: Catalogue
    strict: bool = False

    def place(self, diagnostic: Diagnostic) -> "Place":
        """Return where to show a diagnostic: where it stands, or the start of the first policy file."""
        span = diagnostic.primary
        if span is not None and not isinstance(span.file, Quoted):
            return Place.of(span)
        return Place(self.files[0] if self.files else "policyc.toml", (1, 1), (1, 1))

    def message(self, diagnostic: Diagnostic) -> list[str]:
        """Return all that is said of a diagnostic, a sentence a line: first what is wrong, which stands alone."""
        catalogue = self.catalogue
        notes = (*catalogue.witness(diagnostic), *catalogue.notes(diagnostic))
        advice = (catalogue.words["help"] + one for one in catalogue.advice(diagnostic))
        return [visible(one) for one in (catalogue.message(diagnostic), *notes, *advice)]

    def fails(self, diagnostic: Diagnostic) -> bool:
        """Tell whether a diagnostic makes the command fail."""
        return self.strict or diagnostic.is_error


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a file: line and column, from 1, of the first one and of what follows the last one."""

    path: str
    start: tuple[int, int]
    end: tuple[int, int]

    @staticmethod
    def of(span: Span) -> "Place":
        """Return the place of a span."""
        return Place(span.file.path, (span.line, span.column), (span.end_line, span.end_column))

    @staticmethod
    def of_edit(span: Span) -> "Place":
        """Return the place of what is replaced: a line with its end goes on to the start of the next one."""
        return Place(span.file.path, span.file.position(span.start), span.file.position(span.end))


def fingerprints(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield what each diagnostic is recognised by in the next report, in which lines may have moved.

    It is made of the code, the file and the words of the line; of several that have all that alike, each has a number.
    """
    seen: Counter[str] = Counter()
    for one in diagnostics:
        span = one.primary
        place = ("", "") if span is None else (span.file.path, " ".join(span.file.line(span.line).split()))
        alike = "\0".join((one.code, *place))
        seen[alike] += 1
        yield hashlib.sha256(f"{alike}\0{seen[alike]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


_WINDOW: Final = 100  # characters without blanks, from the start of a line
_END_OF_FILE: Final = b"\xff\xff"


class LineHashes:
    """The hashes of the lines of a file that GitHub's code scanning compares, as its own action computes them.

    A file with typographic blanks or decomposed letters has others there, because they are gone from its text here.
    """

    def __init__(self, file: SourceFile) -> None:
        """Take a file."""
        units = file.text.replace(" ", "").encode("utf-16-le", "surrogatepass") + _END_OF_FILE
        units += b"\0\0" * _WINDOW
        self._windows: list[tuple[bytes, int]] = []
        seen: Counter[bytes] = Counter()
        start = 0
        for line in file.text.split("\n"):
            window = units[start : start + 2 * _WINDOW]
            seen[window] += 1
            self._windows.append((window, seen[window]))
            start += len((line.replace(" ", "") + "\n").encode("utf-16-le", "surrogatepass"))

    def of(self, line: int) -> str:
        """Return the hash of a line, from 1, and how many lines before it, itself included, have the same."""
        window, count = self._windows[line - 1]
        value = 0
        for at in range(0, len(window), 2):
            value = (value * 37 + int.from_bytes(window[at : at + 2], "little")) % (1 << 64)
        return f"{value:x}:{count}"
