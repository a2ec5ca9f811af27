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
from policyc.decision import Diagram, joined_cells
from policyc.digits import EVERYONE, KINDS, TO_OUTSIDE, Block, Caller, Kind

V = TypeVar("V", bound=Hashable)
_Found = tuple[str, int, V]  # a prefix, how many digits follow, their value
_POWERS = {10**power: power for power in range(16)}


@values.value()
class Entry(Generic[V]):
    """Callers of a block get a value, but for those of entries with a longer prefix."""

    block: Block
    value: V


@values.value(eq=False)
class Sides(Generic[V]):
    """What callers of a number get inside, and what they get outside, where that is not the same."""

    inside: V
    outside: V


@dataclass(frozen=True, slots=True)
class Entries(Generic[V]):
    """How callers are told apart by their numbers.

    `otherwise` holds for all that no entry speaks of, unknown ones too.
    """

    numbers: tuple[Entry[V | Sides[V]], ...]
    anonymous: V | Sides[V]
    otherwise: V | Sides[V]


_KIND = Kind.EXTERNAL  # numbers that only callers inside have are taken as those outside
_THERE = {
    Kind.INTERNAL: digits.from_ends((TO_OUTSIDE, 2 * TO_OUTSIDE)),
    Kind.EXTERNAL: EVERYONE - digits.INTERNAL,
}


def entries(table: Diagram[V], kinds: tuple[Kind, ...] = KINDS) -> Entries[V]:
    """Return the entries of a table for callers of some kinds.

    Rows that are one object are not told apart, nor are `Sides` of the same rows.
    """
    both = _ByNumber(table, kinds)
    found: list[Entry[V | Sides[V]]] = []
    for sign in ("", "+"):
        by_prefix: dict[tuple[str, V | Sides[V]], list[int]] = {}
        for prefix, more, value in _of_all_lengths(both.table, sign, both.beyond):
            by_prefix.setdefault((prefix, value), []).append(more)
        for (prefix, value), mores in by_prefix.items():
            # Open without a prefix, it would hold for numbers with a `+` too, which some callers outside have.
            speaks_of_all = not prefix and _KIND in kinds
            if len(mores) > 1 and not speaks_of_all and len(mores) == _lengths_there(prefix, kinds):
                found.append(Entry(Block(_KIND, prefix, None), value))
            else:
                found += [Entry(Block(_KIND, prefix, more), value) for more in mores]
    found.sort(key=lambda entry: (entry.block.prefix, -1 if entry.block.more is None else -entry.block.more))
    return Entries(tuple(found), both.of_all(None), both.beyond)


_Cells = tuple[tuple[int, ...], tuple[V | Sides[V] | None, ...]]


class _ByNumber(Generic[V]):
    """What callers of some kinds get by their numbers alone, as a `table` of numbers outside.

    Of a number that only one side has, the other may get anything: what those `beyond` get, if that is the same.
    """

    def __init__(self, whole: Diagram[V], kinds: tuple[Kind, ...]) -> None:
        self._whole, self._kinds = whole, kinds
        self._sides: dict[tuple[int, int], Sides[V]] = {}  # those of the same rows are one object
        self.beyond = self.of_all("9" * 20)
        cells = self._of_both() if len(kinds) > 1 else self._of_kind(*kinds)
        self.table: Diagram[V | Sides[V]] = Diagram(whole.partition, *cells)

    def of_all(self, number: str | None) -> V | Sides[V]:
        """Return what callers of a number get that both sides have."""
        inside, outside = (self._whole.row(Caller(kind, number)) if kind in self._kinds else None for kind in KINDS)
        found = self._pair(inside, outside)
        if found is None:
            raise AssertionError(f"nobody calls from {number}")
        return found

    def _of_kind(self, kind: Kind) -> tuple[tuple[int, ...], tuple[V | None, ...]]:
        """Return what callers of a kind get, by the ranks outside of their numbers."""
        starts, rows = self._whole.starts, self._whole.rows
        first = bisect_left(starts, TO_OUTSIDE)
        if kind is Kind.INTERNAL:
            moved = [start + TO_OUTSIDE for start in starts[:first]]
            return (*moved, 2 * TO_OUTSIDE), (*rows[:first], None)
        if starts[first] == TO_OUTSIDE:
            return starts[first:], rows[first:]
        return (TO_OUTSIDE, *starts[first:]), (rows[first - 1], *rows[first:])

    def _of_both(self) -> _Cells[V]:
        inside, outside = (dict(zip(*self._of_kind(kind), strict=True)) for kind in KINDS)
        starts = sorted(inside.keys() | outside.keys())
        rows: list[V | Sides[V] | None] = []
        here = there = None
        for start in starts:
            here, there = inside.get(start, here), outside.get(start, there)
            rows.append(here if here is there else self._row(here, there))
        return joined_cells(starts, rows)

    def _row(self, inside: V | None, outside: V | None) -> V | Sides[V] | None:
        if (inside is None) != (outside is None) and isinstance(beyond := self.beyond, Sides):
            fits = outside is beyond.outside if inside is None else inside is beyond.inside
            return beyond if fits else self._pair(inside, outside)
        return self._pair(inside, outside)

    def _pair(self, inside: V | None, outside: V | None) -> V | Sides[V] | None:
        if inside is None or outside is None or inside is outside:
            return outside if inside is None else inside
        return self._sides.setdefault((id(inside), id(outside)), Sides(inside, outside))


@cache
def _lengths(sign: str) -> tuple[tuple[int, int, int], ...]:
    """Return the lengths of numbers with a sign, or with none, and the ranks of each: the first, one past the last."""
    return tuple((length, *digits.interval(_KIND, sign, length)) for length in digits.lengths(_KIND, sign))


@cache
def _lengths_there(prefix: str, kinds: tuple[Kind, ...]) -> int:
    """Return of how many lengths callers of some kinds have numbers with a prefix."""
    blocks = (digits.from_ends(digits.interval(_KIND, prefix, more)) for more in digits.lengths(_KIND, prefix))
    return sum(any(not _THERE[kind].isdisjoint(block) for kind in kinds) for block in blocks)


def _of_all_lengths(table: Diagram[V], sign: str, beyond: V) -> list[_Found[V]]:
    """Return what prefixes of each length of number get where it is not the value that holds without an entry."""
    search = _Search(table)
    starts, rows = table.starts, table.rows
    end = bisect_right(starts, _lengths(sign)[0][1])
    for length, low, high in _lengths(sign):
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
