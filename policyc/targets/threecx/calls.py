"""Sets of calls as ints: which texts, of which kind, at which times. Pure.

A set of calls is one int: a column of bits for each kind and each group of times, a bit of it for each atom of the
tree. So sets are joined by `|`, met by `&` and taken apart by `& ~`, whatever their size.

Times that the same rules hold at are one group. To keep them apart from holidays and yet be able to widen the hours of
an exception from ordinary days to holidays, a group holds pieces of the week that are alike on both.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from policyc.digits import Kind
from policyc.targets.threecx.times import Week
from policyc.targets.threecx.tree import Atoms, Tree

Calls = int  # a set of calls
KINDS = tuple(Kind)


class Columns:
    """How the calls of one list are laid out. `times` holds the mask of each group of times, as `Week` has them."""

    def __init__(self, tree: Tree, week: Week, masks: Iterable[int]) -> None:
        self.tree = tree
        self.times = groups_of(week, tuple(dict.fromkeys(masks)))
        self.width = tree.count
        self._column = (1 << self.width) - 1
        self._kind = len(self.times) * self.width  # the bits of one kind
        self._one_kind = (1 << self._kind) - 1
        self._spreads: dict[tuple[tuple[Kind, ...], int], tuple[int, ...]] = {}
        self._at: dict[int, Calls] = {}
        self._halves = tuple(self._halving(len(self.times)))

    def _halving(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield how to lay one half of so many columns upon the other, until one is left: the shift, and what stays."""
        while count > 1:
            count = (count + 1) // 2
            yield count * self.width, (1 << count * self.width) - 1

    def of(self, atoms: Atoms, kinds: Iterable[Kind], mask: int) -> Calls:
        """Return all calls with some texts, of some kinds, at some times."""
        found = 0
        for shift in self._shifts(tuple(kinds), mask):
            found |= atoms << shift
        return found

    def _shifts(self, kinds: tuple[Kind, ...], mask: int) -> tuple[int, ...]:
        key = kinds, mask
        if key not in self._spreads:
            self._spreads[key] = tuple(
                KINDS.index(kind) * self._kind + at * self.width
                for kind in kinds
                for at, times in enumerate(self.times)
                if times & mask
            )
        return self._spreads[key]

    def at(self, mask: int) -> Calls:
        """Return all calls at some times."""
        if mask not in self._at:
            self._at[mask] = self.of(self._column, KINDS, mask)
        return self._at[mask]

    def of_kind(self, calls: Calls, kind: Kind) -> Calls:
        """Return the calls of one kind."""
        shift = KINDS.index(kind) * self._kind
        return (calls >> shift & (1 << self._kind) - 1) << shift

    def texts(self, calls: Calls) -> Atoms:
        """Return the texts of calls, whatever their kind and time."""
        return self._laid(calls & self._one_kind | calls >> self._kind)

    def texts_of(self, calls: Calls) -> tuple[Atoms, ...]:
        """Return the texts of calls of each kind, whatever their time."""
        return self._laid(calls & self._one_kind), self._laid(calls >> self._kind)

    def _laid(self, calls: Calls) -> Atoms:
        """Return the texts of calls of one kind: all columns upon one another."""
        for shift, kept in self._halves:
            calls = calls & kept | calls >> shift
        return calls

    def when(self, calls: Calls) -> int:
        """Return the times of calls, whatever their text and kind."""
        calls = calls & self._one_kind | calls >> self._kind
        found = 0
        for times in self.times:
            if calls & self._column:
                found |= times
            calls >>= self.width
        return found

    def by_times(self, calls: Calls) -> dict[int, Calls]:
        """Return calls in groups of texts and kinds that have the same times."""
        found: dict[int, Calls] = {}
        for kind in KINDS:
            for mask, atoms in self._parts(calls, kind).items():
                found[mask] = found.get(mask, 0) | self.of(atoms, (kind,), mask)
        return found

    def first(self, calls: Calls) -> tuple[int, int]:
        """Return the kind, by its place, and the position of the first of some calls, if there are any."""
        parts = ((at, self.texts(self.of_kind(calls, kind))) for at, kind in enumerate(KINDS))
        return next((at, self.tree.first(atoms)) for at, atoms in parts if atoms)

    def _parts(self, calls: Calls, kind: Kind) -> dict[int, Atoms]:
        """Return the texts of one kind by their times."""
        column = calls >> KINDS.index(kind) * self._kind
        parts = {0: self._column}
        for times in self.times:
            some = column & self._column
            column >>= self.width
            parted: dict[int, Atoms] = {}
            for mask, atoms in parts.items():
                if atoms & some:
                    parted[mask | times] = atoms & some
                if atoms & ~some:
                    parted[mask] = atoms & ~some
            parts = parted
        parts.pop(0, None)
        return parts

    def all_at(self, calls: Calls, mask: int) -> Calls:
        """Return the same texts and kinds, at all of some times."""
        found = 0
        for kind in KINDS:
            found |= self.of(self.texts(self.of_kind(calls, kind)), (kind,), mask)
        return found


@lru_cache(maxsize=1024)
def groups_of(week: Week, masks: Sequence[int]) -> tuple[int, ...]:
    """Return the times that some masks tell apart, as masks: of pieces on other days, and of pieces on holidays."""
    found: dict[tuple[int, ...], int] = {}
    for at in range(week.count):
        answers = tuple(mask >> at & 1 | (mask >> at + week.count & 1) << 1 for mask in masks)
        found[answers] = found.get(answers, 0) | 1 << at
    return tuple(part for pieces in found.values() for part in (pieces, pieces << week.count))
