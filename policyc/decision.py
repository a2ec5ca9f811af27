"""Rules in, exact decision tables out: for every caller, which rules can decide and at which classes of time.

A layer of rules (those before an extension's own, its own, those after) becomes a `Table`: the ranks of callers cut
into cells, each with a `Row`. A row is exact: every choice lists just the instants that reach it and that it takes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import accumulate, compress
from operator import is_not, xor
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from policyc import digits, schedule
from policyc.digits import Caller, NumberSet
from policyc.model import Promise, Rule, TimeClause
from policyc.schedule import Partition, Period
from policyc.values import dataclass, value


@value(eq=False)
class Choice:
    """A rule, the classes of time at which the call still looks for one, and those that the rule takes.

    Rows of one table that ask a rule alike share one object.
    """

    rule: Rule
    asked: int
    taken: int


@value(eq=False)
class Row:
    """The choices for callers of one cell, in order, and the classes of time that none of them takes.

    Rows of one table that decide alike are one object.
    """

    choices: tuple[Choice, ...]
    left: int


V = TypeVar("V")


@dataclass(frozen=True)
class Diagram(Generic[V]):
    """A function of callers, in its one form: `rows[i]` holds from rank `starts[i]`; None where no caller is.

    Neighbours differ, and rows that are alike are one object: two diagrams of one maker are equal as functions exactly
    when they have the same starts and the same rows. What rows say of time is a set of classes of `partition`.
    """

    partition: Partition
    starts: tuple[int, ...]
    rows: tuple[V | None, ...]

    @property
    def different(self) -> Iterable[V]:
        """The rows, each once, in order."""
        found = dict(zip(map(id, self.rows), self.rows, strict=True))
        return [row for row in found.values() if row is not None]

    def row(self, caller: Caller) -> V | None:
        """Return the row of a caller."""
        return self.at(digits.rank(caller))

    def at(self, position: int) -> V | None:
        """Return the row of a rank."""
        return self.rows[bisect_right(self.starts, position) - 1]

    @cached_property
    def cells(self) -> tuple[tuple[int, int, V], ...]:
        """The cells that callers are in: first rank, one past the last, row."""
        ends = (*self.starts[1:], digits.END)
        return tuple(
            (low, high, row) for low, high, row in zip(self.starts, ends, self.rows, strict=True) if row is not None
        )

    def between(self, low: int, high: int) -> Iterator[tuple[int, int, V]]:
        """Yield the cells, or the parts of cells, between two ranks that callers are in."""
        at = bisect_right(self.starts, low) - 1
        while at < len(self.starts) and self.starts[at] < high:
            end = self.starts[at + 1] if at + 1 < len(self.starts) else digits.END
            row = self.rows[at]
            if row is not None:
                yield max(low, self.starts[at]), min(high, end), row
            at += 1

    def rows_between(self, low: int, high: int) -> Sequence[V | None]:
        """Return the rows of the cells between two ranks, None where nobody is."""
        first = bisect_right(self.starts, low) - 1
        return self.rows[first : bisect_left(self.starts, high, first)]

    def within(self, callers: NumberSet) -> Iterator[tuple[int, int, V]]:
        """Yield the cells, or the parts of cells, of some callers."""
        for low, high in callers.intervals:
            yield from self.between(low, high)


def joined_cells(starts: Sequence[int], rows: Iterable[V | None]) -> tuple[tuple[int, ...], tuple[V | None, ...]]:
    """Return the starts and rows of a diagram: neighbours that are one object become one cell."""
    found = tuple(rows)
    turns = [True, *map(is_not, found[1:], found)]
    if all(turns):  # as of most
        return tuple(starts), found
    return tuple(compress(starts, turns)), tuple(compress(found, turns))


@dataclass(frozen=True)
class Table(Diagram[Row]):
    """Which rule decides. The `overruled` ones hold for some callers for whom others decide whenever they could.

    A rule may both be overruled and, for other callers, be `deciding`.
    """

    deciding: tuple[Rule, ...]
    overruled: tuple[Rule, ...]


def periods_of(rule: Rule | Promise) -> list[Period]:
    """Return the periods that a rule or a promise speaks of."""
    periods = [clause.named.period for clause in rule.times]
    return periods if rule.until is None else [*periods, schedule.until(rule.until)]


def partition_of(zone: ZoneInfo, rules: Iterable[Rule | Promise]) -> Partition:
    """Return the classes of time that some rules or promises tell apart."""
    return schedule.partition(zone, (period for rule in rules for period in periods_of(rule)))


def clause_mask(partition: Partition, clause: TimeClause) -> int:
    """Return the classes of time at which one clause of a rule holds."""
    inside = partition.mask(clause.named.period)
    return inside if clause.inside else partition.everything & ~inside


def mask_of(partition: Partition, rule: Rule | Promise) -> int:
    """Return the classes of time at which a rule or a promise holds."""
    mask = partition.everything
    for clause in rule.times:
        mask &= clause_mask(partition, clause)
    if rule.until is not None:
        mask &= partition.mask(schedule.until(rule.until))
    return mask


Turns = dict[int, int]
"""Ranks at which it changes who holds there: a bit for each rule, the first one the lowest, and one for all callers."""


def turned(turns: Turns, rules: Iterable[Rule], first: int = 0) -> Turns:
    """Return turns, changed by those of further rules; `first` is the place of the first of these among all."""
    for at, rule in enumerate(rules, first):
        bit = 1 << at
        for end in rule.callers.ends:
            if end in turns:
                turns[end] ^= bit
            else:
                turns[end] = bit
    return turns


def lower(partition: Partition, rules: Sequence[Rule], turns: Turns | None = None) -> Table:
    """Return the table of some rules in the order they are tried; `turns` are theirs, if known already."""
    exists = 1 << len(rules)  # a bit beside those of the rules: callers are there at all
    if turns is None:
        turns = turned(dict.fromkeys(digits.EVERYONE.ends, exists), rules)
    starts = sorted(turns)
    starts.pop()  # behind the last one is nobody
    holding = list(accumulate(map(turns.__getitem__, starts), xor))
    tried = [(rule, mask_of(partition, rule)) for rule in rules]
    rows, deciding, overruled = _rows(partition, tried, (held for held in set(holding) if held & exists))
    cells = joined_cells(starts, map(rows.get, holding))
    told = [tuple([rule for at, rule in enumerate(rules) if those >> at & 1]) for those in (deciding, overruled)]
    return Table(partition, *cells, *told)


def _rows(
    partition: Partition, tried: Sequence[tuple[Rule, int]], holding: Iterable[int]
) -> tuple[dict[int, Row], int, int]:
    """Return the row for each set of rules that hold, those that decide in some row, and those that do not in some.

    Sets have a bit for each rule, the first one the lowest, and a last one; `tried` are the rules with the classes of
    time at which they hold. Of rows, and of choices, that are alike one is made.
    """
    exists = 1 << len(tried)
    choices: dict[int, dict[int, Choice]] = {1 << at: {} for at in range(len(tried))}  # by rule and what it is asked
    alike: dict[tuple[Choice, ...], Row] = {}
    rows: dict[int, Row] = {}
    deciding = overruled = 0
    keep = partition.keep
    for held in holding:
        found: list[Choice] = []
        asked, waiting = partition.everything, held
        while asked and (bit := waiting & -waiting) != exists:
            waiting ^= bit
            choice = choices[bit].get(asked)
            if choice is None:
                rule, mask = tried[bit.bit_length() - 1]
                kept, taken = keep(asked, asked), asked & mask
                choice = choices[bit][kept] = Choice(rule, kept, kept if taken == asked else keep(taken, taken))
                if taken:
                    deciding |= bit
                else:
                    overruled |= bit
            if choice.taken:
                found.append(choice)
                asked ^= choice.taken
        overruled |= waiting
        key = tuple(found)
        row = alike.get(key)
        if row is None:
            row = alike[key] = Row(key, keep(asked, asked))
        rows[held] = row
    return rows, deciding, overruled


# -- regions of calls: (first rank, one past the last, classes of time) ------------------------------------------------

Region = tuple[tuple[int, int, int], ...]


def overlap(one: Region, two: Region) -> Region:
    """Return the calls of both regions; each is sorted and its cells are disjoint."""
    found = []
    i = j = 0
    while i < len(one) and j < len(two):
        low, high = max(one[i][0], two[j][0]), min(one[i][1], two[j][1])
        if low < high and (mask := one[i][2] & two[j][2]):
            found.append((low, high, mask))
        if one[i][1] < two[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def less(one: Region, two: Region) -> Region:
    """Return the calls of one region that are not of the other; each is sorted and its cells are disjoint."""
    found = []
    for low, high, mask in one:
        at = low
        for start, end, taken in two[bisect_right(two, low, key=lambda cell: cell[1]) :]:
            if start >= high:
                break
            if at < start:
                found.append((at, start, mask))
            if rest := mask & ~taken:
                found.append((max(at, start), min(high, end), rest))
            at = end
        if at < high:
            found.append((at, high, mask))
    return tuple(found)


def merge(regions: Iterable[Region]) -> Region:
    """Return the calls of any of the regions."""
    cells = [cell for region in regions for cell in region]
    cuts = sorted({cut for low, high, _ in cells for cut in (low, high)})
    at = {cut: index for index, cut in enumerate(cuts)}
    masks = [0] * len(cuts)
    for low, high, mask in cells:
        for index in range(at[low], at[high]):
            masks[index] |= mask
    found: list[tuple[int, int, int]] = []
    for index, mask in enumerate(masks[:-1]):
        if not mask:
            continue
        if found and found[-1][1] == cuts[index] and found[-1][2] == mask:
            found[-1] = (found[-1][0], cuts[index + 1], mask)
        else:
            found.append((cuts[index], cuts[index + 1], mask))
    return tuple(found)


def witness(partition: Partition, region: Region) -> tuple[Caller, datetime]:
    """Return a call of a region that looks like a real one: who, and when (aware)."""
    caller = digits.from_intervals((low, high) for low, high, _ in region).witness()
    position = digits.rank(caller)
    mask = next(mask for low, high, mask in region if low <= position < high)
    return caller, partition.witness(mask)


def decided(table: Table) -> Iterator[tuple[Rule, tuple[int, int, int]]]:
    """Yield each rule with each cell of calls that it decides."""
    for low, high, row in table.cells:
        for choice in row.choices:
            yield choice.rule, (low, high, choice.taken)


# -- times of promises -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PromiseTimes:
    """The times of a promise, in classes of a model that may be wider; `finer` has classes that are exactly them."""

    asked: int
    finer: Partition
    classes: dict[int, int]  # class of the model → those of `finer` within it at which the promise holds

    @staticmethod
    def of(partition: Partition, promise: Promise) -> "PromiseTimes":
        """Return the times of a promise in the classes of a partition."""
        finer = schedule.partition(partition.zone, (*partition.periods, *periods_of(promise)))
        holds = mask_of(finer, promise)
        if finer is partition:
            return PromiseTimes(holds, partition, {})
        classes: dict[int, int] = {}
        for number in range(finer.count):
            bit = 1 << number
            if holds & bit:
                wider = 1 << partition.class_of(finer.witness(bit))
                classes[wider] = classes.get(wider, 0) | bit
        return PromiseTimes(sum(classes), finer, classes)

    def witness(self, region: Region) -> tuple[Caller, datetime]:
        """Return a call of a region whose classes are the model's, at an instant at which the promise holds."""
        if self.classes:
            region = tuple(
                (low, high, sum(finer for wider, finer in self.classes.items() if wider & mask))
                for low, high, mask in region
            )
        caller, instant = witness(self.finer, region)
        return caller, instant.replace(tzinfo=None)
