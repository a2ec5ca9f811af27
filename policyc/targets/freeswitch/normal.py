"""Plans in, one form for all plans that nobody on a call could tell apart out.

Left out are an answer to a caller who was answered, or is led to a mailbox at once; a wait too short to notice; by
which limit a dial ends, as long as it is after as many seconds; a limit that nobody waits for; and the cause of a
hangup behind a mailbox or a conversation, which the caller has had by then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from policyc.targets.freeswitch.reader import causes
from policyc.targets.freeswitch.reader.plans import (
    Answered,
    Dialled,
    Event,
    Failed,
    HungUp,
    LeftMessage,
    Parted,
    Plan,
    Taken,
    Talked,
    Waited,
)

NO_LIMIT: Final = 3600
"""Seconds: nobody waits so long."""
_NOTICED: Final = 2000  # milliseconds


def normal(plan: Plan) -> Plan:
    """Return a plan, in which no `Period` is asked, in its normal form."""
    return _normal(plan, answered=False, over=False)


def _normal(plan: Plan, *, answered: bool, over: bool) -> Plan:
    """Return the form of a plan; `over`: the caller was in a mailbox, or has talked, just before."""
    found: list[Event] = []
    for at, event in enumerate(plan.events):
        match event:
            case Waited(milliseconds=text):
                if text.isascii() and text.isdigit() and int(text) < _NOTICED:
                    continue
                found.append(event)
            case Answered():
                if answered or (not over and _leads_to_mailbox(plan, at + 1)):
                    continue
                answered = True
                found.append(event)
            case HungUp() if over:
                found.append(HungUp(causes.CLEARING))
                continue
            case Dialled():
                found.append(replace(event, seconds=min(event.seconds, NO_LIMIT), by_leg=False))
            case _:
                found.append(event)
        over = isinstance(event, LeftMessage | Talked)
        answered = answered or over
    if plan.then is None:
        return Plan(tuple(found))
    asked = plan.then.asked
    if isinstance(asked, Taken):
        yes = _normal(plan.then.yes, answered=answered, over=over)
        no = _by_cause(plan.then.no, asked.dial, answered=answered, over=over)
    else:
        yes = _normal(plan.then.yes, answered=answered, over=over)
        no = _normal(plan.then.no, answered=answered, over=over)
    if yes == no:
        return Plan((*found, *yes.events), yes.then)
    return Plan(tuple(found), Parted(asked, yes, no))


def _leads_to_mailbox(plan: Plan, at: int) -> bool:
    """Tell whether nothing that is noticed stands between an event and a mailbox."""
    for event in plan.events[at:]:
        if isinstance(event, LeftMessage):
            return True
        if not isinstance(event, Answered | Waited):
            return False
        if isinstance(event, Waited) and not (event.milliseconds.isdigit() and int(event.milliseconds) < _NOTICED):
            return False
    return False


def _by_cause(plan: Plan, dial: int, *, answered: bool, over: bool) -> Plan:
    """Return the form of what follows a dial that failed: the causes that are told apart, in one order."""
    asked = set(_causes(plan, dial))
    if not asked:
        return _normal(plan, answered=answered, over=over)
    kinds: dict[frozenset[frozenset[str]], set[str]] = {}
    for cause in causes.FAILURES:
        kinds.setdefault(frozenset(some for some in asked if cause in some), set()).add(cause)
    ways: dict[Plan, set[str]] = {}
    for some in kinds.values():
        way = _normal(_told(plan, dial, next(iter(some))), answered=answered, over=over)
        ways.setdefault(way, set()).update(some)
    *others, (whole, _) = sorted(ways.items(), key=lambda way: (len(way[1]), sorted(way[1])))
    for way, some in reversed(others):
        whole = Plan((), Parted(Failed(dial, frozenset(some)), way, whole))
    return whole


def _causes(plan: Plan, dial: int) -> list[frozenset[str]]:
    if plan.then is None:
        return []
    asked = plan.then.asked
    own = [asked.causes] if isinstance(asked, Failed) and asked.dial == dial else []
    return [*own, *_causes(plan.then.yes, dial), *_causes(plan.then.no, dial)]


def _told(plan: Plan, dial: int, cause: str) -> Plan:
    """Return a plan with what it asks of a cause answered."""
    if plan.then is None:
        return plan
    asked = plan.then.asked
    if isinstance(asked, Failed) and asked.dial == dial:
        way = _told(plan.then.yes if cause in asked.causes else plan.then.no, dial, cause)
        return Plan((*plan.events, *way.events), way.then)
    return Plan(plan.events, Parted(asked, _told(plan.then.yes, dial, cause), _told(plan.then.no, dial, cause)))
