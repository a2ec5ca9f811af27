"""The reader and the evaluator of `dialplan_xml`, which a real FreeSWITCH was held to, agree on random dialplans.

More seeds: POLICYC_SEEDS=0..500.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dialplan_xml import DialplanError, Line, Surroundings, simulate
from dialplan_xml import read as read_concretely
from dialplan_xml.random_dialplans import draw
from judge.seeds import chosen

from freeswitch_reader.played import of_evaluator, play
from policyc.targets.freeswitch.reader import NotUnderstood, Reading, read

PARIS = ZoneInfo("Europe/Paris")
LINES = r"loopback/(?P<number>[\w]+)/phones"
AROUND = Surroundings(lines=(Line("extension", LINES),), server_zone=PARIS)
STATES = {name: name for name in ("answer", "busy", "unavailable", "noanswer")}
DIALPLANS = 12
"""Of each seed."""
CLOCK = (
    '<extension continue="true"><condition>'
    '<action application="set" data="timezone=Europe/Paris" inline="true"/></condition></extension>'
)


@dataclass(frozen=True)
class Calls:
    internal: bool
    presented: str
    hidden: bool


def heard(text):
    """Return a dialplan whose queued logs can be heard, without what the reader is not meant to know.

    It knows one zone, and nothing of the caller's name.
    """
    text = re.sub(r'application="log"( data="[^"]*"(?! inline="true"))', r'application="playback"\1', text)
    return text.replace("Asia/Tokyo", "Europe/Paris").replace('"caller_id_name"', '"rdnis"')


def opened(chance, presented):
    """Return a presented number with some of its digits unknown, and these digits as a number."""
    kept = chance.choice([0, 1, 3, 20, 100])
    shape, digits = [], ""
    for char in presented:
        if char.isdigit() and char.isascii() and kept <= 0:
            shape.append("?")
            digits += char
        else:
            shape.append(char)
            kept -= char.isdigit()
    return "".join(shape), int(digits or "0")


def compared(seed, count, bridges):
    """Compare dialplans; return how many calls were compared, how many were not understood, and what differs."""
    chance = random.Random(seed)
    now = datetime(2026, 1, 1, tzinfo=PARIS) + timedelta(seconds=chance.randrange(4 * 365 * 86400))
    done = unclear = 0
    wrong = []
    for number in range(count):
        name = f"r{number}"
        text, calls = draw(chance, name, now, bridges=bridges)
        text = heard(text).replace(f'<context name="{name}">', f'<context name="{name}">{CLOCK}')
        try:
            concrete = read_concretely({"x.xml": text})
        except DialplanError:
            continue
        dialplan = read({"x.xml": text})
        for call in calls:
            try:
                outcome = simulate(concrete, replace(call, states=STATES), AROUND)
            except DialplanError:
                continue
            shape, digits = opened(chance, call.caller or "")
            one = Calls(False, shape, call.hidden)
            try:
                [found] = Reading(dialplan, PARIS, {False: call.context}).found(call.called, [one])
            except NotUnderstood:
                unclear += 1
                continue
            at = max(index for index, start in enumerate(found.starts) if start <= digits)
            local = now.replace(tzinfo=None)
            mine = play(found.plans[at], local, STATES, call.caller or "", LINES)
            theirs = of_evaluator(outcome, call.caller or "")
            done += 1
            if mine != theirs:
                wrong.append(f"{call}\n{shape} {digits}\n{text}\nreader    {mine}\nevaluator {theirs}")
    return done, unclear, wrong


@pytest.mark.parametrize("seed", chosen(3000, 3000))
@pytest.mark.parametrize("bridges", [False, True])
def test_the_reader_does_as_the_evaluator(seed, bridges):
    done, unclear, wrong = compared(seed, DIALPLANS, bridges)

    assert not wrong, "\n\n".join(wrong[:2])
    assert done > 1.5 * DIALPLANS
    assert unclear < 0.25 * (done + unclear)
