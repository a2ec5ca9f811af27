"""Periods in, lines out that set a variable for each: `true` or `false`, by the instant in the policy's zone.

They stand in the entry contexts, so that a call is judged once, however many rules look at the clock. FreeSWITCH
counts Sunday as day 1 and includes the last second of `time-of-day`; its `date-time` knows no zone, so dates are
written as years, months and days.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from policyc import schedule
from policyc.model import NamedPeriod, Policy
from policyc.schedule import Range
from policyc.targets.freeswitch.dialect import text
from policyc.targets.freeswitch.plan import TRUE, Action, Field, Instant, Line, put, var
from policyc.targets.naming import period_slug

_CLOSED = "policyc_closed"
_ZONE = "policyc_zone"  # what the channel had before, given back
_FIRST_YEAR = 2000  # long before this plan is used


def variable(period: NamedPeriod) -> str:
    """Return the variable that tells whether a period holds."""
    return f"policyc_{period_slug(period)}"


def until_variable(last: date) -> str:
    """Return the variable that tells whether a date is not over."""
    return f"policyc_until_{last:%Y%m%d}"


def lines(policy: Policy, periods: Iterable[NamedPeriod], ends: Iterable[date]) -> list[Line]:
    """Return the lines for the periods and the last dates that rules ask about, in the order they are needed."""
    by_variable = {variable(period): period for period in periods}  # `les fériés` is a new object wherever it stands
    asked = [by_variable[name] for name in sorted(by_variable)]
    last = sorted(ends)
    if not asked and not last:
        return []
    closing = any(period.closures for period in asked)
    reset = [put(variable(period), "false") for period in asked] + [put(until_variable(day), "false") for day in last]
    if closing:
        reset.append(put(_CLOSED, "false"))
    # An offset would go before the zone; a zone that FreeSWITCH does not know would give any time of day.
    zone = [put(_ZONE, var("timezone")), put("tod_tz_offset", ""), put("timezone", policy.zone.key)]
    found = [
        _always("fuseau", (*zone, *reset)),
        Line(
            "fuseau inconnu",
            (Field(f"${{strftime_tz({policy.zone.key} %Y)}}", "^(?!20[0-9][0-9]$)"),),
            (
                Action("log", f"CRIT policyc: fuseau {policy.zone.key} absent de timezones.conf.xml"),
                Action("hangup", "NORMAL_TEMPORARY_FAILURE"),
            ),
        ),
    ]
    if closing:
        found += _closed(policy)
    for period in asked:
        found += _period(period)
    for day in last:
        days = _dates([(date(_FIRST_YEAR, 1, 1), day)])
        found += _true(f"jusqu'au {day:%Y-%m-%d}", until_variable(day), days)
    found.append(_always("fuseau du canal", (put("timezone", var(_ZONE)),)))
    return found


def _always(name: str, actions: Iterable[Action]) -> Line:
    return Line(name, (), tuple(actions), goes_on=True)


def _true(name: str, name_of_variable: str, ways: Iterable[Mapping[str, str]]) -> list[Line]:
    some = tuple(ways)
    return [Line(name, (Instant(some),), (put(name_of_variable, "true"),), goes_on=True)] if some else []


def _closed(policy: Policy) -> list[Line]:
    """Return the lines that tell days off, holidays and closures, which hours leave out."""
    found = _true("jours fériés", _CLOSED, _days(day for day, _ in policy.holidays))
    for closure in policy.closures:
        found += _true(_name(closure), _CLOSED, _dates(closure.dates))
    return found


def _name(period: NamedPeriod) -> str:
    return text(f"{period.name} {period.span.place}")


def _period(period: NamedPeriod) -> list[Line]:
    if period.kind != "hours":
        days = _days(first for first, _ in period.dates) if period.kind == "holidays" else _dates(period.dates)
        return _true(_name(period), variable(period), days)
    found = _true(_name(period), variable(period), _hours(schedule.weekly(period.spans).week))
    if period.closures:
        closed = (Field(var(_CLOSED), TRUE),)
        found.append(Line(text(f"{period.name} fermé"), closed, (put(variable(period), "false"),), goes_on=True))
    return found


def _hours(week: Iterable[Range]) -> Iterator[Mapping[str, str]]:
    for days, hours in schedule.by_day(week):
        wday = ",".join(_span(*run) for run in schedule.runs(sorted((day + 1) % 7 + 1 for day in days)))
        yield {"wday": wday, "time-of-day": ",".join(f"{_clock(start)}-{_clock(end - 1)}:59" for start, end in hours)}


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute, 60)
    return f"{hours:02}:{minutes:02}"


def _days(days: Iterable[date]) -> Iterator[Mapping[str, str]]:
    """Yield time attributes for single days, those of a month together."""
    months: dict[tuple[int, int], list[int]] = {}
    for day in sorted(days):
        months.setdefault((day.year, day.month), []).append(day.day)
    for (year, month), some in months.items():
        yield {"year": str(year), "mon": str(month), "mday": ",".join(map(str, some))}


def _dates(ranges: Iterable[tuple[date, date]]) -> Iterator[Mapping[str, str]]:
    """Yield time attributes for ranges of dates, both ends included: whole years, whole months, days."""
    for first, last in ranges:
        yield from _range(first, last)


def _range(first: date, last: date) -> Iterator[Mapping[str, str]]:
    if first.year == last.year:
        yield from _within(first, last)
        return
    begin, end = first.year, last.year
    if (first.month, first.day) != (1, 1):
        yield from _within(first, date(first.year, 12, 31))
        begin += 1
    if (last.month, last.day) != (12, 31):
        end -= 1
    if begin <= end:
        yield {"year": _span(begin, end)}
    if end != last.year:
        yield from _within(date(last.year, 1, 1), last)


def _within(first: date, last: date) -> Iterator[Mapping[str, str]]:
    """Yield the days of one year from a date to another."""
    year = str(first.year)
    if first.month == last.month:
        yield {"year": year, "mon": str(first.month), "mday": _span(first.day, last.day)}
        return
    begin, end = first.month, last.month
    if first.day != 1:
        yield {"year": year, "mon": str(first.month), "mday": _span(first.day, 31)}
        begin += 1
    if last.day != monthrange(last.year, last.month)[1]:
        end -= 1
    if begin <= end:
        yield {"year": year, "mon": _span(begin, end)}
    if end != last.month:
        yield {"year": year, "mon": str(last.month), "mday": _span(1, last.day)}


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
