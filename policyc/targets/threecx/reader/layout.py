"""Calls in, where they are on two lines of texts out, one for each kind of calls: what a list does is found for a line.

A line holds the texts that are presented with a literal and so many unknown digits, in order, then those of the next
literal. Texts share their places with others where the patterns of a list say the same of what begins with `00` and
with `+`, or with `+33` and with `0`: what the list does with one of them it does with the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from policyc.targets.threecx.reader.patterns import UNKNOWN, Shape, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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

Window = tuple[int, int, int]
"""Where unknown digits begin, the line of theirs, and the place of the first; the others follow it."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Texts of calls of a kind: the place of the first of each shape, the shape, and what of it is not asked about.

    That are the texts that have places with others.
    """

    kind: int
    shapes: tuple[tuple[int, Shape, tuple[Likeness, ...]], ...]


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


def layout(calls: Iterable[Calls], anonymous: str, alike: tuple[Likeness, ...]) -> Layout:
    """Return where calls are, for lists that take some texts alike."""
    sizes: tuple[dict[Shape, int], ...] = ({}, {})
    found: list[tuple[int, list[_Piece]]] = []
    for one in calls:
        kind = kind_of(one)
        pieces = _pieces(shown(one, anonymous), alike if kind == EXTERNAL else ())
        found.append((kind, pieces))
        for _, its, _ in pieces:
            sizes[kind][its] = max(sizes[kind].get(its, 0), its.size, 10 ** one.presented.count(UNKNOWN))
    places: tuple[dict[Shape, int], ...] = ({}, {})
    lines = []
    for kind, its_sizes in enumerate(sizes):
        end = 0
        for its, size in its_sizes.items():
            places[kind][its] = end
            end += size
        shapes = [
            (at, its, tuple(one for one in alike if kind == EXTERNAL and _fits(its, one)))
            for its, at in places[kind].items()
        ]
        lines.append(Line(kind, tuple(shapes)))
    windows = [tuple([(start, kind, places[kind][its] + at) for start, its, at in pieces]) for kind, pieces in found]
    return Layout(tuple(windows), tuple(lines))


_Piece = tuple[int, Shape, int]  # from some unknown digits on, texts are those of a shape from its own digits on


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
            found = [(0, whole, 0)]
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
