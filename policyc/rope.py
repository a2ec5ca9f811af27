"""Bytes that stand one behind the other, and are only put together where somebody asks for them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

Bytes = bytes | memoryview


def encoded(text: str) -> bytes:
    """Return a text as bytes, whatever it holds."""
    return text.encode(errors="surrogatepass")


class Rope:
    """A long run of bytes, in chunks."""

    def __init__(self, chunks: Sequence[Bytes]) -> None:
        """Take the chunks."""
        self.chunks = chunks
        self._ends = list(accumulate(map(len, chunks)))

    def __len__(self) -> int:
        """Return how many bytes there are."""
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, part: slice) -> bytes:
        """Return some of the bytes, all that are between two places."""
        start, stop, _ = part.indices(len(self))
        first, last = bisect_right(self._ends, start), bisect_left(self._ends, stop)
        before = self._ends[first - 1] if first else 0
        return b"".join(self.chunks[first : last + 1])[start - before : stop - before]


def alike(one: Rope, other: Rope) -> tuple[int, int]:
    """Return how many bytes of two are alike at the start, and of what is left at the end: those of whole chunks."""
    most = min(len(one.chunks), len(other.chunks))
    start = _alike(zip(one.chunks, other.chunks, strict=False), most)
    end = _alike(zip(reversed(one.chunks), reversed(other.chunks), strict=False), most - start)
    return sum(map(len, one.chunks[:start])), sum(map(len, one.chunks[len(one.chunks) - end :]))


def _alike(pairs: Iterable[tuple[Bytes, Bytes]], most: int) -> int:
    """Return how many pairs are alike, at most so many; mostly both are the very same."""
    differing = (at for at, (one, other) in enumerate(pairs) if at >= most or (one is not other and one != other))
    return next(differing, most)
