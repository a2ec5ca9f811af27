"""How patterns of callers compare with what the PBX is shown: texts in, intervals of unknown digits out.

A pattern is a number, the beginning of numbers (`06*`), `*`, or a word that stands for callers without a number. The
texts are compared as they are presented: `06*` is not for `+33612345678`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Unasked = tuple[str, ...]
"""Beginnings of texts that nobody asks about."""
UNKNOWN: Final = "?"
"""Stands in a presented text for a digit that may be any."""
_PATTERN: Final = r"(?:\*|\+\*|\+?[0-9]++\*?|[A-Za-z][A-Za-z._-]*+)"  # a number, or a word
_PATTERNS: Final = re.compile(f"{_PATTERN}(?: {_PATTERN})*+")
_AFTER_NINE: Final = chr(ord("9") + 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """What is shown of some callers: `literal` up to the first unknown digit, `more` unknown digits.

    `open`: nothing but unknown digits is behind the literal. A text of "" is a caller without a number, of whom nobody
    says how the PBX shows them.
    """

    text: str
    literal: str
    more: int
    open: bool

    @property
    def size(self) -> int:
        """How many callers these are."""
        return int(10**self.more)


@lru_cache(maxsize=1024)
def shape(text: str) -> Shape:
    """Return the shape of a presented text."""
    literal, _, _ = text.partition(UNKNOWN)
    more = text.count(UNKNOWN)
    return Shape(text, literal, more, text == literal + UNKNOWN * more)


def split(data: str) -> tuple[str, ...] | None:
    """Return the patterns of an exception, which one blank parts; None if one is not understood."""
    return tuple(data.split(" ")) if _PATTERNS.fullmatch(data) else None


class Matcher:
    """Tells which of a list of exceptions, by their places from 0, have a pattern for callers."""

    def __init__(self, patterns: Iterable[tuple[str, int]]) -> None:
        """Take patterns, and the exceptions that have each, a bit for each place."""
        found: dict[str, int] = {}
        for one, bits in patterns:
            found[one] = found.get(one, 0) | bits
        self._bits = found
        # A pattern before those for what begins alike: whatever the length, the numbers of one hold those of the next,
        # or they have none in common and its own are the lower ones. Words are behind them all.
        self._sorted = sorted(found)
        self._words = self._sorted[bisect_left(self._sorted, "A") :]
        self._fans: dict[tuple[str, Unasked], _Fan] = {}

    def are_alike(self, one: str, other: str, allowed: int) -> bool:
        """Tell whether some exceptions match a text with one start, and no 0 behind, where they match it with another.

        They do if they have the same patterns behind both, and of what is before.
        """
        if self._before(one) & allowed != self._before(other) & allowed:
            return False
        return self._behind(one, allowed) == self._behind(other, allowed)

    def _behind(self, start: str, allowed: int) -> list[tuple[str, int]]:
        given = len(start)
        return [(one[given:], bits) for one in _from(self._sorted, start, "1") if (bits := self._bits[one] & allowed)]

    def uncertain(self, shape: Shape) -> int:
        """Return the exceptions that may have a pattern for callers or not: words that are not spelled alike."""
        text = shape.text
        if shape.more or not self._words:
            return 0
        return _any(
            self._bits[word]
            for word in self._words
            if not text or (word != text and word.casefold() == text.casefold())
        )

    def spare(self, shapes: Sequence[Shape], unasked: Unasked) -> list[int]:
        """Return how many of the last digits of each shape no pattern looks at: `cut` says the same without them.

        What it says of fewer digits is for each start times ten to so many. Shapes with more than digits behind their
        literal are asked about one by one, others with those of their literal.
        """
        if not shapes[0].open:
            return [0]
        fan = self._fan(shapes[0].literal, unasked)
        return [fan.spare(len(its.text)) if its.more else 0 for its in shapes]

    def cut(self, shape: Shape, allowed: int, unasked: Unasked = ()) -> tuple[list[int], list[int]]:
        """Return where other exceptions out of some match, from 0, and which do so from there on.

        Of texts that are `unasked` it may say anything.
        """
        base = self._before(shape.literal) & allowed
        if not shape.more:
            return [0], [base | self._bits.get(shape.text, 0) & allowed]
        below: Iterable[tuple[int, int, int]]
        if shape.open:
            below = self._fan(shape.literal, unasked).below(len(shape.text), allowed)
        else:
            below = self._below(shape, allowed)
        size = shape.size
        starts, found = [0], [base]
        outer: list[tuple[int, int]] = []
        end, now = size + 1, base  # where what began last ends, and who matches until there
        for low, high, bits in (*below, (size, size, 0)):
            while end <= low:
                if starts[-1] != end:
                    starts.append(end)
                    found.append(0)
                end, now = outer.pop()
                found[-1] = now
            outer.append((end, now))
            end = high
            now |= bits
            if starts[-1] == low:
                found[-1] = now
            else:
                starts.append(low)
                found.append(now)
        starts.pop()  # behind them all
        found.pop()
        return starts, found

    def _before(self, literal: str) -> int:
        """Return the exceptions with a pattern for all texts with a literal, whatever is behind."""
        found = self._bits.get("*", 0)
        for length in range(1, len(literal) + 1):
            found |= self._bits.get(f"{literal[:length]}*", 0)
        return found

    def _fan(self, literal: str, unasked: Unasked) -> _Fan:
        found = self._fans.get((literal, unasked))
        if found is None:
            patterns = [one for one in _from(self._sorted, literal) if not one.startswith(unasked)]
            found = self._fans[literal, unasked] = _Fan(len(literal), patterns, self._bits)
        return found

    def _below(self, shape: Shape, allowed: int) -> Iterable[tuple[int, int, int]]:
        """Return the same as a fan for a shape with something between its unknown digits, or behind them."""
        for one in self._sorted[: len(self._sorted) - len(self._words)]:
            bits = self._bits[one] & allowed
            digits = _unknown(one.removesuffix("*"), shape.text, star=one.endswith("*"))
            if digits and bits:
                width = 10 ** (shape.more - len(digits))
                low = int(digits) * width
                yield low, low + width, bits


class _Fan:
    """The patterns that go on from a literal by digits, for texts of it and unknown digits, however many."""

    def __init__(self, given: int, patterns: Sequence[str], bits: Mapping[str, int]) -> None:
        """Take the length of the literal, the patterns, and the exceptions that have each."""
        self._given, self._bits = given, bits
        self._stars = [one for one in patterns if one[-1] == "*"]
        self._whole: dict[int, list[str]] = {}  # the others, by their lengths
        for one in patterns:
            if one[-1] != "*":
                self._whole.setdefault(len(one), []).append(one)
        self._begun = sorted({given + 1, *[len(one) - 1 for one in self._stars]})

    def spare(self, length: int) -> int:
        """Return how many of the last digits of texts of a length no pattern looks at."""
        if length in self._whole:
            return 0
        few = self._begun[bisect_right(self._begun, length) - 1]
        while few in self._whole:
            few += 1
        return length - few

    def below(self, length: int, allowed: int) -> list[tuple[int, int, int]]:
        """Return the intervals of unknown digits for which some exceptions have a pattern: from, until before, bits.

        One that is within another comes after it.
        """
        found = []
        fitting = [one for one in self._stars if len(one) <= length + 1]
        for one in sorted(fitting + self._whole.get(length, [])):
            if bits := self._bits[one] & allowed:
                digits = one[self._given :].rstrip("*")
                width = 10 ** (length - self._given - len(digits))
                low = int(digits) * width
                found.append((low, low + width, bits))
        return found


def _from(items: list[str], literal: str, digit: str = "0") -> list[str]:
    """Return those of some items, sorted, whose texts go on from a literal by a digit, or a higher one."""
    first = bisect_left(items, literal + digit)
    return items[first : bisect_left(items, literal + _AFTER_NINE, first)]


def _unknown(text: str, shown: str, *, star: bool) -> str | None:
    """Return what a pattern says of the unknown digits of a text, from the first one on, None if it does not match."""
    if len(text) > len(shown) if star else len(text) != len(shown):
        return None
    pairs = list(zip(text, shown, strict=False))
    if any(one != other and (other != UNKNOWN or not one.isdigit()) for one, other in pairs):
        return None
    return "".join(one for one, other in pairs if other == UNKNOWN)


def _any(bits: Iterable[int]) -> int:
    found = 0
    for one in bits:
        found |= one
    return found
