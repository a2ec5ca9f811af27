"""What the reader finds in the dialplan of a random policy is what the interpreter says of the policy.

More seeds: POLICYC_SEEDS=0..500.
"""

from __future__ import annotations

import random
import re

import pytest
from freeswitch_model import DIALS
from judge.generate import generate
from judge.seeds import chosen

import policyc
from freeswitch_reader.played import play
from policyc import schedule
from policyc.proof.shapes import shapes
from policyc.schedule import Period
from policyc.targets.freeswitch.reader import Reading, read

LINES = r"loopback/(?:ext|out)-(?P<number>[^/]+)/phones"
ENTRIES = {True: "policyc-internal", False: "policyc-external"}
SAMPLED = 60
"""Calls to each number of the policy."""
INSIDE = ("answer", "noanswer", "busy", "unavailable")
OUTSIDE = (*INSIDE, "accept", "refuse", "silent", "leave")


def asked(plan, found):
    if plan.then is not None:
        if isinstance(plan.then.asked, Period):
            found[plan.then.asked] = None
        asked(plan.then.yes, found)
        asked(plan.then.no, found)
    return found


def words(mine):
    """Return what was played in the words of `policyc.events`, without what these do not tell."""
    heard = [re.sub(r"^dial", "call", event) for event in mine.heard]
    if heard[-1:] and heard[-1].startswith("voicemail"):
        heard = [event for at, event in enumerate(heard) if (event, at) != ("answer", len(heard) - 2)]
    elif mine.ended.startswith("system"):
        heard.append(mine.ended)
    elif mine.ended == "USER_BUSY":
        heard.append("busy")
    elif mine.ended != "NORMAL_CLEARING":
        heard.append("hangup")
    return heard


def expected(events):
    for pattern, replacement in (
        (r"\b(?:ring|rebound) ", "call "),
        (r"external (\S+)", r"call \1 86400s"),
        (r"(voicemail \S+) \S+", r"\1"),
        ("play wait", "play policyc/veuillez-patienter.wav"),
        ("play unavailable", "play policyc/indisponible.wav"),
    ):
        events = re.sub(pattern, replacement, events)
    return events.split(" > ")


@pytest.mark.parametrize("seed", chosen(4001, 4001))
def test_the_dialplan_decides_as_the_policy(seed):
    chance = random.Random(seed)
    policy = policyc.load_text(generate(seed, 1).text)
    text = policyc.compile(policy, targets=["freeswitch"], settings={"freeswitch": DIALS}).files["freeswitch"]
    reading = Reading(read({"policyc.xml": text["policyc.xml"]}), policy.zone, ENTRIES)
    outside = [extension.mobile for extension in policy.extensions.values() if extension.mobile]
    every = shapes()
    wrong = []
    for called in policy.extensions:
        answers = reading.found(called, [shape.calls for shape in every])
        for _ in range(SAMPLED):
            at = chance.randrange(len(every))
            shape, found = every[at], answers[at]
            start = chance.choice(found.starts) + chance.choice([0, 0, 1, -1])
            digits = min(max(start, 0), shape.calls.size - 1)
            plan = found.plans[max(index for index, low in enumerate(found.starts) if low <= digits)]
            part = schedule.partition(policy.zone, asked(plan, {}))
            instant = part.witness(1 << chance.randrange(part.count))
            number = shape.presented(digits)
            lines = {line: chance.choice(INSIDE) for line in policy.extensions}
            lines |= {line: chance.choice(OUTSIDE) for line in outside}
            call = policyc.call_from(
                number, called, instant, internal=shape.calls.internal, restricted=shape.calls.hidden
            )
            mine = play(plan, instant.replace(tzinfo=None), lines, number, LINES)
            if words(mine) != expected(policyc.events(policy, call, lines)):
                wrong.append(f"{shape.calls} {number} to {called} at {instant}, {lines}: {mine}")

    assert not wrong, "\n".join(wrong[:5])
