"""Documents for a 3CX as people may write them, and what the reader finds in them as text."""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from policyc.proof.protocol import Calls
from policyc.targets.threecx.reader import Pbx, plans, read

PARIS = ZoneInfo("Europe/Paris")
CHRISTMAS = date(2026, 12, 25)  # a Friday
PBX = Pbx(PARIS, holidays=[(CHRISTMAS, CHRISTMAS)])
ALL_HOURS = {"Periods": [], "Type": "AllHours"}
FILE = "policyc-3cx.json"


def to(kind, number="", external=""):
    return {"External": external, "Number": number, "To": kind}


BUSY = to("None")


def hours(kind, *periods):
    """Return hours of periods such as `Monday 09:00:00 12:30:00`."""
    names = ("DayOfWeek", "Start", "Stop")
    return {"Periods": [dict(zip(names, one.split(), strict=True)) for one in periods], "Type": kind}


def entry(patterns, destination, when=ALL_HOURS, **more):
    """Return an exception in the form from 20.0.9 on."""
    found = {"CallType": "AllCalls", "Condition": "BasedOnCallerID", "Data": patterns, "Destination": destination}
    return {**found, "Enabled": True, "Hours": when, "Id": 0, **more}


def former(one):
    """Return an exception in the form before."""
    return {"CallerId": one["Data"], **{name: one[name] for name in ("Destination", "Hours", "Id")}}


def document(**lists):
    """Return a document; extensions are named `e101`."""
    return {
        "value": [{"ForwardingExceptions": some, "Number": number.removeprefix("e")} for number, some in lists.items()]
    }


def text_of(value):
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def reading(value, pbx=PBX, asked=None):
    return read(FILE, text_of(value), pbx, asked)


def told(event):
    """Return an event in a few words."""
    match event:
        case plans.Rang(extension=extension):
            return f"ring {extension}"
        case plans.LeftMessage(mailbox=mailbox):
            return f"voicemail {mailbox}"
        case plans.Dialled(number=number):
            return f"external {number}"
        case plans.Rebounded(number=number, extension=extension, mailbox=mailbox):
            return f"rebound {number} from {extension} to {mailbox}"
        case plans.SoundedBusy():
            return "busy"
        case plans.HandedOver(number=number):
            return f"system {number}"
        case plans.Looped():
            return "loop"
    raise AssertionError(event)


def ends(plan, local):
    """Return what happens at an instant, in a few words."""
    while plan.then is not None:
        assert not plan.events
        plan = plan.then.yes if plan.then.asked.holds(local) else plan.then.no
    (event,) = plan.events
    return told(event)


def pieces(found, size):
    """Return the pieces of a diagram: first, last, plan."""
    assert found.starts[0] == 0
    assert len(found.starts) == len(found.plans)
    assert found.starts[-1] < size
    return [(low, end - 1, plan) for (low, end), plan in zip(pairwise((*found.starts, size)), found.plans, strict=True)]


def becomes(value, presented, *, local, called="101", internal=False, hidden=False, pbx=PBX):
    """Return what becomes of calls at an instant: (first, last, what), for the unknown digits of what is presented."""
    calls = Calls(internal, presented, hidden)
    (found,) = reading(value, pbx).found(called, [calls])
    joined = []
    for low, last, plan in pieces(found, calls.size):
        here = ends(plan, local)
        if joined and joined[-1][2] == here:
            joined[-1] = joined[-1][0], last, here
        else:
            joined.append((low, last, here))
    return joined
