"""Time algebra: opening hours and dates in, exact sets of instants and their partition into classes out.

A `Period` is a set of local wall-clock instants of one shape: the minute of the week is in some ranges *and*
the date is in some ranges. It is what `horaires`, `fermeture`, `fériés` and `jusqu'au` say. Unions and
complements leave that shape and are not built: `partition` cuts the time line of a zone into the classes that
some periods tell apart, and every further question is arithmetic on bit masks of classes:

    part = partition(zone, [office, holidays])
    closed = part.everything & ~part.mask(office) | part.mask(holidays)
    if closed:
        example = part.witness(closed)

A set is empty exactly when its mask is 0, as no class is made of instants that daylight saving skips.
Everything is pure and exact over the years 1 to 9999; nothing depends on today's date. Times count by the
minute: 12:29:59 is 12:29.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from policyc.values import dataclass

DAYS_PER_WEEK = 7
MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 1440
MINUTES_PER_WEEK = DAYS_PER_WEEK * MINUTES_PER_DAY  # minute 0 is Monday 00:00

# A half-open range of minutes, or of days, which are then `date` ordinals.
Range = tuple[int, int]
_FIRST_DAY = date.min.toordinal()
_END_OF_DAYS = date.max.toordinal() + 1
_WEEKEND = 5
_WHOLE_WEEK: tuple[Range, ...] = ((0, MINUTES_PER_WEEK),)
_ALL_DATES = ((date.min, date.max),)


@dataclass(frozen=True, slots=True)
class WeekSpan:
    """The minutes of the day from `start` until before `end`, on some days of the week (0 is Monday).

    When `end` is not after `start` the span is overnight: it begins on those days and ends on the day after.
    """

    days: frozenset[int]
    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse what is no time of the week: the caller should have reported it."""
        if not (0 <= self.start < MINUTES_PER_DAY and 0 <= self.end <= MINUTES_PER_DAY):
            raise ValueError(f"not a span of the day: {self.start}-{self.end}")
        if not all(0 <= day < DAYS_PER_WEEK for day in self.days):
            raise ValueError(f"not days of the week: {sorted(self.days)}")


@dataclass(frozen=True, slots=True)
class Period:
    """The instants whose local minute of the week is in one of `week` and local date in one of `dates`.

    `week` is half-open, `dates` include both ends. Any ranges may be given, overlapping, unsorted or empty;
    the value keeps them sorted, disjoint and merged. Two periods are equal exactly when they hold the same
    instants.
    """

    week: tuple[Range, ...]
    dates: tuple[tuple[date, date], ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Bring the ranges into canonical form."""
        if any(start < 0 or end > MINUTES_PER_WEEK for start, end in self.week):
            raise ValueError(f"not minutes of the week: {self.week}")
        week, days = _canonical(self.week, _ordinals(self.dates))
        object.__setattr__(self, "week", week)
        object.__setattr__(self, "dates", _dates(days))
        # Periods are the keys of caches, and years of holidays are long to hash. Integers, unlike dates, hash
        # alike in every process, so that a pickled period stays right.
        object.__setattr__(self, "_hash", hash((week, days)))

    def __hash__(self) -> int:
        """Return the hash made with the value."""
        return self._hash

    def holds(self, local: datetime) -> bool:
        """Tell whether a local instant is in the set; a time zone it may carry is not looked at."""
        day = local.date()
        minute = day.weekday() * MINUTES_PER_DAY + local.hour * MINUTES_PER_HOUR + local.minute
        at = bisect_right(self.week, (minute, MINUTES_PER_WEEK)) - 1
        on = bisect_right(self.dates, (day, date.max)) - 1
        return at >= 0 and on >= 0 and minute < self.week[at][1] and day <= self.dates[on][1]


def always() -> Period:
    """Return every instant."""
    return Period(_WHOLE_WEEK, _ALL_DATES)


def weekly(spans: Iterable[WeekSpan], closed: Iterable[tuple[date, date]] = ()) -> Period:
    """Return the instants in one of the spans whose own date is in none of the `closed` ranges.

    So the end of an overnight span falls out when its morning is closed, and stays when only its evening was.
    """
    week: list[Range] = []
    for span in spans:
        length = span.end - span.start + (0 if span.end > span.start else MINUTES_PER_DAY)
        for day in span.days:
            start = day * MINUTES_PER_DAY + span.start
            end = start + length
            week.append((start, min(end, MINUTES_PER_WEEK)))
            week.append((0, max(0, end - MINUTES_PER_WEEK)))  # Sunday night runs into Monday
    bounds = [bound for shut in merged(_ordinals(closed)) for bound in shut]
    edges = [_FIRST_DAY, *bounds, _END_OF_DAYS]
    return Period(tuple(week), _dates(zip(edges[::2], edges[1::2], strict=True)))


def daily(week: Iterable[Range]) -> Iterator[tuple[int, Range]]:
    """Yield minutes of the week cut at midnights: the day (0 is Monday), and half-open minutes of it, at most 1440."""
    for start, end in week:
        for day in range(start // MINUTES_PER_DAY, (end - 1) // MINUTES_PER_DAY + 1):
            midnight = day * MINUTES_PER_DAY
            yield day, (max(start - midnight, 0), min(end - midnight, MINUTES_PER_DAY))


def by_day(week: Iterable[Range]) -> tuple[tuple[tuple[int, ...], tuple[Range, ...]], ...]:
    """Return minutes of the week as groups: days with the same hours (0 is Monday), and those hours.

    Hours are half-open minutes of the day, at most 1440, in order.
    """
    hours_of: dict[int, list[Range]] = {}
    for day, hours in daily(week):
        hours_of.setdefault(day, []).append(hours)
    alike: dict[tuple[Range, ...], list[int]] = {}
    for day, spans in sorted(hours_of.items()):
        alike.setdefault(tuple(spans), []).append(day)
    return tuple((tuple(days), spans) for spans, days in alike.items())


def runs(days: Iterable[int]) -> list[Range]:
    """Return consecutive days, given in order, as (first, last)."""
    found: list[Range] = []
    for day in days:
        if found and found[-1][1] == day - 1:
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return found


def on_dates(ranges: Iterable[tuple[date, date]]) -> Period:
    """Return all instants of the dates in the ranges, both ends included."""
    return Period(_WHOLE_WEEK, tuple(ranges))


@lru_cache(maxsize=4096)
def until(last: date) -> Period:
    """Return all instants up to the end of a date."""
    return on_dates([(date.min, last)])


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """The classes of instants that some periods tell apart, numbered from 0; made by `partition`.

    Two instants are in one class exactly when every period answers alike for both. A set of classes is an
    integer with bit c set for class c. The lower the number of a class, the more ordinary its witness.
    """

    zone: ZoneInfo
    periods: tuple[Period, ...]
    count: int
    everything: int
    _masks: Mapping[Period, int] = field(repr=False)
    _classes: Mapping[int, int] = field(repr=False)
    _witnesses: tuple[datetime, ...] = field(repr=False)
    _kept: dict[int, int] = field(default_factory=dict, repr=False)

    @property
    def keep(self) -> Callable[[int, int], int]:
        """What returns the one object that stands for some classes, given twice.

        A policy has few sets of them, in very many places.
        """
        return self._kept.setdefault

    def mask(self, period: Period) -> int:
        """Return the classes that make up a period, which must be one of `periods`."""
        return self._masks[period]

    def class_of(self, instant: datetime) -> int:
        """Return the class of an instant; without a time zone it is local.

        A local time that daylight saving skips is read as the clock would show that moment: 02:30 is 03:30.
        """
        local = _wall_clock(instant, self.zone)
        return self._classes[sum(1 << bit for bit, period in enumerate(self.periods) if period.holds(local))]

    def witness(self, mask: int) -> datetime:
        """Return an existing instant of some classes: if possible a weekday from 2026 on, around 10:00."""
        if not 0 < mask <= self.everything:
            raise ValueError(f"no classes of this partition: {mask:#b}")
        lowest = mask & -mask
        return self._witnesses[lowest.bit_length() - 1]

    def cells(self, mask: int) -> tuple[tuple[tuple[Range, ...], tuple[tuple[date, date], ...]], ...]:
        """Return the instants of some classes as minutes of the week on dates, both ends of these included.

        No instant is in two of them, and each is as wide as can be: dates with the same minutes are together, those
        with most days first. Minutes at which a date never is (a Monday's, on dates that are all Fridays) are left out.
        """
        days, week = _grid(self.periods)
        found: dict[tuple[Range, ...], list[Range]] = {}
        for by_date, dates in days.items():
            minutes = merged(
                span
                for by_minute, spans in week.items()
                if mask >> self._classes.get(by_date & by_minute, len(self._witnesses)) & 1
                for span in spans
            )
            live = _weekdays_with_dates(dates)
            if len(live) < DAYS_PER_WEEK:
                minutes = merged(_minutes_on(minutes, live))
            if minutes:
                found.setdefault(tuple(minutes), []).extend(dates)
        cells = [(minutes, merged(dates)) for minutes, dates in found.items()]
        cells.sort(key=lambda cell: (-sum(end - first for first, end in cell[1]), cell[1]))
        return tuple((minutes, _dates(dates)) for minutes, dates in cells)


def partition(zone: ZoneInfo, periods: Iterable[Period]) -> Partition:
    """Return the coarsest partition of the instants of a zone on whose classes every period is constant."""
    return _partition(zone, tuple(dict.fromkeys(periods)))


@lru_cache(maxsize=4096)
def _partition(zone: ZoneInfo, periods: tuple[Period, ...]) -> Partition:
    """Cut dates and the week where a period begins or ends; pieces with the same answers make one class.

    An instant is in a period when its date is and its minute is: the answers, one bit a period, are those for
    its date and those for its minute of the week, taken together.
    """
    days, week = _grid(periods)
    likely = {by_date: _likely_days(dates) for by_date, dates in days.items()}
    best: dict[int, _Choice] = {}
    for by_minute, minutes in week.items():
        daily = _by_weekday(minutes)
        for by_date, dates in days.items():
            answers = by_date & by_minute
            choice = _choice(zone, dates, likely[by_date], daily, best.get(answers))
            if choice is not None:  # else daylight saving skips all of these instants
                best[answers] = choice
    ordered = sorted(best, key=best.__getitem__)
    return Partition(
        zone,
        periods,
        count=len(ordered),
        everything=(1 << len(ordered)) - 1,
        _masks={
            period: sum(1 << number for number, answers in enumerate(ordered) if answers >> bit & 1)
            for bit, period in enumerate(periods)
        },
        _classes={answers: number for number, answers in enumerate(ordered)},
        _witnesses=tuple(best[answers][1] for answers in ordered),
    )


@lru_cache(maxsize=4096)
def _grid(periods: tuple[Period, ...]) -> tuple[dict[int, list[Range]], dict[int, list[Range]]]:
    """Return dates, and minutes of the week, by the periods that they are in, a bit each; none spans a midnight."""
    return (
        _cells((_ordinals(period.dates) for period in periods), cuts=(_FIRST_DAY, _END_OF_DAYS)),
        _cells((period.week for period in periods), cuts=range(0, MINUTES_PER_WEEK + 1, MINUTES_PER_DAY)),
    )


def _cells(sets: Iterable[Sequence[Range]], cuts: Iterable[int]) -> dict[int, list[Range]]:
    """Cut a line at all ends of ranges and at `cuts`; file the pieces by the sets they are in, a bit each."""
    turns = dict.fromkeys(cuts, 0)
    for bit, ranges in enumerate(sets):
        for bounds in ranges:
            for bound in bounds:
                turns[bound] = turns.get(bound, 0) ^ 1 << bit
    cells: dict[int, list[Range]] = {}
    inside = 0
    for start, end in pairwise(sorted(turns)):
        inside ^= turns[start]
        cells.setdefault(inside, []).append((start, end))
    return cells


# --- Choosing a natural instant -------------------------------------------------------------------

# How unusual an instant is: before 2026?, weekend?, weeks from 2026, rank of its minute, day of the week.
# No two minutes are alike in this, so that the choice is determined.
_Unusual = tuple[bool, bool, int, int, int]
_Choice = tuple[_Unusual, datetime]
_ANCHOR = date(2026, 1, 1).toordinal()
_USUAL_MINUTE = 10 * MINUTES_PER_HOUR


def _preferred() -> list[int]:
    """Return the minutes of the day, round ones first, and of these the nearest to the usual one, the later first."""
    coarseness = [4] * MINUTES_PER_DAY
    for rank, step in enumerate((5, 15, 30, 60), 1):
        coarseness[::step] = [4 - rank] * (MINUTES_PER_DAY // step)
    distances = [abs(minute - _USUAL_MINUTE) for minute in range(MINUTES_PER_DAY)]
    near = sorted(range(MINUTES_PER_DAY - 1, -1, -1), key=distances.__getitem__)
    return sorted(near, key=coarseness.__getitem__)  # no key is made in Python: it would take a whole millisecond


_RANK = {minute: rank for rank, minute in enumerate(_preferred())}


def _by_weekday(cells: Iterable[Range]) -> dict[int, tuple[int, ...]]:
    """Return the minutes of each day of the week, the preferred ones first; no cell may span midnight."""
    spans: dict[int, list[Range]] = {}
    for start, end in cells:
        day, minute = divmod(start, MINUTES_PER_DAY)
        spans.setdefault(day, []).append((minute, minute + end - start))
    return {day: _by_preference(tuple(ranges)) for day, ranges in spans.items()}


@lru_cache(maxsize=1024)
def _by_preference(spans: tuple[Range, ...]) -> tuple[int, ...]:
    return tuple(sorted((minute for span in spans for minute in range(*span)), key=_RANK.__getitem__))


def _choice(
    zone: ZoneInfo,
    dates: Sequence[Range],
    likely: Mapping[int, int],
    daily: Mapping[int, Sequence[int]],
    best: _Choice | None,
) -> _Choice | None:
    """Return the most ordinary existing instant on those dates at those minutes, or what is best already.

    `likely` are the most ordinary of the dates, one for each day of the week that they have.
    """
    for weekday, minutes in daily.items():
        if weekday not in likely:
            continue
        unusual = _unusual(likely[weekday], weekday, minutes[0])
        if best is not None and best[0] <= unusual:
            continue  # and so are the later days and minutes, which are less ordinary still
        instant = _existing(zone, likely[weekday], minutes[0])
        if instant is not None:  # as on nearly every day
            best = unusual, instant
            continue
        for day, minute in ((day, minute) for day in _days(dates, weekday) for minute in minutes):
            unusual = _unusual(day, weekday, minute)
            if best is not None and best[0] <= unusual:
                break
            instant = _existing(zone, day, minute)
            if instant is not None:
                best = unusual, instant
                break
    return best


def _unusual(day: int, weekday: int, minute: int) -> _Unusual:
    return day < _ANCHOR, weekday >= _WEEKEND, abs((day - _ANCHOR) // DAYS_PER_WEEK), _RANK[minute], weekday


def _likely_days(dates: Sequence[Range]) -> dict[int, int]:
    """Return the most ordinary day among dates for each day of the week that they have."""
    found = ((weekday, next(_days(dates, weekday), None)) for weekday in range(DAYS_PER_WEEK))
    return {weekday: day for weekday, day in found if day is not None}


def _days(dates: Sequence[Range], weekday: int) -> Iterator[int]:
    """Yield the dates on a day of the week: from 2026 on, then those before, the latest first."""
    for first, end in dates:
        if end > _ANCHOR:
            start = max(first, _ANCHOR)
            yield from range(start + (weekday - _weekday(start)) % DAYS_PER_WEEK, end, DAYS_PER_WEEK)
    for first, end in reversed(dates):
        if first < _ANCHOR:
            last = min(end, _ANCHOR) - 1
            yield from range(last - (_weekday(last) - weekday) % DAYS_PER_WEEK, first - 1, -DAYS_PER_WEEK)


# --- Wall clocks ----------------------------------------------------------------------------------


def _existing(zone: ZoneInfo, day: int, minute: int) -> datetime | None:
    """Return an instant within a local minute, or None when the clocks skip all of it."""
    hour, minute = divmod(minute, MINUTES_PER_HOUR)
    # Clocks were once set forward by odd seconds (local mean time): a minute can lose its beginning only.
    for second in (0, 59):
        instant = datetime.combine(date.fromordinal(day), time(hour, minute, second), zone)
        if not _skipped(instant):
            return instant
    return None


def _skipped(instant: datetime) -> timedelta:
    """Return by how much the clocks went forward over this local time, zero when it exists (PEP 495)."""
    before, after = instant.replace(fold=0).utcoffset(), instant.replace(fold=1).utcoffset()
    return timedelta() if before is None or after is None else max(after - before, timedelta())


def exists(instant: datetime) -> bool:
    """Tell whether clocks of its zone show an aware instant: when they go forward, they leave some times out."""
    return not _skipped(instant)


def _wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what a clock in the zone shows; not by way of UTC, which lacks the ends of local time."""
    if instant.tzinfo is not None and instant.tzinfo is not zone:
        return instant.astimezone(zone)
    local = instant.replace(tzinfo=zone)
    skipped = _skipped(local)
    return local - skipped if local.fold else local + skipped


# --- Ranges ---------------------------------------------------------------------------------------


def _weekday(day: int) -> int:
    return (day - _FIRST_DAY) % DAYS_PER_WEEK  # 0001-01-01 was a Monday


def _ordinals(dates: Iterable[tuple[date, date]]) -> list[Range]:
    return [(first.toordinal(), last.toordinal() + 1) for first, last in dates]


def _dates(days: Iterable[Range]) -> tuple[tuple[date, date], ...]:
    return tuple((date.fromordinal(first), date.fromordinal(end - 1)) for first, end in days if first < end)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Sort ranges, drop the empty ones and join those that overlap or touch."""
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _canonical(week: Iterable[Range], days: Iterable[Range]) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """Return the one form of a set of instants.

    Merged ranges are that form as long as each day of the week has both minutes and dates. When it lacks one,
    the other says nothing: "Mondays, on a Friday's date" is empty however it is put. So dates without minutes
    go, or fill the gaps between others ("Fridays" stays one range), and days of the week without dates are
    whole.
    """
    week, days = merged(week), merged(days)
    live = _weekdays_with_minutes(week) & _weekdays_with_dates(days)
    if not live:
        return (), ()
    if len(live) < DAYS_PER_WEEK:
        days = _between_live_days(days, live)
        dateless = frozenset(range(DAYS_PER_WEEK)) - _weekdays_with_dates(days)
        week = merged([*_minutes_on(week, live), *_minutes_on(_WHOLE_WEEK, dateless)])
    return tuple(week), tuple(days)


def _between_live_days(days: Iterable[Range], live: frozenset[int]) -> list[Range]:
    """Trim ranges to live days of the week, then stretch them over other days that join them."""

    def lives(day: int) -> bool:
        return _weekday(day) in live

    joined: list[Range] = []
    reached = _FIRST_DAY
    for first, end in days:
        start = next(filter(lives, range(first, end)), end)
        stop = next(filter(lives, range(end - 1, start, -1)), start) + 1
        if start < end:
            joined.append((start if any(map(lives, range(reached, start))) else reached, stop))
            reached = stop
    if not any(map(lives, range(reached, _END_OF_DAYS))):
        joined.append((reached, _END_OF_DAYS))
    return merged(joined)


def _minutes_on(week: Iterable[Range], weekdays: Iterable[int]) -> Iterator[Range]:
    """Yield the parts of the week that fall on some days; parts that are empty may be among them."""
    midnights = [day * MINUTES_PER_DAY for day in weekdays]
    for start, end in week:
        for midnight in midnights:
            yield max(start, midnight), min(end, midnight + MINUTES_PER_DAY)


def _weekdays_with_minutes(week: Iterable[Range]) -> frozenset[int]:
    spans = (range(start // MINUTES_PER_DAY, (end - 1) // MINUTES_PER_DAY + 1) for start, end in week)
    return frozenset(chain.from_iterable(spans))


def _weekdays_with_dates(days: Iterable[Range]) -> frozenset[int]:
    found: set[int] = set()
    for first, end in days:
        found.update(map(_weekday, range(first, min(end, first + DAYS_PER_WEEK))))
        if len(found) == DAYS_PER_WEEK:  # as after the first range, mostly
            break
    return frozenset(found)
