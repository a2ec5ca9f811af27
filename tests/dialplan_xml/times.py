"""The time attributes of a condition: what each compares, in the zone of the channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_NUMBERS = re.compile(r"\d{1,6}(-\d{1,6})?(,\d{1,6}(-\d{1,6})?)*")
_DAY = "(?:[1-7]|sun|mon|tue|wed|thu|fri|sat)"
_DAYS = re.compile(rf"{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*", re.IGNORECASE)
_CLOCK = r"\d{1,2}:\d{1,2}(?::\d{1,2})?"
_SPANS = re.compile(rf"{_CLOCK}-{_CLOCK}(,{_CLOCK}-{_CLOCK})*")
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

READ = ("year", "yday", "mon", "mday", "week", "mweek", "wday", "hour", "minute", "minute-of-day", "time-of-day")
"""The attributes read here."""
REFUSED = ("date-time", "tz-offset", "dst")
"""Those that FreeSWITCH also has: they ignore `timezone`, or do not do what their names say."""


@dataclass(frozen=True, slots=True)
class TimeTest:
    """The time attributes of one condition, which must all hold. Bounds are included; a range may wrap."""

    parts: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]

    def holds(self, local: datetime) -> bool:
        """Whether they hold at that wall-clock time."""
        return all(any(_within(span, _value(name, local)) for span in spans) for name, spans in self.parts)


def read_time(attributes: dict[str, str]) -> TimeTest:
    """Return the test of those of the attributes that are of time, all of them in READ. Raises ValueError."""
    return TimeTest(tuple((name, _spans(name, text)) for name, text in attributes.items()))


def _spans(name: str, text: str) -> tuple[tuple[int, int], ...]:
    grammar = {"wday": _DAYS, "time-of-day": _SPANS}.get(name, _NUMBERS)
    if not grammar.fullmatch(text):
        raise ValueError(f'{name}="{text}"')
    number = {"wday": _day, "time-of-day": _seconds}.get(name, int)
    bounds = (part.partition("-") for part in text.split(","))
    return tuple((number(first), number(last if dash else first)) for first, dash, last in bounds)


def _day(text: str) -> int:
    return int(text) if text.isdigit() else _NAMES.index(text.lower()) + 1


def _seconds(text: str) -> int:
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return hours * 3600 + minutes * 60 + seconds


def _within(span: tuple[int, int], value: int) -> bool:
    first, last = span
    return first <= value <= last if first <= last else value >= first or value <= last


def _value(name: str, local: datetime) -> int:
    """Return what FreeSWITCH compares: days of the week from Sunday = 1, minutes of the day from 1."""
    day_of_year = local.timetuple().tm_yday
    weekday = local.isoweekday() % 7 + 1
    match name:
        case "year":
            return local.year
        case "yday":
            return day_of_year
        case "mon":
            return local.month
        case "mday":
            return local.day
        case "week":
            return (day_of_year - 1) // 7 + 1
        case "mweek":
            first = (weekday - local.day) % 7  # days of the week before the 1st, from Sunday
            return -(-(local.day + first) // 7)
        case "wday":
            return weekday
        case "hour":
            return local.hour
        case "minute":
            return local.minute
        case "minute-of-day":
            return local.hour * 60 + local.minute + 1
        case _:
            return local.hour * 3600 + local.minute * 60 + local.second
