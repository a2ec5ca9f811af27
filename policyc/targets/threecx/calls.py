"""Sets of calls as ints: which texts, of which kind, at which times. Pure.

A set of calls is one int: a column of bits for each kind and each group of times, a bit of it for each atom of the
tree. So sets are joined by `|`, met by `&` and taken apart by `& ~`, whatever their size.

Times that the same rules hold at are one group. To keep them apart from holidays and yet be able to widen the hours of
an exception from ordinary days to holidays, a group holds pieces of the week that are alike on both.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from policyc.digits import Kind
from policyc.targets.threecx.nodes import Atoms
from policyc.targets.threecx.times import Week
from policyc.targets.threecx.tree import Tree

Calls = int  # a set of calls
INTERNAL: Final = 0
EXTERNAL: Final = 1
BOTH: Final = 2
KINDS: Final[tuple[Kind | None, ...]] = (Kind.INTERNAL, Kind.EXTERNAL, None)  # what these stand for


class Columns:
    """How the calls of one list are laid out. `times` holds the mask of each group of times, as `Week` has them."""

    def __init__(self, tree: Tree, times: tuple[int, ...]) -> None:
        self.tree = tree
        self.times = times
        self.width = tree.count
        self._column = (1 << self.width) - 1
        self._kind = len(self.times) * self.width  # the bits of one kind
        self._one_kind = (1 << self._kind) - 1
        self._but_last = self._one_kind >> self.width  # the bits of all columns of one kind but the last
        self._always = sum(times)
        self._lowest: dict[int, int] = {}  # the first bits of the columns at some times
        self._at: dict[int, Calls] = {}
        self._halves = tuple(self._halving(len(self.times)))

    def of_kinds(self, inside: Atoms, outside: Atoms) -> Calls:
        """Return some texts of internal and of external calls as the columns that `spread` takes."""
        return inside | outside << self._kind

    def spread(self, columns: Calls, mask: int) -> Calls:
        """Return all calls at some times with the texts and of the kinds of first columns."""
        found = self._lowest.get(mask)
        if found is None:
            found = sum([1 << at * self.width for at, times in enumerate(self.times) if times & mask])
            self._lowest[mask] = found
        return columns * found

    def _halving(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield how to lay one half of so many columns upon the other, until one is left: the shift, and what stays."""
        while count > 1:
            count = (count + 1) // 2
            yield count * self.width, (1 << count * self.width) - 1

    def of(self, atoms: Atoms, kind: int, mask: int) -> Calls:
        """Return all calls with some texts, of a kind, at some times."""
        inside = self.spread(atoms, mask)
        if kind == INTERNAL:
            return inside
        outside = inside << self._kind
        return outside if kind == EXTERNAL else inside | outside

    def at(self, mask: int) -> Calls:
        """Return all calls at some times."""
        if mask not in self._at:
            self._at[mask] = self.of(self._column, BOTH, mask)
        return self._at[mask]

    def halves(self, calls: Calls) -> tuple[Calls, Calls]:
        """Return the calls of each kind, both laid out as internal ones are."""
        return calls & self._one_kind, calls >> self._kind

    def of_kind(self, calls: Calls, kind: int) -> Calls:
        """Return the calls of one kind."""
        return calls & self._one_kind if kind == INTERNAL else calls >> self._kind << self._kind

    def texts(self, calls: Calls) -> Atoms:
        """Return the texts of calls, whatever their kind and time."""
        return self._laid(calls & self._one_kind | calls >> self._kind)

    def texts_of(self, calls: Calls) -> tuple[Atoms, Atoms]:
        """Return the texts of calls of each kind, whatever their time."""
        return self._laid(calls & self._one_kind), self._laid(calls >> self._kind)

    def _laid(self, calls: Calls) -> Atoms:
        """Return the texts of calls of one kind: all columns upon one another."""
        for shift, kept in self._halves:
            calls = calls & kept | calls >> shift
        return calls

    def when(self, calls: Calls) -> int:
        """Return the times of calls, whatever their text and kind."""
        return self.texts_and_times(calls & self._one_kind | calls >> self._kind)[1]

    def texts_and_times(self, calls: Calls) -> tuple[Atoms, int]:
        """Return the texts and the times of calls of one kind, laid out as internal ones are."""
        if calls and calls & self._but_last == calls >> self.width:  # mostly they are the same at all times
            return calls & self._column, self._always
        texts = found = 0
        for times in self.times:
            if column := calls & self._column:
                texts |= column
                found |= times
            calls >>= self.width
        return texts, found

    def by_times(self, calls: Calls) -> dict[int, Calls]:
        """Return calls in groups of texts and kinds that have the same times."""
        found: dict[int, Calls] = {}
        for kind, some in enumerate(self.halves(calls)):
            for mask, atoms in self._parts(some).items() if some else ():
                found[mask] = found.get(mask, 0) | self.of(atoms, kind, mask)
        return found

    def first(self, calls: Calls) -> tuple[int, int]:
        """Return the kind, by its place, and the position of the first of some calls, if there are any."""
        return next((kind, self.tree.first(atoms)) for kind, atoms in enumerate(self.texts_of(calls)) if atoms)

    def _parts(self, column: Calls) -> dict[int, Atoms]:
        """Return the texts of calls of one kind, laid out as internal ones are, by their times."""
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


def groups_of(week: Week, masks: Sequence[int]) -> tuple[int, ...]:
    """Return the times that some masks tell apart, as masks: of pieces on other days, and of pieces on holidays."""
    found: dict[tuple[int, ...], int] = {}
    for at in range(week.count):
        answers = tuple(mask >> at & 1 | (mask >> at + week.count & 1) << 1 for mask in masks)
        found[answers] = found.get(answers, 0) | 1 << at
    return tuple(part for pieces in found.values() for part in (pieces, pieces << week.count))
