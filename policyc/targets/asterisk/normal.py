"""Plans of the reader in, their normal forms out: two have one form when nobody on the call could tell them apart.

What goes: an answer where the next thing answers by itself, what only announces that a line rings, names of contexts,
the order in which the state of a line was asked, whatever ends a call behind a mailbox, ways to hang up that sound
alike.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from policyc.proof.protocol import NotUnderstood
from policyc.targets.asterisk.reader.plans import (
    Answered,
    Asked,
    AskedKeys,
    Declined,
    Dialled,
    Failed,
    HungUp,
    LeftMessage,
    Parted,
    Plan,
    Played,
    Progressed,
    RanOut,
    SaidDigits,
    SoundedBusy,
    Unclear,
)

if TYPE_CHECKING:
    from policyc.targets.asterisk.reader.plans import Event

NORMAL_CAUSE: Final = "16"
BUSY_CAUSE: Final = "17"
_STATUSES: Final = ("ANSWER", "BUSY", "CHANUNAVAIL", "CONGESTION", "NOANSWER")  # the last one is the usual one
_OTHER: Final = "\0"  # keys that nobody asks for
_CONFIRM: Final = re.compile(r"U\([^)]*\)")


def normal(plan: Plan) -> Plan:
    """Return the normal form of a plan in which no period is asked. Raises NotUnderstood where it is not clear."""
    return _normal(plan, answered=False)


def _normal(plan: Plan, *, answered: bool, dials: tuple[bool, ...] = ()) -> Plan:
    """Return the normal form of what follows; `dials` tells of each dial before whether someone may have declined."""
    events: list[Event] = []
    for at, event in enumerate(plan.events):
        if isinstance(event, Unclear):
            raise NotUnderstood(event.file, event.line, event.what, event.text)
        if isinstance(event, Progressed) or (isinstance(event, Answered) and answered):
            continue
        if isinstance(event, Dialled):
            dials = (*dials, event.confirm is not None)
        if _answers(event):
            if events and isinstance(events[-1], Answered):
                events.pop()
            answered = True
        events.append(_heard(event, answered=answered))
        if isinstance(event, LeftMessage) and _only_ends(Plan(plan.events[at + 1 :], plan.then)):
            return Plan(tuple(events))
    if plan.then is None:
        return Plan(tuple(events))
    rest = _parted(plan.then, answered=answered, dials=dials)
    return Plan((*events, *rest.events), rest.then)


def _answers(event: Event) -> bool:
    """Tell whether an event answers the call, if nothing has."""
    if isinstance(event, Played):
        return "noanswer" not in event.options.split(",")
    return isinstance(event, Answered | SaidDigits | LeftMessage | AskedKeys)


def _heard(event: Event, *, answered: bool) -> Event:
    """Return an event as those on the call perceive it."""
    if isinstance(event, Dialled):
        confirm = None if event.confirm is None else _confirmed(_normal(event.confirm, answered=True))
        return replace(event, options="".join(sorted(set(_CONFIRM.sub("", event.options)))), confirm=confirm)
    if isinstance(event, HungUp) and event.cause == NORMAL_CAUSE:
        return HungUp(None)
    if isinstance(event, HungUp) and event.cause == BUSY_CAUSE and not answered:
        return SoundedBusy()
    return event


def _confirmed(plan: Plan) -> Plan:
    """Return the plan of whoever answered: who is hung up on has not accepted."""
    events = tuple(Declined() if isinstance(event, Failed) else event for event in plan.events)
    then = plan.then
    return Plan(events, then and Parted(then.asked, _confirmed(then.yes), _confirmed(then.no)))


def _only_ends(plan: Plan) -> bool:
    """Tell whether a plan only ends the call, in whatever way."""
    if not all(isinstance(event, HungUp | RanOut | Failed | SoundedBusy) for event in plan.events):
        return False
    return plan.then is None or (_only_ends(plan.then.yes) and _only_ends(plan.then.no))


# --- questions ------------------------------------------------------------------------------------


def _parted(parted: Parted, *, answered: bool, dials: tuple[bool, ...]) -> Plan:
    """Return two ways to go on with what is asked first asked once for all, in a fixed order of its values."""
    asked = parted.asked
    if not isinstance(asked, Asked):
        raise TypeError("a plan that still asks for the time")
    plan = Plan((), parted)
    *values, usual = _values(plan, asked, dials)
    forms = {
        value: _normal(_under(plan, replace(asked, value=value)), answered=answered, dials=dials)
        for value in (*values, usual)
    }
    rest = forms[usual]
    for value in reversed(values):
        if forms[value] != forms[usual]:
            rest = Plan((), Parted(replace(asked, value=value), forms[value], rest))
    return rest


def _values(plan: Plan, asked: Asked, dials: tuple[bool, ...]) -> tuple[str, ...]:
    """Return what may be answered; the last stands for whatever is not asked for."""
    if asked.what == "status":
        return _STATUSES[0 if dials[asked.number] else 1 :]
    return (*sorted(_asked_for(plan, asked)), _OTHER)


def _asked_for(plan: Plan, asked: Asked) -> set[str]:
    then = plan.then
    if then is None:
        return set()
    same = isinstance(then.asked, Asked) and (then.asked.what, then.asked.number) == (asked.what, asked.number)
    own = {then.asked.value} if same and isinstance(then.asked, Asked) else set()
    return own | _asked_for(then.yes, asked) | _asked_for(then.no, asked)


def _under(plan: Plan, told: Asked) -> Plan:
    """Return a plan in which something that is asked has a value."""
    then = plan.then
    if then is None:
        return plan
    asked = then.asked
    if isinstance(asked, Asked) and (asked.what, asked.number) == (told.what, told.number):
        way = _under(then.yes if asked.value == told.value else then.no, told)
        return Plan((*plan.events, *way.events), way.then)
    return Plan(plan.events, Parted(asked, _under(then.yes, told), _under(then.no, told)))
