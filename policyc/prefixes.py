"""A decision table's cells in, few prefixes out: for each caller the entry with the longest prefix decides.

Of two entries with one prefix, the one of a fixed length goes before the open one. That is how a PBX that prefers the
most specific pattern reads them, so the entries say the table exactly and their order does not matter.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Generic, TypeVar

from policyc import digits, values
from policyc.decision import Diagram, Row, Table, joined_cells
from policyc.digits import Block, Caller, Kind

V = TypeVar("V", bound=Hashable)
_Cell = tuple[int, int, V]  # first rank, one past the last, value


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


def entries(table: Table, kind: Kind, value_of: Callable[[Row], V]) -> Entries[V]:
    """Return the entries of a table for one kind of caller; rows that have equal values are told apart no more."""
    search = _Search(table, kind, value_of)
    beyond = search.at(digits.rank(Caller(kind, "9" * 20)))
    found: list[Entry[V]] = []
    for sign in ("", "+") if kind is Kind.EXTERNAL else ("",):
        fixed: list[Entry[V]] = []
        for length, low, high in _lengths(kind, sign):
            if not {None, beyond}.issuperset(search.values.rows_between(low, high)):
                fixed += search.below(sign, length, low, list(search.values.between(low, high)), beyond)
        found += _open(search, fixed)
    found.sort(key=lambda entry: (entry.block.prefix, -1 if entry.block.more is None else -entry.block.more))
    return Entries(tuple(found), search.at(digits.rank(Caller(kind, None))), beyond)


@cache
def _lengths(kind: Kind, sign: str) -> tuple[tuple[int, int, int], ...]:
    """Return the lengths of numbers with a sign, or with none, and the ranks of each: the first, one past the last."""
    return tuple((length, *digits.interval(kind, sign, length)) for length in digits.lengths(kind, sign))


def with_insiders(table: Table) -> Table:
    """Return a table that holds for callers outside and inside alike: numbers that nobody outside has are those inside.

    So what is made of the callers outside may be asked for those inside, too.
    """
    found = dict(zip(table.starts, table.rows, strict=True))
    for low, high in digits.INSIDE_ONLY.intervals:
        for start, end, row in table.between(low, high):
            found[start + digits.TO_OUTSIDE] = row
            found.setdefault(end + digits.TO_OUTSIDE, table.at(end + digits.TO_OUTSIDE))
    starts = sorted(found)
    return replace(table, starts=tuple(starts), rows=tuple(found[start] for start in starts))


class _Search(Generic[V]):
    """Looks cells of a table up by blocks of numbers."""

    def __init__(self, table: Table, kind: Kind, value_of: Callable[[Row], V]) -> None:
        self.kind = kind
        values: dict[Row | None, V | None] = {None: None}  # no caller has these ranks, so any value will do
        alike: dict[V, V] = {}
        for row in table.different:
            value = value_of(row)
            values[row] = alike.setdefault(value, value)
        self.values = Diagram(table.partition, *joined_cells(table.starts, map(values.__getitem__, table.rows)))

    def at(self, position: int) -> V:
        value = self.values.at(position)
        if value is None:
            raise AssertionError(f"no caller at rank {position}")
        return value

    def lengths(self, prefix: str) -> int:
        """Return of how many lengths there are numbers with a prefix."""
        blocks = (digits.interval(self.kind, prefix, more) for more in digits.lengths(self.kind, prefix))
        return sum(any(True for _ in self.values.between(*block)) for block in blocks)

    def below(self, prefix: str, more: int, first: int, cells: list[_Cell[V]], given: V) -> Iterator[Entry[V]]:
        """Yield the entries for the numbers of a prefix and `more` digits, where `given` holds without any.

        `first` is the rank of the first one, `cells` are all that some of these numbers are in.
        """
        values = {value for _, _, value in cells}
        if not values - {given}:
            return
        if len(values) == 1:
            yield Entry(Block(self.kind, prefix, more), values.pop())
            return
        found: list[tuple[int, int, V]] = []
        for start, end, value in cells:
            if value != given:
                low, high = max(0, start - first), min(end - first, 10**more)
                size = _aligned(low, high)
                if size is None:
                    yield from self._split(prefix, more, first, cells, given)
                    return
                found.append((low, size, value))
        for low, size, value in found:
            yield Entry(Block(self.kind, prefix + str(low).zfill(more)[: more - size], size), value)

    def _split(self, prefix: str, more: int, first: int, cells: list[_Cell[V]], given: V) -> Iterator[Entry[V]]:
        """Go on digit by digit, with what most of the ten blocks want as the value that holds without an entry."""
        size = 10 ** (more - 1)
        blocks: list[list[_Cell[V]]] = [[] for _ in range(10)]
        for cell in cells:
            low, high, _ = cell
            for digit in range(max(0, (low - first) // size), min((high - 1 - first) // size, 9) + 1):
                blocks[digit].append(cell)
        inside = [{value for _, _, value in block} for block in blocks]
        wanted = Counter(value for values in inside if len(values) == 1 for value in values)
        if wanted:
            most = max(wanted, key=wanted.__getitem__)
            if most != given and wanted[most] > wanted[given]:
                yield Entry(Block(self.kind, prefix, more), most)
                given = most
        for digit, block in enumerate(blocks):
            if inside[digit] - {given}:
                yield from self.below(f"{prefix}{digit}", more - 1, first + digit * size, block, given)


def _aligned(low: int, high: int) -> int | None:
    """Return how many last digits are free in an interval that is one decimal block, or None if it is none."""
    size = high - low
    power = len(str(size)) - 1
    return power if size == 10**power and low % size == 0 else None


def _open(search: _Search[V], fixed: list[Entry[V]]) -> Iterator[Entry[V]]:
    """Yield the entries with those that hold for every length of a prefix made one."""
    by_prefix: dict[tuple[str, V], list[Entry[V]]] = {}
    for entry in fixed:
        by_prefix.setdefault((entry.block.prefix, entry.value), []).append(entry)
    for (prefix, value), same in by_prefix.items():
        # With no prefix it would hold for numbers with a `+` too.
        speaks_of_all = not prefix and search.kind is Kind.EXTERNAL
        if len(same) > 1 and not speaks_of_all and len(same) == search.lengths(prefix):
            yield Entry(Block(search.kind, prefix, None), value)
        else:
            yield from same
