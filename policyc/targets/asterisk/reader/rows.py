"""Which extension takes each text that ends in a number of any length: extensions in, the row of numbers out.

Where all that may take such a text begin with known characters and go on with any digits, each takes an interval of the
numbers of a length, and of two that meet one is within the other. So a row is cut at their ends, in one sweep over
sorted intervals.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.diagrams import LENGTHS, first_of
from policyc.targets.asterisk.reader.matching import MOST_PIECES
from policyc.targets.asterisk.reader.patterns import ONE_OR_MORE, tried_last

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policyc.targets.asterisk.reader.matching import Pieces
    from policyc.targets.asterisk.reader.patterns import Exten, Wanted

_Interval = tuple[int, int, tuple[bool, int, int, int], "Exten"]
"""From a number on, minus how many, and in which order of those who take the same: so the last one is tried first."""

_SORTED = itemgetter(0, 1, 2)


def row(extens: Iterable[Exten], before: str, wanted: Wanted) -> Pieces | None:
    """Return who takes a known text and a number behind it, from where in the row of numbers on; None for nobody.

    No row where it is not so plain: sets other than `X` may matter, or there are more pieces than are looked at.
    """
    exact: dict[int, list[_Interval]] = {length: [] for length in LENGTHS}
    ending: list[
        tuple[int, int, int, tuple[bool, int, int, int], Exten]
    ] = []  # from which length on, known digits, how many
    for exten in extens:
        begun = exten.begun
        if begun is None:
            if _may_take(exten, before):
                return None
            continue
        start, more, end = begun
        if start.startswith(before):
            known = start[len(before) :]
        elif before.startswith(start):
            known, more = "", more - (len(before) - len(start))
            if not _are_digits(before[len(start) :][: begun.digits]) or (more < 0 and not end):
                continue
        else:
            continue
        if not _are_digits(known) or not wanted(exten):
            continue
        order = tried_last(exten)
        number, size = int(known or 0), len(known)
        if end:
            ending.append((size + more + (end == ONE_OR_MORE), number, size, order, exten))
        elif size + more in exact:
            many: int = 10**more
            exact[size + more].append((number * many, -many, order, exten))
    found: Pieces = []
    for length, intervals in exact.items():
        endings = [one for one in ending if length >= one[0]]
        if not intervals and len(endings) == 1 and not endings[0][2]:  # as for most lengths: all are one's
            _, _, _, _, exten = endings[0]
            if not found or found[-1][1] is not exten:
                found.append((first_of(length), exten))
            continue
        for _, number, size, order, exten in endings:
            many = 10 ** (length - size)
            intervals.append((number * many, -many, order, exten))
        intervals.sort(key=_SORTED)
        pieces = _cut(intervals, first_of(length), 10**length)
        if len(pieces) >= MOST_PIECES:
            return None
        found += pieces
    return found


def _cut(intervals: list[_Interval], first: int, end: int) -> Pieces:
    """Return who takes the numbers up to an end, given intervals of which each is behind or within those before it."""
    starts: dict[int, Exten | None] = {first: None}  # of two pieces that begin at one place, the later one is right
    around: list[tuple[int, Exten | None]] = [(end, None)]  # until where, and whose
    for low, minus, _, exten in intervals:
        while around[-1][0] <= low:
            until, _ = around.pop()
            starts[first + until] = around[-1][1]
        starts[first + low] = exten
        around.append((low - minus, exten))
    while len(around) > 1:
        until, _ = around.pop()
        if until < end:
            starts[first + until] = around[-1][1]
    found: Pieces = []
    for start, taker in starts.items():
        if not found or found[-1][1] is not taker:
            found.append((start, taker))
    return found


def _are_digits(text: str) -> bool:
    return not text or text.isdecimal()  # of the characters of a byte, none but 0 to 9 is


def _may_take(exten: Exten, before: str) -> bool:
    """Tell whether a pattern may take texts that begin with a known one."""
    for element, char in zip(exten.elements, before, strict=False):
        if isinstance(element, str):
            return True
        if char not in element:
            return False
    return True
