"""Periods in, the hours of exceptions out: minutes of the week, and the one calendar of holidays that a 3CX has.

An exception holds at given hours of the week, and its type says what holidays do to them. So all that can be told apart
is (minute of the week, holiday or not). `Calendar` finds the dates that must be holidays of the PBX for a policy, and
the rules that ask for more; `Week` turns times into bit masks: bit i for piece i of the week on other days, bit
count + i on holidays.
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from policyc import schedule
from policyc.model import NamedPeriod, Policy, Rule, TimeClause
from policyc.schedule import MINUTES_PER_DAY, MINUTES_PER_HOUR, MINUTES_PER_WEEK, Range
from policyc.values import value

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WHOLE_WEEK: Final = ((0, MINUTES_PER_WEEK),)

# What a date is: whether a holiday, and the closures it is in, by their places in the policy.
Sort = tuple[bool, frozenset[int]]
ORDINARY: Final[Sort] = (False, frozenset())


@value()
class Hours:
    """The hours of an exception: their type, and ranges of minutes of the week."""

    type: str
    week: tuple[Range, ...] = ()

    def periods(self) -> Iterable[tuple[str, int, int]]:
        """Yield day, first minute and minute of the end, in the order of the week; no period passes midnight."""
        for day, (start, end) in schedule.daily(self.week):
            yield DAYS[day], start, end


ALL_HOURS: Final = Hours("AllHours")


def clock(minute: int) -> str:
    """Return a minute of the day as the API writes it; the end of the day is its last second, as 24:00 is no time."""
    if minute == MINUTES_PER_DAY:
        return "23:59:59"
    return f"{minute // MINUTES_PER_HOUR:02}:{minute % MINUTES_PER_HOUR:02}:00"


# -- which dates are holidays of the PBX -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Calendar:
    """The dates that must be holidays of the PBX, and the rules that one calendar cannot serve."""

    holidays: tuple[tuple[date, date], ...]
    closures: tuple[NamedPeriod, ...]
    day_off: Sort | None  # a sort of the dates in `holidays`
    refused: frozenset[Rule]

    @property
    def mark(self) -> str:
        """What tells it from other calendars of the same periods, in few signs; none if it has no holidays."""
        if self.day_off is None:
            return ""
        days = [day.toordinal() for span in self.holidays for day in span]
        said = json.dumps([days, self.day_off[0], sorted(self.day_off[1])])
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    def minutes(self, rule: Rule, *, holiday: bool) -> tuple[Range, ...]:
        """Return the minutes of the week at which a rule holds, on holidays or on other days."""
        if holiday and self.day_off is None:
            holiday = False  # such a date does not exist
        return _minutes(rule.times, self.day_off if holiday and self.day_off else ORDINARY, self.closures)


def dated(policy: Policy, rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield the rules, out of some, that hold at other hours on some dates than on ordinary days."""
    sorts = set(_sorts(policy).values())
    known: dict[tuple[TimeClause, ...], bool] = {}
    for rule in rules:
        if rule.times not in known:
            usual = _minutes(rule.times, ORDINARY, policy.closures)
            known[rule.times] = any(_minutes(rule.times, sort, policy.closures) != usual for sort in sorts)
        if known[rule.times]:
            yield rule


def calendar(policy: Policy, rules: Iterable[Rule]) -> Calendar:
    """Return the calendar that some rules of a policy need."""
    rules = tuple(rules)
    dates = _sorts(policy)
    asked = dict.fromkeys(rule.times for rule in rules)
    answers = {
        sort: {times: _minutes(times, sort, policy.closures) for times in asked} for sort in {ORDINARY, *dates.values()}
    }
    usual = answers[ORDINARY]
    special = sorted((sort for sort, found in answers.items() if found != usual), key=_key)
    refused = {times for times in asked if len({answers[sort][times] for sort in special}) > 1}
    runs = schedule.runs(sorted(day.toordinal() for day, sort in dates.items() if sort in special))
    holidays = tuple((date.fromordinal(first), date.fromordinal(last)) for first, last in runs)
    return Calendar(
        holidays,
        policy.closures,
        special[0] if special else None,
        frozenset(rule for rule in rules if rule.times in refused),
    )


def named(times: Iterable[TimeClause]) -> str:
    """Return a name for the times of a rule, by the names of their periods: the same in all versions of a policy."""
    said = [(clause.inside, clause.named.kind, clause.named.name) for clause in times]
    return json.dumps(said, ensure_ascii=False)


def with_times(policy: Policy, names: Iterable[str]) -> Iterator[Rule]:
    """Yield a rule that holds at the times of each name. Raises ValueError if the policy has none."""
    left = set(names)
    seen: set[tuple[TimeClause, ...]] = set()
    for rule in policy.rules:
        if not left:
            return
        if rule.times not in seen:
            seen.add(rule.times)
            if (name := named(rule.times)) in left:
                left.remove(name)
                yield rule
    if left:
        raise ValueError(f"no rule holds at these times: {', '.join(sorted(left))}")


def _key(sort: Sort) -> tuple[bool, list[int]]:
    return not sort[0], sorted(sort[1])


def _sorts(policy: Policy) -> Mapping[date, Sort]:
    """Return what each date is that is not an ordinary one."""
    holidays = {day for day, _ in policy.holidays}
    within: dict[date, set[int]] = {day: set() for day in holidays}
    for at, closure in enumerate(policy.closures):
        for first, last in closure.dates:
            for days in range((last - first).days + 1):
                within.setdefault(first + timedelta(days), set()).add(at)
    return {day: (day in holidays, frozenset(closures)) for day, closures in within.items()}


def _minutes(times: Iterable[TimeClause], sort: Sort, closures: tuple[NamedPeriod, ...]) -> tuple[Range, ...]:
    """Return the minutes of the week at which some clauses hold on dates of a sort."""
    week: tuple[Range, ...] = _WHOLE_WEEK
    for clause in times:
        week = _both(week, _of_clause(clause, sort, closures))
    return week


def _of_clause(clause: TimeClause, sort: Sort, closures: tuple[NamedPeriod, ...]) -> tuple[Range, ...]:
    named = clause.named
    found: tuple[Range, ...]
    match named.kind:
        case "holidays":
            found = _WHOLE_WEEK if sort[0] else ()
        case "closure":
            found = _WHOLE_WEEK if any(closures[at] is named for at in sort[1]) else ()
        case _:
            found = () if named.closures and sort != ORDINARY else schedule.weekly(named.spans).week
    return found if clause.inside else _other(found)


def _both(one: Iterable[Range], two: Iterable[Range]) -> tuple[Range, ...]:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in two)
    return tuple((start, end) for start, end in pairs if start < end)


def _other(week: Iterable[Range]) -> tuple[Range, ...]:
    bounds = [0, *(bound for span in week for bound in span), MINUTES_PER_WEEK]
    return tuple((start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True) if start < end)


# -- times as masks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """The week cut at some minutes. A mask has a bit for each piece on other days, then one for each on holidays."""

    cuts: tuple[int, ...]
    _wider: dict[int, tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)
    _said: dict[int, Hours | None] = field(default_factory=dict, repr=False, compare=False)

    @property
    def count(self) -> int:
        """How many pieces there are."""
        return len(self.cuts) - 1

    @property
    def everything(self) -> int:
        """The mask of all times."""
        return (1 << 2 * self.count) - 1

    def mask(self, ordinary: Iterable[Range], holiday: Iterable[Range]) -> int:
        """Return the mask of minutes of the week, which the cuts must hold the ends of."""
        return self._bits(ordinary) | self._bits(holiday) << self.count

    def _bits(self, week: Iterable[Range]) -> int:
        found = 0
        for start, end in week:
            found |= (1 << bisect_right(self.cuts, end - 1)) - (1 << bisect_right(self.cuts, start) - 1)
        return found & (1 << self.count) - 1

    def split(self, mask: int) -> tuple[int, int]:
        """Return the pieces of a mask on other days and those on holidays."""
        return mask & (1 << self.count) - 1, mask >> self.count

    def joined(self, ordinary: int, holiday: int) -> int:
        """Return the mask of pieces on other days and pieces on holidays."""
        return ordinary | holiday << self.count

    def says(self, mask: int) -> bool:
        """Tell whether some type of hours says times."""
        ordinary, holiday = self.split(mask)
        return holiday in (0, ordinary, (1 << self.count) - 1)

    def hours(self, mask: int) -> Hours | None:
        """Return times as the hours of one exception, or None if no type of hours says them. Never no time at all."""
        if mask not in self._said:
            self._said[mask] = self._hours(mask)
        return self._said[mask]

    def _hours(self, mask: int) -> Hours | None:
        whole = (1 << self.count) - 1
        ordinary, holiday = self.split(mask)
        if ordinary == holiday:
            return ALL_HOURS if ordinary == whole else Hours("SpecificHours", self._week(ordinary))
        if not holiday:
            return Hours("SpecificHoursExcludingHolidays", self._week(ordinary))
        if holiday == whole:
            return Hours("OutOfSpecificHoursIncludingHolidays", self._week(whole & ~ordinary))
        return None

    def wider(self, mask: int) -> tuple[int, ...]:
        """Return times that include some others and can be said, the narrowest first."""
        found = self._wider.get(mask)
        if found is None:
            found = self._wider[mask] = tuple(self._wider_than(mask))
        return found

    def _wider_than(self, mask: int) -> Iterable[int]:
        whole = (1 << self.count) - 1
        ordinary, holiday = self.split(mask)
        both = ordinary | holiday
        candidates = (mask, self.joined(ordinary, whole), self.joined(both, both), self.everything)
        return dict.fromkeys(one for one in candidates if self.says(one))

    def parts(self, mask: int) -> tuple[int, ...]:
        """Return times as few parts that can be said each; what is left out is for holidays only and cannot be said."""
        if self.says(mask):
            return (mask,)
        ordinary, holiday = self.split(mask)
        always = ordinary & holiday
        found = (self.joined(always, always), self.joined(ordinary & ~always, 0))
        return tuple(one for one in found if one)

    def _week(self, pieces: int) -> tuple[Range, ...]:
        found: list[Range] = []
        for at in range(self.count):
            if pieces >> at & 1:
                start, end = self.cuts[at], self.cuts[at + 1]
                if found and found[-1][1] == start:
                    found[-1] = found[-1][0], end
                else:
                    found.append((start, end))
        return tuple(found)


def week_of(weeks: Iterable[Iterable[Range]]) -> Week:
    """Return the week cut where any of some ranges begin or end."""
    bounds = {bound for week in weeks for span in week for bound in span}
    return Week(tuple(sorted({0, MINUTES_PER_WEEK, *bounds})))
