"""How patterns of callers compare with what the PBX is shown: texts in, intervals of unknown digits out.

A pattern is a number, the beginning of numbers (`06*`), `*`, or a word that stands for callers without a number. The
texts are compared as they are presented: `06*` is not for `+33612345678`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
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

    def __init__(self, patterns: Iterable[tuple[int, Iterable[str]]]) -> None:
        """Take the patterns of each exception."""
        self._starts: dict[str, int] = {}  # of patterns with a star: their texts, and the exceptions, a bit each
        self._exact: dict[str, int] = {}
        self._words: dict[str, int] = {}
        for place, some in patterns:
            for one in some:
                text, found = (
                    (one[:-1], self._starts)
                    if one.endswith("*")
                    else (one, self._words if one[0].isalpha() else self._exact)
                )
                found[text] = found.get(text, 0) | 1 << place
        # A text before those that begin with it: whatever their length, the numbers of one hold those of the next, or
        # they have none in common and its own are the lower ones.
        both = [(text, len(text), True, bits) for text, bits in self._starts.items()]
        both += [(text, len(text), False, bits) for text, bits in self._exact.items()]
        self._items = sorted(both)
        self._texts = [item[0] for item in self._items]

    def uncertain(self, shape: Shape) -> int:
        """Return the exceptions that may have a pattern for callers or not: words that are not spelled alike."""
        text = shape.text
        if shape.more or not self._words:
            return 0
        if not text:
            return _any(self._words.values())
        return _any(bits for word, bits in self._words.items() if word != text and word.casefold() == text.casefold())

    def cut(self, shape: Shape, allowed: int) -> tuple[list[int], list[int]]:
        """Return where other exceptions out of some match, from 0, and which do so from there on."""
        base = self._before(shape) & allowed
        if not shape.more:
            return [0], [base | (self._exact.get(shape.text, 0) | self._words.get(shape.text, 0)) & allowed]
        size = shape.size
        starts, found = [0], [base]
        stack = [(size, base)]
        end = size
        for low, high, bits in self._below(shape, allowed):
            while end <= low:  # what began last ends before, or here
                stack.pop()
                _turn(starts, found, end, stack[-1][1])
                end = stack[-1][0]
            now = stack[-1][1] | bits
            stack.append((high, now))
            end = high
            if starts[-1] == low:
                found[-1] = now
            else:
                starts.append(low)
                found.append(now)
        while end < size:
            stack.pop()
            _turn(starts, found, end, stack[-1][1])
            end = stack[-1][0]
        return starts, found

    def _before(self, shape: Shape) -> int:
        """Return the exceptions with a pattern for all of some callers, whatever their unknown digits."""
        starts, literal = self._starts, shape.literal
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
        first = bisect_left(self._texts, shape.literal + "0")
        last = bisect_left(self._texts, shape.literal + _AFTER_NINE, first)
        items = self._items[first:last]
        given, more = len(shape.literal), shape.more
        found = []
        if shape.open:
            for text, length, star, bits in items:
                left = given + more - length
                if (not left or (left > 0 and star)) and bits & allowed:
                    low = int(text[given:]) * 10**left
                    found.append((low, low + 10**left, bits & allowed))
            return found
        for text, _, star, bits in items:
            digits = _unknown(text, shape.text, star=star)
            if digits is not None and bits & allowed:
                width = 10 ** (more - len(digits))
                low = int(digits) * width
                found.append((low, low + width, bits & allowed))
        return found


def _unknown(text: str, shown: str, *, star: bool) -> str | None:
    """Return what a pattern says of the unknown digits of a text, from the first one on, None if it does not match."""
    if len(text) > len(shown) if star else len(text) != len(shown):
        return None
    pairs = list(zip(text, shown, strict=False))
    if any(one != other and (other != UNKNOWN or not one.isdigit()) for one, other in pairs):
        return None
    return "".join(one for one, other in pairs if other == UNKNOWN)


def _turn(starts: list[int], found: list[int], at: int, bits: int) -> None:
    if starts[-1] == at:
        found[-1] = bits
    else:
        starts.append(at)
        found.append(bits)


def _any(bits: Iterable[int]) -> int:
    found = 0
    for one in bits:
        found |= one
    return found
