"""A plan of the reader in, what happens on one call out: as the evaluator of `dialplan_xml` tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from policyc.schedule import Period
from policyc.targets.freeswitch.reader import plans, texts

FAILURES = {"busy": "USER_BUSY", "unavailable": "USER_NOT_REGISTERED", "noanswer": "NO_ANSWER"}
TAKES = {"answer", "accept", "refuse", "silent", "leave"}


@dataclass(slots=True)
class Played:
    """What happened: what was heard and dialled, in order, who was shown to whom, and how the call ended."""

    heard: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    ended: str = ""


def play(plan: plans.Plan, local: datetime, states: Mapping[str, str], presented: str, lines: str) -> Played:
    """Play a plan: `lines` is a pattern of dial strings, whose group `number` names a line; `states` by that."""
    played = Played()
    causes: dict[int, str | None] = {}
    dialled: list[tuple[str, plans.Dialled]] = []
    while True:
        for event in plan.events:
            _take(event, played, causes, dialled, presented, lines)
        if plan.then is None:
            return played
        match plan.then.asked:
            case Period() as period:
                yes = period.holds(local)
            case plans.Taken(dial):
                causes[dial] = _cause(*dialled[-1], states)
                yes = causes[dial] is None
            case plans.Failed(dial, some):
                yes = causes[dial] in some
            case other:
                raise AssertionError(f"asked: {other}")
        plan = plan.then.yes if yes else plan.then.no


def _cause(number: str, dial: plans.Dialled, states: Mapping[str, str]) -> str | None:
    """Return why a line does not take the call, None if it does."""
    state = states.get(number, "noanswer")
    if dial.confirm is not None and state in TAKES:
        key = {"accept": "1", "refuse": "2"}.get(state)
        if state == "leave":
            return "NORMAL_CLEARING"
        return None if key == dial.confirm.key else "ALLOTTED_TIMEOUT"
    if state in TAKES:
        return None
    return "ALLOTTED_TIMEOUT" if state == "noanswer" and dial.by_leg else FAILURES[state]


def _take(event, played, causes, dialled, presented, lines):
    match event:
        case plans.Answered():
            played.heard.append("answer")
        case plans.Played(file):
            played.heard.append(f"play {spelt(file, presented, causes)}")
        case plans.Said(_, _, method, text):
            played.heard.append(f"{'digits' if method == 'iterated' else 'number'} {spelt(text, presented, causes)}")
        case plans.Dialled(line=line, seconds=seconds, shown=shown):
            number = re.fullmatch(lines, texts.show(line))["number"]
            dialled.append((number, event))
            played.heard.append(f"dial {number} {seconds}s")
            played.shown.append(f"{number} {'private' if shown.hides_number else spelt(shown.number, presented)}")
        case plans.LeftMessage(box=box):
            played.heard.append(f"voicemail {box}")
        case plans.HungUp(cause):
            played.ended = causes[texts.dial_of(cause)] if texts.is_cause(cause) else cause
        case plans.HandedOver(number=number, shown=shown):
            played.ended = f"system {number}"
            played.shown.append(f"{number} {'private' if shown.hides_number else spelt(shown.number, presented)}")
        case plans.Waited() | plans.Talked():
            pass
        case _:
            raise AssertionError(f"an event: {event}")


def spelt(text: str, presented: str, causes: Mapping[int, str | None] = {}) -> str:
    """Return a text of a plan as people read it: the number that was presented at the place of its mark."""
    for dial, cause in causes.items():
        text = text.replace(texts.cause_symbol(dial), cause or "SUCCESS")
    digits = [char for char in presented if char.isdigit()][::-1]
    whole = "".join(
        presented if char == texts.PRESENTED else digits[texts.place_of(char)] if texts.has_digit(char) else char
        for char in text
    )
    return texts.decode(whole)


def of_evaluator(outcome, presented: str) -> Played:
    """Return what the evaluator of `dialplan_xml` says, in the same words."""
    heard = []
    dials = iter(outcome.dials)
    answered = False
    for step in outcome.steps:
        if step.inline or step.leg != "caller":
            continue
        match step.application:
            case "answer" if not answered:
                heard.append("answer")
                answered = True
            case "playback":
                heard.append(f"play {step.data}")
            case "bridge" if step.data:
                dial = next(dials, None)
                if dial is not None:
                    heard.append(f"dial {dial.number} {dial.seconds}s")
                    answered = answered or dial.cause is None
            case "voicemail":
                heard.append(f"voicemail {step.data.split()[-1]}")
                answered = True
            case "say":
                parts = step.data.split()
                heard.append(f"{'digits' if parts[2].lower() == 'iterated' else 'number'} {parts[-1]}")
    shown = [f"{one.number} {'private' if one.private else one.shown}" for one in outcome.dials]
    ended = outcome.ended
    if ended == "system":
        number = outcome.events.rsplit(" ", 1)[-1]
        ended = f"system {number}"
        shown.append(f"{number} {outcome.shown}")
    return Played(heard, shown, ended)
