"""Calls from their entry on: what becomes of all numbers of a shape, and the lines that one call runs through.

The first context of a call makes something of its number. So it is gone through for each shape of presented number,
once for all called numbers; from the first transfer on, calls are told apart by the variables that they have by then,
and numbers in them are not spelt out, so that all shapes share what follows. Only where a dialplan looks into a number
otherwise than by an expression on it whole are shapes followed one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, pairwise
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from policyc import schedule
from policyc.schedule import Period
from policyc.targets.freeswitch.reader import regions, texts
from policyc.targets.freeswitch.reader.branch import HARMLESS, UNDERSTOOD
from policyc.targets.freeswitch.reader.diagrams import Diagram, Plans
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, What
from policyc.targets.freeswitch.reader.exploring import Exit, Explorer
from policyc.targets.freeswitch.reader.plans import HungUp, Odd, Onward, Plan
from policyc.targets.freeswitch.reader.regions import Region
from policyc.targets.freeswitch.reader.texts import Choice, Value

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.dialplan import Dialplan
    from policyc.targets.freeswitch.reader.matching import Regex

_IS_OPEN = attrgetter("is_open")
UNKNOWN = "?"
"""Stands in a presented number for a digit that may be any."""
_MOST_PARTS = 64


class Calls(Protocol):
    """Calls that are alike but for some digits of the caller."""

    @property
    def internal(self) -> bool: ...  # noqa: D102
    @property
    def presented(self) -> str: ...  # noqa: D102
    @property
    def hidden(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Found:
    """What becomes of some calls: `plans[i]` is for the numbers from `starts[i]` to the next start."""

    starts: tuple[int, ...]
    plans: tuple[Plan, ...]


Window = tuple[int, int, int]
"""Where unknown digits begin, the source of which theirs are the plans, and from which of its places on."""


@dataclass(frozen=True, slots=True)
class Laid:
    """What becomes of some calls: of each, windows upon `sources`. What is laid out alike has one object `windows`."""

    windows: tuple[tuple[Window, ...], ...]
    sources: tuple[Found | Diagram, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """How some numbers go on from the first transfer.

    `env` has numbers that are not spelt out, which are on the line `shifts` further; None: they must be spelt out.
    `kind` is the kind of callers that they are then.
    """

    context: str
    place: Place
    env: Mapping[str, Any] | None
    shifts: Mapping[str, int]
    spelt: Mapping[str, Any]
    kind: _Kind


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Numbers of a shape that go on alike; the ways are by the index of an `Onward`."""

    low: int
    high: int
    plan: Plan
    ways: Mapping[int, _Way]
    only: _Way | None
    """The way, where the plan is nothing but it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """What the first context makes of a shape, for called numbers of which expressions say as much."""

    called: str | None
    assumed: tuple[tuple[Regex, bool], ...]
    parts: tuple[_Part, ...]
    presented: str
    digits: int

    def holds_for(self, called: str) -> bool:
        """Tell whether it holds for a called number."""
        if self.called is not None:
            return self.called == called
        return all(regex.matches(called) is told for regex, told in self.assumed)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Kinds of callers that are transferred to one context: who is of which stands in the values of `env`.

    In those of the names `of_called` the called number stands.
    """

    context: str
    place: Place
    env: Mapping[str, Any]
    of_called: tuple[str, ...]
    explorer: Explorer


_Kind = tuple[str, frozenset[tuple[str, Any]]]
_Gone = tuple[list[int], tuple[Plan, ...]]
"""Where numbers have which plan, from the first of them on."""


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where the plans of each shape stand: windows upon the diagrams of all groups, and what `ended` before.

    Behind those come the shapes that are like none: `others`, each a source of its own.
    """

    windows: tuple[tuple[Window, ...], ...]
    ended: tuple[Found, ...]
    others: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Crowd:
    """All kinds of callers of some shapes: of each, its group, and where its numbers begin there."""

    entries: tuple[_Entry, ...]
    groups: tuple[_Group, ...]
    at: Mapping[_Kind, tuple[int, int]]
    layouts: dict[tuple[int | str | None, ...], _Layout] = field(default_factory=dict)
    """By the spaces of the diagrams of all groups; by none, the one in which each shape is a source."""


@dataclass(slots=True, eq=False)
class Reading:
    """A dialplan, asked what becomes of calls. `entries` are the contexts of internal and external calls."""

    dialplan: Dialplan
    zone: ZoneInfo
    entries: Mapping[bool, str]
    plans: Plans = field(default_factory=Plans)
    _regexes: dict[str, Regex] = field(default_factory=dict)
    _crowds: dict[tuple[int, ...], _Crowd] = field(default_factory=dict)
    _spelt: dict[tuple[int, str], Explorer] = field(default_factory=dict)
    _entries: dict[tuple[bool, str, bool], list[_Entry]] = field(default_factory=dict)
    _symbols: dict[str, str] = field(default_factory=dict)
    _last: tuple[tuple[Calls, ...], tuple[tuple[Regex, bool], ...], _Crowd | None] = ((), (), None)

    def _explorer(self, space: int | None = None, presented: str | None = None) -> Explorer:
        return Explorer(self.dialplan, self.plans, self.zone.key, self._regexes, space, presented=presented)

    def laid(self, called: str, calls: Sequence[Calls]) -> Laid:
        """Return what becomes of each of the calls to a number, upon sources that they share. Raises NotUnderstood."""
        number = texts.encode(called)
        crowd = self._crowd_of(number, calls)
        diagrams = [
            group.explorer.explore(
                group.context,
                {**group.env, **{name: _with_called(group.env[name], number) for name in group.of_called}},
                group.place,
            )
            for group in crowd.groups
        ]
        spaces = () if any(one.is_open for one in diagrams) else tuple(one.space for one in diagrams)
        layout = crowd.layouts.get(spaces)
        if layout is None:
            layout = crowd.layouts[spaces] = _layout(crowd, spaces)
        others = [self._found(number, entry, crowd, diagrams) for entry in layout.others]
        return Laid(layout.windows, (*diagrams, *layout.ended, *others))

    def forget(self, *, wholly: bool = False) -> None:
        """Let go of what was found, but for what the first contexts make of shapes, and of contexts if not wholly."""
        self.dialplan.forget()
        self.plans.forget(wholly=wholly)
        self._regexes.clear()
        self._spelt.clear()
        for crowd in self._crowds.values():
            for group in crowd.groups:
                group.explorer.forget(wholly=wholly)

    def found(self, called: str, calls: Sequence[Calls]) -> list[Found]:
        """Return what becomes of each of the calls to a number, by itself. Raises NotUnderstood."""
        laid = self.laid(called, calls)
        return [
            _cut_out(its, laid.sources, 10 ** one.presented.count(UNKNOWN))
            for its, one in zip(laid.windows, calls, strict=True)
        ]

    def path(self, called: str, one: Calls, local: datetime) -> list[Place]:
        """Return the lines that one call runs through, at an instant, where nobody answers. Raises NotUnderstood."""
        explorer = self._explorer(presented=texts.encode(one.presented))
        explorer.local = local
        env = self._env(one, texts.encode(one.presented), texts.encode(called))
        entry = self.entries[one.internal]
        diagram = explorer.explore(entry, env, self._place(entry))
        for event in diagram.plans[0].events:
            if isinstance(event, Odd):
                explorer.stops.append(event.place)
        return list(dict.fromkeys(explorer.stops))

    # -- the first context -------------------------------------------------------------------------

    def _place(self, entry: str) -> Place:
        context = self.dialplan.contexts.get(entry.lower())
        if context is None:
            raise NotUnderstood(Place(next(iter(self.dialplan.files)), 1), What.CONTEXT, entry)
        return Place(context.source.file, context.line)

    def _env(self, one: Calls, presented: str, called: str) -> dict[str, Any]:
        hidden = "true" if one.hidden else "false"
        env = {
            "@destination_number": called,
            "@context": self.entries[one.internal],
            "@caller_id_number": presented,
            "@caller_id_name": texts.NAME,
            "@ani": presented,
            "@hide_name": hidden,
            "@hide_number": hidden,
            "@screen": "true",
        }
        return {name: value for name, value in env.items() if value}

    def _crowd_of(self, called: str, calls: Sequence[Calls]) -> _Crowd:
        """Return all kinds of callers of some shapes: for most called numbers, the same as for the last one."""
        shapes, assumed, known = self._last
        same = len(shapes) == len(calls) and all(map(is_, shapes, calls))
        if known is not None and same and all(regex.matches(called) is told for regex, told in assumed):
            return known
        entries = tuple(self._entry(called, one) for one in calls)
        key = tuple(map(id, entries))
        crowd = self._crowds.get(key)
        if crowd is None:
            crowd = self._crowds[key] = self._crowd(entries)
        if all(entry.called is None for entry in entries):
            self._last = tuple(calls), tuple({pair: None for entry in entries for pair in entry.assumed}), crowd
        return crowd

    def _entry(self, called: str, one: Calls) -> _Entry:
        entries = self._entries.setdefault((one.internal, one.presented, one.hidden), [])
        for entry in entries:
            if entry.holds_for(called):
                return entry
        made = self._entered(called, one, texts.CALLED) or self._entered(called, one, called)
        if made is None:
            raise AssertionError("a called number that is spelt out")
        entries.append(made)
        return made

    def _entered(self, called: str, one: Calls, as_called: str) -> _Entry | None:
        """Go through the first context; None where the called number must be spelt out."""
        digits = one.presented.count(UNKNOWN)
        places = iter(range(digits - 1, -1, -1))
        presented = "".join(
            texts.digit(next(places)) if char == UNKNOWN else char for char in texts.encode(one.presented)
        )
        explorer = self._explorer(digits, presented)
        explorer.called, explorer.exits = called, []
        name = self.entries[one.internal]
        diagram = explorer.explore(name, self._env(one, presented, as_called), self._place(name))
        is_spelt = as_called != texts.CALLED
        if not is_spelt and not all(map(_says_nothing, diagram.plans)):
            return None
        parts: list[_Part] = []
        ends = (*diagram.starts[1:], 10**digits)
        for low, high, plan in zip(diagram.starts, ends, diagram.plans, strict=True):
            parts += self._parts(low, high, plan, explorer.exits, presented)
        return _Entry(
            called if is_spelt or explorer.is_for_called else None,
            tuple(explorer.assumed.items()),
            tuple(parts),
            presented,
            digits,
        )

    def _parts(self, low: int, high: int, plan: Plan, exits: Sequence[Exit], presented: str) -> Iterator[_Part]:
        """Yield numbers that have one plan, cut so that each variable has one value."""
        onward = sorted(set(_onward(plan)))
        cuts = {low, high}
        for index in onward:
            for value in exits[index].env.values():
                cuts.update(cut for cut in _cuts(value, low) if low < cut < high)
        if len(cuts) <= _MOST_PARTS:
            cuts.update(self._blocks(sorted(cuts), [exits[index] for index in onward]))
        for start, end in pairwise(sorted(cuts)):
            ways = {index: self._way(exits[index], start, end, presented) for index in onward}
            is_one = plan.then is None and len(plan.events) == 1 and onward
            yield _Part(start, end, plan, ways, ways[onward[0]] if is_one else None)

    def _blocks(self, cuts: list[int], exits: list[Exit]) -> Iterator[int]:
        """Yield where to cut, so that the digits that variables do not have are the same: if that is not too often."""
        for low, high in pairwise(cuts):
            for one in exits:
                for value in one.env.values():
                    stretch = regions.stretch(value) if isinstance(value, str) else None
                    if stretch is not None:
                        size = 10**stretch.more
                        first, last = low // size + 1, (high - 1) // size
                        if last - first < _MOST_PARTS:
                            yield from (block * size for block in range(first, last + 1))

    def _way(self, one: Exit, low: int, high: int, presented: str) -> _Way:
        spelt: dict[str, Any] = {name: _at(value, low) for name, value in one.env.items()}
        env: dict[str, Any] | None = {}
        shifts: dict[str, int] = {}
        for name, value in spelt.items():
            if env is None:
                break
            if name in ("@caller_id_number", "@ani") and value == presented:
                env[name] = texts.PRESENTED
            elif isinstance(value, str) and texts.has_digit(value):
                stretch = regions.stretch(value)
                if stretch is None or name.startswith("@") or name in UNDERSTOOD or name in HARMLESS:
                    env = None
                    break
                size = 10**stretch.more
                if low // size != (high - 1) // size:
                    env = None
                    break
                symbol = self._symbol(name)
                env[name] = symbol
                shifts[symbol] = stretch.low - low // size * size
            elif isinstance(value, Choice) and _has_digit(value):
                env = None
            else:
                env[name] = value
        if env is not None:
            env["@caller_id_number"] = env["@ani"] = texts.PRESENTED  # even if none is
        kind = one.context.lower(), frozenset((spelt if env is None else env).items())
        return _Way(one.context, one.place, env, shifts, spelt, kind)

    def _symbol(self, name: str) -> str:
        if name not in self._symbols:
            if len(self._symbols) >= texts.MOST_NUMBERS:
                raise NotUnderstood(Place(next(iter(self.dialplan.files)), 1), What.ENDLESS, name)
            self._symbols[name] = texts.number_symbol(len(self._symbols))
        return self._symbols[name]

    # -- from the first transfer on ----------------------------------------------------------------

    def _crowd(self, entries: tuple[_Entry, ...]) -> _Crowd:
        """Return all kinds of callers of some shapes, those that go on to one context together."""
        ways = [way for entry in entries for part in entry.parts for way in part.ways.values() if way.env is not None]
        contexts: dict[tuple[Any, ...], dict[_Kind, _Way]] = {}
        for way in ways:
            others = frozenset(pair for pair in (way.env or {}).items() if not isinstance(pair[1], str | Choice))
            contexts.setdefault((way.context.lower(), others), {}).setdefault(way.kind, way)
        at: dict[tuple[str, frozenset[tuple[str, Any]]], tuple[int, int]] = {}
        groups = []
        for index, kinds in enumerate(contexts.values()):
            size = 0
            for kind in kinds:
                at[kind] = index, size
                size += regions.LINE
            first = next(iter(kinds.values()))
            starts = [at[kind][1] for kind in kinds]
            bounds = list(zip(starts, [*starts[1:], size], strict=True))
            env = {}
            for name in dict.fromkeys(name for way in kinds.values() for name in way.env or ()):
                env[name] = _one_of([(way.env or {}).get(name, "") for way in kinds.values()], bounds, size)
            bases = {
                symbol: tuple(at[kind][1] for kind, way in kinds.items() if symbol in way.shifts)
                for symbol in {symbol for way in kinds.values() for symbol in way.shifts}
            }
            explorer = self._explorer()
            explorer.bases, explorer.size, explorer.kinds = bases, size, tuple(bounds)
            of_called = tuple(name for name, value in env.items() if _with_called(value, "") is not value)
            groups.append(_Group(first.context, first.place, env, of_called, explorer))
        return _Crowd(entries, tuple(groups), at)

    def _found(self, called: str, entry: _Entry, crowd: _Crowd, diagrams: Sequence[Diagram]) -> Found:
        """Return what becomes of a shape, however its parts go on."""
        gone: list[_Gone] = []
        for part in entry.parts:
            if part.ways:
                gone.append(self._all_gone(called, entry, part, crowd, diagrams))
            else:
                gone.append(([part.low], (part.plan,)))
                self._understood((part.plan,))
        return _joined(gone)

    def _gone(self, part: _Part, way: _Way, crowd: _Crowd, diagrams: Sequence[Diagram]) -> _Gone | None:
        """Return what becomes of the numbers of a part that go one way; None where they must be spelt out."""
        if way.env is None:
            return None
        group, base = crowd.at[way.kind]
        diagram = diagrams[group]
        shift = way.shifts.get(str(diagram.space))
        if shift is None:
            starts, plans = diagram.cut(base, base + 1)
            starts = [part.low]
        else:
            shift += base
            starts, plans = diagram.cut(part.low + shift, part.high + shift)
            starts = [part.low] if len(starts) == 1 else [start - shift for start in starts]
        if any(map(_IS_OPEN, plans)):
            if any(map(_must_be_spelt, plans)):
                return None
            self._understood(plans)
        return starts, plans

    def _gone_spelt(self, called: str, entry: _Entry, part: _Part, way: _Way) -> _Gone:
        """Return what becomes of the numbers of a part, spelt out: digits that are the same for all are known."""
        free = next(more for more in range(entry.digits + 1) if part.low // 10**more == (part.high - 1) // 10**more)
        base = part.low // 10**free * 10**free
        known = str(part.low).zfill(entry.digits)
        table = str.maketrans(
            {texts.digit(place): known[entry.digits - 1 - place] for place in range(free, entry.digits)}
        )
        presented = entry.presented.translate(table)
        explorer = self._spelt.get((free, presented))
        if explorer is None:
            explorer = self._spelt[free, presented] = self._explorer(free, presented)
        env = {name: _translated(_with_called(value, called), table) for name, value in way.spelt.items()}
        diagram = explorer.explore(way.context, env, way.place)
        starts, plans = diagram.cut(part.low - base, part.high - base)
        self._understood(plans)
        return [start + base for start in starts], plans

    def _all_gone(self, called: str, entry: _Entry, part: _Part, crowd: _Crowd, diagrams: Sequence[Diagram]) -> _Gone:
        """Return what becomes of the numbers of a part that go several ways, or with which something happens first."""
        gone = {
            index: self._gone(part, way, crowd, diagrams) or self._gone_spelt(called, entry, part, way)
            for index, way in part.ways.items()
        }
        starts = sorted({start for some, _ in gone.values() for start in some})
        plans = []
        for start in starts:
            behind = {
                index: plans_of[max(at for at, one in enumerate(starts_of) if one <= start)]
                for index, (starts_of, plans_of) in gone.items()
            }
            plans.append(self._put(part.plan, behind))
        self._understood(plans)
        return starts, tuple(plans)

    def _put(self, plan: Plan, behind: Mapping[int, Plan]) -> Plan:
        """Return a plan with others at the place of each `Onward`."""
        if plan.then is not None:
            then = plan.then
            parted = self.plans.parted(then.asked, self._put(then.yes, behind), self._put(then.no, behind))
            return self.plans.before(plan.events, parted) if plan.events else parted
        if plan.events and isinstance(plan.events[-1], Onward):
            rest = behind[plan.events[-1].index]
            return self.plans.before(plan.events[:-1], rest) if len(plan.events) > 1 else rest
        return plan

    def _understood(self, plans: Sequence[Plan]) -> None:
        """Raise NotUnderstood for what is not, at some instant."""
        for plan in plans:
            if plan.is_open:
                for odd, periods in _odd(plan, ()):
                    if self._can_be(periods):
                        raise NotUnderstood(odd.place, odd.what, odd.text)

    def _can_be(self, periods: tuple[tuple[Period, bool], ...]) -> bool:
        """Tell whether at some instant all of some periods hold, or do not."""
        partition = schedule.partition(self.zone, (period for period, _ in periods))
        mask = partition.everything
        for period, inside in periods:
            mask &= partition.mask(period) if inside else ~partition.mask(period)
        return mask != 0


def _layout(crowd: _Crowd, spaces: Sequence[int | str | None]) -> _Layout:
    """Return where the plans of a crowd's shapes stand, given what tells callers apart in the groups' diagrams."""
    ended: dict[Plan, int] = {}
    windows = [_windows(entry, crowd, spaces, ended) if spaces else None for entry in crowd.entries]
    numbers = count(len(crowd.groups) + len(ended))
    return _Layout(
        tuple(((0, next(numbers), 0),) if its is None else its for its in windows),
        tuple(Found((0,), (plan,)) for plan in ended),
        tuple(entry for entry, its in zip(crowd.entries, windows, strict=True) if its is None),
    )


def _windows(
    entry: _Entry, crowd: _Crowd, spaces: Sequence[int | str | None], ended: dict[Plan, int]
) -> tuple[Window, ...] | None:
    """Return the windows of a shape, None where it is more than the numbers of some kinds, one after the other."""
    found: list[Window] = []
    if entry.digits > regions.LONGEST:
        return None
    for part in entry.parts:
        way = part.only
        if way is not None and way.env is not None:
            source, base = crowd.at[way.kind]
            at = base + way.shifts.get(str(spaces[source]), 0) + part.low
        elif part.ways or part.plan.is_open:
            return None
        else:
            source, at = len(crowd.groups) + ended.setdefault(part.plan, len(ended)), 0
        if not found or found[-1][1] != source or at - found[-1][2] != part.low - found[-1][0]:
            found.append((part.low, source, at))
    return tuple(found)


def _cut_out(windows: Sequence[Window], sources: Sequence[Found | Diagram], size: int) -> Found:
    """Return what becomes of the numbers of a shape."""
    ends = [*(start for start, _, _ in windows[1:]), size]
    gone: list[_Gone] = []
    for (start, source, at), end in zip(windows, ends, strict=True):
        starts, plans = sources[source].starts, sources[source].plans
        first = bisect_right(starts, at) - 1
        last = bisect_left(starts, at + end - start, first + 1)
        gone.append(([start, *(one - at + start for one in starts[first + 1 : last])], plans[first:last]))
    return _joined(gone)


def _joined(gone: Sequence[_Gone]) -> Found:
    """Return what becomes of a shape, given what becomes of its parts."""
    starts: list[int] = []
    plans: list[Plan] = []
    for some_starts, some_plans in gone:
        again = bool(plans) and plans[-1] is some_plans[0]
        starts += some_starts[again:]
        plans += some_plans[again:]
    return Found(tuple(starts), tuple(plans))


def _says_nothing(plan: Plan) -> bool:
    """Tell whether a plan has no text in which the called number may stand."""
    if plan.then is not None and not (_says_nothing(plan.then.yes) and _says_nothing(plan.then.no)):
        return False
    return all(isinstance(event, Onward | Odd | HungUp) for event in plan.events)


def _onward(plan: Plan) -> Iterator[int]:
    if plan.then is not None:
        yield from _onward(plan.then.yes)
        yield from _onward(plan.then.no)
    yield from (event.index for event in plan.events if isinstance(event, Onward))


def _must_be_spelt(plan: Plan) -> bool:
    """Tell whether something would be understood if numbers were spelt out."""
    return plan.is_open and any(odd.spelt for odd, _ in _odd(plan, ()))


def _odd(plan: Plan, periods: tuple[tuple[Period, bool], ...]) -> Iterator[tuple[Odd, tuple[tuple[Period, bool], ...]]]:
    """Yield what is not understood in a plan, and at which instants the call gets there."""
    if not plan.is_open:
        return
    yield from ((event, periods) for event in plan.events if isinstance(event, Odd))
    if plan.then is not None:
        asked = plan.then.asked
        for way, answer in ((plan.then.yes, True), (plan.then.no, False)):
            yield from _odd(way, (*periods, (asked, answer)) if isinstance(asked, Period) else periods)


def _cuts(value: Any, low: int) -> Iterator[int]:
    """Yield where a value changes with the number, from one number on."""
    if isinstance(value, Choice):
        if isinstance(value.asked, Region):
            yield from value.asked.ends
        yield from _cuts(value.yes, low)
        yield from _cuts(value.no, low)


def _at(value: Any, number: int) -> Any:
    """Return a value for a number."""
    if not isinstance(value, Choice):
        return value
    if isinstance(value.asked, Region):
        return _at(value.yes if regions.holds(value.asked.ends, number) else value.no, number)
    return texts.choice(value.asked, _at(value.yes, number), _at(value.no, number))


def _has_digit(value: Value) -> bool:
    if isinstance(value, str):
        return texts.has_digit(value)
    return _has_digit(value.yes) or _has_digit(value.no)


def _one_of(values: Sequence[Any], bounds: Sequence[tuple[int, int]], size: int) -> Any:
    """Return a value that is one of some, by the kind of caller: each kind is from one bound to another."""
    kinds: dict[Any, list[tuple[int, int]]] = {}
    for value, bound in zip(values, bounds, strict=True):
        kinds.setdefault(value, []).append(bound)
    *rest, last = sorted(kinds, key=lambda value: len(kinds[value]))
    whole = last
    for value in rest:
        whole = texts.choice(Region(regions.ANY, regions.joined(kinds[value]), size), value, whole)
    return whole


def _with_called(value: Any, called: str) -> Any:
    if isinstance(value, Choice):
        return texts.choice(value.asked, _with_called(value.yes, called), _with_called(value.no, called))
    return value.replace(texts.CALLED, called) if isinstance(value, str) else value


def _translated(value: Any, table: dict[int, str]) -> Any:
    if isinstance(value, Choice):
        return texts.choice(value.asked, _translated(value.yes, table), _translated(value.no, table))
    return value.translate(table) if isinstance(value, str) else value
