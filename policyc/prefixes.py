"""A decision table's cells in, few prefixes out: for each caller the entry with the longest prefix decides.

Of two entries with one prefix, the one of a fixed length goes before the open one. That is how a PBX that prefers the
most specific pattern reads them, so the entries say the table exactly and their order does not matter.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from policyc import digits, values
from policyc.decision import Diagram
from policyc.digits import EVERYONE, INSIDE_ONLY, TO_OUTSIDE, Block, Caller, Kind, NumberSet

V = TypeVar("V", bound=Hashable)
_Found = tuple[str, int, V]  # a prefix, how many digits follow, their value
_POWERS = {10**power: power for power in range(16)}


@values.value()
class Entry(Generic[V]):
    """Callers of a block get a value, but for those of entries with a longer prefix."""

    block: Block
    value: V


@dataclass(frozen=True, slots=True)
class Entries(Generic[V]):
    """How callers of one kind are told apart; `otherwise` holds for all that no entry speaks of, unknown ones too."""

    numbers: tuple[Entry[V], ...]
    anonymous: V
    otherwise: V


_WITH_INSIDERS = EVERYONE | digits.from_ends(tuple(position + TO_OUTSIDE for position in INSIDE_ONLY.ends))


def entries(table: Diagram[V], kind: Kind, *, insiders: bool = False) -> Entries[V]:
    """Return the entries of a table for one kind of caller; rows that are one object are not told apart.

    `insiders`: what is said of the callers outside will be asked for those inside, too, so numbers that nobody outside
    has are taken as those inside.
    """
    if insiders:
        table = _with_insiders(table)
    there = _WITH_INSIDERS if insiders else EVERYONE
    beyond = _of(table, Caller(kind, "9" * 20))
    found: list[Entry[V]] = []
    for sign in ("", "+") if kind is Kind.EXTERNAL else ("",):
        by_prefix: dict[tuple[str, V], list[int]] = {}
        for prefix, more, value in _of_all_lengths(table, kind, sign, beyond):
            by_prefix.setdefault((prefix, value), []).append(more)
        for (prefix, value), mores in by_prefix.items():
            # Open without a prefix, it would hold for numbers with a `+` too.
            speaks_of_all = not prefix and kind is Kind.EXTERNAL
            if len(mores) > 1 and not speaks_of_all and len(mores) == _lengths_there(there, kind, prefix):
                found.append(Entry(Block(kind, prefix, None), value))
            else:
                found += [Entry(Block(kind, prefix, more), value) for more in mores]
    found.sort(key=lambda entry: (entry.block.prefix, -1 if entry.block.more is None else -entry.block.more))
    return Entries(tuple(found), _of(table, Caller(kind, None)), beyond)


def _of(table: Diagram[V], caller: Caller) -> V:
    value = table.row(caller)
    if value is None:
        raise AssertionError(f"no caller at the rank of {caller}")
    return value


def _with_insiders(table: Diagram[V]) -> Diagram[V]:
    """Return a table in which numbers that nobody outside has are those inside."""
    found = dict(zip(table.starts, table.rows, strict=True))
    for low, high in INSIDE_ONLY.intervals:
        for start, end, row in table.between(low, high):
            found[start + TO_OUTSIDE] = row
            found.setdefault(end + TO_OUTSIDE, table.at(end + TO_OUTSIDE))
    starts = sorted(found)
    return Diagram(table.partition, tuple(starts), tuple(found[start] for start in starts))


@cache
def _lengths(kind: Kind, sign: str) -> tuple[tuple[int, int, int], ...]:
    """Return the lengths of numbers with a sign, or with none, and the ranks of each: the first, one past the last."""
    return tuple((length, *digits.interval(kind, sign, length)) for length in digits.lengths(kind, sign))


@cache
def _lengths_there(there: NumberSet, kind: Kind, prefix: str) -> int:
    """Return of how many lengths there are numbers with a prefix."""
    blocks = (digits.interval(kind, prefix, more) for more in digits.lengths(kind, prefix))
    return sum(not there.isdisjoint(digits.from_ends(block)) for block in blocks)


def _of_all_lengths(table: Diagram[V], kind: Kind, sign: str, beyond: V) -> list[_Found[V]]:
    """Return what prefixes of each length of number get where it is not the value that holds without an entry."""
    search = _Search(table)
    starts, rows = table.starts, table.rows
    end = bisect_right(starts, _lengths(kind, sign)[0][1])
    for length, low, high in _lengths(kind, sign):
        at = end - 1 if end == len(starts) or starts[end] > low else end
        end = bisect_left(starts, high, at)
        if not (rows[at] is beyond and end == at + 1):
            search.below(sign, length, low, at, end, beyond)
    return search.found


class _Search(Generic[V]):
    """Looks cells of a table up by blocks of numbers, and adds up what is `found`."""

    __slots__ = ("ends", "found", "rows", "starts")

    def __init__(self, table: Diagram[V]) -> None:
        self.starts, self.rows = table.starts, table.rows
        self.ends = (*table.starts[1:], digits.END)
        self.found: list[_Found[V]] = []

    def below(self, prefix: str, more: int, first: int, at: int, end: int, given: V) -> None:
        """Find the entries for the numbers of a prefix and `more` digits, where `given` holds without any.

        `first` is the rank of the first one; these numbers are in the cells from `at` on, before `end`.
        """
        inside = self.values(at, end)
        if len(inside) < 2:
            self.found += [(prefix, more, value) for value in inside if value is not given]
        elif not self.aligned(prefix, more, first, at, end, given):
            self.split(prefix, more, first, at, end, given)

    def values(self, at: int, end: int) -> set[V]:
        inside = set(self.rows[at:end])
        inside.discard(None)
        return inside  # type: ignore[return-value]  # None is not there any more

    def aligned(self, prefix: str, more: int, first: int, at: int, end: int, given: V) -> bool:
        """Find an entry for each cell where `given` does not hold, or tell that some are no blocks."""
        ends = self.ends
        last = first + 10**more
        found = []
        low = first
        for index in range(at, end):
            value = self.rows[index]
            high = ends[index]
            if value is not given and value is not None:
                size = min(high, last) - low
                free = _POWERS.get(size)
                if free is None or (low - first) % size:
                    return False
                found.append((low - first, free, value))
            low = high
        self.found += [(prefix + str(low).zfill(more)[: more - free], free, value) for low, free, value in found]
        return True

    def split(self, prefix: str, more: int, first: int, at: int, end: int, given: V) -> None:
        """Go on digit by digit, with what most of the ten blocks want as the value that holds without an entry."""
        starts, rows, ends = self.starts, self.rows, self.ends
        size = 10 ** (more - 1)
        alone: list[tuple[str, V]] = []  # digits behind which there is one value
        several: list[tuple[str, int, int, int]] = []  # others, with their first rank and cells
        start, low = at, first
        for digit in "0123456789":
            high = low + size
            if ends[start] >= high:
                value = rows[start]
                if value is not None:
                    alone.append((digit, value))
                if ends[start] == high:
                    start += 1
            else:
                stop = bisect_left(starts, high, start, end)
                inside = self.values(start, stop)
                if len(inside) == 1:
                    alone.append((digit, inside.pop()))
                elif inside:
                    several.append((digit, low, start, stop))
                start = stop if ends[stop - 1] == high else stop - 1
            low = high
        wanted: dict[V, int] = {}
        for _, value in alone:
            wanted[value] = wanted.get(value, 0) + 1
        if wanted:
            most = max(wanted, key=wanted.__getitem__)
            if most is not given and wanted[most] > wanted.get(given, 0):
                self.found.append((prefix, more, most))
                given = most
                # Those digits that are not this value's may well be told apart at once, which is quicker.
                if None not in rows[at:end] and self.aligned(prefix, more, first, at, end, given):
                    return
        self.found += [(prefix + digit, more - 1, value) for digit, value in alone if value is not given]
        for digit, low, start, stop in several:
            if not self.aligned(prefix + digit, more - 1, low, start, stop, given):
                self.split(prefix + digit, more - 1, low, start, stop, given)
