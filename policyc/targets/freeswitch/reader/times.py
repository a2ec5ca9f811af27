"""The time attributes of a condition, and what `strftime_tz` shows, in; the instants at which a condition holds out.

FreeSWITCH's clock shows a year from 2000 to 2099: what is asked of other years is no matter, and is answered as suits.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from policyc import schedule, values
from policyc.schedule import Period
from policyc.targets.freeswitch.reader.errors import Unclear, What

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.matching import Regex

READ = ("year", "yday", "mon", "mday", "week", "mweek", "wday", "hour", "minute", "minute-of-day", "time-of-day")
"""The attributes that are understood."""
ODD = ("date-time", "tz-offset", "dst")
"""Those that FreeSWITCH has besides: they look at the clock of the server, or at no clock."""
_FIRST, _LAST = 2000, 2099
_NUMBERS = re.compile(r"\d{1,6}(-\d{1,6})?(,\d{1,6}(-\d{1,6})?)*", re.ASCII)
_DAY = "(?:[1-7]|sun|mon|tue|wed|thu|fri|sat)"
_DAYS = re.compile(rf"{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*", re.IGNORECASE)
_CLOCK = r"\d{1,2}:\d{1,2}(?::\d{1,2})?"
_SPANS = re.compile(rf"{_CLOCK}-{_CLOCK}(,{_CLOCK}-{_CLOCK})*", re.ASCII)
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_OF_DAY = ("hour", "minute", "minute-of-day", "time-of-day")
_WHOLE_WEEK = ((0, schedule.MINUTES_PER_WEEK),)
_ALL_DAYS = ((date.min.toordinal(), date.max.toordinal() + 1),)
_DAY_MINUTES = schedule.MINUTES_PER_DAY

_Span = tuple[int, int]


@values.value()
class Clock:
    """Instants, as a question: minutes of the week and days, as ordinals, half-open and sorted; both must be."""

    week: tuple[_Span, ...]
    days: tuple[_Span, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember the hash: there may be many days."""
        object.__setattr__(self, "_hash", hash((self.week, self.days)))

    def __hash__(self) -> int:
        """Return the hash made with the value."""
        return self._hash

    @property
    def period(self) -> Period:
        """The instants as a period."""
        return _period(self)

    def __and__(self, other: Clock) -> Clock:
        """Return the instants of both."""
        return Clock(_common(self.week, other.week), _common(self.days, other.days))

    def __invert__(self) -> Clock | None:
        """Return all other instants, None where that are not minutes and days."""
        if self.days == _ALL_DAYS:
            return Clock(_others(self.week, _WHOLE_WEEK), self.days)
        return Clock(self.week, _others(self.days, _ALL_DAYS)) if self.week == _WHOLE_WEEK else None

    @property
    def is_never(self) -> bool:
        """Whether there are no instants."""
        return not self.week or not self.days

    @property
    def is_always(self) -> bool:
        """Whether these are all instants."""
        return self.week == _WHOLE_WEEK and self.days == _ALL_DAYS


@lru_cache(maxsize=1 << 14)
def _period(clock: Clock) -> Period:
    dates = ((date.fromordinal(first), date.fromordinal(end - 1)) for first, end in clock.days)
    return Period(clock.week, tuple(dates))


def _common(one: tuple[_Span, ...], other: tuple[_Span, ...]) -> tuple[_Span, ...]:
    if one == other:
        return one
    found = []
    i = j = 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low < high:
            found.append((low, high))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def _others(spans: tuple[_Span, ...], whole: tuple[_Span, ...]) -> tuple[_Span, ...]:
    ((start, end),) = whole
    bounds = [start, *(bound for span in spans for bound in span), end]
    return tuple((low, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True) if low < high)


@lru_cache(maxsize=1 << 14)
def clock(attributes: tuple[tuple[str, str], ...]) -> Clock:
    """Return when all of some attributes, with their values, hold. Raises Unclear."""
    spans = {name: _spans(name, text) for name, text in attributes}
    return Clock(tuple(schedule.merged(_week(spans))), tuple(schedule.merged(_days_of(spans))))


def _spans(name: str, text: str) -> tuple[_Span, ...]:
    grammar = {"wday": _DAYS, "time-of-day": _SPANS}.get(name, _NUMBERS)
    if not grammar.fullmatch(text):
        raise Unclear(What.TIME, f'{name}="{text}"')
    number: Callable[[str], int] = {"wday": _day, "time-of-day": _seconds}.get(name, int)
    bounds = (part.partition("-") for part in text.split(","))
    found = tuple((number(first), number(last if dash else first)) for first, dash, last in bounds)
    if name == "time-of-day" and any(
        (first % 60 and first < 86400) or (last % 60 != 59 and last < 86399) for first, last in found
    ):
        raise Unclear(What.TIME, f'{name}="{text}"')  # a minute of which only some seconds count
    return found


def _day(text: str) -> int:
    return int(text) if text.isdigit() else _NAMES.index(text.lower()) + 1


def _seconds(text: str) -> int:
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return hours * 3600 + minutes * 60 + seconds


def _within(spans: Iterable[_Span], value: int) -> bool:
    """Tell whether a value is in a span; bounds are included, and a span may wrap."""
    return any(first <= value <= last if first <= last else value >= first or value <= last for first, last in spans)


def _allowed(spans: Mapping[str, tuple[_Span, ...]], name: str, value: int) -> bool:
    return name not in spans or _within(spans[name], value)


# -- minutes of the week -----------------------------------------------------------------------------------------------


def _week(spans: Mapping[str, tuple[_Span, ...]]) -> Iterator[_Span]:
    minutes = _minutes(tuple((name, spans[name]) for name in _OF_DAY if name in spans))
    for day in range(schedule.DAYS_PER_WEEK):  # from Monday; FreeSWITCH counts from Sunday, and from 1
        if _allowed(spans, "wday", (day + 1) % 7 + 1):
            yield from ((day * _DAY_MINUTES + first, day * _DAY_MINUTES + end) for first, end in minutes)


@lru_cache(maxsize=4096)
def _minutes(asked: tuple[tuple[str, tuple[_Span, ...]], ...]) -> tuple[_Span, ...]:
    """Return the half-open ranges of minutes of the day at which some attributes hold."""
    if not asked:
        return ((0, _DAY_MINUTES),)
    spans = dict(asked)
    return _runs(
        minute
        for minute in range(_DAY_MINUTES)
        if _allowed(spans, "hour", minute // 60)
        and _allowed(spans, "minute", minute % 60)
        and _allowed(spans, "minute-of-day", minute + 1)
        and _allowed(spans, "time-of-day", minute * 60)
    )


def _runs(numbers: Iterable[int]) -> tuple[_Span, ...]:
    """Return numbers, given in order, as half-open ranges."""
    return tuple((first, last + 1) for first, last in schedule.runs(numbers))


# -- dates -------------------------------------------------------------------------------------------------------------


def _days_of(spans: Mapping[str, tuple[_Span, ...]]) -> Iterator[_Span]:
    years = [year for year in range(_FIRST, _LAST + 1) if _allowed(spans, "year", year)]
    if not any(name in spans for name in ("yday", "mon", "mday", "week", "mweek")):
        for first, last in schedule.runs(years):
            begin = date.min if first == _FIRST else date(first, 1, 1)
            end = date.max if last == _LAST else date(last, 12, 31)
            yield begin.toordinal(), end.toordinal() + 1
        return
    for year in years:
        for first, last in _of_year(year, spans):
            yield first, last + 1


def _of_year(year: int, spans: Mapping[str, tuple[_Span, ...]]) -> list[_Span]:
    """Return the ranges of days of a year, as ordinals, both ends included."""
    start = date(year, 1, 1).toordinal()
    found = []
    for month in range(1, 13):
        if not _allowed(spans, "mon", month):
            continue
        first = date(year, month, 1)
        before = first.isoweekday() % 7  # days of the week before the 1st, from Sunday
        for day in range(1, monthrange(year, month)[1] + 1):
            ordinal = first.toordinal() + day - 1
            if (
                _allowed(spans, "mday", day)
                and _allowed(spans, "yday", ordinal - start + 1)
                and _allowed(spans, "week", (ordinal - start) // 7 + 1)
                and _allowed(spans, "mweek", -(-(day + before) // 7))
            ):
                found.append(ordinal)
    return schedule.runs(found)


# -- unions ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def united(clocks: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """Return clocks that together are the same: those of the same minutes, or of the same days, are one."""
    by_week: dict[tuple[_Span, ...], list[_Span]] = {}
    for one in clocks:
        by_week.setdefault(one.week, []).extend(one.days)
    by_days: dict[tuple[_Span, ...], list[_Span]] = {}
    for week, days in by_week.items():
        by_days.setdefault(tuple(schedule.merged(days)), []).extend(week)
    found = (Clock(tuple(schedule.merged(week)), days) for days, week in by_days.items())
    return tuple(one for one in found if not one.is_never)


# -- what a clock shows ------------------------------------------------------------------------------------------------


def shown(form: str, regex: Regex) -> Clock:
    """Return when an expression matches what a clock shows in a format. Raises Unclear."""
    names = set(re.findall(r"%(.)", form))
    if names == {"Y"}:
        years = [year for year in range(_FIRST, _LAST + 1) if regex.matches(form.replace("%Y", str(year)))]
        return clock((("year", ",".join(map(str, years))),)) if years else Clock((), ())
    if names and names <= {"H", "M"}:
        texts = (
            (minute, form.replace("%H", f"{minute // 60:02}").replace("%M", f"{minute % 60:02}"))
            for minute in range(_DAY_MINUTES)
        )
        inside = _runs(minute for minute, text in texts if regex.matches(text))
        week = [
            (day * _DAY_MINUTES + first, day * _DAY_MINUTES + end)
            for day in range(schedule.DAYS_PER_WEEK)
            for first, end in inside
        ]
        return Clock(tuple(schedule.merged(week)), _ALL_DAYS)
    if names and names <= {"u", "w"}:
        days = [
            day
            for day in range(schedule.DAYS_PER_WEEK)
            if regex.matches(form.replace("%u", str(day + 1)).replace("%w", str((day + 1) % 7)))
        ]
        week = [(day * _DAY_MINUTES, (day + 1) * _DAY_MINUTES) for day in days]
        return Clock(tuple(schedule.merged(week)), _ALL_DAYS)
    if names and names <= {"m", "d"}:
        found = []
        for day in range(date(_FIRST, 1, 1).toordinal(), date(_LAST, 12, 31).toordinal() + 1):
            that = date.fromordinal(day)
            if regex.matches(form.replace("%m", f"{that.month:02}").replace("%d", f"{that.day:02}")):
                found.append((day, day + 1))
        return Clock(_WHOLE_WEEK, tuple(schedule.merged(found)))
    raise Unclear(What.TIME, form)
