"""Laws of the time algebra, against brute force over the minutes of real days."""

import pickle
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyc.schedule import (
    MINUTES_PER_DAY,
    MINUTES_PER_WEEK,
    Partition,
    Period,
    WeekSpan,
    always,
    on_dates,
    partition,
    until,
    weekly,
)

EXAMPLES = settings().max_examples

PARIS = ZoneInfo("Europe/Paris")
ONE_DAY = timedelta(days=1)
ONE_MINUTE = timedelta(minutes=1)
MONDAY_TO_FRIDAY = frozenset(range(5))
EVERY_DAY = frozenset(range(7))

# Both changes of the clocks with the days around them, two year ends, a leap day.
TELLING_DAYS = (
    *(date(2026, 3, day) for day in (28, 29, 30)),
    *(date(2026, 10, day) for day in (24, 25, 26)),
    *(date(2026, 12, day) for day in (24, 25, 31)),
    *(date(2027, 1, day) for day in (1, 2)),
    date(2027, 12, 31),
    *(date(2028, 2, day) for day in (28, 29)),
)


def hours(clock: str) -> int:
    """Read "09:30" as a minute of the day."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def span(days: frozenset[int], clocks: str) -> WeekSpan:
    """Read "09:00-12:30"."""
    start, end = clocks.split("-")
    return WeekSpan(days, hours(start), hours(end))


def real_instants(first: date, last: date, zone: ZoneInfo, step: timedelta) -> Iterator[datetime]:
    """Every instant of some local days as UTC meets them: none is skipped, and some come twice."""
    now = datetime.combine(first - ONE_DAY, time(), UTC)
    while now.date() <= last + ONE_DAY:
        if first <= (local := now.astimezone(zone)).date() <= last:
            yield local
        now += step


@cache
def telling_instants() -> tuple[datetime, ...]:
    """Every minute of the telling days in Paris."""
    return tuple(chain.from_iterable(real_instants(day, day, PARIS, ONE_MINUTE) for day in TELLING_DAYS))


def exists(instant: datetime) -> bool:
    """Tell whether the clocks of its zone ever show this local time."""
    return instant.astimezone(UTC).astimezone(instant.tzinfo).replace(fold=0) == instant.replace(fold=0)


def on_one_of(ranges: list[tuple[date, date]], day: date) -> bool:
    """Say by the definition whether a date is in ranges with both ends included."""
    return any(first <= day <= last for first, last in ranges)


def in_week(spans: list[WeekSpan], local: datetime) -> bool:
    """Say by the definition whether a local instant is in weekly spans, the overnight ones included."""
    minute, weekday = local.hour * 60 + local.minute, local.weekday()
    for one in spans:
        today, yesterday = weekday in one.days, (weekday - 1) % 7 in one.days
        if one.start < one.end:
            if today and one.start <= minute < one.end:
                return True
        elif (today and minute >= one.start) or (yesterday and minute < one.end):
            return True
    return False


minutes = st.one_of(st.integers(0, 48).map(lambda half: half * 30), st.integers(0, MINUTES_PER_DAY))
week_spans = st.lists(
    st.builds(WeekSpan, st.frozensets(st.integers(0, 6)), minutes.map(lambda start: start % 1440), minutes),
    max_size=4,
)
telling_dates = st.one_of(
    st.sampled_from(TELLING_DAYS),
    st.sampled_from((date.min, date.max)),
    st.dates(date(2026, 3, 20), date(2028, 3, 10)),
)
date_ranges = st.lists(st.tuples(telling_dates, telling_dates), max_size=4)


class TestHolds:
    """What a period holds is what its definition says, on every minute of the telling days."""

    @given(week_spans, date_ranges)
    def test_weekly(self, spans, closed):
        """The spans, overnight ones into the next day, less the closed dates by the instant's own date."""
        period = weekly(spans, closed)
        instants = telling_instants()

        assert [in_week(spans, now) and not on_one_of(closed, now.date()) for now in instants] == [
            period.holds(now) for now in instants
        ]

    @given(date_ranges)
    @settings(max_examples=3 * EXAMPLES)
    def test_on_dates(self, ranges):
        """Whole days, both ends included; a range that ends before it starts holds none."""
        period = on_dates(ranges)
        instants = telling_instants()[::97]

        assert [on_one_of(ranges, now.date()) for now in instants] == [period.holds(now) for now in instants]

    @given(telling_dates)
    @settings(max_examples=3 * EXAMPLES)
    def test_until(self, last):
        """Up to the last minute of the date."""
        instants = telling_instants()[::97]

        assert [now.date() <= last for now in instants] == [until(last).holds(now) for now in instants]

    def test_ends_are_half_open_by_the_minute(self):
        """The end of a span is out, the seconds before it are in."""
        morning = weekly([span(MONDAY_TO_FRIDAY, "09:00-12:30")])

        assert not morning.holds(datetime(2026, 11, 23, 8, 59, 59))
        assert morning.holds(datetime(2026, 11, 23, 9, 0))
        assert morning.holds(datetime(2026, 11, 23, 12, 29, 59, 999_999))
        assert not morning.holds(datetime(2026, 11, 23, 12, 30))

    def test_sunday_night_ends_on_monday(self):
        """The week is a circle."""
        night = weekly([span(frozenset({6}), "22:00-06:00")])

        assert ((0, 360), (MINUTES_PER_WEEK - 120, MINUTES_PER_WEEK)) == night.week

    def test_a_closure_takes_its_own_date_only(self):
        """Of a night before a holiday the evening stays and the morning goes."""
        night = weekly([span(EVERY_DAY, "22:00-06:00")], closed=[(date(2026, 12, 25), date(2026, 12, 25))])

        assert night.holds(datetime(2026, 12, 24, 23, 0))
        assert not night.holds(datetime(2026, 12, 25, 1, 0))
        assert not night.holds(datetime(2026, 12, 25, 23, 0))
        assert night.holds(datetime(2026, 12, 26, 1, 0))

    @pytest.mark.parametrize("clocks", ["00:00-24:00", "00:00-00:00", "09:00-09:00"])
    def test_a_whole_day_round_is_always(self, clocks):
        """Equal ends are 24 hours."""
        assert always() == weekly([span(EVERY_DAY, clocks)])

    @pytest.mark.parametrize("end", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)])
    def test_time_has_ends(self, end):
        """The first and the last instant that can be written are no special case."""
        assert always().holds(end)
        assert not until(date(2026, 12, 31)).holds(datetime(9999, 12, 31))
        assert 0 == partition(PARIS, [always()]).class_of(end)


def described(period: Period) -> frozenset[tuple[date, int]]:
    """All the half days a period holds among those that can tell small periods apart."""
    days = (
        *(date.min + number * ONE_DAY for number in range(8)),
        *(date(2026, 2, 20) + number * ONE_DAY for number in range(40)),
        *(date.max - number * ONE_DAY for number in range(8)),
    )
    return frozenset((day, hour) for day in days for hour in (0, 12) if period.holds(datetime.combine(day, time(hour))))


half_days = st.integers(0, 14).map(lambda half: half * 720)
few_dates = st.one_of(
    st.dates(date(2026, 3, 1), date(2026, 3, 16)),
    st.sampled_from((date.min, date.min + ONE_DAY, date.max - ONE_DAY, date.max)),
)
small_periods = st.builds(
    Period,
    st.lists(st.tuples(half_days, half_days), max_size=3).map(tuple),
    st.lists(st.tuples(few_dates, few_dates).map(sorted).map(tuple), max_size=3).map(tuple),
)


class TestCanonicalForm:
    """A set of instants has one value."""

    @given(small_periods, small_periods)
    @settings(max_examples=13 * EXAMPLES)
    def test_equal_exactly_when_they_hold_the_same(self, one, other):
        """Neither more nor less than the instants counts."""
        assert (described(one) == described(other)) == (one == other)

    @given(small_periods, st.data())
    @settings(max_examples=10 * EXAMPLES)
    def test_what_says_nothing_leaves_no_trace(self, period, data):
        """Minutes on days of the week without a date, and dates without a minute, may be said or not."""
        held = described(period)
        junk_minutes = data.draw(st.lists(st.tuples(half_days, half_days), max_size=2))
        junk_dates = data.draw(st.lists(few_dates, max_size=3))
        for week, dates in (
            ((*period.week, *junk_minutes), period.dates),
            (period.week, (*period.dates, *((day, day) for day in junk_dates))),
        ):
            again = Period(week, dates)

            assert (held == described(again)) == (period == again)
            assert (period != again) or hash(period) == hash(again)

    @given(small_periods)
    @settings(max_examples=6 * EXAMPLES)
    def test_ranges_are_sorted_apart_and_stable(self, period):
        """Ranges neither overlap nor touch, and a value made from a value is that value."""
        assert all(start < end for start, end in period.week)
        assert all(end < start for (_, end), (start, _) in zip(period.week, period.week[1:], strict=False))
        assert all(first <= last for first, last in period.dates)
        assert all(
            last + ONE_DAY < first for (_, last), (first, _) in zip(period.dates, period.dates[1:], strict=False)
        )
        assert period == Period(period.week, period.dates)

    def test_empty_sets_are_one(self):
        """However nothing is said, it is nothing."""
        nothing = Period((), ())

        assert nothing == weekly([])
        assert nothing == on_dates([])
        assert nothing == on_dates([(date(2026, 2, 1), date(2026, 1, 1))])
        assert nothing == weekly([span(EVERY_DAY, "09:00-12:00")], closed=[(date.min, date.max)])
        assert nothing == Period(((0, 60),), ((date(2026, 11, 24), date(2026, 11, 24)),))

    def test_usual_forms_are_readable(self):
        """Dates alone have the whole week, hours alone all dates; closing a Saturday changes no weekday."""
        christmas = (date(2026, 12, 25), date(2026, 12, 25))
        saturday = (date(2026, 12, 26), date(2026, 12, 26))
        office = weekly([span(MONDAY_TO_FRIDAY, "09:00-18:00")])

        assert ((0, MINUTES_PER_WEEK),) == on_dates([christmas]).week
        assert (christmas,) == on_dates([christmas]).dates
        assert ((date.min, date.max),) == office.dates
        assert office == weekly([span(MONDAY_TO_FRIDAY, "09:00-18:00")], closed=[saturday])
        assert ((date.min, date(2026, 12, 31)),) == until(date(2026, 12, 31)).dates

    @pytest.mark.parametrize("weekday", range(7))
    def test_hours_alone_have_all_dates(self, weekday):
        """Whatever day of the week, to the ends of time."""
        assert ((date.min, date.max),) == weekly([span(frozenset({weekday}), "09:00-18:00")]).dates

    @pytest.mark.parametrize("said", [[(1, 3)], [(2, 3)], [(1, 2)], [(2, 2)], [(1, 1), (2, 2), (3, 3)]])
    def test_dates_without_minutes_say_nothing(self, said):
        """Monday 2 March is all there is to Mondays on dates from the Sunday before to the Tuesday after."""
        monday = (date(2026, 3, 2), date(2026, 3, 2))
        dates = tuple((date(2026, 3, first), date(2026, 3, last)) for first, last in said)

        assert on_dates([monday]) == Period(((0, MINUTES_PER_DAY),), dates)

    def test_a_period_survives_pickling(self):
        """A value from a cache or another process is found again."""
        period = weekly([span(EVERY_DAY, "22:00-06:00")], closed=[(date(2026, 12, 25), date(2027, 1, 2))])
        again = pickle.loads(pickle.dumps(period))  # noqa: S301 - our own bytes

        assert period == again
        assert 1 == len({period, again})

    @pytest.mark.parametrize("week", [((-1, 10),), ((0, MINUTES_PER_WEEK + 1),)])
    def test_minutes_outside_the_week_are_refused(self, week):
        """They would be lost in silence."""
        with pytest.raises(ValueError, match="not minutes of the week"):
            Period(week, ((date.min, date.max),))

    @pytest.mark.parametrize(("days", "start", "end"), [({0}, 1440, 0), ({0}, -1, 5), ({0}, 0, 1441), ({7}, 0, 5)])
    def test_impossible_spans_are_refused(self, days, start, end):
        """So are hours and days that do not exist."""
        with pytest.raises(ValueError, match="not"):
            WeekSpan(frozenset(days), start, end)


# Half hours around the spring change of 2026 in Paris, and a week on either side of a date long before and
# after it: nothing that dates among these tell apart is missed.
NEAR = (date(2026, 3, 23), date(2026, 4, 5))
LONG_BEFORE, LONG_AFTER = date(2019, 6, 10), date(2031, 6, 8)
KNOWN = (NEAR, *((day - 7 * ONE_DAY, day + 7 * ONE_DAY) for day in (LONG_BEFORE, LONG_AFTER)))


@cache
def known_instants() -> tuple[datetime, ...]:
    """Instants on which the periods below show everything they can."""
    return tuple(chain.from_iterable(real_instants(first, last, PARIS, timedelta(minutes=30)) for first, last in KNOWN))


near_dates = st.one_of(
    st.dates(NEAR[0] + ONE_DAY, NEAR[1] - ONE_DAY),
    st.sampled_from((LONG_BEFORE, date(2026, 3, 29), LONG_AFTER)),
)
near_ranges = st.lists(st.tuples(near_dates, near_dates).map(sorted).map(tuple), max_size=2)
half_hours = st.one_of(st.integers(0, 47), st.integers(3, 7)).map(lambda half: half * 30)
half_hour_spans = st.lists(
    st.builds(WeekSpan, st.frozensets(st.sampled_from((5, 6, 0))), half_hours, half_hours), max_size=2
)
near_periods = st.lists(
    st.one_of(
        st.builds(weekly, half_hour_spans, near_ranges),
        st.builds(on_dates, near_ranges),
        st.builds(until, near_dates),
    ),
    max_size=4,
)


def answers(part: Partition, instant: datetime) -> tuple[bool, ...]:
    """What the periods say of a local instant."""
    return tuple(period.holds(instant) for period in part.periods)


class TestPartition:
    """The classes are the answers that periods give together, each with a real instant."""

    @given(near_periods)
    def test_classes_are_the_answers_that_occur(self, periods):
        """As many classes as there are distinct answers, one for each, on all instants there are."""
        part = partition(PARIS, periods)
        seen = {(answers(part, now), part.class_of(now)) for now in known_instants()}

        assert part.count == len({said for said, _ in seen}) == len(seen)
        assert set(range(part.count)) == {number for _, number in seen}

    @given(near_periods)
    @settings(max_examples=3 * EXAMPLES)
    def test_masks_hold_the_classes_of_their_period(self, periods):
        """A class is in the mask of a period exactly when its instants are in the period."""
        part = partition(PARIS, periods)

        assert (1 << part.count) - 1 == part.everything
        assert tuple(dict.fromkeys(periods)) == part.periods
        for now in known_instants()[::3]:
            number = part.class_of(now)

            assert answers(part, now) == tuple(bool(part.mask(one) >> number & 1) for one in part.periods)

    @given(near_periods)
    @settings(max_examples=3 * EXAMPLES)
    def test_witnesses_are_real(self, periods):
        """A witness is aware, exists in the zone and is in its class; that of a set is in the set."""
        part = partition(PARIS, periods)
        for mask in chain((1 << number for number in range(part.count)), range(1, min(part.everything, 40) + 1)):
            instant = part.witness(mask)

            assert PARIS is instant.tzinfo
            assert exists(instant)
            assert mask >> part.class_of(instant) & 1

    @given(near_periods)
    def test_witnesses_are_natural(self, periods):
        """From 2026 on when the class has such an instant, then on a weekday when it has one."""
        part = partition(PARIS, periods)
        late = [now for now in known_instants() if now.year >= 2026]
        for number in range(part.count):
            mine = [now for now in late if part.class_of(now) == number]
            witness = part.witness(1 << number)

            assert not mine or witness.year >= 2026
            assert all(now.weekday() >= 5 for now in mine) or witness.weekday() < 5

    @given(near_periods, st.randoms(use_true_random=False))
    @settings(max_examples=3 * EXAMPLES)
    def test_order_and_repeats_do_not_count(self, periods, random):
        """Classes have the same numbers and witnesses however their periods are listed."""
        shuffled = [*periods, *periods]
        random.shuffle(shuffled)
        one, other = partition(PARIS, periods), partition(PARIS, shuffled)

        assert [one.witness(1 << number) for number in range(one.count)] == [
            other.witness(1 << number) for number in range(other.count)
        ]
        assert [one.mask(period) for period in periods] == [other.mask(period) for period in periods]

    def test_no_periods_make_one_class(self):
        """There is time, and nothing tells it apart."""
        part = partition(PARIS, [])

        assert (1, 1) == (part.count, part.everything)
        assert datetime(2026, 1, 5, 10, tzinfo=PARIS) == part.witness(part.everything)

    def test_trivial_periods_make_one_class(self):
        """What always holds and what never holds tell nothing apart."""
        part = partition(PARIS, [always(), Period((), ())])

        assert 1 == part.count
        assert 1 == part.mask(always())
        assert 0 == part.mask(Period((), ()))

    def test_the_usual_day_of_an_office(self):
        """Witnesses are what a person would choose."""
        christmas = (date(2026, 12, 25), date(2026, 12, 25))
        office = weekly(
            [
                span(MONDAY_TO_FRIDAY, "09:00-12:30"),
                span(MONDAY_TO_FRIDAY, "14:00-18:30"),
                span(frozenset({5}), "09:00-12:00"),
            ],
            closed=[christmas],
        )
        holiday, campaign = on_dates([christmas]), until(date(2026, 12, 31))
        part = partition(PARIS, [office, holiday, campaign])
        opened, festive, early = (part.mask(period) for period in part.periods)
        late = part.everything & ~early

        assert 5 == part.count
        assert 0 == opened & festive
        assert 0 == late & festive
        assert datetime(2026, 1, 5, 10, tzinfo=PARIS) == part.witness(opened)
        assert datetime(2026, 12, 25, 10, tzinfo=PARIS) == part.witness(festive)
        assert datetime(2026, 1, 5, 8, tzinfo=PARIS) == part.witness(part.everything & ~opened)
        assert datetime(2027, 1, 4, 10, tzinfo=PARIS) == part.witness(opened & late)

    def test_what_is_over_has_witnesses_too(self):
        """Without an instant from 2026 on, it is one of the latest week."""
        over = until(date(2024, 12, 31))
        part = partition(PARIS, [over])

        assert datetime(2024, 12, 30, 10, tzinfo=PARIS) == part.witness(part.mask(over))

    def test_a_weekend_to_come_is_better_than_a_weekday_past(self):
        """What is over is the last resort."""
        monday, saturday = date(2020, 6, 1), date(2035, 6, 2)
        part = partition(PARIS, [on_dates([(monday, monday), (saturday, saturday)])])

        assert datetime(2035, 6, 2, 10, tzinfo=PARIS) == part.witness(part.mask(part.periods[0]))

    @pytest.mark.parametrize("mask", [0, -1, 2, 3])
    def test_no_witness_of_nothing(self, mask):
        """The empty set has no instant, nor has a class that is not there."""
        with pytest.raises(ValueError, match="no classes"):
            partition(PARIS, []).witness(mask)

    def test_the_same_question_is_answered_once(self):
        """Thousands of rules over the same hours cost one partition."""
        lunch = [span(EVERY_DAY, "12:00-14:00")]

        assert partition(PARIS, [weekly(lunch)]) is partition(PARIS, iter([weekly(lunch), weekly(lunch)]))


class TestClocks:
    """Days on which local time is not as long as the day."""

    NIGHT = weekly([span(frozenset({6}), "02:00-03:00")])

    @pytest.mark.parametrize(("day", "happens"), [(date(2026, 3, 29), False), (date(2026, 10, 25), True)])
    def test_an_hour_that_is_skipped_is_no_class(self, day, happens):
        """Between 02:00 and 03:00 there is nothing in spring, and there is twice as much in autumn."""
        part = partition(PARIS, [self.NIGHT, on_dates([(day, day)])])
        both = part.mask(self.NIGHT) & part.mask(part.periods[1])

        assert (4 if happens else 3) == part.count
        assert happens == (both != 0)

    @pytest.mark.parametrize("fold", [0, 1])
    def test_an_hour_that_comes_twice_is_one(self, fold):
        """Both are 02:30 to whoever looks at the clock."""
        part = partition(PARIS, [self.NIGHT])
        instant = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=fold)

        assert 1 == part.mask(self.NIGHT) >> part.class_of(instant) & 1
        assert part.class_of(instant) == part.class_of(instant.astimezone(UTC))

    @pytest.mark.parametrize(("fold", "clock"), [(0, time(3, 30)), (1, time(1, 30))])
    def test_a_skipped_time_is_read_as_the_clock_goes(self, fold, clock):
        """As Python reads it: by the offset before the change, or after it when `fold` says so."""
        part = partition(PARIS, [weekly([WeekSpan(EVERY_DAY, hour * 60, hour * 60 + 60)]) for hour in range(6)])
        skipped = datetime(2026, 3, 29, 2, 30, fold=fold)
        shown = datetime.combine(skipped, clock)

        assert part.class_of(shown) == part.class_of(skipped)
        assert part.class_of(shown) == part.class_of(skipped.replace(tzinfo=PARIS))

    def test_instants_are_judged_in_the_zone_of_the_policy(self):
        """09:00 in Paris is 04:00 in Guadeloupe in winter, whatever the caller's own zone."""
        office = weekly([span(EVERY_DAY, "09:00-18:00")])
        instant = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
        here, there = (partition(ZoneInfo(zone), [office]) for zone in ("Europe/Paris", "America/Guadeloupe"))

        assert 1 == here.mask(office) >> here.class_of(instant) & 1
        assert 0 == there.mask(office) >> there.class_of(instant) & 1

    def test_a_day_that_was_skipped_is_no_class(self):
        """Samoa went over the date line: there was no 30 December 2011."""
        zone, lost = ZoneInfo("Pacific/Apia"), date(2011, 12, 30)

        assert 1 == partition(zone, [on_dates([(lost, lost)])]).count
        assert 2 == partition(zone, [on_dates([(lost, lost + ONE_DAY)])]).count

    def test_a_minute_that_lost_its_beginning_exists(self):
        """Liberia set its clocks from 00:00:00 to 00:44:30 on 7 January 1972."""
        zone, day = ZoneInfo("Africa/Monrovia"), date(1972, 1, 7)
        minute = weekly([span(frozenset({4}), "00:44-00:45")])
        part = partition(zone, [minute, on_dates([(day, day)])])
        both = part.mask(minute) & part.mask(part.periods[1])

        assert datetime(1972, 1, 7, 0, 44, 59, tzinfo=zone) == part.witness(both)
        assert exists(part.witness(both))
