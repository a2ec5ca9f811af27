"""The hours of an exception: JSON in, a question about the time out.

The PBX has one calendar of holidays. Hours of minutes are exact; 23:59:59 is written for the end of a day, as no time
of day is 24:00. What the PBX keeps elsewhere (its office hours, its breaks) is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from policyc.schedule import MINUTES_PER_DAY, MINUTES_PER_HOUR, Period, always
from policyc.targets.threecx.reader.document import shown
from policyc.targets.threecx.reader.errors import Path, Unclear, What

if TYPE_CHECKING:
    from policyc.schedule import Range

Dates = tuple[tuple[date, date], ...]
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
TYPES: Final = (
    "AllHours",
    "OfficeHours",
    "OutOfOfficeHours",
    "SpecificHours",
    "SpecificHoursExcludingHolidays",
    "OutOfSpecificHours",
    "OutOfSpecificHoursIncludingHolidays",
    "Never",
    "BreakTime",
)
# For hours of periods: whether holidays are left out of them, and whether it is then within or outside of them.
_OF_PERIODS: Final = {
    "SpecificHours": (False, True),
    "SpecificHoursExcludingHolidays": (True, True),
    "OutOfSpecificHours": (False, False),
    "OutOfSpecificHoursIncludingHolidays": (True, False),
}
_CONSTANT: Final = {"AllHours": True, "Never": False}
_LAST_SECOND: Final = "23:59:59"
_EVERY_DAY: Final = always().dates


@dataclass(frozen=True, slots=True)
class Hours:
    """`inside` a period or outside of it; without a period, always or never."""

    period: Period | None
    inside: bool


@dataclass(slots=True)
class Clock:
    """What hours mean on a PBX with these holidays, both ends of spans included."""

    holidays: Iterable[tuple[date, date]]
    _open: Dates = field(init=False)
    _known: dict[tuple[str, ...], Hours] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the days that are no holidays."""
        self._open = _between(self.holidays)

    def hours(self, value: Any, path: Path) -> Hours:
        """Return what hours of the form that the API takes mean. Raises Unclear."""
        periods = value["Periods"]
        key = (value["Type"], *(one[name] for one in periods for name in ("DayOfWeek", "Start", "Stop")))
        if key not in self._known:
            self._known[key] = self._hours(value["Type"], periods, path)
        return self._known[key]

    def _hours(self, kind: str, periods: list[Any], path: Path) -> Hours:
        if kind in _CONSTANT and not periods:
            return Hours(None, _CONSTANT[kind])
        if kind not in _OF_PERIODS or not periods:
            raise Unclear(What.HOURS, kind, (*path, "Type"))
        less, inside = _OF_PERIODS[kind]
        week = tuple(_minutes(one, (*path, "Periods", at)) for at, one in enumerate(periods))
        return Hours(Period(week, self._open if less else _EVERY_DAY), inside)


def _minutes(period: Any, path: Path) -> Range:
    """Return the minutes of the week of a period."""
    midnight = DAYS.index(period["DayOfWeek"]) * MINUTES_PER_DAY
    start, stop = period["Start"], period["Stop"]
    end = MINUTES_PER_DAY if stop == _LAST_SECOND else _minute(stop)
    begin = _minute(start)
    if begin is None or end is None or begin >= end:
        raise Unclear(What.HOURS, shown(f"{start}-{stop}"), (*path, "Start"))
    return midnight + begin, midnight + end


def _minute(clock: str) -> int | None:
    """Return a time of day as its minute; None if it has seconds."""
    hour, minute, second = map(int, clock.split(":"))
    return None if second else hour * MINUTES_PER_HOUR + minute


def _between(holidays: Iterable[tuple[date, date]]) -> Dates:
    """Return the days that are in none of some spans."""
    found: list[tuple[date, date]] = []
    start: date | None = date.min
    for first, last in sorted(holidays):
        if start is None:
            break
        if start < first:
            found.append((start, first - timedelta(1)))
        if last >= start:
            start = None if last == date.max else last + timedelta(1)
    return (*found, (start, date.max)) if start is not None else tuple(found)
