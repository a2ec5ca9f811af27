"""What becomes of many calls to an extension, laid out over few rows of numbers of any length that they share.

What runs before anything asks which extension was called makes of the numbers that are presented in some way the digits
behind a known text, the same for all extensions. So it is found once where in the row of such numbers they stand, and
of an extension only a few rows are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from policyc.targets.asterisk.reader.diagrams import Apart, first_of
from policyc.targets.asterisk.reader.errors import Unclear
from policyc.targets.asterisk.reader.texts import unknown_digits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policyc.targets.asterisk.reader.call import Call
    from policyc.targets.asterisk.reader.diagrams import Diagram
    from policyc.targets.asterisk.reader.exploring import Entered, Walk
    from policyc.targets.asterisk.reader.plans import Plan

_MOST_WINDOWS = 100  # of numbers that are presented in one way
_MOST_LAYOUTS = 10  # that are kept

Window = tuple[int, int, int]
"""Where unknown digits begin, the source of which theirs are the plans, and from which of its places on."""
_Windows = tuple[Window, ...]


class Presented(NamedTuple):
    """Where calls enter, the number that they present, and its presentation: encoded texts."""

    context: str
    number: str
    presentation: str


@dataclass(frozen=True, slots=True)
class Laid:
    """What becomes of some calls: the windows of each, one object for all extensions that are laid out alike."""

    windows: tuple[_Windows, ...]
    sources: tuple[Diagram[Plan], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Windows over the rows of calls, None where numbers are to be looked at alone."""

    rows: tuple[Call, ...]
    windows: tuple[_Windows | None, ...]


class Layouts:
    """Lays calls out. Each may be presented in several ways, which should come to the same."""

    def __init__(self, walk: Walk, asked: Sequence[Sequence[Presented]]) -> None:
        """Take who explores, and how calls are presented."""
        self._walk = walk
        self._asked = asked
        self._contexts = tuple(dict.fromkeys(one.context for several in asked for one in several))
        self._used: frozenset[str] = frozenset()  # contexts that calls run through before
        self._layouts: dict[tuple[Entered | None, ...], _Layout] = {}
        self._shared: dict[tuple[_Layout | None, frozenset[int]], tuple[_Windows, ...]] = {}

    def forget(self) -> None:
        """Let go of what was found of extensions: how calls are laid out stays, which is nearly the same for all."""
        if len(self._layouts) > _MOST_LAYOUTS:
            self._layouts.clear()
            self._shared.clear()
            self._used = frozenset()
        self._walk.forget(self._used)

    def laid(self, exten: str) -> Laid:
        """Return what becomes of the calls to an extension: of each what `Walk.found` says."""
        entered = tuple(self._walk.entered(context, exten) for context in self._contexts)
        layout = self._layouts.get(entered)
        if layout is None:
            layout = self._layouts[entered] = self._layout(entered)
            self._used = self._walk.dialplan.contexts.read
        rows = [self._row(call, exten) for call in layout.rows]
        odd = frozenset(at for at, row in enumerate(rows) if row is None)
        key = layout, odd
        if key not in self._shared:
            self._shared[key] = _numbered(layout, odd)
        windows = self._shared[key]
        sources = [row for row in rows if row is not None]
        shared = len(sources)
        for several, its in zip(self._asked, windows, strict=True):
            if its[0][1] >= shared:
                sources.append(found_alike(self._walk, exten, several))
        return Laid(windows, tuple(sources))

    def _row(self, call: Call, exten: str) -> Diagram[Plan] | None:
        """Return the row of a call, None if its numbers are to be looked at alone: plans that tell any of their digits.

        What these tell may be what was presented, which is not the same for all.
        """
        try:
            row = self._walk.row(call, exten)
        except (Apart, Unclear):
            return None
        return None if any(map(self._walk.maker.tells_digits, row.values)) else row

    # --- once for all extensions ---

    def _layout(self, entered: Sequence[Entered | None]) -> _Layout:
        places = dict(zip(self._contexts, entered, strict=True))
        rows: dict[int, tuple[int, Call]] = {}  # by identity: in which order, and the call
        windows = []
        for several in self._asked:
            ways = {self._windows(one, places[one.context], rows) for one in several}
            windows.append(ways.pop() if len(ways) == 1 else None)
        return _Layout(tuple(call for _, call in rows.values()), tuple(windows))

    def _windows(self, one: Presented, entered: Entered | None, rows: dict[int, tuple[int, Call]]) -> _Windows | None:
        """Return where numbers stand in rows, those of new calls added to others."""
        if entered is None:
            return None
        size = len(unknown_digits(one.number))
        front = self._walk.front(entered, one.number, one.presentation)
        if front.digits:
            try:
                front = front.over(size)
            except Unclear:
                return None
        found: list[Window] = []
        for low, high, call in zip(front.starts, (*front.starts[1:], 10**size), front.values, strict=True):
            its = self._walk.any_length(call)
            if its is None:
                return None
            source, _ = rows.setdefault(id(its.call), (len(rows), its.call))
            if not its.length:  # one plan for all
                found.append((low, source, 0))
                continue
            first, round_ = first_of(its.length) + its.first, 10**its.more
            found.append((low, source, first + low % round_))
            again = range(low - low % round_ + round_, high, round_)
            if len(again) > _MOST_WINDOWS:
                return None
            found += ((start, source, first) for start in again)
        return tuple(found)


def _numbered(layout: _Layout, odd: frozenset[int]) -> tuple[_Windows, ...]:
    """Return windows over the rows that are left and, behind them, a source for each of the calls looked at alone."""
    left = [at for at in range(len(layout.rows)) if at not in odd]
    places = {source: at for at, source in enumerate(left)}
    alone = len(left)
    found: list[_Windows] = []
    for windows in layout.windows:
        if windows is None or not all(source in places for _, source, _ in windows):
            found.append(((0, alone, 0),))
            alone += 1
        else:
            found.append(tuple((start, places[source], at) for start, source, at in windows))
    return tuple(found)


def found_alike(walk: Walk, exten: str, several: Sequence[Presented]) -> Diagram[Plan]:
    """Return what becomes of calls that are presented in several ways: of the first, or of another that differs."""
    first, *others = (walk.found(one.context, exten, one.number, one.presentation) for one in several)
    return next((one for one in others if one.starts != first.starts or one.plans != first.plans), first)
