"""What became of calls that entered somewhere by its name, kept when all else that was found is let go of.

Where many calls come to, as an extension that others forward to, is so explored once. A row and its plans take some
kilobytes; all that was found on the way to them, ten times that.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from policyc.targets.asterisk.reader.diagrams import Diagram, end_of
from policyc.targets.asterisk.reader.questions import agree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from policyc.targets.asterisk.reader.plans import Plan
    from policyc.targets.asterisk.reader.questions import Ask, Value

T = TypeVar("T")
_MOST = 2**63  # what is packed


class Row(NamedTuple):
    """A diagram that was found, and by which inputs, in the order in which they were looked at.

    There are thousands: where its pieces begin is packed.
    """

    names: tuple[str, ...]
    values: tuple[Value, ...]
    digits: int
    starts: array[int]
    plans: tuple[Plan, ...]

    @property
    def bound(self) -> Mapping[str, Value]:
        """The inputs."""
        return dict(zip(self.names, self.values, strict=True))

    def found(self, as_now: Callable[[Plan], Plan]) -> Diagram[Plan]:
        """Return what was found, of plans as they are now; of two that differ, these differ too."""
        return Diagram(self.digits, (*self.starts,), tuple(map(as_now, self.plans)))


class Kept(Generic[T]):
    """Rows of plans by where calls entered."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: dict[T, list[Row]] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}  # of equal ones the one that is in rows
        self._new: set[T] = set()

    def rows(self, start: T) -> Sequence[Row]:
        """Return all rows of calls that entered somewhere."""
        return self._rows.get(start, ())

    def keep(self, start: T, bound: Mapping[str, Value], found: Diagram[Plan]) -> None:
        """Keep what was found by looking at inputs in this order; not of numbers that are longer than any."""
        if end_of(found.digits) > _MOST:
            return
        names = tuple(bound)
        names = self._names.setdefault(names, names)
        row = Row(names, tuple(bound.values()), found.digits, array("q", found.starts), found.values)
        self._rows.setdefault(start, []).append(row)
        self._new.add(start)

    def new(self) -> Collection[T]:
        """Return where calls entered, of all rows that were kept since this was asked the last time."""
        new, self._new = self._new, set()
        return new

    def drop(self, start: T) -> None:
        """Let go of the rows of calls that entered somewhere."""
        self._rows.pop(start, None)


def recalled(rows: Sequence[Row], ask: Ask) -> Row | None:
    """Return the row that was found for these inputs, None if none was.

    No more is asked than those asked who found the rows: of two that begin alike, the inputs are the same up to there.
    """
    for row in rows:
        if agree(ask, zip(row.names, row.values, strict=True)):
            return row
    return None
