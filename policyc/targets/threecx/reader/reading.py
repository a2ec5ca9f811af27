"""A file in, what becomes of every call out: the first exception that matches decides, from extension to extension.

Nothing is sampled. For some callers that differ in a few digits, each list is a diagram: where the exceptions that have
a pattern for them change, and a plan in each piece. Where a plan goes on at another extension, the diagram of that one
is put in its place.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from itertools import chain, compress
from operator import attrgetter, is_not
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from policyc import schedule
from policyc.targets.threecx.reader import document, walks
from policyc.targets.threecx.reader.errors import NotUnderstood, Path, Trouble, Unclear, What
from policyc.targets.threecx.reader.exceptions import ForwardingException, Lists, check_keys
from policyc.targets.threecx.reader.hours import Clock
from policyc.targets.threecx.reader.layout import (
    EXTERNAL,
    LIKENESSES,
    Asked,
    Calls,
    Likeness,
    Line,
    Window,
    kind_of,
    layout,
    shown,
)
from policyc.targets.threecx.reader.patterns import UNKNOWN, Matcher, Shape, Unasked, shape
from policyc.targets.threecx.reader.plans import (
    NOBODY,
    Event,
    Forwarded,
    HandedOver,
    Looped,
    NotAsked,
    Plan,
    Plans,
    Rang,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from policyc.schedule import Period


@dataclass(frozen=True, slots=True)
class Found:
    """What becomes of some calls: `plans[i]` is for the numbers from `starts[i]` to the next start.

    `onward` are the extensions at which some of them go on (none, in what is found), `odd` tells that there may be a
    plan with a Trouble.
    """

    starts: Sequence[int]
    plans: tuple[Plan, ...]
    onward: frozenset[str] = field(default=NOBODY, compare=False, repr=False)
    odd: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """A line of the file that a call ran through, and what it says."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Pbx:
    """What a PBX knows by itself.

    `current`: exceptions have the form from 20.0.9 on. `anonymous` is how callers without a number are shown, "" if
    nobody says. `systems` are its groups, queues and menus: what a destination calls each of them.
    """

    zone: ZoneInfo
    current: bool = True
    anonymous: str = ""
    holidays: Iterable[tuple[date, date]] = ()
    systems: Mapping[str, str] = field(default_factory=dict)


_MOST_KEPT: Final = 200  # lists
_ONWARD: Final = attrgetter("onward")
_Way = Plan | tuple[Plan, ...]  # at some extensions; at one, the plan itself
_NAMES: Final = ("ForwardingExceptions", "Number")


def read(file: str, text: str, pbx: Pbx, asked: Asked | None = None) -> Reading:
    """Return a file read back. Raises NotUnderstood where it is no list of extensions with their exceptions.

    Where calls are laid out, one asks about those of their unknown digits that `asked` says, by default about all.
    """
    awaited: set[str] = set()

    def kept(value: dict[str, Any]) -> object:
        exceptions = value.get(_NAMES[0])
        if not isinstance(exceptions, list):
            return value
        awaited.update(_awaited(exceptions))
        return document.Packed.of(value)

    value = document.parse(file, text, kept)
    try:
        lists = _lists(value)
        places = _places(lists)
    except Unclear as error:
        raise _located(file, text, error.trouble) from error
    return Reading(file, text, pbx, lists, places, awaited, asked)


def _awaited(exceptions: Iterable[Any]) -> Iterator[str]:
    """Yield the numbers at which some exceptions may go on, and others."""
    for one in exceptions:
        to = one.get("Destination") if isinstance(one, dict) else None
        number = to.get("Number") if isinstance(to, dict) else None
        if isinstance(number, str):
            yield number


def _lists(value: Any) -> Sequence[Any]:
    """Return the lists of exceptions of a file. Raises Unclear."""
    value = document.unpacked(value)
    check_keys(value, {"value"}, ())
    if not isinstance(value["value"], list):
        raise Unclear(What.VALUE, document.shown(value["value"]), ("value",))
    return value["value"]


def _places(lists: Iterable[Any]) -> Mapping[str, Sequence[int]]:
    """Return where the lists of each extension are. Raises Unclear."""
    found: dict[str, list[int]] = {}
    for at, one in enumerate(lists):
        number = (
            one.number if isinstance(one, document.Packed) else one.get("Number") if isinstance(one, dict) else None
        )
        if not isinstance(number, str):
            raise Unclear(What.VALUE, document.shown(one), ("value", at, "Number"))
        found.setdefault(number, []).append(at)
    return found


def _located(file: str, text: str, trouble: Trouble) -> NotUnderstood:
    return NotUnderstood(file, document.line_of(text, trouble.path), trouble.what, trouble.text)


@dataclass(frozen=True, slots=True)
class _Extension:
    """The list of an extension; one that is in trouble as a whole has no exceptions.

    `allowed` are the exceptions for internal calls and those for external ones, `odd` those of which nobody knows whom
    they are for: bits, by their places. `forwards` are the extensions at which calls may go on, `leaves` what each of
    the exceptions does; of one that is `clear` all is understood. `plans` are known by the exceptions that may match,
    and those that do.
    """

    exceptions: tuple[ForwardingException, ...]
    trouble: Trouble | None
    matcher: Matcher
    allowed: tuple[int, int]
    odd: int
    forwards: tuple[str, ...]
    leaves: tuple[Plan, ...]
    clear: bool
    plans: dict[int, dict[int, Plan]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Calls on one line. For each extension, `direct` is what it does with them, `known` what becomes of them."""

    line: Line
    direct: dict[str, Found] = field(default_factory=dict)
    known: dict[str, Found] = field(default_factory=dict)

    def forget(self, awaited: AbstractSet[str]) -> None:
        """Let go of all but what becomes of calls to some extensions."""
        self.direct.clear()
        for number, found in list(self.known.items()):
            if number not in awaited:
                del self.known[number]
            elif not isinstance(found.starts, array):  # no line has more than some 10**16 places
                self.known[number] = replace(found, starts=array("q", found.starts))


@dataclass(frozen=True, slots=True)
class _Beyond:
    """What becomes of calls at some extensions: `ways[i]` from `starts[i]` on, one object where it is the same."""

    numbers: tuple[str, ...]
    starts: Sequence[int]
    ways: Sequence[_Way]

    @staticmethod
    def of(some: Mapping[str, Found]) -> _Beyond:
        """Return that of what becomes of calls at each."""
        numbers = tuple(some)
        if len(some) == 1:
            (one,) = some.values()
            return _Beyond(numbers, one.starts, one.plans)
        starts = sorted({0}.union(*[one.starts for one in some.values()]))
        known: dict[tuple[int, ...], _Way] = {}
        ways = []
        for start in starts:
            way = tuple([one.plans[bisect_right(one.starts, start) - 1] for one in some.values()])
            ways.append(known.setdefault(tuple(map(id, way)), way))
        return _Beyond(numbers, starts, ways)

    def at(self, way: _Way) -> dict[str, Plan]:
        """Return the plan of one of the ways at each of the extensions."""
        return dict(zip(self.numbers, (way,) if isinstance(way, Plan) else way, strict=True))


@dataclass(frozen=True, slots=True)
class Laid:
    """What becomes of calls, on lines: for each of them windows, as `layout` has them.

    Behind the lines there is a source for calls that nobody asked about.
    """

    windows: Sequence[Sequence[Window]]
    sources: Sequence[Found]


@dataclass(frozen=True, slots=True, eq=False)
class _LaidOut:
    """Some calls, and what is asked for them together."""

    calls: Sequence[Calls]
    windows: Sequence[Sequence[Window]]
    asked: tuple[_Asked, ...]


class _Traits(NamedTuple):
    """What some extensions take alike, and whether all of their exceptions are understood."""

    alike: tuple[Likeness, ...]
    clear: bool


class Reading:
    """A file, read back."""

    def __init__(
        self,
        file: str,
        text: str,
        pbx: Pbx,
        values: Sequence[Any],
        places: Mapping[str, Sequence[int]],
        awaited: AbstractSet[str],
        asked: Asked | None,
    ) -> None:
        """Take what `read` found; lists are read when a call gets to them.

        `values` are packed, `places` tell which of them each extension has, and calls may go on at the `awaited` ones.
        """
        self._file, self._text, self._pbx = file, text, pbx
        self._values, self._places, self._awaited = values, places, awaited
        self._digits = asked
        self._lists = Lists(pbx.current, Clock(pbx.holidays), pbx.systems, places)
        self._extensions: dict[str, _Extension] = {}
        self._plans = Plans()
        self._asked: dict[Calls, _Asked] = {}
        self._laid: dict[tuple[int, _Traits], _LaidOut] = {}  # by the identity of calls, which are kept
        self._unasked = self._alone(NotAsked())
        self._known: dict[str, _Traits] = {}
        self._sound: set[int] = set()  # plans in which no call gets to what is not understood

    # --- what is asked ---

    def found(self, called: str, calls: Sequence[Calls]) -> Sequence[Found]:
        """Return what becomes of each of the calls to a number. Raises NotUnderstood."""
        return [self._checked(self._diagram(called, self._asks(one))) for one in calls]

    def laid(self, called: str, calls: Sequence[Calls]) -> Laid:
        """Return the same on lines that calls share, for those that one asks about. Raises NotUnderstood.

        What is not understood is told whoever it is for.
        """
        key = id(calls), self._traits(called)
        out = self._laid.get(key)
        if out is None:
            alike, clear = key[1]
            made = layout(calls, self._pbx.anonymous, alike, self._digits if clear else None)
            out = self._laid[key] = _LaidOut(calls, made.windows, tuple(map(_Asked, made.lines)))
        try:
            found = [self._checked(self._diagram(called, asked)) for asked in out.asked]
        except NotUnderstood:
            # Of several things the first is told, and a line may have texts that nobody asked for.
            return Laid([((0, at, 0),) for at in range(len(calls))], self.found(called, calls))
        return Laid(out.windows, [*found, self._unasked])

    def forget(self) -> None:
        """Let go of what was found so far, if it is much; not of what becomes of calls where others go on."""
        if len(self._extensions) > _MOST_KEPT:
            self._extensions.clear()
            self._plans.forget()
            for asked in chain(self._asked.values(), *(out.asked for out in self._laid.values())):
                asked.forget(self._awaited)

    def path(self, called: str, one: Calls, local: datetime) -> Sequence[Stop]:
        """Return the lines that one call runs through, all its digits known, at a local instant of the zone.

        Of each extension: its number; then, of the exception that decides, whom it is for and where it sends them.
        """
        return list(self._run(called, one, local))

    def _asks(self, one: Calls) -> _Asked:
        found = self._asked.get(one)
        if found is None:
            (line,) = (line for line in layout((one,), self._pbx.anonymous, ()).lines if line.groups)
            found = self._asked[one] = _Asked(line)
        return found

    def takes_alike(self, called: str) -> tuple[Likeness, ...]:
        """Return what is alike to an extension, and to all at which its calls may go on."""
        return self._traits(called).alike

    def _traits(self, called: str) -> _Traits:
        """Return what holds for an extension, and for all at which its calls may go on."""
        known = self._known
        if called not in known:
            for group in walks.components(called, lambda one: () if one in known else self._forwards(one)):
                if group[0] not in known:
                    beyond = {to for one in group for to in self._forwards(one)} - set(group)
                    alike = tuple(
                        one
                        for one in LIKENESSES
                        if all(one in known[to].alike for to in beyond) and all(self._is_alike(to, one) for to in group)
                    )
                    clear = all(known[to].clear for to in beyond) and all(map(self._is_clear, group))
                    known.update(dict.fromkeys(group, _Traits(alike, clear)))
        return known[called]

    def _is_alike(self, number: str, alike: Likeness) -> bool:
        """Tell whether exceptions of an extension take external calls alike."""
        if number not in self._places:
            return True
        one = self._extension(number)
        return one.matcher.are_alike(alike.one, alike.other, one.allowed[EXTERNAL])

    def _is_clear(self, number: str) -> bool:
        """Tell whether all exceptions of an extension are understood."""
        return number not in self._places or self._extension(number).clear

    def _forwards(self, number: str) -> Sequence[str]:
        """Return the extensions at which calls to one may go on."""
        return self._extension(number).forwards if number in self._places else ()

    # --- one list ---

    def _extension(self, number: str) -> _Extension:
        found = self._extensions.get(number)
        if found is None:
            trouble = None
            exceptions: tuple[ForwardingException, ...] = ()
            try:
                exceptions = self._read(number)
            except Unclear as error:
                trouble = error.trouble
            allowed = tuple(
                sum(1 << place for place, one in enumerate(exceptions) if one.kinds[kind]) for kind in (0, 1)
            )
            clear = [
                (pattern, 1 << place)
                for place, one in enumerate(exceptions)
                if not isinstance(one.patterns, Trouble)
                for pattern in one.patterns
            ]
            odd = sum(1 << place for place, one in enumerate(exceptions) if isinstance(one.patterns, Trouble))
            events = dict.fromkeys(one.event.extension for one in exceptions if isinstance(one.event, Forwarded))
            leaves = tuple([self._plans.leaf(one.event) for one in exceptions])
            unclear = trouble or any(
                isinstance(part, Trouble) for one in exceptions for part in (one.patterns, one.hours, one.event)
            )
            found = self._extensions[number] = _Extension(
                exceptions, trouble, Matcher(clear), (allowed[0], allowed[1]), odd, tuple(events), leaves, not unclear
            )
        return found

    def _read(self, number: str) -> tuple[ForwardingException, ...]:
        first, *others = self._places[number]
        if others:
            raise Unclear(What.EXTENSION, number, ("value", others[0], "Number"))
        path = ("value", first)
        value = document.unpacked(self._values[first])
        check_keys(value, set(_NAMES), path)
        return self._lists.read(number, value["ForwardingExceptions"], (*path, _NAMES[0]))

    def _cut(self, number: str, asked: _Asked) -> Found:
        """Return what becomes of calls at an extension, none followed any further."""
        found = asked.direct.get(number)
        if found is None:
            one = self._extension(number)
            found = self._alone(one.trouble) if one.trouble else self._on(asked.line, number, one)
            asked.direct[number] = found
        return found

    def _alone(self, event: Event) -> Found:
        """Return that one event is what becomes of all calls."""
        plan = self._plans.leaf(event)
        return _found((0,), (plan,), (plan,))

    def _on(self, line: Line, number: str, one: _Extension) -> Found:
        """Return what becomes of calls on a line."""
        starts: list[int] = []
        plans: list[Plan] = []
        kinds: dict[int, Plan] = {}
        for shapes, places, unasked in line.groups:
            known: dict[int, tuple[list[int], list[Plan]]] = {}  # of those without spare digits, by their number
            for its, place, spare in zip(shapes, places, one.matcher.spare(shapes, unasked), strict=True):
                more = its.more - spare
                if more not in known:
                    few = shape(its.literal + UNKNOWN * more) if spare else its
                    known[more] = self._planned(number, one, few, unasked, line.kind)
                    kinds.update({id(plan): plan for plan in known[more][1]})
                own_starts, own_plans = known[more]
                factor = 10**spare
                starts += [place + start * factor for start in own_starts]
                plans += own_plans
        return _found(starts, plans, kinds.values())

    def _planned(
        self, number: str, one: _Extension, its: Shape, unasked: Unasked, kind: int
    ) -> tuple[list[int], list[Plan]]:
        """Return what becomes of calls of a shape."""
        allowed = one.allowed[kind]
        odd = (one.odd | one.matcher.uncertain(its)) & allowed
        plans = one.plans.setdefault(odd, {})
        starts, matching = one.matcher.cut(its, allowed, unasked)
        for bits in set(matching).difference(plans):
            plans[bits] = self._decided(number, one, bits, odd & ~bits)
        return _joined(starts, [plans[bits] for bits in matching])

    def _decided(self, number: str, one: _Extension, matching: int, odd: int) -> Plan:
        """Return what becomes of calls that some exceptions match, and odd ones perhaps."""
        parting: list[tuple[Period, bool, Plan]] = []
        for place, exception in enumerate(one.exceptions):
            if not (matching | odd) >> place & 1:
                continue
            hours = exception.hours
            if isinstance(hours, Trouble):
                found = self._plans.leaf(hours)
                break
            there = one.leaves[place]
            if odd >> place & 1:
                there = self._plans.leaf(self._doubt(number, place, exception))
            if hours.period is not None:
                parting.append((hours.period, hours.inside, there))
            elif hours.inside:
                found = there
                break
        else:
            found = self._plans.leaf(Rang(number))
        for period, inside, there in reversed(parting):
            found = self._plans.parted(period, there, found) if inside else self._plans.parted(period, found, there)
        return found

    def _doubt(self, number: str, place: int, one: ForwardingException) -> Trouble:
        """Return what is not understood of the callers of an exception."""
        if isinstance(one.patterns, Trouble):
            return one.patterns
        name = "Data" if self._pbx.current else "CallerId"
        path: Path = ("value", self._places[number][0], _NAMES[0], place, name)
        return Trouble(What.PATTERN, document.shown(" ".join(one.patterns)), path)

    # --- from extension to extension ---

    def _diagram(self, called: str, asked: _Asked) -> Found:
        """Return what becomes of calls to a number, wherever they go on."""
        known = asked.known.get(called)
        if known is not None:
            return known
        if called not in self._places:
            return self._alone(HandedOver(called))
        direct = self._cut(called, asked)
        if not direct.onward:
            asked.known[called] = asked.direct.pop(called)
            return direct
        for group in walks.components(called, lambda one: self._onward(one, asked)):
            self._follow(group, asked)
        return asked.known[called]

    def _onward(self, number: str, asked: _Asked) -> Sequence[str]:
        """Return the extensions at which some calls to another one go on; none if that is followed already."""
        if number in asked.known:
            return ()
        return sorted(self._cut(number, asked).onward)

    def _follow(self, group: Sequence[str], asked: _Asked) -> None:
        """Follow calls to extensions that forward to one another, and to others that are known."""
        if group[0] in asked.known:
            return
        ways = {one: self._replaced(self._cut(one, asked), asked.known.get) for one in group}
        # Two steps of each call, then four, then eight: one that is still on its way after as many steps as there are
        # extensions comes again where it was at the same instant, and never ends.
        steps = 1
        while steps <= len(group) and any(way.onward for way in ways.values()):
            ways = {one: self._replaced(way, ways.get) for one, way in ways.items()}
            steps *= 2
        loop = self._alone(Looped())
        for one, way in ways.items():
            asked.known[one] = self._replaced(way, lambda _: loop)
            del asked.direct[one]  # which nobody asks for any more

    def _replaced(self, way: Found, known: Callable[[str], Found | None]) -> Found:
        """Return a diagram with what is known of the extensions that it goes on at in their place."""
        behind = {to: one for to in way.onward if (one := known(to)) is not None}
        if not behind:
            return way
        beyond: dict[frozenset[str], _Beyond] = {}
        made: dict[tuple[int, int], Plan] = {}  # by identity: of a plan, and of what is behind it
        starts: list[int] = []
        plans: list[Plan] = []
        begin = 0
        for at in compress(range(len(way.plans)), map(_ONWARD, way.plans)):  # most go on nowhere
            starts += way.starts[begin : at + 1]
            plans += way.plans[begin:at]
            begin = at + 1
            plan = way.plans[at]
            there = beyond.get(plan.onward)
            if there is None:
                there = beyond[plan.onward] = _Beyond.of({to: one for to, one in behind.items() if to in plan.onward})
            first = bisect_right(there.starts, way.starts[at])
            last = len(there.starts) if begin == len(way.starts) else bisect_left(there.starts, way.starts[begin])
            starts += there.starts[first:last]
            for on in there.ways[first - 1 : last]:
                found = made.get((id(plan), id(on)))
                if found is None:
                    found = made[id(plan), id(on)] = self._plans.replaced(plan, there.at(on))
                plans.append(found)
        starts += way.starts[begin:]
        plans += way.plans[begin:]
        return _found(*_joined(starts, plans), made.values(), odd=way.odd)

    # --- what is not understood ---

    def _checked(self, way: Found) -> Found:
        """Return a diagram. Raises NotUnderstood if some call gets to what is not understood."""
        for plan in way.plans if way.odd else ():
            if plan.odd and id(plan) not in self._sound:
                periods = tuple(walks.periods(plan))
                instants = schedule.partition(self._pbx.zone, periods)
                if (trouble := walks.reached(plan, instants, instants.everything)) is not None:
                    raise _located(self._file, self._text, trouble)
                self._sound.add(id(plan))
        return way

    # --- one call ---

    def _run(self, called: str, call: Calls, local: datetime) -> Iterator[Stop]:
        lines = self._text.split("\n")
        kind, its = kind_of(call), shown(call, self._pbx.anonymous)
        seen: set[str] = set()
        while called in self._places and called not in seen:
            seen.add(called)
            place = self._places[called][0]
            yield self._stop(lines, ("value", place, "Number"))
            one = self._extension(called)
            if one.trouble:
                raise _located(self._file, self._text, one.trouble)
            allowed = one.allowed[kind]
            matching = one.matcher.cut(its, allowed)[1][0]
            odd = (one.odd | one.matcher.uncertain(its)) & allowed & ~matching
            for at, exception in enumerate(one.exceptions):
                if not (matching | odd) >> at & 1:
                    continue
                if isinstance(exception.hours, Trouble):
                    raise _located(self._file, self._text, exception.hours)
                if exception.hours.period is None:
                    holds = exception.hours.inside
                else:
                    holds = exception.hours.period.holds(local) is exception.hours.inside
                if not holds:
                    continue
                if odd >> at & 1:
                    raise _located(self._file, self._text, self._doubt(called, at, exception))
                path: Path = ("value", place, _NAMES[0], at)
                yield self._stop(lines, (*path, "Data" if self._pbx.current else "CallerId"))
                yield self._stop(lines, (*path, "Destination", "To"))
                if isinstance(exception.event, Trouble):
                    raise _located(self._file, self._text, exception.event)
                if not isinstance(exception.event, Forwarded):
                    return
                called = exception.event.extension
                break
            else:
                return

    def _stop(self, lines: Sequence[str], path: Path) -> Stop:
        line = document.line_of(self._text, path)
        return Stop(self._file, line, lines[line - 1].strip())


def _joined(starts: Sequence[int], plans: Sequence[Plan]) -> tuple[list[int], list[Plan]]:
    """Return where plans begin that differ from their neighbours, and these."""
    differs = list(map(is_not, plans, (None, *plans)))
    return list(compress(starts, differs)), list(compress(plans, differs))


def _found(starts: Sequence[int], plans: Sequence[Plan], kinds: Collection[Plan], *, odd: bool = False) -> Found:
    """Return a diagram; among `kinds` are all of its plans that go on, and those with a Trouble unless it is `odd`."""
    onward = NOBODY.union(*[plan.onward for plan in kinds]) or NOBODY
    return Found(tuple(starts), tuple(plans), onward, odd or any(plan.odd for plan in kinds))
