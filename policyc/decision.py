"""Rules in, exact decision tables out: for every caller, which rules can decide and at which classes of time.

A layer of rules (those before an extension's own, its own, those after) becomes a `Table`: the ranks of callers cut
into cells, each with a `Row`. A row is exact: every choice lists just the instants that reach it and that it takes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from policyc import digits, schedule
from policyc.digits import Caller
from policyc.model import Rule, TimeClause
from policyc.schedule import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A rule, the classes of time at which the call still looks for one, and those that the rule takes."""

    rule: Rule
    asked: int
    taken: int


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The choices for callers of one cell, in order, and the classes of time that none of them takes.

    Rows of one table that decide alike are one object.
    """

    choices: tuple[Choice, ...]
    left: int


@dataclass(frozen=True)
class Table:
    """The cells of a layer. `rows[i]` holds from rank `starts[i]`; None where no caller is."""

    partition: Partition
    starts: tuple[int, ...]
    rows: tuple[Row | None, ...]

    def row(self, caller: Caller) -> Row | None:
        """Return the row of a caller."""
        return self.rows[bisect_right(self.starts, digits.rank(caller)) - 1]

    @cached_property
    def cells(self) -> tuple[tuple[int, int, Row], ...]:
        """The cells that callers are in: first rank, one past the last, row."""
        ends = (*self.starts[1:], digits.END)
        return tuple(
            (low, high, row) for low, high, row in zip(self.starts, ends, self.rows, strict=True) if row is not None
        )


def partition_of(zone: ZoneInfo, rules: Iterable[Rule]) -> Partition:
    """Return the classes of time that some rules tell apart."""
    periods = []
    for rule in rules:
        periods += [clause.named.period for clause in rule.times]
        if rule.until is not None:
            periods.append(schedule.until(rule.until))
    return schedule.partition(zone, periods)


def clause_mask(partition: Partition, clause: TimeClause) -> int:
    """Return the classes of time at which one clause of a rule holds."""
    inside = partition.mask(clause.named.period)
    return inside if clause.inside else partition.everything & ~inside


def mask_of(partition: Partition, rule: Rule) -> int:
    """Return the classes of time at which a rule holds."""
    mask = partition.everything
    for clause in rule.times:
        mask &= clause_mask(partition, clause)
    if rule.until is not None:
        mask &= partition.mask(schedule.until(rule.until))
    return mask


def lower(partition: Partition, rules: Sequence[Rule]) -> Table:
    """Return the table of some rules in the order they are tried."""
    masks = [mask_of(partition, rule) for rule in rules]
    opening: dict[int, list[int]] = {}
    closing: dict[int, list[int]] = {}
    for at, rule in enumerate(rules):
        for low, high in rule.callers.intervals:
            opening.setdefault(low, []).append(at)
            closing.setdefault(high, []).append(at)
    everyone = dict.fromkeys(digits.EVERYONE.ends[::2], True) | dict.fromkeys(digits.EVERYONE.ends[1::2], False)
    starts: list[int] = []
    rows: list[Row | None] = []
    known: dict[tuple[int, ...], Row] = {}  # by the rules that hold for the callers
    alike: dict[tuple[tuple[int, int], ...], Row] = {}  # by what is decided
    active: set[int] = set()
    exists = False
    for cut in sorted({*opening, *closing, *everyone}):
        active.difference_update(closing.get(cut, ()))
        active.update(opening.get(cut, ()))
        exists = everyone.get(cut, exists)
        if cut == digits.END:
            break
        row = None
        if exists:
            key = tuple(sorted(active))
            row = known.get(key)
            if row is None:
                row = _row(partition.everything, [(rules[at], masks[at]) for at in key])
                row = known[key] = alike.setdefault(tuple((id(one.rule), one.taken) for one in row.choices), row)
        if not rows or rows[-1] is not row:
            starts.append(cut)
            rows.append(row)
    return Table(partition, tuple(starts), tuple(rows))


def _row(everything: int, active: Iterable[tuple[Rule, int]]) -> Row:
    choices = []
    asked = everything
    for rule, mask in active:
        if taken := asked & mask:
            choices.append(Choice(rule, asked, taken))
            asked &= ~mask
        if not asked:
            break
    return Row(tuple(choices), asked)


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


def decided(table: Table) -> Iterator[tuple[Rule, tuple[int, int, int]]]:
    """Yield each rule with each cell of calls that it decides."""
    for low, high, row in table.cells:
        for choice in row.choices:
            yield choice.rule, (low, high, choice.taken)
