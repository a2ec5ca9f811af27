"""Minutes of the week in, what an `horaires` would say of them out: lines of hours, and gaps too small to be meant."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from policyc import schedule
from policyc.diagnostics import Text
from policyc.schedule import MINUTES_PER_DAY, MINUTES_PER_HOUR, MINUTES_PER_WEEK, Range

MAX_GAP: Final = 5  # minutes: nobody closes for so short a time
_DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def union(week: Iterable[Range]) -> tuple[Range, ...]:
    """Return minutes of the week, given in any order, sorted and merged."""
    return tuple(schedule.merged(week))


def small_gaps(week: Iterable[Range]) -> Iterator[Range]:
    """Yield what hours leave out between an end and the next beginning, if that is a few minutes only.

    A gap that ends on Monday goes beyond the minutes of the week.
    """
    merged = union(week)
    if not merged:
        return
    again = merged[0][0] + MINUTES_PER_WEEK, merged[0][1] + MINUTES_PER_WEEK
    for (_, end), (start, _) in pairwise((*merged, again)):
        if 0 < start - end <= MAX_GAP:
            yield end, start


def within_week(start: int, end: int) -> tuple[Range, ...]:
    """Return minutes that may go on after Sunday, as ranges of the week, none over a midnight; in order of time."""
    found = []
    while start < end:
        stop = min(end, start - start % MINUTES_PER_DAY + MINUTES_PER_DAY)
        length, first = stop - start, start % MINUTES_PER_WEEK
        found.append((first, first + length))
        start = stop
    return tuple(found)


def written(week: Iterable[Range]) -> str:
    """Return minutes of the week as a policy writes them: `lundi-vendredi 9h-12h 14h-18h, samedi 9h-12h`."""
    return ", ".join(
        " ".join((*(_days(*run) for run in schedule.runs(days)), *(f"{hour(one)}-{hour(two)}" for one, two in spans)))
        for days, spans in schedule.by_day(union(week))
    )


def hour(minute: int) -> str:
    """Return a minute of the day as a policy writes it: `9h`, `9h05`, `24h`."""
    whole, rest = divmod(minute, MINUTES_PER_HOUR)
    return f"{whole}h{rest:02}" if rest else f"{whole}h"


def repair(gap: Range, *, alone: bool = False, names: tuple[str, str] = ("", "")) -> Text:
    """Return the help on a gap: to end later (24h, not 23h59), or to begin earlier (12h, not 12h01).

    `alone`: one span goes on by itself, or not at all; `names` are those of the hours before and after it, if they
    differ.
    """
    start, end = gap
    named = "-named" if any(names) else ""
    midnight = (end - 1) // MINUTES_PER_DAY * MINUTES_PER_DAY
    if not alone and start < midnight < end:  # 23h59 before, 0h01 after
        return Text("midnight" + named, {"before": names[0], "after": names[1]})
    if _roundness(end) < _roundness(start):
        return Text("start" + named, {"start": hour(start % MINUTES_PER_DAY), "name": names[1]})
    key = "alone" if alone else "end" + named
    return Text(key, {"end": hour(end % MINUTES_PER_DAY or MINUTES_PER_DAY), "name": names[0]})


def _roundness(minute: int) -> int:
    return sum(minute % step == 0 for step in (5, 15, 30, 60))


def _days(first: int, last: int) -> str:
    between = "" if first == last else " " if last == first + 1 else "-"
    return _DAYS[first] + (between and between + _DAYS[last])
