"""A file in, cut into runs; and a file that is nearly another one, of which only that is cut again where they differ.

Where one run ends and the next one begins is a *seam*: the file is cut there whatever stands further on, and what
stands before has no say in how the rest is cut.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import accumulate

from policyc import rope
from policyc.proof.parts import Files, Parts
from policyc.rope import Bytes, Rope, encoded

Numbers = AbstractSet[str]
Piece = tuple[str | None, str]
"""A stretch of a file's text, and the extension whose own it is: None, if it is for all calls."""
Run = Sequence[tuple[str | None, int]]
"""The pieces between two seams, and how many bytes each has."""


class Cut:
    """A file that is cut into runs; texts are read when they are asked for."""

    def __init__(self, name: str, data: Rope, runs: Sequence[Run]) -> None:
        """Take the name of a file, its bytes, and its runs."""
        self.name = name
        self.data = data
        self.runs = runs

    @cached_property
    def starts(self) -> list[int]:
        """Where each run starts, and behind them where the last one ends."""
        return list(accumulate([sum([size for _, size in run]) for run in self.runs], initial=0))

    @cached_property
    def where(self) -> Mapping[str, list[int]]:
        """The runs that hold something of each extension."""
        found: dict[str, list[int]] = {}
        for at, run in enumerate(self.runs):
            for owner, _ in run:
                if owner is not None and at not in (runs := found.setdefault(owner, []))[-1:]:
                    runs.append(at)
        return found

    def text(self, at: int, wanted: Collection[str]) -> str:
        """Return what a run says to all calls and to those to some extensions."""
        return _text(self._said(at, lambda owner: owner is None or owner in wanted))

    def of(self, number: str) -> str:
        """Return what is an extension's own."""
        return _text(data for at in self.where[number] for data in self._said(at, lambda owner: owner == number))

    def only(self, wanted: Collection[str]) -> Files:
        """Return the file without what is own to extensions but some."""
        return {self.name: "".join([self.text(at, wanted) for at in range(len(self.runs))])}

    def _said(self, at: int, is_wanted: Callable[[str | None], bool]) -> Iterator[bytes]:
        start = self.starts[at]
        for owner, size in self.runs[at]:
            if is_wanted(owner):
                yield self.data[start : start + size]
            start += size


class Cutter:
    """How the file of a target is cut, and what the parts are that it is cut into."""

    def __init__(
        self,
        cut: Callable[[str, Numbers], Sequence[Sequence[Piece]] | None],
        parts: Callable[[Cut, Numbers], Parts | None],
    ) -> None:
        """Take what returns the runs of a text that begins at a seam and ends at one, and what makes parts of all."""
        self._cut = cut
        self._parts = parts

    def __call__(self, files: Mapping[str, str], numbers: Numbers) -> Parts | None:
        """Return the parts of files, None if they cannot be cut; `numbers` are those of the extensions."""
        [(name, text)] = files.items()
        runs = self._runs(text, numbers)
        return None if runs is None else self.parts(Cut(name, Rope([encoded(text)]), runs), numbers)

    def parts(self, cut: Cut, numbers: Numbers) -> Parts | None:
        """Return the parts that a file is cut into."""
        return self._parts(cut, numbers)

    def again(self, was: Cut, data: Rope, numbers: Numbers) -> tuple[Cut, Numbers] | None:
        """Return what became of a file, cut, and the extensions of which it may say something else.

        None: it cannot be cut. It is cut only around what is other than it was, if the run in front of that and the one
        behind it come out as they were: all else is cut as it was then.
        """
        alike, alike_at_end = rope.alike(was.data, data)
        runs, starts = was.runs, was.starts
        first = bisect_right(starts, alike) - 2  # wholly before
        last = bisect_left(starts, len(was.data) - alike_at_end)  # wholly behind
        window = slice(max(first, 0), last + 1)
        start, end = starts[window.start], starts[min(window.stop, len(runs))] + len(data) - len(was.data)
        found = self._runs(_text([data[start:end]]), numbers)
        if not found or (first >= 0 and found[0] != runs[first]) or (last < len(runs) and found[-1] != runs[last]):
            window = slice(0, len(runs))
            found = self._runs(_text(data.chunks), numbers)
        if found is None:
            return None
        owners = {owner for run in (*runs[window], *found) for owner, _ in run if owner is not None}
        return Cut(was.name, data, [*runs[: window.start], *found, *runs[window.stop :]]), owners

    def _runs(self, text: str, numbers: Numbers) -> list[Run] | None:
        found = self._cut(text, numbers)
        return None if found is None else [[(owner, len(encoded(text))) for owner, text in run] for run in found]


def _text(parts: Iterable[Bytes]) -> str:
    return b"".join(parts).decode(errors="surrogatepass")
