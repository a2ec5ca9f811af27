"""What Asterisk asks of the clock: the fields of GotoIfTime, and texts that STRFTIME makes. In: texts. Out: periods."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import product

from policyc.schedule import MINUTES_PER_DAY, MINUTES_PER_WEEK, Period, always
from policyc.targets.asterisk.reader.errors import Unclear, What
from policyc.targets.asterisk.reader.texts import clock_digit, has_clock, is_known, show

_DAYS = "sun mon tue wed thu fri sat".split()
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FIELDS = ("Y0", "Y1", "Y2", "Y3", "m0", "m1", "d0", "d1", "H0", "H1", "M0", "M1", "u0", "w0")
_CHARS = {name: clock_digit(at) for at, name in enumerate(_FIELDS)}
_NAMES = {char: name for name, char in _CHARS.items()}
_DIRECTIVES = {
    letter: "".join(_CHARS[name] for name in _FIELDS if name[0] == letter) for letter in {name[0] for name in _FIELDS}
}
_WHOLE_WEEK = ((0, MINUTES_PER_WEEK),)
_DATE = _DIRECTIVES["Y"] + _DIRECTIVES["m"] + _DIRECTIVES["d"]
_LAST_DAY = date.max.toordinal()

Compare = Callable[[str, str], int]


def strftime(form: str) -> str:
    """Return what a format makes of the instant of the call, as digits of the clock. Raises Unclear."""
    if not is_known(form) or not re.fullmatch(r"(?:%[YmdHMuw]|[^%])*", form):
        raise Unclear(What.TIME, show(form))
    return re.sub(r"%(.)", lambda found: _DIRECTIVES[found[1]], form)


# --- comparing what the clock shows ---------------------------------------------------------------


def period_of(one: str, other: str, compare: Compare, wanted: Iterable[int]) -> Period:
    """Return the instants at which comparing two texts, of which the clock makes one, gives a wanted sign.

    `compare` takes them when they are known. Raises Unclear where the answer is no period, or is not known to be.
    """
    if has_clock(one) == has_clock(other):
        raise Unclear(What.TIME, f"{show(one)}, {show(other)}")
    if has_clock(other):
        return period_of(other, one, lambda left, right: -compare(right, left), [-sign for sign in wanted])
    if not is_known(other):
        raise Unclear(What.TIME, f"{show(one)}, {show(other)}")
    return _period(one, other, compare, frozenset(wanted))


@lru_cache(maxsize=4096)
def _period(text: str, other: str, compare: Compare, wanted: frozenset[int]) -> Period:
    used = {_NAMES[char][0] for char in text if char in _NAMES}
    if _dated(text):
        return _ordered_dates(text, other, compare, wanted)

    def holds(**fields: int) -> bool:
        return compare(_filled(text, **fields), other) in wanted

    if used <= set("HM"):
        minutes = [minute for minute in range(MINUTES_PER_DAY) if holds(H=minute // 60, M=minute % 60)]
        return _weekly(minutes, range(7))
    if used <= set("uw"):
        return _weekly(range(MINUTES_PER_DAY), [day for day in range(7) if holds(u=day + 1, w=(day + 1) % 7)])
    if used <= set("uwHM"):
        week = [
            minute
            for minute in range(MINUTES_PER_WEEK)
            if holds(
                u=minute // MINUTES_PER_DAY + 1,
                w=(minute // MINUTES_PER_DAY + 1) % 7,
                H=minute % MINUTES_PER_DAY // 60,
                M=minute % 60,
            )
        ]
        return Period(tuple(_ranges(week)), always().dates)
    if used <= set("md"):
        days = {(month, day) for month, day in _every_day() if holds(m=month, d=day)}
        return Period(_WHOLE_WEEK, _yearly(frozenset(days)))
    raise Unclear(What.TIME, show(text))


def _filled(text: str, **fields: int) -> str:
    """Return a text with what the clock shows."""
    digits = {
        ord(_CHARS[f"{letter}{at}"]): digit
        for letter, value in fields.items()
        for at, digit in enumerate(str(value).zfill(len(_DIRECTIVES[letter])))
    }
    return text.translate(digits)


def _dated(text: str) -> bool:
    """Tell whether the clock's digits in a text are a whole date, the year first, so that its order is that of days."""
    return "".join(char for char in text if char in _NAMES) == _DATE


def _ordered_dates(text: str, other: str, compare: Compare, wanted: frozenset[int]) -> Period:
    def sign(day: int) -> int:
        shown = date.fromordinal(day)
        return compare(_filled(text, Y=shown.year, m=shown.month, d=shown.day), other)

    def first(least: int) -> int:
        """Return the first day whose sign is `least` or more."""
        low, high = 1, _LAST_DAY + 1
        while low < high:
            middle = (low + high) // 2
            if sign(middle) >= least:
                high = middle
            else:
                low = middle + 1
        return low

    equal, after = first(0), first(1)
    spans = {-1: (1, equal), 0: (equal, after), 1: (after, _LAST_DAY + 1)}
    found = [(low, high) for one, (low, high) in spans.items() if one in wanted and low < high]
    return Period(_WHOLE_WEEK, tuple((date.fromordinal(low), date.fromordinal(high - 1)) for low, high in found))


# --- the fields of GotoIfTime ---------------------------------------------------------------------


@lru_cache(maxsize=4096)
def timing(fields: str) -> tuple[Period, str]:
    """Return the instants of `times,weekdays,days,months[,zone]`, and the zone, "" for the server's. Raises Unclear."""
    if not fields or not is_known(fields):
        raise Unclear(What.TIME, show(fields))
    parts = re.split("[|,]", fields)
    if len(parts) > 5:
        raise Unclear(What.TIME, fields)
    times, weekdays, days, months, zone = parts + [""] * (5 - len(parts))
    minutes = _minutes(times)
    on = [(number - 1) % 7 for number in _numbers(weekdays, 7, _DAYS)]  # Sunday is 0 there, 6 here
    period = _weekly(minutes, on)
    dates = {(month + 1, day + 1) for month, day in product(_numbers(months, 12, _MONTHS), _numbers(days, 31, []))}
    if len(dates) == 12 * 31:
        return period, zone
    return Period(period.week, _yearly(frozenset(dates))), zone


def _minutes(times: str) -> list[int]:
    if times in ("", "*"):
        return list(range(MINUTES_PER_DAY))
    found: set[int] = set()
    for part in times.split("&"):
        ends = re.fullmatch(r" *(\d\d?):(\d\d?) *(?:- *(\d\d?):(\d\d?) *)?", part)
        if ends is None:
            raise Unclear(What.TIME, times)
        hours = [int(ends[at]) for at in (1, 3) if ends[at]]
        minutes = [int(ends[at]) for at in (2, 4) if ends[at]]
        if max(hours) > 23 or max(minutes) > 59:
            raise Unclear(What.TIME, times)
        bounds = [hour * 60 + minute for hour, minute in zip(hours, minutes, strict=True)]
        start, length = bounds[0], (bounds[-1] - bounds[0]) % MINUTES_PER_DAY
        found |= {(start + later) % MINUTES_PER_DAY for later in range(length + 1)}  # the end minute is of it
    return sorted(found)


def _numbers(text: str, size: int, names: list[str]) -> list[int]:
    """Return the days or months of a field, from 0; ranges run on over the end."""
    if text in ("", "*"):
        return list(range(size))
    found: set[int] = set()
    for part in text.split("&"):
        first, dash, last = part.partition("-")
        start = _number(first, size, names)
        end = _number(last, size, names) if dash else start
        found |= {(start + later) % size for later in range((end - start) % size + 1)}
    return sorted(found)


def _number(text: str, size: int, names: list[str]) -> int:
    if text.lower() in names:
        return names.index(text.lower())
    if re.fullmatch(r"\d\d?", text) and 1 <= int(text) <= size:
        return int(text) - 1
    raise Unclear(What.TIME, text)


# --- periods --------------------------------------------------------------------------------------


def _weekly(minutes: Iterable[int], days: Iterable[int]) -> Period:
    spans = _ranges(minutes)
    week = [(day * MINUTES_PER_DAY + start, day * MINUTES_PER_DAY + end) for day, (start, end) in product(days, spans)]
    return Period(tuple(week), always().dates)


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return sorted numbers as half-open ranges."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return found


def _every_day() -> Iterator[tuple[int, int]]:
    for month in range(1, 13):
        for day in range(1, monthrange(2024, month)[1] + 1):
            yield month, day


@lru_cache(maxsize=256)
def _yearly(days: frozenset[tuple[int, int]]) -> tuple[tuple[date, date], ...]:
    """Return days of the year, (month, day), in every year."""
    usual, leap = (
        _ranges(sorted(date(year, month, day).timetuple().tm_yday - 1 for month, day in days & _days_of(year)))
        for year in (2023, 2024)
    )
    found = []
    for year in range(1, 10_000):
        start = date(year, 1, 1).toordinal()
        spans = leap if isleap(year) else usual
        found += [(date.fromordinal(start + low), date.fromordinal(start + high - 1)) for low, high in spans]
    return tuple(found)


@lru_cache(maxsize=2)
def _days_of(year: int) -> frozenset[tuple[int, int]]:
    return frozenset((month, day) for month in range(1, 13) for day in range(1, monthrange(year, month)[1] + 1))


@lru_cache(maxsize=256)
def on_any(periods: tuple[Period, ...]) -> Period:
    """Return the dates of periods that are whole days."""
    return Period(_WHOLE_WEEK, tuple(span for period in periods for span in period.dates))
