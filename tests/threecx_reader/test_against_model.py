"""Random lists, as people write them, read by the reader and by a model of 3CX that shares nothing with it.

More seeds: POLICYC_SEEDS=0..500.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from judge.seeds import chosen, few
from pbx_3cx.model import Pbx as Model
from pbx_3cx.model import Phone

from policyc.proof.protocol import Calls
from policyc.targets.threecx.reader import NotUnderstood, read
from threecx_reader.documents import (
    ALL_HOURS,
    BUSY,
    CHRISTMAS,
    FILE,
    PBX,
    document,
    ends,
    entry,
    former,
    hours,
    pieces,
    reading,
    text_of,
    to,
)

NUMBERS = ("101", "102", "103", "104")
SHAPES = ("0?????????", "+33?????????", "0033?????????", "?", "??", "1??", "061?", "06?5", "+??", "06 1? ??")
STARTS = ("0", "06", "061", "0612", "07", "+", "+3", "+33", "+336", "0033", "00336", "1", "10", "101", "2")
WORDS = ("Masque", "anonyme")
DAYS = ("Monday", "Wednesday", "Friday", "Sunday")
CLOCKS = ("00:00:00", "08:00:00", "09:30:00", "12:00:00", "17:45:00", "23:59:59")
KINDS = (
    "SpecificHours",
    "SpecificHoursExcludingHolidays",
    "OutOfSpecificHours",
    "OutOfSpecificHoursIncludingHolidays",
)
TOLD = {
    "system": "system {0}",
    "busy": "busy",
    "loop": "loop",
    "external": "external {0}",
    "voicemail": "voicemail {0}",
    "ring": "ring {0}",
}


class Drawing:
    """Draws documents whose patterns, hours and forwards overlap."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.weeks = [self.periods() for _ in range(2)]

    def pattern(self):
        one = self.chance.random()
        if one < 0.06:
            return self.chance.choice(WORDS)
        if one < 0.12:
            return "*"
        start = self.chance.choice(STARTS)
        if one < 0.6:
            return start + "*"
        more = self.chance.choice((0, 1, 2, 9 - len(start), 10 - len(start), 12 - len(start)))
        found = start + "".join(self.chance.choice("0156") for _ in range(more))
        return found if found != "+" else "+1"

    def periods(self):
        found = []
        for _ in range(self.chance.randint(1, 4)):
            start, stop = sorted(self.chance.sample(range(len(CLOCKS)), 2))
            if start < len(CLOCKS) - 1:
                found.append(f"{self.chance.choice(DAYS)} {CLOCKS[start]} {CLOCKS[stop]}")
        return found or ["Monday 08:00:00 12:00:00"]

    def hours(self):
        one = self.chance.random()
        if one < 0.5:
            return ALL_HOURS
        if one < 0.55:
            return hours("Never")
        return hours(self.chance.choice(KINDS), *self.chance.choice(self.weeks))

    def destination(self):
        number = self.chance.choice((*NUMBERS, "199"))
        kind = self.chance.choice(("Extension",) * 4 + ("VoiceMail", "External", "Boomerang", "Queue", "ring", "busy"))
        match kind:
            case "External":
                return to(kind, "", "0442930698")
            case "Boomerang":
                return to(kind, number, "0639980001")
            case "Queue":
                return to(kind, "801")
            case "ring":
                return to("ProceedWithNoExceptions")
            case "busy":
                return BUSY
        return to(kind, number)

    def exception(self):
        patterns = " ".join(self.pattern() for _ in range(self.chance.choice((1, 1, 2, 3, 5))))
        kind = self.chance.choice(("AllCalls", "AllCalls", "InternalCallsOnly", "ExternalCallsOnly"))
        return entry(patterns, self.destination(), self.hours(), CallType=kind, Enabled=self.chance.random() < 0.9)

    def document(self):
        lists = {
            f"e{number}": [self.exception() for _ in range(self.chance.choice((0, 2, 4, 6, 15)))] for number in NUMBERS
        }
        return document(**lists)


def modelled(value):
    """Return the model on a document; it knows of no exceptions that are off."""
    kept = {
        "value": [
            {**one, "ForwardingExceptions": [each for each in one["ForwardingExceptions"] if each.get("Enabled", True)]}
            for one in value["value"]
        ]
    }
    return Model(kept, {number: Phone(20, mailbox=False) for number in NUMBERS}, frozenset({CHRISTMAS}), "Masque")


def short(events):
    """Return what the model tells as the reader's events are told."""
    words = events.split()
    if "rebound" in words:  # answer > play wait > digits 101 > rebound N 20s > play unavailable > voicemail M …
        at = words.index("rebound")
        return f"rebound {words[at + 1]} from {words[at - 2]} to {words[words.index('voicemail') + 1]}"
    return TOLD[words[0]].format(*words[1:])


INSTANTS = [
    datetime(2026, 11, 23) + timedelta(days=day, minutes=minute)
    for day, minute in (
        (0, 0),
        (0, 9 * 60 + 29),
        (2, 12 * 60),
        (4, 10 * 60),
        (6, 23 * 60 + 59),
        (32, 10 * 60),
        (32, 1439),
    )
]  # the last two are on Christmas


@pytest.mark.parametrize("seed", few(chosen(2000, 2007), 4))
def test_the_model_agrees(seed):
    drawing = Drawing(seed)
    value = drawing.document()
    current = seed % 3 != 0
    if not current:
        for one in value["value"]:
            one["ForwardingExceptions"] = [former(each) for each in one["ForwardingExceptions"]]
    model = modelled(value)
    read_ = reading(value, replace(PBX, current=current, anonymous="Masque"))
    asked = [Calls(internal, shown) for shown in (*SHAPES, "", "Masque") for internal in (False, True)]
    asked.append(Calls(False, "0?????????", hidden=True))
    wrong = []
    for called in (*NUMBERS, "199"):
        for calls, found in zip(asked, read_.found(called, asked), strict=True):
            for low, last, plan in pieces(found, calls.size):
                for digits in {low, last, drawing.chance.randint(low, last)}:
                    shown = filled(calls, digits)
                    for instant in drawing.chance.sample(INSTANTS, 3):
                        expected = short(model.events(shown, called, instant, internal=calls.internal))
                        if (given := ends(plan, instant)) != expected:
                            wrong.append(f"{calls} {shown} to {called} at {instant}: {given}, not {expected}")

    assert not wrong, "\n".join(wrong[:5])


def filled(calls, digits):
    """Return what is presented with some unknown digits, None if the PBX is shown none."""
    if calls.hidden:
        return None
    found = iter(str(digits).zfill(calls.presented.count("?")))
    return "".join(next(found) if char == "?" else char for char in calls.presented) or None


ODD = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "06*",
    "x" * 200,
    [],
    {},
    [[]],
    {"To": "None"},
    "AllHours",
    "Fax",
    "BasedOnDID",
    "\n?",
)


@pytest.mark.parametrize("seed", few(chosen(2000, 2001), 2))
def test_whatever_stands_in_a_document_is_read_or_not_understood(seed):
    """A value put in the place of another one raises nothing but NotUnderstood, at a line that is there."""
    drawing = Drawing(seed)
    chance = drawing.chance
    refused = 0
    for _ in range(40):
        value = json.loads(text_of(drawing.document()))
        *before, last = chance.choice(list(paths(value)))
        inner = value
        for step in before:
            inner = inner[step]
        inner[last] = chance.choice(ODD)
        text = text_of(value)
        error = refusal(text)
        if error is not None:
            refused += 1
            assert 1 <= error.line <= text.count("\n")

    assert 5 < refused <= 40


def refusal(text):
    """Return what is not understood in a document, None if all is."""
    try:
        read_ = read(FILE, text, PBX)
        for called in NUMBERS:
            read_.found(called, [Calls(False, "0?????????"), Calls(True, "10?"), Calls(False, "")])
    except NotUnderstood as error:
        return error
    return None


def paths(value, before=()):
    """Yield the paths of all values within one."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*before, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*before, key))


def test_the_drawing_meets_what_it_should():
    """Documents that are all alike would show nothing."""
    drawn = [Drawing(seed).document() for seed in range(12)]
    text = json.dumps(drawn)
    for part in (*KINDS, "Never", "Boomerang", "ExternalCallsOnly", "false", "Masque"):
        assert part in text
    told = set()
    for value in drawn:
        model = modelled(value)
        told |= {short(model.events("0612", called, INSTANTS[3], internal=False)).split()[0] for called in NUMBERS}
    assert told >= {"loop", "ring", "voicemail", "busy", "rebound", "external", "system"}
