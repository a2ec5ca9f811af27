"""What a PBX does with a call, as plain data: what happens, and the ways it parts on the time.

What an extension's status profile does after a ring, how a rebound sounds and what becomes of a call outside that
nobody takes is the PBX's own: no event tells it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from policyc.targets.threecx.reader.errors import Trouble, What

if TYPE_CHECKING:
    from policyc.schedule import Period


@dataclass(frozen=True, slots=True)
class Rang:
    """The extension rings, as one without exceptions does."""

    extension: str


@dataclass(frozen=True, slots=True)
class LeftMessage:
    """The caller is in the mailbox of an extension."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Dialled:
    """An outside number is dialled, and shown the caller."""

    number: str


@dataclass(frozen=True, slots=True)
class Rebounded:
    """A rebound from an extension to an outside number; unanswered, the caller is in a mailbox."""

    number: str
    extension: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class SoundedBusy:
    """The caller hears busy."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A number that the file has no list for: the call is the PBX's from here on."""

    number: str


@dataclass(frozen=True, slots=True)
class Looped:
    """Extensions forward the call to one another for ever."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The call goes on at another extension: not in what is found, only on the way to it."""

    extension: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Nobody asked what becomes of the call, and so nobody may conclude anything from this."""


Event = (
    Rang | LeftMessage | Dialled | Rebounded | SoundedBusy | HandedOver | Looped | Forwarded | NotAsked | Trouble
)  # Trouble: not understood; in what is found, only where no call gets


@dataclass(frozen=True, slots=True)
class Parted:
    """Two ways to go on: within a period, and outside of it."""

    asked: Period
    yes: Plan
    no: Plan


NOBODY: Final[frozenset[str]] = frozenset()
_MOST_QUESTIONS: Final = 150


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens, or which ways part.

    `onward` are the extensions at which it goes on, `odd` tells that it holds a Trouble, `depth` how many questions may
    follow one another: all of it is in the events, too.
    """

    events: tuple[Event, ...]
    then: Parted | None = None
    onward: frozenset[str] = field(default=NOBODY, compare=False, repr=False)
    odd: bool = field(default=False, compare=False, repr=False)
    depth: int = field(default=0, compare=False, repr=False)


class Plans:
    """Makes plans; those that are alike are one object, and none asks on any way what it knows."""

    def __init__(self) -> None:
        """Begin with none."""
        self._leaves: dict[Event, Plan] = {}
        self._parted: dict[tuple[Period, int, int], Plan] = {}
        self._assumed: dict[tuple[int, Period, bool], Plan] = {}
        self._replaced: dict[tuple[object, ...], Plan] = {}

    def forget(self) -> None:
        """Let go of what was asked of plans, but of no plan."""
        self._assumed.clear()
        self._replaced.clear()

    def leaf(self, event: Event) -> Plan:
        """Return the plan of which one event is all."""
        found = self._leaves.get(event)
        if found is None:
            onward = frozenset([event.extension]) if isinstance(event, Forwarded) else NOBODY
            found = self._leaves[event] = Plan((event,), onward=onward, odd=isinstance(event, Trouble))
        return found

    def parted(self, asked: Period, yes: Plan, no: Plan) -> Plan:
        """Return the plan that parts on a period."""
        yes, no = self._assume(yes, asked, holds=True), self._assume(no, asked, holds=False)
        if yes is no:
            return yes
        key = asked, id(yes), id(no)  # of plans that are all kept here
        found = self._parted.get(key)
        if found is None:
            depth = 1 + max(yes.depth, no.depth)
            if depth > _MOST_QUESTIONS:
                return self.leaf(Trouble(What.ENDLESS, f"{depth}", ()))
            onward = yes.onward | no.onward or NOBODY
            found = self._parted[key] = Plan(
                (), Parted(asked, yes, no), onward=onward, odd=yes.odd or no.odd, depth=depth
            )
        return found

    def _assume(self, plan: Plan, period: Period, *, holds: bool) -> Plan:
        """Return a plan where it is known whether it is within a period."""
        if plan.then is None:
            return plan
        key = id(plan), period, holds
        found = self._assumed.get(key)
        if found is None:
            if plan.then.asked == period:
                found = plan.then.yes if holds else plan.then.no
            else:
                yes, no = (self._assume(way, period, holds=holds) for way in (plan.then.yes, plan.then.no))
                same = yes is plan.then.yes and no is plan.then.no
                found = plan if same else self.parted(plan.then.asked, yes, no)
            self._assumed[key] = found
        return found

    def replaced(self, plan: Plan, at: dict[str, Plan]) -> Plan:
        """Return a plan with what becomes of calls at extensions that it goes on at."""
        to = plan.onward & at.keys()
        if not to:
            return plan
        key = (id(plan), *((name, id(at[name])) for name in sorted(to)))
        found = self._replaced.get(key)
        if found is None:
            if plan.then is None:
                (name,) = to
                found = at[name]
            else:
                ways = (self.replaced(way, at) for way in (plan.then.yes, plan.then.no))
                found = self.parted(plan.then.asked, *ways)
            self._replaced[key] = found
        return found
