"""A plan of the reader in, and what a real FreeSWITCH did; the same words for both out.

Told is what the caller hears and who is dialled, what each line is shown, and how the call ended: a cause, or that it
went on when nothing was to be decided any more (`talks`, `voicemail`, `system 102`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from policyc.schedule import Period
from policyc.targets.freeswitch.reader import NotUnderstood, Reading, plans, texts

LINES = r"loopback/(?:ext|out)-(?P<number>[^/]+)/phones"
CAUSES = {"busy": "USER_BUSY", "unavailable": "USER_NOT_REGISTERED", "noanswer": "NO_ANSWER"}
TAKES = {"answer", "accept", "refuse", "silent", "leave"}
SYSTEM = "default"
"""The only context that the harness has besides those of a dialplan."""
NOWHERE = "NO_ROUTE_DESTINATION"
_NO_LIMIT = 3600
_CAUSE = re.compile(f"[{texts.CAUSES}]")
_VARIABLE = re.compile("\ue500([^\ue502]*)\ue502")


@dataclass(frozen=True, slots=True)
class Told:
    """What people on a call notice."""

    heard: tuple[str, ...]
    shown: tuple[str, ...]
    ended: str


@dataclass(frozen=True, slots=True)
class One:
    """A call, as the reader is asked about it: `presented` with some of its digits unknown, and these digits."""

    called: str
    number: str
    presented: str
    digits: int
    hidden: bool
    internal: bool
    local: datetime
    states: Mapping[str, str]


def opened(number: str, kept: int) -> tuple[str, int]:
    """Return a number in which so many digits are known and the others are not, and these as a number."""
    shape, unknown = [], ""
    for char in number:
        is_digit = char.isascii() and char.isdigit()
        if is_digit and kept <= 0:
            shape.append("?")
            unknown += char
        else:
            shape.append(char)
        kept -= is_digit
    return "".join(shape), int(unknown or "0")


def read_of(reading: Reading, call: One) -> Told:
    """Return what the reader says of a call. Raises NotUnderstood."""
    [found] = reading.found(call.called, [_Calls(call.internal, call.presented, call.hidden)])
    at = max(index for index, start in enumerate(found.starts) if start <= call.digits)
    return of_plan(found.plans[at], call)


@dataclass(frozen=True, slots=True)
class _Calls:
    internal: bool
    presented: str
    hidden: bool


def of_plan(plan: plans.Plan, call: One) -> Told:
    """Return what a plan says of a call whose lines behave as those of the harness of `pbx` do."""
    heard: list[str] = []
    shown: list[str] = []
    causes: dict[int, str | None] = {}
    dialled: list[tuple[str, plans.Dialled]] = []

    def text(of_plan: str) -> str:
        """Return a text of the plan as people read it."""
        known = _CAUSE.sub(lambda found: causes[texts.dial_of(found[0])] or "SUCCESS", of_plan)
        return spelt(known, call.number)

    while True:
        for event in plan.events:
            match event:
                case plans.Answered():
                    heard.append("answer")
                case plans.Played(file):
                    heard.append(f"play {text(file)}")
                case plans.Said(_, _, method, what):
                    heard.append(f"{'digits' if method == 'iterated' else 'number'} {text(what)}")
                case plans.Dialled(line=line, seconds=seconds, shown=who):
                    number = re.fullmatch(LINES, text(line))["number"]
                    dialled.append((number, event))
                    heard.append(_dialled(number, seconds))
                    shown.append(_shown(number, who, call))
                case plans.LeftMessage(box=box):
                    return Told((*heard, f"voicemail {text(box)}"), tuple(shown), "voicemail")
                case plans.Talked():
                    return Told(tuple(heard), tuple(shown), "talks")
                case plans.HungUp(cause):
                    return Told(tuple(heard), tuple(shown), text(cause))
                case plans.HandedOver(context=context) if context != SYSTEM:
                    return Told(tuple(heard), tuple(shown), NOWHERE)
                case plans.HandedOver(number=number, shown=who):
                    number = text(number)
                    return Told(tuple(heard), (*shown, _shown(number, who, call)), f"system {number}")
                case plans.Waited():
                    pass
                case _:
                    raise AssertionError(f"an event: {event}")
        if plan.then is None:
            raise AssertionError(f"a plan that does not end: {plan}")
        match plan.then.asked:
            case Period() as period:
                yes = period.holds(call.local)
            case plans.Taken(dial):
                causes[dial] = _cause(*dialled[-1], call.states)
                yes = causes[dial] is None
            case plans.Failed(dial, some):
                yes = causes[dial] in some
            case other:
                raise AssertionError(f"asked: {other}")
        plan = plan.then.yes if yes else plan.then.no


def _cause(number: str, dial: plans.Dialled, states: Mapping[str, str]) -> str | None:
    """Return why a line does not take the call, None if it does."""
    state = states.get(number, "noanswer")
    if dial.confirm is None or state not in TAKES:
        return None if state in TAKES else CAUSES[state]
    if state == "leave":
        return "NORMAL_CLEARING"
    return None if {"accept": "1", "refuse": "2"}.get(state) == dial.confirm.key else "ALLOTTED_TIMEOUT"


def _shown(line: str, who: plans.Shown, call: One) -> str:
    """Return what a line is shown; of a name that is hidden or the caller's own, no more than that."""
    number = "private" if who.hides_number else spelt(who.number, call.number)
    name = "private" if who.hides_name else "own" if who.name == texts.NAME else spelt(who.name, call.number)
    return f"{line} {number} {name}"


def _dialled(number: str, seconds: int) -> str:
    return f"dial {number}" + (f" {seconds}s" if seconds < _NO_LIMIT else "")


def spelt(text: str, number: str) -> str:
    """Return a text of a plan as people read it: the caller's number, or its digits, at the place of their marks."""
    digits = [char for char in number if char.isascii() and char.isdigit()][::-1]
    marks = {texts.PRESENTED: number, texts.NAME: ""}  # a caller of the harness has no name
    whole = (
        marks[char] if char in marks else (digits[texts.place_of(char)] if texts.has_digit(char) else char)
        for char in text
    )
    return texts.decode(_VARIABLE.sub(_of_harness, "".join(whole)))


def _of_harness(found: re.Match[str]) -> str:
    """Return the value of a variable that the dialplan does not set."""
    return {"domain_name": "policyc.test"}.get(found[1], "")


# -- what FreeSWITCH did -----------------------------------------------------------------------------------------------


def of_call(ran: Iterable[tuple[str, str]], events: str, shown: Iterable[str], cause: str | None) -> Told:
    """Return what a call did: what ran, and what the harness tells."""
    parts = events.split(" > ")
    heard = tuple(_heard(ran, iter([one for one in parts if re.match("ring|rebound|external", one)])))
    last = parts[-1]
    if last.startswith("system "):
        return Told(heard, tuple(shown), last)
    if last.startswith("voicemail "):
        return Told(heard, tuple(shown), "voicemail")
    return Told(heard, tuple(shown), "talks" if cause is None else cause)


def _heard(ran: Iterable[tuple[str, str]], dials: Iterator[str]) -> Iterator[str]:
    answered = False
    for application, data in ran:
        match application:
            case "answer" if not answered:
                yield "answer"
                answered = True
            case "playback":
                yield f"play {data}"
            case "bridge":
                if dial := next(dials, None):
                    _, number, *limit = dial.split()
                    yield " ".join(["dial", number, *limit])
            case "voicemail":
                yield f"voicemail {data.split()[-1]}"
                return
            case "say":
                parts = data.split()
                yield f"{'digits' if parts[2].lower() == 'iterated' else 'number'} {parts[-1]}"


__all__ = ["NotUnderstood", "One", "Reading", "Told", "of_call", "of_plan", "opened", "read_of", "spelt"]
