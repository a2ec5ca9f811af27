"""Calls in, where they are on two lines of texts out, one for each kind of calls: what a list does is found for a line.

A line holds the texts that are presented with a literal and so many unknown digits, in order, then those of the next
literal. Texts share their places with others where the patterns of a list say the same of what begins with `00` and
with `+`, or with `+33` and with `0`: what the list does with one of them it does with the other. Texts that nobody asks
about are on no line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from policyc import schedule
from policyc.targets.threecx.reader.patterns import UNKNOWN, Shape, Unasked, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Calls(Protocol):
    """Calls that are alike but for some digits of the caller, which are `?` in what is presented."""

    @property
    def internal(self) -> bool: ...  # noqa: D102
    @property
    def presented(self) -> str: ...  # noqa: D102
    @property
    def hidden(self) -> bool: ...  # noqa: D102


class Likeness(NamedTuple):
    """Beginnings of external numbers, of a sign and zeros the other one, that a list may take alike.

    Behind them are a digit that is no 0, and others: so many in all, if it matters.
    """

    one: str
    other: str
    behind: int | None = None


LIKENESSES: Final = (Likeness("00", "+"), Likeness("+33", "0", 9))
INTERNAL: Final = 0
EXTERNAL: Final = 1
UNASKED: Final = 2
"""In the place of a line: that of texts that nobody asks about."""
_MOST_DIGITS: Final = 3  # of beginnings: enough for `+262` and `001`

Intervals = Sequence[tuple[int, int]]
Asked = Callable[[Calls], Intervals]
"""Which of the unknown digits of calls one asks about."""
Window = tuple[int, int, int]
"""Where unknown digits begin, the line of theirs, and the place of the first; the others follow it."""


class Group(NamedTuple):
    """Shapes of one literal, those of fewer digits first, or one with more than digits behind it.

    `places` are those of the first text of each. Of those that begin with an `unasked` text nothing is asked at these
    places: others have them, or nobody asks.
    """

    shapes: tuple[Shape, ...]
    places: tuple[int, ...]
    unasked: Unasked


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Texts of calls of a kind."""

    kind: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where each of some calls is: windows, the first from 0 on."""

    windows: tuple[tuple[Window, ...], ...]
    lines: tuple[Line, ...]


def kind_of(one: Calls) -> int:
    """Return the kind of calls."""
    return INTERNAL if one.internal else EXTERNAL


def shown(one: Calls, anonymous: str) -> Shape:
    """Return what is shown of callers; of those who hide their numbers, as many as they are, how such are shown."""
    return shape(anonymous if one.hidden or not one.presented else one.presented)


def layout(calls: Iterable[Calls], anonymous: str, alike: tuple[Likeness, ...], asked: Asked | None = None) -> Layout:
    """Return where calls are, for lists that take some texts alike: those that are asked about, None: all."""
    sizes: tuple[dict[Shape, int], ...] = ({}, {})
    pointed: tuple[dict[Shape, list[tuple[int, int]]], ...] = ({}, {})  # at which digits of its own
    found: list[tuple[int, list[_Piece]]] = []
    for one in calls:
        kind, size = kind_of(one), 10 ** one.presented.count(UNKNOWN)
        pieces = _pieces(shown(one, anonymous), alike if kind == EXTERNAL else ())
        if asked is not None:
            pieces = _among(pieces, size, asked(one))
        found.append((kind, pieces))
        for (start, its, at), end in zip(pieces, (*[start for start, _, _ in pieces[1:]], size), strict=True):
            if its is not None:
                sizes[kind][its] = max(sizes[kind].get(its, 0), its.size, size)
                pointed[kind].setdefault(its, []).append((at, at + end - start))
    places: tuple[dict[Shape | None, int], ...] = ({None: 0}, {None: 0})
    lines = []
    for kind, its_sizes in enumerate(sizes):
        end = 0
        groups = []
        for shapes, unasked in _grouped(pointed[kind]):
            for its in shapes:
                places[kind][its] = end
                end += its_sizes[its]
            groups.append(Group(shapes, tuple(places[kind][its] for its in shapes), unasked))
        lines.append(Line(kind, tuple(groups)))
    windows = [
        tuple([(start, UNASKED if its is None else kind, places[kind][its] + at) for start, its, at in pieces])
        for kind, pieces in found
    ]
    return Layout(tuple(windows), tuple(lines))


def _grouped(pointed: Mapping[Shape, Intervals]) -> Iterator[tuple[tuple[Shape, ...], Unasked]]:
    """Yield the shapes of each group, of which some texts are asked about, and the beginnings of others."""
    found: dict[tuple[str, Unasked], list[Shape]] = {}
    for its, intervals in pointed.items():
        unasked = _beginnings(its, tuple(schedule.merged(intervals))) if its.open else ()
        found.setdefault((its.literal if its.open else its.text, unasked), []).append(its)
    for (_, unasked), some in found.items():
        yield tuple(sorted(some, key=lambda its: its.more)), unasked


@lru_cache(maxsize=1024)
def _beginnings(its: Shape, intervals: Intervals) -> Unasked:
    """Return, in a few digits, how texts of a shape begin whose unknown digits are in none of some intervals."""
    found = []
    waiting = [(its.literal, 0)]
    while waiting:
        text, low = waiting.pop()
        given = len(text) - len(its.literal)
        size = 10 ** (its.more - given)
        high = low + size
        if not any(start < high and low < end for start, end in intervals):
            found.append(text)
        elif given < min(_MOST_DIGITS, its.more) and not any(start <= low and high <= end for start, end in intervals):
            waiting += [(f"{text}{digit}", low + digit * size // 10) for digit in range(10)]
    return tuple(found)


# From some unknown digits on, texts are those of a shape from its own digits on; nobody asks about those of none.
_Piece = tuple[int, Shape | None, int]


def _among(pieces: Sequence[_Piece], size: int, asked: Intervals) -> list[_Piece]:
    """Return pieces of some size of which only the digits in intervals are asked about."""
    found: list[_Piece] = []
    for (start, its, at), end in zip(pieces, (*[start for start, _, _ in pieces[1:]], size), strict=True):
        done = start
        for first, last in asked:
            low, high = max(first, start), min(last, end)
            if low < high:
                if done < low:
                    found.append((done, None, 0))
                found.append((low, its, at + low - start))
                done = high
        if done < end:
            found.append((done, None, 0))
    return found


def _pieces(whole: Shape, alike: Sequence[Likeness]) -> list[_Piece]:
    """Return whose plans those of a shape are, as few shapes as can be."""
    for likeness in alike:
        if _fits(whole, likeness):
            one, other, _ = likeness
            behind = len(whole.text) - len(one)
            low, high = 10 ** (behind - 1), 10**behind  # the digits behind, of which the first is no 0
            before = int(one[len(whole.literal) :] or 0) * high
            sign = other.rstrip("0")
            theirs = _pieces(shape(sign + UNKNOWN * (len(other) - len(sign) + behind)), alike)
            ends = [*(start for start, _, _ in theirs[1:]), high]
            found: list[_Piece] = [(0, whole, 0)]
            for (start, its, at), end in zip(theirs, ends, strict=True):
                first = max(start, low)
                if first < min(end, high):
                    found.append((before + first, its, at + first - start))
            if before + high < whole.size:
                found.append((before + high, whole, before + high))
            return found
    return [(0, whole, 0)]


def _fits(whole: Shape, alike: Likeness) -> bool:
    """Tell whether some texts of a shape are alike to others."""
    behind = len(whole.text) - len(alike.one)
    begins = alike.one.startswith(whole.literal) and alike.one.startswith("+") is whole.literal.startswith("+")
    return whole.open and begins and behind > 0 and alike.behind in (None, behind)
