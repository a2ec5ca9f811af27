"""Plans by the caller's number: which plan holds from which number on. What is alike is one object.

A diagram speaks of the numbers of one space: those with so many unknown digits, or those on the line of a variable. One
that is the same for all speaks of none.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import compress, islice
from operator import attrgetter, is_not
from typing import Any

from policyc import values
from policyc.targets.freeswitch.reader import regions
from policyc.targets.freeswitch.reader.errors import Place, What
from policyc.targets.freeswitch.reader.plans import Event, Odd, Parted, Plan
from policyc.targets.freeswitch.reader.regions import ANY, Region
from policyc.targets.freeswitch.reader.times import Clock

_is_open = attrgetter("is_open")


@values.dataclass(slots=True, eq=False)
class Diagram:
    """`plans[i]` is for the numbers from `starts[i]` to the next start; the first start is 0."""

    space: int | str | None
    starts: tuple[int, ...]
    plans: tuple[Plan, ...]
    _open: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is not understood in one of the plans, or yet to be followed."""
        if self._open is None:
            self._open = any(map(_is_open, self.plans))
        return self._open

    def at(self, number: int) -> Plan:
        """Return the plan of a number."""
        return self.plans[bisect_right(self.starts, number) - 1]

    def cut(self, low: int, high: int) -> tuple[list[int], tuple[Plan, ...]]:
        """Return the starts and plans of the numbers from one to another; the first start is the first number."""
        first = bisect_right(self.starts, low) - 1
        last = bisect_left(self.starts, high, first + 1)
        return [low, *self.starts[first + 1 : last]], self.plans[first:last]


Outcome = Any
"""A test's outcome: true, false, an `Odd`, or something that has `asked`, `yes` and `no`."""


class Plans:
    """Makes plans and diagrams; what is made of the same parts is one object."""

    def __init__(self) -> None:
        self._ending: dict[tuple[Event, ...], Plan] = {}
        self._same: dict[int, Diagram] = {}
        self._before: dict[tuple[tuple[Event, ...], int], Plan] = {}
        self._parted: dict[tuple[int, int, int], Plan] = {}
        self._chosen: dict[tuple[int, int, int], Plan] = {}
        self._numbered: dict[int, tuple[Outcome, bool]] = {}
        self._asked: dict[Hashable, Hashable] = {}
        self._asked_by_id: dict[int, tuple[Hashable, Hashable]] = {}

    def forget(self, *, wholly: bool = False) -> None:
        """Let go of what was asked, and wholly of plans: else these stay, one or two kilobytes for an extension."""
        for asked in (self._chosen, self._numbered, self._asked_by_id):
            asked.clear()
        if wholly:
            for made in (self._ending, self._same, self._before, self._parted, self._asked):
                made.clear()

    def plan(self, *events: Event) -> Diagram:
        """Return the diagram of one plan for all."""
        plan = self._ending.get(events)
        if plan is None:
            plan = self._ending[events] = Plan(events)
        return self.same(plan)

    def same(self, plan: Plan) -> Diagram:
        """Return the diagram of one plan, which was made here, for all."""
        found = self._same.get(id(plan))
        if found is None:
            found = self._same[id(plan)] = Diagram(None, (0,), (plan,))
        return found

    def behind(self, events: tuple[Event, ...], diagram: Diagram) -> Diagram:
        """Return a diagram with events before all that happens in it."""
        if not events:
            return diagram
        if diagram.space is None:
            return self.same(self.before(events, diagram.plans[0]))
        return self._made(diagram.space, diagram.starts, [self.before(events, plan) for plan in diagram.plans])

    def before(self, events: tuple[Event, ...], plan: Plan) -> Plan:
        """Return a plan with events before all that happens in it."""
        if plan.then is None:
            return self.plan(*events, *plan.events).plans[0]
        key = events, id(plan)
        found = self._before.get(key)
        if found is None:
            found = self._before[key] = Plan(events + plan.events, plan.then)
        return found

    def parted(self, asked: Hashable, yes: Plan, no: Plan) -> Plan:
        """Return the plan that goes on one way or the other."""
        if yes is no:
            return yes
        known = self._asked_by_id.get(id(asked))
        if known is None:  # equal questions are one, and a time is one to people as well
            plain = asked.period if isinstance(asked, Clock) else asked
            known = self._asked_by_id[id(asked)] = asked, self._asked.setdefault(plain, plain)
        key = id(known[1]), id(yes), id(no)
        found = self._parted.get(key)
        if found is None:
            found = self._parted[key] = Plan((), Parted(known[1], yes, no))
        return found

    def either(self, asked: Hashable, yes: Diagram, no: Diagram) -> Diagram:
        """Return the diagram that is one or the other, as a question is answered."""
        if yes is no:
            return yes
        if isinstance(asked, Region):
            return self._by_number(asked, yes, no)
        return self._paired(yes, no, lambda one, other: self.parted(asked, one, other))

    def chosen(self, outcome: Outcome, yes: Diagram, no: Diagram) -> Diagram:
        """Return the diagram that is one where a test holds, and the other where it does not."""
        if outcome is True:
            return yes
        if outcome is False:
            return no
        if isinstance(outcome, Odd):
            return self.plan(outcome)
        asked = outcome.asked
        if isinstance(asked, Region):
            inside = yes if outcome.yes is True else self.chosen(outcome.yes, yes, self.within(asked, no))
            return self._by_number(asked, inside, self.chosen(outcome.no, yes, no))
        if self._is_numbered(outcome):
            return self.either(asked, self.chosen(outcome.yes, yes, no), self.chosen(outcome.no, yes, no))
        return self._paired(yes, no, lambda one, other: self._chosen_plan(outcome, one, other))

    def under(self, diagram: Diagram, over: Sequence[tuple[Outcome, Diagram]]) -> Diagram:
        """Return a diagram with others over it, one after the other: each where its test holds."""
        layers: _Layers | None = None
        for outcome, one in over:
            if self._is_of_some(outcome):
                layers = layers or _Layers(diagram)
                if layers.lay(outcome.asked, one, None if outcome.yes is True else self._chooser(outcome.yes)):
                    continue
            if layers is not None:
                diagram, layers = self._made_of(layers), None
            diagram = self.chosen(outcome, one, diagram)
        return diagram if layers is None else self._made_of(layers)

    def _is_of_some(self, outcome: Outcome) -> bool:
        """Tell whether an outcome is false but for some callers, and of those does not depend on who they are."""
        if isinstance(outcome, bool | Odd) or outcome.no is not False or not isinstance(outcome.asked, Region):
            return False
        return not self._is_numbered(outcome.yes)

    def _chooser(self, outcome: Outcome) -> Callable[[Plan, Plan], Plan]:
        return lambda one, other: self._chosen_plan(outcome, one, other)

    def _made_of(self, layers: _Layers) -> Diagram:
        if layers.space is None:
            return self.same(layers.plans[0])
        return Diagram(layers.space, tuple(layers.starts), tuple(layers.plans))

    def _is_numbered(self, outcome: Outcome) -> bool:
        """Tell whether an outcome depends on a number somewhere."""
        if isinstance(outcome, bool | Odd):
            return False
        known = self._numbered.get(id(outcome))
        if known is None:
            numbered = (
                isinstance(outcome.asked, Region) or self._is_numbered(outcome.yes) or self._is_numbered(outcome.no)
            )
            known = self._numbered[id(outcome)] = outcome, numbered  # kept, so that nothing else gets its identity
        return known[1]

    def _chosen_plan(self, outcome: Outcome, yes: Plan, no: Plan) -> Plan:
        if outcome is True or yes is no:
            return yes
        if outcome is False:
            return no
        if isinstance(outcome, Odd):
            return self.plan(outcome).plans[0]
        key = id(outcome), id(yes), id(no)
        found = self._chosen.get(key)
        if found is None:
            one, other = self._chosen_plan(outcome.yes, yes, no), self._chosen_plan(outcome.no, yes, no)
            found = self._chosen[key] = self.parted(outcome.asked, one, other)
        return found

    def _paired(self, yes: Diagram, no: Diagram, made: Callable[[Plan, Plan], Plan]) -> Diagram:
        """Return a diagram of plans that are made of one plan of each of two diagrams."""
        if yes.space is None and no.space is None:
            return self.same(made(yes.plans[0], no.plans[0]))
        space = _joint(yes.space, no.space)
        if space is None:
            return self._mixed()
        if yes.space is None:
            one = yes.plans[0]
            behind = {id(other): made(one, other) for other in {id(plan): plan for plan in no.plans}.values()}
            return self._made(space, no.starts, [behind[id(other)] for other in no.plans])
        if no.space is None:
            other = no.plans[0]
            behind = {id(one): made(one, other) for one in {id(plan): plan for plan in yes.plans}.values()}
            return self._made(space, yes.starts, [behind[id(one)] for one in yes.plans])
        known: dict[tuple[int, int], Plan] = {}
        plans: list[Plan] = []
        starts, pairs = _aligned(yes.starts, yes.plans, no.starts, no.plans)
        for one, other in pairs:
            key = id(one), id(other)
            plan = known.get(key)
            if plan is None:
                plan = known[key] = made(one, other)
            plans.append(plan)
        return self._made(space, starts, plans)

    def _by_number(self, region: Region, yes: Diagram, no: Diagram) -> Diagram:
        ends, size = region.ends, region.size
        if not ends:
            return no
        joint = _joint(yes.space, no.space)
        space = _joint(region.space, joint) if joint is not None else None
        if space is None:
            return self._mixed()
        starts: list[int] = []
        plans: list[Plan] = []
        if ends[0] > 0:
            starts, some = no.cut(0, ends[0])
            plans = list(some)
        for index in range(0, len(ends), 2):
            low, high = ends[index], ends[index + 1]
            more, some = yes.cut(low, high)
            starts += more
            plans += some
            at = high
            high = ends[index + 2] if index + 2 < len(ends) else size
            if at < high:
                more, some = no.cut(at, high)
                starts += more
                plans += some
        return self._made(space, starts, plans)

    def _made(self, space: int | str, starts: Iterable[int], plans: Iterable[Plan]) -> Diagram:
        """Return the diagram in which neighbours that are alike are one."""
        new = [True, *map(is_not, islice(plans, 1, None), plans)]
        if False in new:
            starts, plans = compress(starts, new), compress(plans, new)
        kept_starts, kept_plans = tuple(starts), tuple(plans)
        return self.same(kept_plans[0]) if len(kept_plans) == 1 else Diagram(space, kept_starts, kept_plans)

    def within(self, region: Region, diagram: Diagram) -> Diagram:
        """Return a diagram that is the same for the callers of a region, and as plain as can be for all others."""
        if len(diagram.plans) == 1 or len(region.ends) > 2 * len(diagram.plans):
            return diagram
        starts: list[int] = []
        plans: list[Plan] = []
        for index in range(0, len(region.ends), 2):
            more, some = diagram.cut(region.ends[index], region.ends[index + 1])
            starts += more
            plans += some
        starts[0] = 0
        return self._made(diagram.space or ANY, starts, plans)

    def _mixed(self) -> Diagram:
        """Return what comes of numbers of two variables: they must be spelt out."""
        return self.plan(Odd(Place("", 0), What.VALUE, "", spelt=True))


class _Layers:
    """A diagram in the making: others are laid over it, and neighbours that are alike are one at all times."""

    def __init__(self, diagram: Diagram) -> None:
        self.space = diagram.space
        self.starts = list(diagram.starts)
        self.plans = list(diagram.plans)

    def lay(self, region: Region, diagram: Diagram, made: Callable[[Plan, Plan], Plan] | None) -> bool:
        """Lay a diagram over the callers of a region; `made`: what comes of a plan of it and of one that lies under it.

        Return whether that could be done: the numbers must be those of one variable; and where a plan is made of two,
        that variable must not be one that only the diagram knows, for they may all come to the same.
        """
        joint = _joint(diagram.space, self.space)
        space = _joint(region.space, joint) if joint is not None else None
        if space is None or (made is not None and _joint(region.space, self.space) != space):
            return False
        only = diagram.plans[0] if len(diagram.plans) == 1 else None
        for low, high in regions.pairs(region.ends):
            if only is not None:
                starts, plans = [low], [only]
            else:
                starts, some = diagram.cut(low, high)
                plans = list(some)
            if made is not None:
                starts, plans = _unlike(*_aligned(starts, plans, *self._cut(low, high)), made)
            self._put(low, high, starts, plans, region.size)
        self.space = space if len(self.plans) > 1 else None
        return True

    def _cut(self, low: int, high: int) -> tuple[list[int], list[Plan]]:
        first = bisect_right(self.starts, low)
        last = bisect_left(self.starts, high, first)
        return [low, *self.starts[first:last]], self.plans[first - 1 : last]

    def _put(self, low: int, high: int, more: list[int], some: list[Plan], size: int) -> None:
        """Put plans in the place of those of the numbers from one to another; the two lists may be changed."""
        starts, plans = self.starts, self.plans
        first = bisect_left(starts, low)
        last = bisect_left(starts, high, first)
        if high < size and (last == len(starts) or starts[last] != high):
            if plans[last - 1] is not some[-1]:
                more.append(high)
                some.append(plans[last - 1])
        elif last < len(starts) and plans[last] is some[-1]:
            last += 1
        if first and plans[first - 1] is some[0]:
            del more[0], some[0]
        starts[first:last] = more
        plans[first:last] = some


def _unlike(
    starts: Sequence[int], pairs: Iterable[tuple[Plan, Plan]], made: Callable[[Plan, Plan], Plan]
) -> tuple[list[int], list[Plan]]:
    """Return the plans that are made of pairs, and where each begins; neighbours that are alike are one."""
    kept_starts: list[int] = []
    kept: list[Plan] = []
    for start, (one, other) in zip(starts, pairs, strict=True):
        plan = made(one, other)
        if not kept or kept[-1] is not plan:
            kept_starts.append(start)
            kept.append(plan)
    return kept_starts, kept


def _aligned(
    starts: Sequence[int], plans: Sequence[Plan], others: Sequence[int], their: Sequence[Plan]
) -> tuple[Sequence[int], Iterable[tuple[Plan, Plan]]]:
    """Return where one of two rows of plans begins anew, and which of each there are from there on."""
    if starts == others:
        return starts, zip(plans, their, strict=True)
    merged = sorted({*starts, *others})
    pairs: list[tuple[Plan, Plan]] = []
    behind, next_ = (*starts[1:], math.inf), (*others[1:], math.inf)
    at = of = 0
    for start in merged:
        if start == behind[at]:
            at += 1
        if start == next_[of]:
            of += 1
        pairs.append((plans[at], their[of]))
    return merged, pairs


def _joint(one: int | str | None, other: int | str | None) -> int | str | None:
    """Return what tells callers apart that are told apart by either; None where that is two numbers."""
    if one in (None, ANY, other):
        return ANY if other is None else other
    return one if other in (None, ANY) else None
