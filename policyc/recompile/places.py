"""Places in a text, told so that they stay what they are when something else of the text changes."""

from bisect import bisect_right
from collections.abc import Iterable

from policyc.revision import Block
from policyc.source import SourceFile, Span

Place = tuple[int, int, int]  # a stretch, where in it something starts, and how long that is


class Places:
    """The stretches of a text: outside of blocks and within one, by turns."""

    def __init__(self, source: SourceFile, blocks: Iterable[Block]) -> None:
        """Take a text, and its blocks in their order."""
        self.source = source
        self._starts = [0, *(at for one in blocks for at in (one.start, one.end))]

    def stretch(self, offset: int) -> int:
        """Return the stretch that a character stands in: even outside of blocks, odd within."""
        return bisect_right(self._starts, offset) - 1

    def place(self, span: Span) -> Place:
        """Return where a span is. Raises ValueError if it is of another text."""
        if span.file is not self.source:
            raise ValueError(span.file.path)
        stretch = self.stretch(span.start)
        return stretch, span.start - self._starts[stretch], span.end - span.start

    def span(self, place: Place) -> Span:
        """Return what is at a place."""
        stretch, at, length = place
        start = self._starts[stretch] + at
        return Span(self.source, start, start + length)
