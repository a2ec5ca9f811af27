"""Sets of numbers in, their algebra out: half-open intervals as a sorted tuple `low, high, low, high…`.

All numbers of digits behind an optional `+` stand on one line, those of a sign and length together, so that what holds
for every caller is worked out once, and what holds for a number of unknown digits is cut out of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import field
from functools import lru_cache

from policyc import values
from policyc.targets.freeswitch.reader.texts import DIGITS, place_of

Ends = tuple[int, ...]
LONGEST = 20
"""Digits of a number on the line."""
SIGNS = ("", "+")
_OFFSETS: dict[tuple[str, int], int] = {}
_end = 0
for _sign in SIGNS:
    for _length in range(1, LONGEST + 1):
        _OFFSETS[_sign, _length] = _end
        _end += 10**_length
LINE = _end
"""How many numbers there are on the line."""
ANY = ""
_KNOWN = re.compile(r"(\+?)([0-9]+)")
_OPEN = re.compile(rf"(\+?)([0-9]*)([{DIGITS}]+)")


@values.value()
class Region:
    """Callers, as a question, of those from 0 to `size`.

    `space` is what tells them apart: a number of so many unknown digits, or the number that a variable holds, by its
    symbol. `ANY`: they are kinds of callers, told apart before any number is looked at.
    """

    space: int | str
    ends: Ends
    size: int
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember the hash: there may be many ends."""
        object.__setattr__(self, "_hash", hash((self.space, self.ends, self.size)))

    def __hash__(self) -> int:
        """Return the hash made with the value."""
        return self._hash


@values.value()
class Stretch:
    """Where on the line the numbers of a text with unknown digits stand: the last `more` digits are unknown."""

    low: int
    more: int


def offset(sign: str, length: int) -> int:
    """Return where on the line the numbers of a sign and length begin."""
    return _OFFSETS[sign, length]


def point(text: str) -> int | None:
    """Return where a known text stands on the line, None if it is no such number."""
    if text.isdecimal() and text.isascii():
        return _OFFSETS["", len(text)] + int(text) if len(text) <= LONGEST else None
    found = _KNOWN.fullmatch(text)
    if found is None or len(found[2]) > LONGEST:
        return None
    return _OFFSETS[found[1], len(found[2])] + int(found[2])


@lru_cache(maxsize=1024)
def stretch(text: str) -> Stretch | None:
    """Return where a text stands whose last digits, and no others, are the last of the caller's unknown ones."""
    found = _OPEN.fullmatch(text)
    if found is None or len(found[2]) + len(found[3]) > LONGEST:
        return None
    more = len(found[3])
    if any(place_of(char) != more - 1 - at for at, char in enumerate(found[3])):
        return None
    return Stretch(_OFFSETS[found[1], len(found[2]) + more] + int(found[2] or "0") * 10**more, more)


def joined(intervals: Iterable[tuple[int, int]]) -> Ends:
    """Return the numbers of some intervals."""
    ends: list[int] = []
    for low, high in sorted(intervals):
        if ends and low <= ends[-1]:
            ends[-1] = max(high, ends[-1])
        elif low < high:
            ends += (low, high)
    return tuple(ends)


def flipped(ends: Ends, size: int) -> Ends:
    """Return the other numbers, of those from 0 to a size."""
    if not ends:
        return (0, size)
    inner = ends[1:] if ends[0] == 0 else (0, *ends)
    return inner[:-1] if inner and inner[-1] == size else (*inner, size)


def within(ends: Ends, low: int, high: int) -> Ends:
    """Return the numbers from one to another, counted from the first."""
    first, last = bisect_right(ends, low), bisect_left(ends, high)
    inner = tuple(end - low for end in ends[first:last])
    return (*((0,) if first % 2 else ()), *inner, *((high - low,) if last % 2 else ()))


def holds(ends: Ends, number: int) -> bool:
    """Tell whether a number is among some."""
    return bisect_right(ends, number) % 2 == 1


def either(asked: Ends, yes: Ends, no: Ends, size: int) -> Ends:
    """Return the numbers that are among some if they are among others, and among a third if they are not."""
    if not yes and not no:
        return ()
    cuts = sorted({0, *asked, *yes, *no})
    found: list[int] = []
    inside = False
    for cut in cuts:
        if cut == size:
            break
        if holds(yes if holds(asked, cut) else no, cut) is not inside:
            found.append(cut)
            inside = not inside
    return (*found, size) if inside else tuple(found)


def repeated(ends: Ends, more: int, size: int, most: int) -> Ends | None:
    """Return the numbers below a size whose last digits are among some; None where there are too many intervals."""
    whole = 10**more
    if ends in ((), (0, whole)):
        return ends and (0, size)
    if size // whole * len(ends) > most:
        return None
    return joined((at + low, at + high) for at in range(0, size, whole) for low, high in pairs(ends))


def pairs(ends: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Return the intervals of some numbers."""
    return zip(ends[::2], ends[1::2], strict=True)
