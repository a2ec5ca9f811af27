"""Plans that were left open where calls go round: each followed to its end, for the digits and instants that go there.

Extensions may forward to one another, each for some callers and at some times. Where exploring comes to what is being
explored already, the plan is left open there, so that everything is explored once. Here such plans are followed with
the instants known, as classes of a partition: exactly those calls that really come by, and so as far as they go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from policyc.schedule import Partition, Period, partition
from policyc.targets.asterisk.reader import plans
from policyc.targets.asterisk.reader.diagrams import Diagram, end_of, joined
from policyc.targets.asterisk.reader.errors import What
from policyc.targets.asterisk.reader.making import Open
from policyc.targets.asterisk.reader.plans import Parted, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from policyc.targets.asterisk.reader.call import Call, Variable
    from policyc.targets.asterisk.reader.making import Maker

_MOST_PERIODS = 64  # that are told apart at once, when there is no need for more


class Explorer(Protocol):
    """Who makes plans, and explores what goes on."""

    maker: Maker
    clock: Clock

    def ended(self, tree: Call, ask: Callable[[str], Variable | None]) -> Diagram[Plan]:
        """Return what becomes of calls."""


_Leaf = tuple[tuple[int, Plan], ...]
"""Classes of instants, and what happens then."""
_Pieces = list[tuple[int, _Leaf]]


class _Asked(Exception):  # noqa: N818  a question
    def __init__(self, period: Period) -> None:
        super().__init__(period)
        self.period = period


@dataclass(slots=True)
class Clock:
    """The instants that are told apart: classes of a partition that is made finer when a plan asks for more."""

    zone: ZoneInfo
    periods: list[Period] = field(default_factory=list)
    ways: dict[int, _Leaf] = field(default_factory=dict)  # of plans, by identity
    trees: dict[tuple[tuple[int, int], ...], Plan] = field(default_factory=dict)

    @property
    def partition(self) -> Partition:
        """The classes."""
        return partition(self.zone, self.periods)

    def tell_apart(self, period: Period) -> None:
        """Make the partition finer; what was said of coarser classes is forgotten."""
        self.periods.append(period)
        self.ways.clear()
        self.trees.clear()


class Finishing:
    """Follow what plans of some calls left open."""

    def __init__(self, explorer: Explorer, ask: Callable[[str], Variable | None]) -> None:
        """Take who found the plans, and what tells the inputs that they speak of."""
        self._explorer = explorer
        self._makes = explorer.maker
        self._ask = ask
        self._digits = 0
        self._clock = explorer.clock
        if len(self._clock.periods) > _MOST_PERIODS:
            self._clock = explorer.clock = Clock(explorer.clock.zone)

    def finished(self, found: Diagram[Plan], size: int) -> Diagram[Plan]:
        """Return the plans over so many digits, or the row, none of them open."""
        self._digits = size
        while True:
            try:
                classes = self._clock.partition
                parts: list[tuple[int, Plan]] = []
                for low, high, plan in zip(found.starts, [*found.starts[1:], end_of(size)], found.values, strict=True):
                    if id(plan) not in self._makes.open:
                        parts.append((low, plan))
                        continue
                    leaves = self._followed(plan, low, high, classes.everything, ())
                    parts += ((start, self._tree(leaf)) for start, leaf in leaves)
                return joined(size, parts)
            except _Asked as asked:
                self._clock.tell_apart(asked.period)

    def _followed(self, plan: Plan, low: int, high: int, mask: int, trail: tuple[Open, ...]) -> _Pieces:
        """Return what a plan comes to for some digits, at some classes of instants."""
        return _overlaid([
            self._expanded(way, low, high, mask & also, trail) for also, way in self._ways(plan) if mask & also
        ])  # fmt: skip

    def _expanded(self, way: Plan, low: int, high: int, mask: int, trail: tuple[Open, ...]) -> _Pieces:
        """Return the same of a plan that asks for no period before it is left open."""
        if id(way) not in self._makes.open:
            return [(low, ((mask, way),))]
        then: object = way.then
        if isinstance(then, Parted):
            asked = then.asked
            yes, no = (self._expanded(each, low, high, mask, trail) for each in (then.yes, then.no))
            onward = _crossed(yes, no, lambda one, other: self._makes.plan((), Parted(asked, one, other)))
        elif not isinstance(then, Open):
            raise TypeError("a plan that is not over, and not open")
        elif then in trail:  # by the same digits, at the same instants
            place = then.call.place
            unclear = plans.Unclear(place.file, place.line, What.ENDLESS.value, then.call.context)
            onward = [(low, ((mask, self._makes.plan((unclear,))),))]
        else:
            onward = []
            pieces = [*self._explorer.ended(then.call, self._ask).within(low, high, self._digits)]
            for (start, plan), end in zip(pieces, [*(start for start, _ in pieces[1:]), high], strict=True):
                onward += self._followed(plan, start, end, mask, (*trail, then))
        if not way.events:
            return onward
        return [(start, tuple((at, self._makes.plan(way.events + plan.events, plan.then)) for at, plan in leaf))
                for start, leaf in onward]  # fmt: skip

    def _ways(self, plan: Plan) -> _Leaf:
        """Return what a plan is at each class, no period asked in it any more. Raises _Asked."""
        known = self._clock.ways.get(id(plan))
        if known is not None:
            return known
        then = plan.then
        found: dict[int, tuple[int, Plan]] = {}
        classes = self._clock.partition
        if not isinstance(then, Parted):
            found[id(plan)] = classes.everything, plan
        elif isinstance(then.asked, Period):
            if then.asked not in self._clock.periods:
                raise _Asked(then.asked)
            inside = classes.mask(then.asked)
            for way, part in ((then.yes, inside), (then.no, classes.everything & ~inside)):
                for mask, rest in self._ways(way):
                    if mask & part:
                        whole = self._makes.plan(plan.events + rest.events, rest.then)
                        found[id(whole)] = found.get(id(whole), (0, whole))[0] | mask & part, whole
        else:
            for mask, yes in self._ways(then.yes):
                for also, no in self._ways(then.no):
                    if mask & also:
                        whole = self._makes.plan(plan.events, Parted(then.asked, yes, no))
                        found[id(whole)] = found.get(id(whole), (0, whole))[0] | mask & also, whole
        self._clock.ways[id(plan)] = tuple(found.values())
        return self._clock.ways[id(plan)]

    def _tree(self, leaf: _Leaf) -> Plan:
        """Return a plan that asks for periods, from what happens at each class."""
        key = tuple((mask, id(plan)) for mask, plan in leaf)
        if key not in self._clock.trees:
            classes = self._clock.partition
            self._clock.trees[key] = self._asking(leaf, [(one, classes.mask(one)) for one in self._clock.periods])
        return self._clock.trees[key]

    def _asking(self, leaf: _Leaf, periods: Sequence[tuple[Period, int]]) -> Plan:
        if len({id(plan) for _, plan in leaf}) == 1:
            return leaf[0][1]
        (period, inside), rest = periods[0], periods[1:]
        ways = [tuple((mask & part, plan) for mask, plan in leaf if mask & part) for part in (inside, ~inside)]
        if not ways[0] or not ways[1]:
            return self._asking(leaf, rest)
        yes, no = (self._asking(way, rest) for way in ways)
        return self._makes.plan((), Parted(period, yes, no))


def _overlaid(several: list[_Pieces]) -> _Pieces:
    """Return pieces of one interval, found at disjoint classes, as one."""
    return (
        several[0]
        if len(several) == 1
        else _cut(several, lambda leaves: tuple(part for leaf in leaves for part in leaf))
    )


def _crossed(yes: _Pieces, no: _Pieces, both: Callable[[Plan, Plan], Plan]) -> _Pieces:
    """Return pieces of one interval, found at the same classes for two answers, as one."""

    def crossed(leaves: Iterable[_Leaf]) -> _Leaf:
        one, other = leaves
        return tuple((mask & also, both(plan, way)) for mask, plan in one for also, way in other if mask & also)

    return _cut([yes, no], crossed)


def _cut(several: list[_Pieces], made: Callable[[Iterable[_Leaf]], _Leaf]) -> _Pieces:
    cuts = sorted({start for pieces in several for start, _ in pieces})
    at = [0] * len(several)
    found: _Pieces = []
    for cut in cuts:
        for number, pieces in enumerate(several):
            while at[number] + 1 < len(pieces) and pieces[at[number] + 1][0] <= cut:
                at[number] += 1
        found.append((cut, made([pieces[at[number]][1] for number, pieces in enumerate(several)])))
    return found
