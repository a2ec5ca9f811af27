"""How patterns of callers compare with what the PBX is shown: texts in, intervals of unknown digits out.

A pattern is a number, the beginning of numbers (`06*`), `*`, or a word that stands for callers without a number. The
texts are compared as they are presented: `06*` is not for `+33612345678`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN: Final = "?"
"""Stands in a presented text for a digit that may be any."""
_NUMBER: Final = re.compile(r"\*|\+\*|\+?[0-9]+\*?")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z._-]*")
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
    found = tuple(data.split(" "))
    return found if all(_NUMBER.fullmatch(one) or _WORD.fullmatch(one) for one in found) else None


class Matcher:
    """Tells which of a list of exceptions, by their places from 0, have a pattern for callers."""

    def __init__(self, patterns: Iterable[tuple[str, int]]) -> None:
        """Take patterns, and the exceptions that have each, a bit for each place."""
        self._starts: dict[str, int] = {}  # of patterns with a star: their texts, and their exceptions
        self._exact: dict[str, int] = {}
        self._words: dict[str, int] = {}
        for one, bits in patterns:
            text, found = (
                (one[:-1], self._starts)
                if one.endswith("*")
                else (one, self._words if one[0].isalpha() else self._exact)
            )
            found[text] = found.get(text, 0) | bits
        # A text before those that begin with it: whatever their length, the numbers of one hold those of the next, or
        # they have none in common and its own are the lower ones.
        self._prefixes = sorted(self._starts.items())
        self._deepest = [
            max([len(text) for text in self._starts if text.startswith("+") is sign], default=0)
            for sign in (False, True)
        ]
        self._whole = sorted(self._exact.items())
        self._numbers: dict[tuple[bool, int], list[tuple[str, int]]] = {}  # of these, with a sign or not, of a length
        for text, bits in self._whole:
            self._numbers.setdefault((text[0] == "+", len(text)), []).append((text, bits))
        self._of_length: dict[tuple[bool, int], list[tuple[str, int]]] = {}

    def without(self, start: str, behind: int | None) -> Matcher:
        """Return the same without the patterns that are only for a start, a digit but 0 behind, and so many in all."""
        given = len(start)

        def stays(text: str, *, star: bool) -> bool:
            if not text.startswith(start) or text[given : given + 1] in ("", "0"):
                return True
            return behind is not None and (star or len(text) != given + behind)

        return Matcher(
            (
                *((f"{text}*", bits) for text, bits in self._starts.items() if stays(text, star=True)),
                *((text, bits) for text, bits in self._exact.items() if stays(text, star=False)),
                *self._words.items(),
            )
        )

    def are_alike(self, one: str, other: str, allowed: int) -> bool:
        """Tell whether some exceptions match a text with one start, and no 0 behind, where they match it with another.

        They do if they have the same patterns behind both, and of what is before.
        """
        if self._before(one) & allowed != self._before(other) & allowed:
            return False
        return all(
            _behind(some, one, allowed) == _behind(some, other, allowed) for some in (self._prefixes, self._whole)
        )

    def uncertain(self, shape: Shape) -> int:
        """Return the exceptions that may have a pattern for callers or not: words that are not spelled alike."""
        text = shape.text
        if shape.more or not self._words:
            return 0
        if not text:
            return _any(self._words.values())
        return _any(bits for word, bits in self._words.items() if word != text and word.casefold() == text.casefold())

    def spare(self, shape: Shape) -> int:
        """Return how many of the last unknown digits no pattern looks at: `cut` says the same of numbers without them.

        What it says of these is for each start times ten to so many.
        """
        sign, length = shape.text[:1] == "+", len(shape.text)
        if not shape.open or (sign, length) in self._numbers:
            return 0
        few = max(self._deepest[sign], len(shape.literal) + 1)
        while (sign, few) in self._numbers:
            few += 1
        return max(length - few, 0)

    def cut(self, shape: Shape, allowed: int) -> tuple[list[int], list[int]]:
        """Return where other exceptions out of some match, from 0, and which do so from there on."""
        base = self._before(shape.literal) & allowed
        if not shape.more:
            return [0], [base | (self._exact.get(shape.text, 0) | self._words.get(shape.text, 0)) & allowed]
        size = shape.size
        starts, found = [0], [base]
        stack = [(size + 1, base)]  # where what began ends, and who matches until there
        for low, high, bits in (*self._below(shape, allowed), (size, size, 0)):
            while stack[-1][0] <= low:  # what began last ends before, or here
                end, _ = stack.pop()
                if starts[-1] == end:
                    found[-1] = stack[-1][1]
                else:
                    starts.append(end)
                    found.append(stack[-1][1])
            now = stack[-1][1] | bits
            stack.append((high, now))
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
        starts = self._starts
        found = starts.get("", 0)
        for length in range(1, len(literal) + 1):
            bits = starts.get(literal[:length])
            if bits:
                found |= bits
        return found

    def _below(self, shape: Shape, allowed: int) -> Iterable[tuple[int, int, int]]:
        """Return the intervals of unknown digits for which some exceptions have a pattern: from, until before, bits.

        One that is within another comes after it.
        """
        found = []
        if shape.open:
            given, length = len(shape.literal), len(shape.text)
            for text, bits in _from(self._fitting(shape.text[0] == "+", length), shape.literal):
                if bits := bits & allowed:
                    width = 10 ** (length - len(text))
                    low = int(text[given:]) * width
                    found.append((low, low + width, bits))
            return found
        stars = [(text, True, bits) for text, bits in self._prefixes]
        for text, star, bits in sorted((*stars, *((text, False, bits) for text, bits in self._exact.items()))):
            digits = _unknown(text, shape.text, star=star)
            if digits and bits & allowed:
                width = 10 ** (shape.more - len(digits))
                low = int(digits) * width
                found.append((low, low + width, bits & allowed))
        return found

    def _fitting(self, sign: bool, length: int) -> list[tuple[str, int]]:
        """Return the patterns of digits for texts of a length: their own texts, sorted, and their exceptions."""
        found = self._of_length.get((sign, length))
        if found is None:
            found = [one for one in self._prefixes if len(one[0]) <= length and (one[0][:1] == "+") is sign]
            found = sorted((*found, *self._numbers.get((sign, length), ())))
            self._of_length[sign, length] = found
        return found


def _from(items: list[tuple[str, int]], literal: str, digit: str = "0") -> list[tuple[str, int]]:
    """Return those of some items, sorted, whose texts go on from a literal by a digit, or a higher one."""
    first = bisect_left(items, (literal + digit,))
    return items[first : bisect_left(items, (literal + _AFTER_NINE,), first)]


def _behind(items: list[tuple[str, int]], start: str, allowed: int) -> list[tuple[str, int]]:
    return [(text[len(start) :], bits & allowed) for text, bits in _from(items, start, "1") if bits & allowed]


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
