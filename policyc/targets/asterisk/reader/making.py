"""Plans, made so that those that are equal are one, and what is known of each: events and ways in, a plan out.

Some are open: a call leaves the Gosub that it is in, or goes on where others are being explored. These are filled when
it is known what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import is_not
from typing import TYPE_CHECKING

from policyc.schedule import Period
from policyc.targets.asterisk.reader.lengths import tells_digits
from policyc.targets.asterisk.reader.periods import asked_once
from policyc.targets.asterisk.reader.plans import Event, Parted, Plan
from policyc.targets.asterisk.reader.readable import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policyc.targets.asterisk.reader.call import Call


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """Where a plan is not over: the call leaves the Gosub that it is in, or goes on where others are being explored."""

    call: Call


class Maker:
    """Makes plans. All that is remembered of one goes by its identity."""

    def __init__(self, events: Mapping[Event, Event]) -> None:
        """Begin with no plans, and with some events."""
        self.open: set[int] = set()  # those that are not over in some way
        self.events = dict(events)
        """Of equal ones the one that is in plans."""
        self._in_plans = set(map(id, self.events.values()))
        self._plans: dict[object, Plan] = {}
        self._readable: dict[Event, Event] = {}
        self._adopted: dict[int, Plan] = {}
        self._left_open: dict[int, tuple[Open, ...]] = {}
        self._telling: dict[int, bool] = {}

    def plan(self, events: tuple[Event, ...], then: Parted | Open | None = None) -> Plan:
        """Return a plan; those that are equal are one."""
        if isinstance(then, Parted) and then.yes is then.no:
            return self.plan(events + then.yes.events, then.yes.then)
        key = _made_of(events, then)
        found = self._plans.get(key)
        if found is None:
            own = self._own(events)
            if own is not events:
                return self.plan(own, then)
            found = self._plans[key] = self._planned(events, then)
        return found

    def _own(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return the events that are in plans and equal some: these themselves, if they are in plans already."""
        if self._in_plans.issuperset(map(id, events)):  # as mostly, and to look for equal ones takes longer
            return events
        own = tuple(self.events.setdefault(event, event) for event in events)
        self._in_plans.update(map(id, own))
        return own if any(map(is_not, own, events)) else events

    def _planned(self, events: tuple[Event, ...], then: Parted | Open | None) -> Plan:
        if isinstance(then, Parted) and isinstance(then.asked, Period):
            then = asked_once(then.asked, then.yes, then.no)
            found = self._plans.get(_made_of(events, then))
            if found is not None:
                return found
        found = Plan(events, then)  # type: ignore[arg-type]  # open ones are nobody else's
        if isinstance(then, Open) or (isinstance(then, Parted) and {id(then.yes), id(then.no)} & self.open):
            self.open.add(id(found))
        return self._plans.setdefault(_made_of(events, then), found)

    def adopted(self, plan: Plan) -> Plan:
        """Return a plan that another made, which lives on and is not open, or the one that is equal."""
        found = self._adopted.get(id(plan))
        if found is None:
            own, then = self._own(plan.events), plan.then
            if then is not None:
                yes, no = self.adopted(then.yes), self.adopted(then.no)
                if yes is not then.yes or no is not then.no:
                    then = Parted(then.asked, yes, no)
            same = then is plan.then and own is plan.events
            found = self._plans.setdefault(_made_of(own, then), plan if same else Plan(own, then))
            self._adopted[id(plan)] = found
        return found

    def readable(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return events as people read them."""
        found: list[Event] = []
        for event in events:
            told = self._readable.get(event)
            if told is None:
                (told,) = self._own((readable(event),))
                self._readable[event] = told
            found.append(told)
        return tuple(found)

    def tells_digits(self, plan: Plan) -> bool:
        """Tell whether digits of a number stand in a plan."""
        told = self._telling.get(id(plan))
        if told is None:
            ways = () if plan.then is None else (plan.then.yes, plan.then.no)
            told = any(map(self._event_tells_digits, plan.events)) or any(map(self.tells_digits, ways))
            self._telling[id(plan)] = told
        return told

    def _event_tells_digits(self, event: Event) -> bool:
        told = self._telling.get(id(event))
        if told is None:
            told = self._telling[id(event)] = tells_digits(event)
        return told

    # --- open plans ---

    def are_open(self, plans: Iterable[Plan]) -> bool:
        """Tell whether any of some plans is open."""
        return bool(self.open) and not self.open.isdisjoint(map(id, plans))

    def opens_of(self, plan: Plan) -> tuple[Open, ...]:
        """Return where a plan is open, each place once."""
        if id(plan) not in self.open:
            return ()
        if id(plan) not in self._left_open:
            then: object = plan.then
            found: tuple[Open, ...] = ()
            if isinstance(then, Open):
                found = (then,)
            elif isinstance(then, Parted):
                found = tuple(dict.fromkeys((*self.opens_of(then.yes), *self.opens_of(then.no))))
            self._left_open[id(plan)] = found
        return self._left_open[id(plan)]

    def filled(self, plan: Plan, ways: Mapping[int, Plan], done: dict[int, Plan]) -> Plan:
        """Return a plan that goes on, where it was open, in these ways; `done` holds those made before."""
        if id(plan) not in self.open:
            return plan
        made = done.get(id(plan))
        if made is None:
            then: object = plan.then
            if isinstance(then, Parted):
                yes, no = self.filled(then.yes, ways, done), self.filled(then.no, ways, done)
                made = self.plan(plan.events, Parted(then.asked, yes, no))
            else:
                way = ways[id(then)]
                made = self.plan(plan.events + way.events, way.then)
            done[id(plan)] = made
        return made


def _made_of(events: tuple[Event, ...], then: Parted | Open | None) -> object:
    """Return what plans that are one are made of, by identity."""
    if isinstance(then, Parted):
        return tuple(map(id, events)), then.asked, id(then.yes), id(then.no)
    return tuple(map(id, events)), id(then)
