"""Classes of time in, what people call them out: `pendant bureau, hors les fériés`, or hours of the week.

What is told is exact: the clauses hold at the instants of the classes, and at no others. Where that takes too many
words, an instant stands for them, and says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from itertools import combinations
from operator import and_
from typing import Final

from policyc import hours, schedule
from policyc.diff.partition import Times
from policyc.model import Policy
from policyc.schedule import Partition, Period
from policyc.source import fold
from policyc.values import dataclass

_MOST_WORDS: Final = 6  # clauses that a reader follows
_MOST_DATES: Final = 3
_MOST_PERIODS: Final = 14  # of which three together are tried
_ALL_DATES: Final = ((date.min, date.max),)


@dataclass(frozen=True, slots=True)
class Name:
    """What a period is called. `kind` is period, holidays, until (`name` is a date), week or dates.

    The name of a week is its hours, as a policy writes them, that of dates the dates themselves.

    `side` is old or new where the policies mean different times by one name, or where only one has it.
    """

    kind: str
    name: str
    side: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """`pendant` what is named, or `hors` it when not `inside`."""

    name: Name
    inside: bool


@dataclass(frozen=True, slots=True)
class Described:
    """Times as people say them: the instants at which one of the clauses holds, each of which is all its literals.

    No literal is always; no clause, that it takes too many words: `example` is one of the instants then.
    """

    clauses: tuple[tuple[Literal, ...], ...]
    example: datetime | None = None


ALWAYS: Final = Described(((),))


class Calendar:
    """What two policies call their times."""

    def __init__(self, old: Policy, new: Policy) -> None:
        """Take both policies."""
        self._names: dict[Period, Name] = {}
        self._days = [period for policy in (new, old) for period in _days(policy)]
        mine, theirs = _named(new), _named(old)
        for key, (name, period) in mine.items():
            other = theirs.get(key)
            self._names.setdefault(period, Name(key[0], name, "new" if other and other[1] != period else ""))
        for key, (name, period) in theirs.items():
            other = mine.get(key)
            self._names.setdefault(period, Name(key[0], name, "" if other and other[1] == period else "old"))
        self._known: dict[tuple[Partition, int], Described] = {}

    def describe(self, times: Times) -> Described:
        """Return some times as people say them."""
        if times.always:
            return ALWAYS
        key = times.partition, times.mask
        if key not in self._known:
            self._known[key] = self._described(times)
        return self._known[key]

    def _described(self, times: Times) -> Described:
        partition = times.partition
        found = _cover(self._literals(partition, self._names), partition.everything, times.mask)
        if found is None or _cost(found) > 2:
            shapes = _shapes(times)
            finer = schedule.partition(partition.zone, (*shapes, *partition.periods, *self._days))
            names = self._literals(finer, {**shapes, **self._names})
            mask = _within(finer, times)
            found = min(filter(None, (found, _cover(names, finer.everything, mask))), key=_cost, default=None)
        if found is None or _cost(found) > _MOST_WORDS:
            return Described((), partition.witness(times.mask).replace(tzinfo=None))
        return Described(tuple(found))

    @staticmethod
    def _literals(partition: Partition, names: Mapping[Period, Name]) -> dict[Literal, int]:
        found = {}
        for period in partition.periods:
            mask = partition.mask(period)
            name = names.get(period) or Name("until", period.dates[-1][1].isoformat())
            found[Literal(name, inside=True)] = mask
            if name.kind not in ("week", "dates"):
                found[Literal(name, inside=False)] = partition.everything & ~mask
        return found


def _shapes(times: Times) -> dict[Period, Name]:
    """Return the hours that some times have on most dates, and their dates if these are few."""
    cells = times.partition.cells(times.mask)
    usual = Period(cells[0][0], _ALL_DATES)
    found = {usual: Name("week", hours.written(usual.week))}
    spans = schedule.merged((first.toordinal(), last.toordinal() + 1) for _, dates in cells for first, last in dates)
    dates = [(date.fromordinal(first), date.fromordinal(end - 1)) for first, end in spans]
    if len(dates) <= _MOST_DATES and not {date.min, date.max} & {day for span in dates for day in span}:
        shown = (f"{first}" if first == last else f"{first}..{last}" for first, last in dates)
        found[schedule.on_dates(dates)] = Name("dates", ", ".join(shown))
    return found


def _within(finer: Partition, times: Times) -> int:
    """Return some times in finer classes."""
    mask = 0
    for number in range(finer.count):
        wider = times.partition.class_of(finer.witness(1 << number))
        mask |= (times.mask >> wider & 1) << number
    return mask


def _named(policy: Policy) -> dict[tuple[str, str], tuple[str, Period]]:
    """Return the times that a policy names, by what they are and their folded name."""
    found = {("period", fold(one.name)): (one.name, one.period) for one in policy.periods}
    if policy.holidays:
        found["holidays", ""] = "", schedule.on_dates((day, day) for day, _ in policy.holidays)
    return found


def _days(policy: Policy) -> list[Period]:
    """Return the closures and the holidays of a policy."""
    holidays = [schedule.on_dates((day, day) for day, _ in policy.holidays)] if policy.holidays else []
    return [*holidays, *(one.period for one in policy.closures)]


def _cost(clauses: Iterable[Sequence[Literal]]) -> int:
    """Return how many words clauses take; hours take more than a name, and one that means two things still more."""
    names = (literal.name for clause in clauses for literal in clause)
    return sum(3 if name.side else 2 if name.kind == "week" else 1 for name in names)


def _cover(names: Mapping[Literal, int], everything: int, wanted: int) -> list[tuple[Literal, ...]] | None:
    """Return few clauses that together hold at exactly the wanted classes, or None if there are none."""
    clauses = _implicants(names, everything, wanted)
    found: list[tuple[tuple[Literal, ...], int]] = []
    left = wanted
    while left:
        best = max(clauses, key=lambda one: ((one[1] & left).bit_count() / _cost([one[0]]), -len(one[0])), default=None)
        if best is None or not best[1] & left:
            return None
        found.append(best)
        left &= ~best[1]
    for one in tuple(found):  # what others hold together
        rest = 0
        for other in found:
            rest |= other[1] if other is not one else 0
        if rest == wanted:
            found.remove(one)
    return [clause for clause, _ in found]


def _implicants(names: Mapping[Literal, int], everything: int, wanted: int) -> list[tuple[tuple[Literal, ...], int]]:
    """Return the clauses of one to three literals that hold at wanted classes only; of those alike, the shortest."""
    useful = [(literal, mask) for literal, mask in names.items() if mask & wanted and mask != everything]
    found: dict[int, tuple[Literal, ...]] = {}
    for size in (1, 2, 3) if len(useful) <= 2 * _MOST_PERIODS else (1, 2):
        for chosen in combinations(useful, size):
            together = reduce(and_, (mask for _, mask in chosen))
            if together and not together & ~wanted:
                clause = tuple(literal for literal, _ in chosen)
                found[together] = min(found.get(together, clause), clause, key=lambda one: _cost([one]))
    return [(clause, mask) for mask, clause in found.items()]
